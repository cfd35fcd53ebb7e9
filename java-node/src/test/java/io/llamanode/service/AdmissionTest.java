package io.llamanode.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.OutputFormat;
import io.llamanode.service.contract.task.Prompt;
import io.llamanode.service.contract.task.SessionConfig;
import io.llamanode.service.contract.task.TaskInput;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is refused before anything is done for a task. */
class AdmissionTest extends ServiceFixture {
    @Test
    void theNodeHasALimitOfTasks() {
        LlamaService few = service(2, 60_000);
        long session = few.sessions().create(me, new SessionConfig(null, null, GenerationOptions.NONE));
        Answer<Long> first = new Answer<>();
        Answer<Long> second = new Answer<>();
        Answer<Long> third = new Answer<>();
        few.createTask(me, session, completion("a", ENDLESS), first);
        few.createTask(me, session, completion("b", ENDLESS), second);
        few.createTask(me, session, completion("c", ENDLESS), third);
        assertEquals("2 tasks are waiting or running", third.message());
        assertTrue(third.failedWith(ErrorCode.SERVER_BUSY));
        Answer<Void> cancelled = new Answer<>();
        few.cancelTask(first.value(), cancelled);
        cancelled.value();
        Answer<Long> again = new Answer<>();
        few.createTask(me, session, completion("c", ENDLESS), again);
        again.value();
        few.close();
    }

    @Test
    void aTaskOfASessionHasItsModel() {
        long session = session();
        TaskInput other = new TaskInput.Completion("other", new Prompt.Text("a"), true, GREEDY);
        assertEquals(
                "model: session %d works with 'fake'".formatted(session),
                create(session, other).message());
        model.model.answer("a", "b");
        TaskInput same = new TaskInput.Completion("fake", new Prompt.Text("a"), true, GREEDY);
        assertEquals("b", result(create(session, same).value(), -1).value().content());
    }

    @Test
    void whatCutsJsonIsRefusedAtOnce() {
        OutputFormat json = new OutputFormat.Json("json_schema", "{}");
        Answer<Long> refused = create(session(), completion("a", ConstraintTest.options(1, List.of("}"), json)));
        assertEquals("stop: could cut the JSON that the answer must be", refused.message());
    }

    @Test
    void aDeadlineOfTheTaskGoesBeforeThatOfItsSession() {
        GenerationOptions soon = options(-1, 1L);
        long session = service.sessions().create(me, new SessionConfig(null, null, soon));
        Answer<Long> late = create(session, completion("a", options(1_000_000_000, null)));
        // It may pass before anybody was told of the task.
        assertEquals(ErrorCode.TIMEOUT, late.isOk() ? result(late.value(), -1).error() : late.error());
        long without = create(session, completion("a", options(5, -1L))).value();
        assertEquals("!!!!!", result(without, -1).value().content());
        long later = create(session, completion("a", options(5, 60_000L))).value();
        assertEquals("!!!!!", result(later, -1).value().content());
    }

    @Test
    void aModelThatReusesNoPromptsEvaluatesEachOne() {
        model.reusesPrompts = false;
        long session = session();
        result(create(session, completion("abc", options(1, null))).value(), -1).value();
        assertEquals(
                0,
                result(create(session, completion("abcd", options(1, null))).value(), -1)
                        .value()
                        .usage()
                        .cachedTokens());
        model.reusesPrompts = true;
        // Nor was anything left that the next one could begin with.
        assertEquals(
                0,
                result(create(session, completion("abcde", options(1, null))).value(), -1)
                        .value()
                        .usage()
                        .cachedTokens());
        assertEquals(
                5,
                result(create(session, completion("abcdef", options(1, null))).value(), -1)
                        .value()
                        .usage()
                        .cachedTokens());
    }
}
