package io.llamanode.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.account.MemoryAccount;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.Reply;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.ModelInspection;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.GenerationResult;
import io.llamanode.service.contract.task.SessionConfig;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.TokenText;
import io.llamanode.service.threads.PrepareThreads;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What waits for a preparing thread: deadlines hold there, and who gave up costs nothing more. */
class GivenUpTest extends ServiceFixture {
    private final CountDownLatch released = new CountDownLatch(1);
    private final AtomicInteger inspected = new AtomicInteger();

    private final MemoryAccount account = new MemoryAccount(10_000_000, 0.5);

    @Override
    MemoryAccount account() {
        return account;
    }

    @Override
    int maxQueue() {
        return 10_000;
    }

    @Override
    int maxTasks() {
        return 10_000;
    }

    /** Both preparing threads, and the one that reads headers, are held until a test releases them. */
    @BeforeEach
    void hold() throws InterruptedException {
        CountDownLatch entered = new CountDownLatch(3);
        Runnable holding = () -> {
            entered.countDown();
            try {
                released.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        };
        previewed = () -> {
            inspected.incrementAndGet();
            holding.run();
        };
        inspect(new Process("a"));
        onBothPreparingThreads(holding);
        assertTrue(entered.await(30, TimeUnit.SECONDS));
    }

    @AfterEach
    void release() {
        released.countDown();
    }

    private Answer<Object> inspect(Process owner) {
        Answer<Object> answer = new Answer<>();
        service.models().inspect(owner, ModelConfig.of(Path.of("x.gguf")), new Reply<>() {
            @Override
            public void ok(ModelInspection inspection) {
                answer.ok(inspection);
            }

            @Override
            public void failed(Failure failure) {
                answer.failed(failure);
            }

            @Override
            public void whenGivenUp(Runnable undo) {
                answer.whenGivenUp(undo);
            }
        });
        return answer;
    }

    private static <T> Reply<T> never(CountDownLatch abandoned) {
        return new Reply<>() {
            @Override
            public void ok(T value) {
                throw new AssertionError("answered");
            }

            @Override
            public void failed(Failure failure) {
                throw new AssertionError("answered");
            }

            @Override
            public void abandoned() {
                abandoned.countDown();
            }
        };
    }

    /** Comes behind everything that waited before it. */
    private void waitForThePreparingThreads() {
        inspect(new Process("last")).await();
        for (int length : new int[] {1, (int) PrepareThreads.LARGE}) {
            Answer<Integer> count = new Answer<>();
            TokenText text = new TokenText(null, "x".repeat(length), false, false);
            service.models().countTokens(new Process("last"), text, count);
            count.value();
        }
    }

    @Test
    void aDeadlineHoldsWhileThePromptWaitsToBePrepared() {
        Answer<Long> created = create(session(), completion("c", options(-1, 1L)));
        assertEquals(ErrorCode.TIMEOUT, created.error());
        Answer<GenerationResult> ran = new Answer<>();
        service.run(me, turn("c", options(-1, 1L)), generated(ran));
        assertEquals(ErrorCode.TIMEOUT, ran.error());
    }

    @Test
    void nothingIsPreparedForATaskThatWasCancelledMeanwhile() {
        long session = session();
        TaskInput constrained = completion("c", ConstraintTest.options(5, null, ConstraintTest.GBNF));
        Answer<Long> created = create(session, constrained);
        Answer<Void> closed = new Answer<>();
        service.sessions().close(session, closed);
        assertEquals(ErrorCode.CANCELLED, created.error());
        closed.value();
        released.countDown();
        waitForThePreparingThreads();
        assertEquals(0, model.samplersMade.get());
    }

    @Test
    void nothingIsInspectedForAProcessThatIsGone() {
        Process gone = new Process("gone");
        inspect(gone);
        watched.remove(gone).run();
        // Its end is noticed by the thread that ends this one.
        assertEquals(
                ErrorCode.TIMEOUT,
                create(session(), completion("c", options(-1, 1L))).error());
        released.countDown();
        waitForThePreparingThreads();
        assertEquals(2, inspected.get());
        assertEquals(Set.of(me), watched.keySet(), "who owns something still");
    }

    @Test
    void nothingIsInspectedForACallerWhoGaveUp() {
        Process other = new Process("other");
        Answer<Object> overdue = inspect(other);
        assertTrue(watched.containsKey(other));
        overdue.giveUp();
        assertFalse(watched.containsKey(other), "it is watched still");
        released.countDown();
        waitForThePreparingThreads();
        assertEquals(2, inspected.get());
        assertFalse(overdue.given());
    }

    /** It is left to be collected. */
    @Test
    void aCallerWhoGaveUpCollectsNoResult() {
        released.countDown();
        long task = create(session(), completion("c", ENDLESS)).value();
        Answer<GenerationResult> overdue = result(task, -1);
        overdue.giveUp();
        cancel(task).value();
        assertEquals(ErrorCode.CANCELLED, result(task, 0).error());
        assertFalse(overdue.given());
    }

    @Test
    void aTaskThatOnlyItsCallerWaitsForEndsWhenThatGivesUp() throws InterruptedException {
        released.countDown();
        Answer<GenerationResult> ran = new Answer<>();
        service.run(me, completion("c", ENDLESS), generated(ran));
        ran.giveUp();
        CountDownLatch drained = new CountDownLatch(1);
        service.drain(drained::countDown);
        assertTrue(drained.await(30, TimeUnit.SECONDS), "the task is left");
        assertEquals(0, service.status().sessions());
    }

    @Test
    void aStreamIsNotBegunForACallerWhoGaveUpButATaskIs() {
        long session = session();
        Answer<Long> stream = new Answer<>();
        service.stream(
                me, me, (task, event) -> events.add(new Event(task, event)), session, completion("c", ENDLESS), stream);
        Answer<Long> task = create(session, completion("c", ENDLESS));
        stream.giveUp();
        task.giveUp();
        assertEquals(ErrorCode.CANCELLED, stream.error());
        released.countDown();
        cancel(task.value()).value();
        assertEquals(List.of(), List.copyOf(events));
    }

    @Test
    void whatAProcessWaitedForHoldsNothingOnceItIsGone() throws InterruptedException {
        long session = session();
        Answer<Long> task = create(session, completion("c", ENDLESS));
        Process gone = new Process("gone");
        CountDownLatch abandoned = new CountDownLatch(2);
        long before = account.held();
        service.models().tokenize(gone, new TokenText(null, "x".repeat(1000), false, false), never(abandoned));
        service.models().countTokens(gone, new TokenText(null, "x".repeat(1000), false, false), never(abandoned));
        assertTrue(account.held() > before + 2000);
        watched.remove(gone).run();
        abandoned.await();
        assertEquals(before, account.held());
        Answer<Void> closed = new Answer<>();
        service.sessions().close(session, closed);
        assertEquals(ErrorCode.CANCELLED, task.error());
        closed.value();
    }

    /** Each would keep its task, and what came with it, until the deadline. */
    @Test
    void theTimersOfEndedTasksAreGone() {
        long session = session();
        List<Answer<Long>> chats = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            chats.add(create(session, turn("q" + i, options(-1, 3_600_000L))));
        }
        assertEquals(50, service.timers());
        Answer<Void> closed = new Answer<>();
        service.sessions().close(session, closed);
        closed.value();
        assertEquals(1, service.timers(), "that of the results that are kept");
    }

    @Test
    void everyTaskOfAnOwnerWhoIsGoneEndsAndEverySessionCloses() throws InterruptedException {
        Process gone = new Process("gone");
        for (int s = 0; s < 3; s++) {
            long session = service.sessions().create(gone, new SessionConfig(null, null, GenerationOptions.NONE));
            for (int i = 0; i < 500; i++) {
                service.createTask(gone, session, turn("q", ENDLESS), new Answer<>());
            }
        }
        watched.get(gone).run();
        CountDownLatch drained = new CountDownLatch(1);
        service.drain(drained::countDown);
        assertTrue(drained.await(30, TimeUnit.SECONDS), "tasks are left");
        assertEquals(0, service.status().sessions());
        assertEquals(0, service.timers());
    }
}
