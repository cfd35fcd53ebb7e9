package io.llamanode.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.NodeStatus;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.GenerationResult;
import io.llamanode.service.contract.task.Prompt;
import io.llamanode.service.contract.task.SessionConfig;
import io.llamanode.service.contract.task.TaskEvent;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.TokenText;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Tasks, results, limits and the status. */
class LlamaServiceTest extends ServiceFixture {
    @Test
    void completesAPrompt() {
        model.model.answer("2+2=", "4");
        GenerationResult result = result(
                        create(session(), completion("2+2=", GREEDY)).value(), -1)
                .value();
        assertEquals("4", result.content());
        assertEquals(GenerationResult.FinishReason.STOP, result.finishReason());
        assertEquals(new GenerationResult.Usage(4, 1, 0), result.usage());
    }

    @Test
    void aResultIsCollectedOnce() {
        model.model.answer("a", "b");
        long task = create(session(), completion("a", GREEDY)).value();
        result(task, -1).value();
        assertEquals(ErrorCode.TASK_NOT_FOUND, result(task, -1).error());
    }

    @Test
    void everybodyWhoWaitsIsAnswered() {
        long task = create(session(), completion("a", ENDLESS)).value();
        Answer<GenerationResult> first = result(task, -1);
        Answer<GenerationResult> second = result(task, 60_000);
        cancel(task).value();
        assertEquals(ErrorCode.CANCELLED, first.error());
        assertEquals(ErrorCode.CANCELLED, second.error());
        assertEquals(ErrorCode.TASK_NOT_FOUND, result(task, 0).error());
    }

    @Test
    void aTimeoutLeavesTheTaskRunning() {
        long task = create(session(), completion("a", ENDLESS)).value();
        assertEquals(ErrorCode.TIMEOUT, result(task, 0).error());
        assertEquals(ErrorCode.TIMEOUT, result(task, 1).error());
        cancel(task).value();
        assertEquals(ErrorCode.CANCELLED, result(task, -1).error());
    }

    @Test
    void aCancelledTaskCanBeCancelledAgainUntilItIsCollected() {
        long task = create(session(), completion("a", ENDLESS)).value();
        cancel(task).value();
        cancel(task).value();
        result(task, 0).error();
        assertEquals(ErrorCode.TASK_NOT_FOUND, cancel(task).error());
    }

    @Test
    void streamsChunksThenOneTerminalEvent() throws InterruptedException {
        model.model.answer("a", "xyz");
        stream(session(), completion("a", GREEDY));
        assertEquals(new TaskEvent.Chunk("x"), nextEvent());
        assertEquals(new TaskEvent.Chunk("y"), nextEvent());
        assertEquals(new TaskEvent.Chunk("z"), nextEvent());
        assertEquals("xyz", ((GenerationResult) ((TaskEvent.Done) nextEvent()).result()).content());
        service.close();
        assertTrue(events.isEmpty());
    }

    @Test
    void aDeadlineEndsARunningTask() {
        long task =
                create(session(), completion("a", options(1_000_000_000, 20L))).value();
        assertEquals(ErrorCode.TIMEOUT, result(task, -1).error());
    }

    @Test
    void aProcessIsWatchedOnlyWhileItOwnsSomething() {
        long session = session();
        assertTrue(watched.containsKey(me));
        Answer<Void> closed = new Answer<>();
        service.sessions().close(session, closed);
        closed.value();
        assertTrue(watched.isEmpty());
    }

