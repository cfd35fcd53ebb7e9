package io.llamanode.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Given;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.OutputFormat;
import io.llamanode.service.contract.task.SessionConfig;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the service makes of output formats: the grammars, and the life of the samplers. */
class ConstraintTest extends ServiceFixture {
    static final OutputFormat GBNF = new OutputFormat.Gbnf("root ::= \"a\"");
    private static final OutputFormat JSON = new OutputFormat.Json("json_schema", "{}");

    static GenerationOptions options(int maxTokens, List<String> stop, OutputFormat format) {
        return Given.options("maxTokens", maxTokens, "temperature", 0f, "stop", stop, "format", format);
    }

    @Test
    void aSamplerIsFreedWhenItsTaskFinishes() {
        long session = session();
        long task = create(session, completion("a", options(5, null, GBNF))).value();
        assertEquals("!!!!!", result(task, -1).value().content());
        assertEquals(0, model.samplers.get());
        assertEquals(1, model.samplersMade.get());
    }

    @Test
    @Tag("native")
    void aSamplerIsFreedWhenItsTaskIsCancelledRunningOrWaiting() {
        long session = session();
        for (int i = 0; i < 2; i++) {
            create(session, completion("a" + i, ENDLESS)).value();
        }
        long running = create(session(), completion("b", options(1_000_000, null, GBNF)))
                .value();
        long waiting = create(session(), completion("c", options(1_000_000, null, JSON)))
                .value();
        assertEquals(2, model.samplers.get());
        cancel(waiting).value();
        assertEquals(1, model.samplers.get());
        cancel(running).value();
        assertEquals(0, model.samplers.get());
    }

    @Test
    void aTaskSaysOtherwiseThanItsSession() {
        long session = service.sessions().create(me, new SessionConfig(null, null, options(5, null, GBNF)));
        result(create(session, completion("a", GREEDY)).value(), -1).value();
        assertEquals(1, model.samplersMade.get());
        long free = create(session, completion("a", options(5, null, new OutputFormat.Free())))
                .value();
        result(free, -1).value();
        assertEquals(1, model.samplersMade.get());
    }

    @Test
    @Tag("native")
    void aSchemaThatCannotBeConvertedIsRefusedByItsKey() {
        OutputFormat bad = new OutputFormat.Json("response_format.json_schema.schema", "{\"type\": \"colour\"}");
        Answer<Long> refused = create(session(), completion("a", options(5, null, bad)));
        assertTrue(refused.failedWith(ErrorCode.INVALID_ARGUMENT));
        assertTrue(refused.message().startsWith("response_format.json_schema.schema: "));
        assertEquals(0, model.samplersMade.get());
    }

    @Test
    void nothingMayCutJson() {
        Answer<Long> refused = create(session(), completion("a", options(5, List.of("}"), JSON)));
        assertTrue(refused.failedWith(ErrorCode.INVALID_ARGUMENT));
        assertTrue(create(session(), completion("a", options(5, List.of("}"), GBNF)))
                        .value()
                > 0);
    }
}
