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
import io.llamanode.service.contract.task.MatchReport;
import io.llamanode.service.contract.task.OutputFormat;
import io.llamanode.service.contract.task.SchemaReport;
import io.llamanode.service.contract.task.StructureOptions;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

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
        assertFalse(problem.message().isEmpty());
    }

    @Test
    void whatIsNoSchemaIsRefused() {
        FailureException refused = assertThrows(FailureException.class, () -> schema("7"));
        assertEquals(ErrorCode.INVALID_ARGUMENT, refused.failure().code());
        assertEquals(
                "schema: #: a schema must be an object, true or false",
                refused.failure().message());
    }

    private MatchReport match(OutputFormat format, StructureOptions structure, String text) {
        Answer<MatchReport> answer = new Answer<>();
        checks.match(ME, format, structure, text, answer);
        return answer.value;
    }

    private static OutputFormat json(String schema) {
        return new OutputFormat.Json("json_schema", schema.replace('\'', '"'));
    }

    @Test
    void aTextKeepsToAFormatOrStopsToDoSo() {
        OutputFormat format = json("{'type':'object','properties':{'a':{'type':'null'},'b':{'type':'null'}}}");
        assertEquals(new MatchReport(true, true, 22, 22), match(format, null, "{\"b\":null, \"a\" : null}"));
        assertEquals(new MatchReport(false, false, 5, 5), match(format, null, "{\"b\":1}"));
        StructureOptions compact = new StructureOptions(0, null, null);
        assertEquals(new MatchReport(false, false, 1, 1), match(format, compact, "{ }"));
        assertEquals(new MatchReport(true, true, 2, 1), match(new OutputFormat.Choice(List.of("é")), null, "é"));
        assertEquals(new MatchReport(false, true, 1, 1), match(new OutputFormat.Regex("a{2}"), null, "a"));
    }

    private static FailureException refused(Executable call) {
        return assertThrows(FailureException.class, call);
    }

    @Test
    void whatCanNotBeMatchedIsNamed() {
        OutputFormat regex = new OutputFormat.Regex("a");
        assertEquals(
                "json_schema_lenient: goes with json_schema only; leave it out",
                refused(() -> match(regex, new StructureOptions(null, true, null), "a"))
                        .failure()
                        .message());
        assertEquals(
                "text: has 1048577 characters, at most 1048576 are matched",
                refused(() -> match(regex, null, "a".repeat((1 << 20) + 1)))
                        .failure()
                        .message());
        Failure noPattern =
                refused(() -> match(new OutputFormat.Regex("("), null, "a")).failure();
        assertEquals(ErrorCode.INVALID_ARGUMENT, noPattern.code());
        assertTrue(noPattern.message().startsWith("regex: "), noPattern.message());
    }

    @Test
    void whatIsAskedIsCharged() {
        schema("{'title':'%s'}".formatted("x".repeat(10_000)));
        assertTrue(charged > 10_000, () -> "charged " + charged);
    }
}