    @Test
    void theQueueHasAnEnd() {
        long session = session();
        List<Answer<Long>> mine = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            mine.add(create(session, completion("a", ENDLESS)));
        }
        // 2 slots and a queue of 8.
        assertEquals(20, busy(mine));
    }

    @Test
    void aWaiterThatDiesDoesNotSwallowTheResult() {
        long task = create(session(), completion("a", ENDLESS)).value();
        Process waiting = new Process("waiting");
        Answer<GenerationResult> never = new Answer<>();
        service.getResult(waiting, task, -1, generated(never));
        watched.get(waiting).run();
        // The end of an owner is handled by one thread, in turn with this time-out.
        assertEquals(ErrorCode.TIMEOUT, result(task, 1).error());
        cancel(task).value();
        assertEquals(ErrorCode.CANCELLED, result(task, 0).error());
        assertFalse(never.given());
    }

    @Test
    void nothingIsKeptOfADeadOwner() {
        Process other = new Process("other");
        long session = service.sessions().create(other, new SessionConfig(null, null, GenerationOptions.NONE));
        Answer<Long> created = new Answer<>();
        service.createTask(other, session, completion("a", ENDLESS), created);
        Answer<GenerationResult> waiting = result(created.value(), -1);
        watched.get(other).run();
        assertEquals(ErrorCode.CANCELLED, waiting.error());
        assertEquals(0, service.status().resultsKept());
        assertEquals(ErrorCode.TASK_NOT_FOUND, result(created.value(), 0).error());
    }

    @Test
    void whoeverGuessesTheIdOfARefusedTaskIsAnswered() {
        long session = session();
        long before = create(session, completion("a", ENDLESS)).value();
        Answer<Long> refused = new Answer<>();
        service.createTask(me, session, completion("a".repeat(300), GREEDY), refused);
        Answer<GenerationResult> guessed = result(before + 1, -1);
        assertEquals(ErrorCode.INVALID_ARGUMENT, refused.error());
        assertTrue(guessed.failedWith(ErrorCode.INVALID_ARGUMENT) || guessed.failedWith(ErrorCode.TASK_NOT_FOUND));
    }

    @Test
    void longTextsAreRefusedBeforeTheyWait() {
        Answer<int[]> tokens = new Answer<>();
        assertThrows(
                FailureException.class,
                () -> service.models().tokenize(me, new TokenText(null, "a".repeat(2_000_000), true, false), tokens));
        SessionConfig hopeless = new SessionConfig(null, "a".repeat(1_000_000), GenerationOptions.NONE);
        FailureException e =
                assertThrows(FailureException.class, () -> service.sessions().create(me, hopeless));
        assertTrue(e.failure().message().startsWith("system_prompt:"));
    }

    @Test
    void onlySoManyResultsAreKept() {
        model.model.answer("a", "b");
        long session = session();
        List<Long> ids = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            long id = create(session, completion("a", GREEDY)).value();
            // A chat after it proves that it has ended without collecting it.
            result(create(session, turn("x", options(1, null))).value(), -1).value();
            result(create(session, completion("a", GREEDY)).value(), -1).value();
            ids.add(id);
        }
        assertEquals(ErrorCode.TASK_NOT_FOUND, result(ids.getFirst(), 0).error());
        assertEquals("b", result(ids.getLast(), -1).value().content());
    }

    @Test
    void badInputNamesItsKeyAndLosesNothing() {
        long session = session();
        assertTrue(create(session, completion("", GREEDY)).message().startsWith("prompt:"));
        assertTrue(
                create(session, completion("a".repeat(256), GREEDY)).message().contains("256 tokens"));
        assertTrue(create(session, completion("a".repeat(5_000_000), GREEDY))
                .message()
                .contains("characters"));
        assertTrue(create(session, turn("a".repeat(300), GREEDY)).message().startsWith("content:"));
        assertTrue(create(session, new TaskInput.Completion(null, new Prompt.Tokens(new int[] {1, 999}), true, GREEDY))
                .message()
                .contains("no token 999"));
        assertEquals(
                ErrorCode.UNSUPPORTED,
                create(session, new TaskInput.Rerank(null, "a", List.of("b"), null, null))
                        .error());
        assertEquals(
                ErrorCode.SESSION_NOT_FOUND, create(1, completion("a", GREEDY)).error());
        assertEquals(ErrorCode.TASK_NOT_FOUND, cancel(1).error());
        model.model.answer("a", "b");
        assertEquals(
                "b",
                result(create(session, completion("a", GREEDY)).value(), -1)
                        .value()
                        .content());
    }

    @Test
    void statusCountsWhatHappened() {
        model.model.answer("a", "b");
        long session = session();
        result(create(session, completion("a", GREEDY)).value(), -1).value();
        long endless = create(session, completion("z", ENDLESS)).value();
        cancel(endless).value();
        NodeStatus status = service.status();
        assertEquals(NodeStatus.State.READY, status.state());
        assertEquals(1, status.sessions());
        assertEquals(2, status.counters().tasksCreated());
        assertEquals(1, status.counters().tasksDone());
        assertEquals(1, status.counters().tasksCancelled());
        assertEquals(1, status.resultsKept());
        assertEquals(2, status.models().getFirst().slots().size());
        assertTrue(status.memory().rssBytes() > 0);
    }

    @Test
    void closingTheServiceAnswersEverybody() {
        long session = session();
        Answer<GenerationResult> running =
                result(create(session, completion("a", ENDLESS)).value(), -1);
        long chat = create(session, turn("a", ENDLESS)).value();
        Answer<GenerationResult> chatResult = result(chat, -1);
        Answer<GenerationResult> behind =
                result(create(session, turn("b", ENDLESS)).value(), -1);
        service.close();
        assertEquals(ErrorCode.CANCELLED, running.error());
        assertEquals(ErrorCode.CANCELLED, chatResult.error());
        assertEquals(ErrorCode.CANCELLED, behind.error());
        assertThrows(FailureException.class, this::session);
    }
}
