package io.llamanode.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.engine.model.ModelRunner.MemoryException;
import io.llamanode.engine.model.ModelRunner.RunnerException;
import io.llamanode.grammar.rule.Patience;
import io.llamanode.llama.UnsupportedException;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.NodeStatus;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.NodeConfig;
import io.llamanode.service.contract.task.GenerationResult;
import io.llamanode.service.contract.task.TaskEvent;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.model.LoadedModel;
import io.llamanode.service.model.ModelLoader;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** How tasks end, and who is told. */
class TasksTest extends ServiceFixture {
    private static final TaskInput CONSTRAINED =
            completion("a", ConstraintTest.options(1_000_000_000, null, ConstraintTest.GBNF));

    /** Returns once both preparing threads have nothing left that came before. */
    private void waitForThePreparingThreads() {
        CyclicBarrier both = new CyclicBarrier(3);
        onBothPreparingThreads(() -> pass(both));
        pass(both);
    }

    private static void pass(CyclicBarrier barrier) {
        try {
            barrier.await();
        } catch (InterruptedException | BrokenBarrierException e) {
            throw new AssertionError(e);
        }
    }

    private Failure failure(long task) throws InterruptedException {
        while (true) {
            Event next = events.poll(30, TimeUnit.SECONDS);
            assertNotNull(next, "it was not told");
            if (next.task() == task && next.event() instanceof TaskEvent.Failed(Failure failure)) {
                return failure;
            }
        }
    }

    @Test
    void aDecodeThatFindsNoMemoryFailsItsTaskAsThat() throws InterruptedException {
        long session = session();
        model.model.failure = new MemoryException("no room for a graph", null);
        Answer<GenerationResult> failed =
                result(create(session, turn("q", GREEDY)).value(), -1);
        assertTrue(failed.failedWith(ErrorCode.OUT_OF_MEMORY));
        assertTrue(failed.message().contains("no room for a graph"), failed.message());
    }

    @Test
    void aDecodeThatFailsFailsItsTaskAndTheSessionGoesOn() {
        long session = session();
        model.model.failure = new RunnerException("as the test wants", null);
        Answer<GenerationResult> failed =
                result(create(session, turn("q", GREEDY)).value(), -1);
        assertTrue(failed.failedWith(ErrorCode.INFERENCE_FAILED));
        assertTrue(failed.message().contains("as the test wants"), failed.message());
        assertEquals(0, service.sessions().info(session).messages());
        assertEquals(1, service.status().counters().tasksFailed());
        assertEquals(0, service.status().counters().tasksCancelled());
        assertEquals(
                1,
                result(create(session, turn("q", options(1, null))).value(), -1)
                        .value()
                        .usage()
                        .completionTokens());
        assertEquals(2, service.sessions().info(session).tasksDone());
    }

    @Test
    void aDefectIsLoggedUnderAnIdThatTheCallerGets() {
        model.model.defect = new IllegalStateException("as the test wants");
        Answer<GenerationResult> failed =
                result(create(session(), completion("a", GREEDY)).value(), -1);
        assertTrue(failed.failedWith(ErrorCode.UNKNOWN));
        assertTrue(
                failed.message().matches("a defect of the node; the log has it under [0-9a-f-]{36}"), failed.message());
    }

    @Test
    void whatTheLibraryCannotDoIsNoDefect() {
        assertEquals(
                new Failure(ErrorCode.UNSUPPORTED, "no such thing"),
                Tasks.unknown(new UnsupportedException("no such thing")));
    }

    @Test
    void whatIsNotThereIsNamed() {
        assertEquals("there is no task 5", result(5, -1).message());
        assertEquals("there is no task 5", cancel(5).message());
    }

    @Test
    void aRefusedStreamTellsItsSinkNothing() {
        Answer<Long> refused = new Answer<>();
        service.stream(
                me,
                me,
                (task, event) -> events.add(new Event(task, event)),
                session(),
                completion("", GREEDY),
                refused);
        assertEquals("prompt: must not be empty", refused.message());
        assertTrue(events.isEmpty());
        assertEquals(0, service.status().counters().tasksCreated());
        assertEquals(0, service.status().counters().tasksFailed());
    }

    @Test
    void everyCancelledTaskIsToldWhy() throws InterruptedException {
        long session = session();
        long running = stream(session, completion("a", ENDLESS));
        cancel(running).value();
        assertEquals(new Failure(ErrorCode.CANCELLED, "the task was cancelled"), failure(running));
        long first = stream(session, turn("a", ENDLESS));
        long behind = stream(session, turn("b", ENDLESS));
        Answer<Void> unloaded = new Answer<>();
        service.unloadModel("fake", unloaded);
        unloaded.value();
        // The last first: the end of the first would only start it.
        assertEquals(new Failure(ErrorCode.CANCELLED, "model 'fake' was unloaded"), failure(behind));
        assertEquals(new Failure(ErrorCode.CANCELLED, "model 'fake' was unloaded"), failure(first));
    }

    @Test
    void theProcessBehindASinkOwnsItsStreamAsWell() throws InterruptedException {
        Process sink = new Process("sink");
        Answer<Long> created = new Answer<>();
        service.stream(
                me,
                sink,
                (task, event) -> events.add(new Event(task, event)),
                session(),
                completion("a", ENDLESS),
                created);
        long task = created.value();
        watched.remove(sink).run();
        assertEquals(ErrorCode.CANCELLED, failure(task).code());
        assertEquals(0, service.status().resultsKept());
    }

