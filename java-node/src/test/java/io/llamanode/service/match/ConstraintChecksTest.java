package io.llamanode.service.match;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.Reply;
import io.llamanode.service.contract.task.SchemaReport;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

final class ConstraintChecksTest {
    private static final Owner ME = new Owner() {
        @Override
        public String toString() {
            return "me";
        }
    };

    private static final class Answer<T> implements Reply<T> {
        private T value;

        @Override
        public void ok(T given) {
            value = given;
        }

        @Override
        public void failed(Failure failure) {
            throw new FailureException(failure.code(), failure.message());
        }
    }

    private long charged;

    private final ConstraintChecks checks = new ConstraintChecks(new ConstraintChecks.Turns() {
        @Override
        public <T> void run(Owner owner, long weight, Supplier<String> key, Supplier<T> work, Reply<T> reply) {
            charged = weight;
            reply.ok(work.get());
        }
    });

    private SchemaReport schema(String text) {
        Answer<SchemaReport> answer = new Answer<>();
        checks.schema(ME, text.replace('\'', '"'), answer);
        return answer.value;
    }

    @Test
    void aSchemaIsHonouredOrItsProblemsAreTold() {
        assertTrue(schema("{'type':'string'}").isHonoured());
        SchemaReport report = schema("{'items':{'uniqueItems':true,'type':'array'}}");
        assertFalse(report.isHonoured());
        SchemaReport.Problem problem = report.problems().getFirst();
        assertEquals(List.of("/items", "uniqueItems"), List.of(problem.pointer(), problem.keyword()));
        assertTrue(problem.message().startsWith("#/items/uniqueItems: "), problem.message());
    }

    @Test
    void whatIsNoSchemaIsRefused() {
        FailureException refused = assertThrows(FailureException.class, () -> schema("7"));
        assertEquals(ErrorCode.INVALID_ARGUMENT, refused.failure().code());
        assertEquals(
                "schema: #: a schema must be an object, true or false",
                refused.failure().message());
    }

    @Test
    void whatIsAskedIsCharged() {
        schema("{'title':'%s'}".formatted("x".repeat(10_000)));
        assertTrue(charged > 10_000, () -> "charged " + charged);
    }
}
