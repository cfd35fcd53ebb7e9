package io.llamanode.engine.vector;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.engine.contract.GenerationListener.FailureKind;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.model.ModelRunner.MemoryException;
import io.llamanode.engine.model.ModelRunner.RunnerException;
import io.llamanode.engine.vector.VectorRequest.Pooling;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/** The engine stepped without a thread, on a runner whose vectors are the first tokens. */
class VectorEngineTest {
    /** First token of a text whose vector, and those of all beside it, are no numbers. */
    private static final int POISON = 666;

    private final FakeRunner runner = new FakeRunner();
    private long now;
    private final VectorEngine engine = new VectorEngine("test", runner, true, () -> now);

    /** Refuses a batch beyond its limits. */
    private final class FakeRunner implements VectorRunner {
        final List<List<Integer>> batches = new ArrayList<>();
        Exception failure;
        /** Thrown once while a batch is put together. */
        Error whilePlanning;
        /** What a computation takes. */
        long nanos;
        /** Done as by another thread while something is computed. */
        Runnable whileComputing = () -> {};
        /** Computations that nobody wanted any more. */
        int abandoned;
        /** Vectors that the next computation leaves out. */
        int missing;

        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(0);
        boolean closed;

        @Override
        public int maxSequences() {
            if (whilePlanning != null) {
                Error e = whilePlanning;
                whilePlanning = null;
                throw e;
            }
            return 3;
        }

        @Override
        public int maxTokens() {
            return 10;
        }

        @Override
        public List<float[]> compute(List<Sequence> sequences, BooleanSupplier givenUp) throws RunnerException {
            entered.countDown();
            whileComputing.run();
            for (int asked = 0; asked < 40; asked++) {
                if (givenUp.getAsBoolean()) {
                    abandoned++;
                    throw new RunnerException("given up", null);
                }
            }
            now += nanos;
            try {
                release.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            int tokens = sequences.stream().mapToInt(s -> s.tokens().length).sum();
            assertTrue(sequences.size() <= 3 && (tokens <= 10 || sequences.size() == 1), "too large");
            batches.add(sequences.stream().map(s -> s.tokens()[0]).toList());
            if (failure instanceof RunnerException e) {
                failure = null;
                throw e;
            }
            if (failure instanceof RuntimeException e) {
                failure = null;
                throw e;
            }
            boolean spoilt = sequences.stream().anyMatch(s -> s.tokens()[0] == POISON);
            List<float[]> vectors = sequences.stream()
                    .map(s -> new float[] {spoilt ? Float.NaN : s.tokens()[0]})
                    .toList();
            int left = vectors.size() - missing;
            missing = 0;
            return vectors.subList(0, left);
        }

        @Override
        public void close() {
            assertFalse(closed, "closed twice");
            closed = true;
        }
    }

    /** What a request came to; a second end fails the test. */
    private static final class Ear implements VectorListener {
        Outcome outcome;
        FailureKind kind;
        final CountDownLatch ended = new CountDownLatch(1);

        @Override
        public void finished(Outcome result) {
            assertEquals(1, ended.getCount());
            outcome = result;
            ended.countDown();
        }

        @Override
        public void failed(FailureKind why, String message) {
            assertEquals(1, ended.getCount());
            kind = why;
            ended.countDown();
        }
    }

    private Ear submit(long id, Object customer, long deadline, int[]... inputs) {
        Ear ear = new Ear();
        assertTrue(engine.submit(
                new VectorRequest(id, customer, Arrays.asList(inputs), Pooling.MEAN, deadline), ear, () -> {}));
        return ear;
    }

    private Ear submit(long id, Object customer, int[]... inputs) {
        return submit(id, customer, GenerationRequest.NO_DEADLINE, inputs);
    }

    private static int[] text(int first, int length) {
        int[] tokens = new int[length];
        tokens[0] = first;
        return tokens;
    }

    @Test
    void textsAreComputedTogetherAsFarAsTheyFit() {
        Ear ear = submit(1, "a", text(1, 4), text(2, 4), text(3, 4), text(4, 50), text(5, 1), text(6, 1));
        for (int i = 0; i < 4; i++) {
            engine.step();
        }
        assertEquals(List.of(List.of(1, 2), List.of(3), List.of(4), List.of(5, 6)), runner.batches);
        assertEquals(6, ear.outcome.vectors().size());
        assertArrayEquals(new float[] {4}, ear.outcome.vectors().get(3));
        assertEquals(64, ear.outcome.tokens());
    }