    @Test
    void streamsLeaveNoResults() throws InterruptedException {
        model.model.answer("a", "b");
        long task = stream(session(), completion("a", GREEDY));
        while (!nextEvent().isTerminal()) {
            // Text of the answer.
        }
        assertEquals(ErrorCode.TASK_NOT_FOUND, result(task, 0).error());
    }

    @Test
    void aSamplerIsFreedThatNoEngineTakes() {
        model.close();
        Answer<Long> refused = create(session(), CONSTRAINED);
        assertEquals("the model is being closed", refused.message());
        assertTrue(refused.failedWith(ErrorCode.CANCELLED));
        waitForThePreparingThreads();
        assertEquals(1, model.samplersMade.get());
        assertEquals(0, model.samplers.get());
    }

    @Test
    void aSamplerIsFreedWhoseTaskWasCancelledWhileItWasMade() throws InterruptedException {
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        model.makingSampler = () -> {
            entered.countDown();
            try {
                release.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        };
        long session = session();
        Answer<Long> created = create(session, CONSTRAINED);
        entered.await();
        Answer<Void> closed = new Answer<>();
        service.sessions().close(session, closed);
        closed.value();
        assertEquals("the task was cancelled", created.message());
        release.countDown();
        waitForThePreparingThreads();
        assertEquals(1, model.samplersMade.get());
        assertEquals(0, model.samplers.get());
        assertEquals(0, service.status().counters().tasksCreated());
    }

    @Test
    void aGrammarIsNotMadeToItsEndForATaskThatWasCancelled() throws InterruptedException {
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch givenUp = new CountDownLatch(1);
        model.makingSampler = () -> {
            entered.countDown();
            try {
                while (true) {
                    Patience.check();
                    Thread.onSpinWait();
                }
            } finally {
                givenUp.countDown();
            }
        };
        long session = session();
        Answer<Long> created = create(session, CONSTRAINED);
        entered.await();
        Answer<Void> closed = new Answer<>();
        service.sessions().close(session, closed);
        closed.value();
        assertEquals("the task was cancelled", created.message());
        givenUp.await();
        waitForThePreparingThreads();
        assertEquals(0, service.status().tasksWaiting());
        assertEquals(0, account().held());
    }

    /** Its tokenizer is gone, which is no defect. */
    @Test
    void workOnAModelThatWasClosedMeanwhileIsCancelled() throws InterruptedException {
        CountDownLatch entered = new CountDownLatch(2);
        CountDownLatch release = new CountDownLatch(1);
        onBothPreparingThreads(() -> {
            entered.countDown();
            try {
                release.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        entered.await();
        Answer<String> detokenized = new Answer<>();
        service.models().detokenize(me, null, new int[] {'a'}, false, detokenized);
        Answer<Void> unloaded = new Answer<>();
        service.unloadModel("fake", unloaded);
        unloaded.value();
        model.model.unspeakable = 'a';
        release.countDown();
        assertEquals("the model is being closed", detokenized.message());
        assertTrue(detokenized.failedWith(ErrorCode.CANCELLED));
    }

    @Test
    void aDefectOfATokenizerIsOne() {
        model.model.unspeakable = 'a';
        Answer<String> detokenized = new Answer<>();
        service.models().detokenize(me, null, new int[] {'a'}, false, detokenized);
        assertTrue(detokenized.failedWith(ErrorCode.UNKNOWN));
    }

    @Test
    void aNodeThatStopsSaysSo() {
        long session = session();
        create(session, turn("a", ENDLESS)).value();
        Answer<GenerationResult> behind =
                result(create(session, turn("b", ENDLESS)).value(), -1);
        service.close();
        assertEquals("the node is stopping", behind.message());
        assertTrue(behind.failedWith(ErrorCode.CANCELLED));
        Answer<Long> refused = create(session, completion("c", GREEDY));
        assertEquals("the node is draining", refused.message());
    }

    @Test
    void whoeverDrainsIsToldWhenNoTaskIsLeft() throws InterruptedException {
        long task = create(session(), completion("a", ENDLESS)).value();
        CountDownLatch first = new CountDownLatch(1);
        CountDownLatch second = new CountDownLatch(1);
        service.drain(first::countDown);
        service.drain(second::countDown);
        cancel(task).value();
        assertTrue(first.await(30, TimeUnit.SECONDS));
        assertTrue(second.await(30, TimeUnit.SECONDS));
    }

    @Test
    void aNodeIsStartingUntilItIsReady() {
        LlamaService other = new LlamaService(
                new NodeConfig(List.of(), 1, 1, 1, 1, 100),
                new ModelLoader() {
                    @Override
                    public LoadedModel load(ModelConfig config, LoadProgress progress) {
                        throw new AssertionError();
                    }

                    @Override
                    public Preview preview(ModelConfig config) {
                        throw new AssertionError();
                    }

                    @Override
                    public NodeStatus.Library library() {
                        return new NodeStatus.Library("fake", "0", "");
                    }
                },
                (owner, down) -> () -> {});
        assertEquals(NodeStatus.State.STARTING, other.status().state());
        assertThrows(FailureException.class, () -> other.run(me, completion("a", GREEDY), new Answer<>()));
        other.ready();
        assertEquals(NodeStatus.State.READY, other.status().state());
        other.close();
        assertEquals(NodeStatus.State.DRAINING, other.status().state());
    }
}
