package io.llamanode.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.account.MemoryAccount;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.model.AdapterSet;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.NodeConfig;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.Prompt;
import io.llamanode.service.contract.task.SessionConfig;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.TaskResult;
import io.llamanode.service.model.FakeLoadedModel;
import io.llamanode.service.threads.InTurns;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Waiting for results and keeping them, with a timer that the test runs by hand. */
class WaitersTest {
    private static final long TTL = 60_000;

    private record Process(String name) implements Owner {}

    private record Planned(Runnable work, long nanos, ScheduledFuture<?> future) {}

    private final List<Planned> planned = new ArrayList<>();
    private final List<Owner> watched = new ArrayList<>();
    private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1) {
        @Override
        public ScheduledFuture<?> schedule(Runnable work, long delay, TimeUnit unit) {
            ScheduledFuture<?> future = super.schedule(() -> {}, 1, TimeUnit.DAYS);
            planned.add(new Planned(work, unit.toNanos(delay), future));
            return future;
        }
    };
    private final Owners owners = new Owners(
            (owner, down) -> {
                watched.add(owner);
                return () -> watched.remove(owner);
            },
            owner -> {});
    private final MemoryAccount account = new MemoryAccount(1 << 20, 1);
    private final Waiters waiters =
            new Waiters(new Object(), new NodeConfig(List.of(), TTL, 2, 1, 1, 100), owners, timer, account);
    private final FakeLoadedModel model = new FakeLoadedModel("fake", 1, 1);
    private final Process caller = new Process("caller");

    @AfterEach
    void close() {
        timer.shutdownNow();
        model.close();
    }

    private Task task(long id) {
        Session session = new Session(
                1,
                caller,
                new ServedModel(
                        new NativeWork(model, ModelConfig.of(Path.of("fake.gguf"))),
                        ModelConfig.of(Path.of("fake.gguf")),
                        Map.of(),
                        100),
                new SessionConfig(null, null, GenerationOptions.NONE),
                0,
                null);
        return new Task(
                id,
                session,
                List.of(caller),
                new TaskInput.Completion(null, new Prompt.Text("a"), true, GenerationOptions.NONE),
                100,
                GenerationOptions.NONE,
                null,
                AdapterSet.NONE,
                account.open(MemoryAccount.Kind.TASK, caller, caller.peer()),
                0,
                GenerationRequest.NO_DEADLINE);
    }

    private static TaskOutcome failed(String message) {
        return new TaskOutcome.Failed(new Failure(ErrorCode.INFERENCE_FAILED, message));
    }

    private Answer<TaskResult> wait(Task task, long timeoutMs) {
        Answer<TaskResult> reply = new Answer<>();
        waiters.wait(task, caller, timeoutMs, reply);
        return reply;
    }

    @Test
    void everybodyWhoWaitsIsAnsweredOnce() {
        Task task = task(7);
        assertFalse(waiters.answer(task, failed("early")), "nobody waits");
        Answer<TaskResult> first = wait(task, -1);
        Answer<TaskResult> second = wait(task, 1000);
        assertEquals(List.of(caller), watched);
        assertTrue(waiters.answer(task, failed("why")));
        assertEquals("why", first.message());
        assertEquals("why", second.message());
        assertEquals(List.of(), watched, "nobody waits any more");
        assertFalse(waiters.answer(task, failed("again")));
        assertTrue(planned.getFirst().future().isCancelled());
    }

    @Test
    void veryManyWhoWaitAreAnsweredSomeAtATime() {
        Task task = task(7);
        List<Answer<TaskResult>> replies = new ArrayList<>();
        for (int i = 0; i < 2 * InTurns.AT_ONCE + 1; i++) {
            replies.add(wait(task, 1000));
        }
        planned.clear();
        task.state = Task.State.ENDED;
        assertTrue(waiters.answer(task, failed("why")));
        assertEquals(InTurns.AT_ONCE + 1, task.waiters.size());
        assertEquals("why", replies.get(InTurns.AT_ONCE - 1).message());
        // One of the others leaves before it is its turn.
        Waiters.abandoned(task.waiters.getFirst());
        planned.removeFirst().work().run();
        assertTrue(task.waiters.isEmpty());
        replies.get(InTurns.AT_ONCE).awaitAbandoned();
        assertEquals("why", replies.getLast().message());
        assertEquals(List.of(), planned);
        assertEquals(List.of(), watched);
    }

    @Test
    void aTimeoutOfATaskThatHasEndedWaitsForTheAnswer() {
        Task task = task(7);
        Answer<TaskResult> reply = wait(task, 10);
        task.state = Task.State.ENDED;
        planned.getFirst().work().run();
        waiters.answer(task, failed("why"));
        assertEquals("why", reply.message());
    }

    @Test
    void whoeverWaitsForEverHasNoTimer() {
        wait(task(7), -1);
        assertEquals(List.of(), planned);
    }

    @Test
    void atTheTimeoutACallerIsToldThatTheTaskGoesOn() {
        Task task = task(7);
        Answer<TaskResult> reply = wait(task, 1500);
        assertEquals(TimeUnit.MILLISECONDS.toNanos(1500), planned.getFirst().nanos());
        planned.getFirst().work().run();
        assertEquals("task 7 has not ended yet; it goes on", reply.message());
        assertTrue(reply.failedWith(ErrorCode.TIMEOUT));
        assertEquals(List.of(), watched);
        assertFalse(waiters.answer(task, failed("late")));
        Answer<TaskResult> atOnce = wait(task, 0);
        planned.getLast().work().run();
        assertTrue(atOnce.failedWith(ErrorCode.TIMEOUT));
    }

    /** Both are under way at the same moment. */
    @Test
    void aTimeoutBehindAnAnswerSaysNothing() {
        Task task = task(7);
        Answer<TaskResult> reply = wait(task, 10);
        waiters.answer(task, failed("why"));
        planned.getFirst().work().run();
        assertEquals("why", reply.message());
    }

    @Test
    void aResultIsKeptUntilItIsTaken() {
        waiters.keep(task(7), failed("seven"));
        assertTrue(waiters.keeps(7));
        assertEquals(1, waiters.keptCount());
        assertEquals(failed("seven"), waiters.take(7));
        assertNull(waiters.take(7));
        assertFalse(waiters.keeps(7));
        assertEquals(0, waiters.keptCount());
    }

    @Test
    void onlySoManyAreKept() {
        for (long id = 1; id <= 3; id++) {
            waiters.keep(task(id), failed("x"));
        }
        assertEquals(2, waiters.keptCount());
        assertFalse(waiters.keeps(1));
    }

    @Test
    void oneTimerExpiresAllThatAreKept() {
        waiters.keep(task(1), failed("x"));
        waiters.keep(task(2), failed("x"));
        assertEquals(1, planned.size());
        assertEquals(TimeUnit.MILLISECONDS.toNanos(TTL), planned.getFirst().nanos());
        planned.getFirst().work().run();
        assertEquals(2, planned.size(), "it is too early, so that it comes again");
        assertTrue(planned.getLast().nanos() > 0 && planned.getLast().nanos() <= TimeUnit.MILLISECONDS.toNanos(TTL));
        waiters.keep(task(3), failed("x"));
        assertEquals(2, planned.size());
    }

    @Test
    void withNothingToExpireThereIsNoTimer() {
        waiters.keep(task(1), failed("x"));
        waiters.take(1);
        planned.getFirst().work().run();
        assertEquals(1, planned.size());
        waiters.keep(task(2), failed("x"));
        assertEquals(2, planned.size(), "the next one needs it again");
    }
}