    @Test
    void noMoreTextsAreComputedTogetherThanTheRunnerTakes() {
        Ear ear = submit(1, "a", text(1, 1), text(2, 1), text(3, 1), text(4, 1));
        engine.step();
        engine.step();
        assertEquals(List.of(List.of(1, 2, 3), List.of(4)), runner.batches);
        assertEquals(4, ear.outcome.vectors().size());
    }

    @Test
    void oneRequestIsComputedAfterTheOtherWhereThatIsAskedFor() {
        VectorEngine apart = new VectorEngine("apart", runner, false, () -> now);
        List<Ear> ears = new ArrayList<>();
        for (int id = 1; id <= 3; id++) {
            Ear ear = new Ear();
            ears.add(ear);
            int[][] texts = {text(10 * id, 1), text(10 * id + 1, 1), text(10 * id + 2, 9), text(10 * id + 3, 1)};
            assertTrue(apart.submit(
                    new VectorRequest(
                            id, "c" + id % 2, Arrays.asList(texts), Pooling.MEAN, GenerationRequest.NO_DEADLINE),
                    ear,
                    () -> {}));
        }
        apart.step();
        apart.cancel(1);
        for (int i = 0; i < 4; i++) {
            apart.step();
        }
        assertEquals(
                List.of(List.of(10, 11), List.of(20, 21), List.of(22, 23), List.of(30, 31), List.of(32, 33)),
                runner.batches);
        assertEquals(FailureKind.CANCELLED, ears.get(0).kind);
        assertEquals(4, ears.get(1).outcome.vectors().size());
        assertEquals(4, ears.get(2).outcome.vectors().size());
    }

    @Test
    void whoeverSubmitsIsToldWhetherTheRequestIsTaken() {
        List<Boolean> held = new ArrayList<>();
        VectorRequest request =
                new VectorRequest(1, "a", List.of(text(1, 4)), Pooling.MEAN, GenerationRequest.NO_DEADLINE);
        assertTrue(engine.submit(request, new Ear(), () -> held.add(true)));
        engine.close();
        assertFalse(engine.submit(request, new Ear(), () -> held.add(false)));
        assertEquals(List.of(true), held, "before anything is done, and not if it is refused");
    }

    /** Each step reads the clock; one that nothing asks for would be one of thousands. */
    @Test
    void anIdleEngineTakesNoSteps() throws InterruptedException {
        AtomicInteger readings = new AtomicInteger();
        try (VectorEngine idle = new VectorEngine("idle", runner, true, readings::incrementAndGet)) {
            idle.start();
            for (int i = 0; i < 20; i++) {
                Ear ear = new Ear();
                VectorRequest late = new VectorRequest(i, "a", List.of(text(1, 1)), Pooling.MEAN, Long.MIN_VALUE / 2);
                assertTrue(idle.submit(late, ear, () -> {}));
                assertEquals(FailureKind.TIMEOUT, failure(ear));
            }
        }
        assertTrue(readings.get() <= 21 * 4, () -> readings + " readings for 20 requests and the end");
    }

    @Test
    void timesAreThoseOfTheClock() {
        now = 100;
        Ear ear = submit(1, "a", text(1, 10), text(2, 10));
        now = 107;
        runner.nanos = 20;
        engine.step();
        engine.step();
        assertEquals(7, ear.outcome.queued());
        assertEquals(40, ear.outcome.computed());
    }

    @Test
    void aRequestWithoutATextIsRefused() {
        for (List<int[]> nothing : List.of(List.<int[]>of(), List.of(text(1, 1), new int[0]))) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> new VectorRequest(1, "a", nothing, Pooling.MEAN, GenerationRequest.NO_DEADLINE));
        }
    }

    @Test
    void aCustomerWithManyTextsDelaysAnotherByOne() {
        Ear many = submit(1, "a", text(1, 5), text(2, 5), text(3, 5), text(4, 5), text(5, 5), text(6, 5));
        Ear one = submit(2, "b", text(9, 5));
        engine.step();
        assertEquals(List.of(List.of(1, 9)), runner.batches);
        assertEquals(5, one.outcome.tokens());
        assertFalse(many.ended.getCount() == 0);
    }

    @Test
    void whatIsCancelledIsNotComputed() {
        Ear ear = submit(1, "a", text(1, 10), text(2, 10));
        engine.step();
        engine.cancel(1);
        engine.step();
        engine.step();
        assertEquals(FailureKind.CANCELLED, ear.kind);
        assertEquals(List.of(List.of(1)), runner.batches);
        engine.cancel(1);
        engine.cancel(77);
        engine.step();
    }

    @Test
    void whatNobodyWantsAnyMoreIsNotComputedToItsEnd() {
        Ear first = submit(1, "a", text(1, 5), text(3, 5));
        Ear second = submit(2, "b", text(2, 5));
        runner.whileComputing = () -> engine.cancel(1);
        engine.step();
        assertEquals(0, runner.abandoned, "somebody wants the other one");
        assertArrayEquals(new float[] {2}, second.outcome.vectors().getFirst());
        runner.whileComputing = () -> {};
        engine.step();
        assertEquals(FailureKind.CANCELLED, first.kind);
        Ear third = submit(3, "a", text(1, 5));
        runner.whileComputing = () -> engine.cancel(3);
        engine.step();
        assertEquals(1, runner.abandoned);
        runner.whileComputing = () -> {};
        engine.step();
        assertEquals(FailureKind.CANCELLED, third.kind);
        Ear late = submit(4, "a", 100, text(1, 5));
        runner.whileComputing = () -> now = 100;
        engine.step();
        assertEquals(2, runner.abandoned);
        engine.step();
        assertEquals(FailureKind.TIMEOUT, late.kind);
    }

    @Test
    void aTextWhoseVectorIsNoNumberFailsAlone() {
        Ear spoilt = submit(1, "a", text(POISON, 1), text(8, 1));
        Ear beside = submit(2, "b", text(2, 1));
        Ear another = submit(3, "c", text(3, 1));
        engine.step();
        engine.step();
        assertEquals(FailureKind.DECODE_FAILED, spoilt.kind);
        assertArrayEquals(new float[] {2}, beside.outcome.vectors().getFirst());
        assertArrayEquals(new float[] {3}, another.outcome.vectors().getFirst());
        assertEquals(List.of(List.of(POISON, 2, 3), List.of(POISON), List.of(2), List.of(3)), runner.batches);
    }

    @Test
    void theRestOfARequestThatFailedIsNotComputed() {
        Ear spoilt = submit(1, "a", text(POISON, 1), text(8, 1), text(9, 1));
        engine.step();
        engine.step();
        assertEquals(FailureKind.DECODE_FAILED, spoilt.kind);
        assertEquals(List.of(List.of(POISON, 8, 9), List.of(POISON)), runner.batches);
    }

    @Test
    void aDeadlineEndsARequestBetweenTwoSteps() {
        Ear ear = submit(1, "a", 1000, text(1, 10), text(2, 10));
        engine.step();
        now = 1000;
        engine.step();
        assertEquals(FailureKind.TIMEOUT, ear.kind);
        assertEquals(1, runner.batches.size());
    }

    @Test
    void aComputationThatFoundNoMemoryIsToldApart() {
        Ear first = submit(1, "a", text(1, 5));
        runner.failure = new MemoryException("no", null);
        engine.step();
        assertEquals(FailureKind.OUT_OF_MEMORY, first.kind);
    }

    @Test
    void aFailureEndsTheRequestsOfItsBatchOnly() {
        Ear first = submit(1, "a", text(1, 5), text(2, 5));
        Ear second = submit(2, "b", text(3, 5));
        Ear third = submit(3, "c", text(4, 5));
        runner.failure = new RunnerException("no", null);
        engine.step();
        engine.step();
        assertEquals(FailureKind.DECODE_FAILED, first.kind);
        assertEquals(FailureKind.DECODE_FAILED, second.kind);
        assertArrayEquals(new float[] {4}, third.outcome.vectors().getFirst());
        Ear defect = submit(4, "a", text(5, 1));
        runner.failure = new IllegalStateException("bug");
        engine.step();
        assertEquals(FailureKind.INTERNAL, defect.kind);
    }

    private FailureKind failure(Ear ear) throws InterruptedException {
        assertTrue(ear.ended.await(30, TimeUnit.SECONDS), "the request was never ended");
        return ear.kind;
    }

    private void assertGoesOn() throws InterruptedException {
        Ear later = submit(99, "later", text(7, 1));
        assertEquals(null, failure(later));
        assertArrayEquals(new float[] {7}, later.outcome.vectors().getFirst());
        engine.close();
        assertTrue(runner.closed);
    }

    @Test
    void anErrorWhileABatchIsPutTogetherFailsWhatRuns() throws InterruptedException {
        runner.whilePlanning = new StackOverflowError("deadly");
        Ear first = submit(1, "a", text(1, 5), text(2, 5));
        Ear second = submit(2, "b", text(3, 5));
        engine.start();
        assertEquals(FailureKind.INTERNAL, failure(first));
        assertEquals(FailureKind.INTERNAL, failure(second));
        assertGoesOn();
    }

    @Test
    void anErrorOfACommandFailsWhatRuns() throws InterruptedException {
        Object unfit = new Object() {
            @Override
            public int hashCode() {
                throw new StackOverflowError("deadly");
            }
        };
        Ear beside = submit(1, "a", text(1, 5));
        Ear deadly = submit(2, unfit, text(2, 5));
        engine.start();
        assertEquals(FailureKind.INTERNAL, failure(beside));
        assertEquals(FailureKind.INTERNAL, failure(deadly));
        assertGoesOn();
    }

    @Test
    void anErrorOfAListenerIsItsOwn() throws InterruptedException {
        VectorListener deadly = new VectorListener() {
            @Override
            public void finished(Outcome outcome) {
                throw new StackOverflowError("deadly");
            }

            @Override
            public void failed(FailureKind kind, String message) {
                throw new StackOverflowError("deadly");
            }
        };
        for (long id = 1; id <= 2; id++) {
            assertTrue(engine.submit(
                    new VectorRequest(
                            id, "a", List.of(text(1, 1)), Pooling.MEAN, id == 1 ? GenerationRequest.NO_DEADLINE : 0),
                    deadly,
                    () -> {}));
        }
        Ear beside = submit(3, "b", text(3, 5));
        engine.start();
        assertEquals(null, failure(beside));
        assertGoesOn();
    }

    @Test
    void aVectorTooFewFailsItsBatchOnly() throws InterruptedException {
        runner.missing = 1;
        Ear first = submit(1, "a", text(1, 5), text(2, 5));
        Ear second = submit(2, "b", text(3, 10));
        engine.start();
        assertEquals(FailureKind.INTERNAL, failure(first));
        assertEquals(null, failure(second));
        assertGoesOn();
    }

    @Test
    void anErrorInACommandBehindTheCloseCancelsTheOthers() throws InterruptedException {
        Object unfit = new Object() {
            @Override
            public int hashCode() {
                throw new StackOverflowError("deadly");
            }
        };
        Ear deadly = submit(1, unfit, text(2, 5));
        Ear beside = submit(2, "a", text(1, 5));
        // Not started before: everything comes with the end.
        engine.close();
        assertEquals(0, deadly.ended.getCount());
        assertEquals(0, beside.ended.getCount());
        assertTrue(runner.closed);
    }

    @Test
    void closingCancelsWhatWaitsAndWhatRuns() throws InterruptedException {
        runner.release = new CountDownLatch(1);
        engine.start();
        Ear runs = submit(1, "a", text(1, 10), text(2, 10));
        assertTrue(runner.entered.await(30, TimeUnit.SECONDS));
        Ear waits = submit(2, "b", text(3, 10));
        Thread closing = Thread.ofPlatform().start(engine::close);
        // Either order is right: the close is seen before the second text or not.
        runner.release.countDown();
        closing.join();
        assertEquals(0, runs.ended.getCount());
        assertEquals(0, waits.ended.getCount());
        assertTrue(runner.closed);
        assertFalse(engine.submit(
                new VectorRequest(3, "a", List.of(text(1, 1)), Pooling.MEAN, GenerationRequest.NO_DEADLINE),
                new Ear(),
                () -> {}));
        engine.close();
        engine.cancel(1);
    }
}
