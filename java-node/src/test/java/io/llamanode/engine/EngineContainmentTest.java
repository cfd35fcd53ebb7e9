package io.llamanode.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.engine.contract.CacheUse;
import io.llamanode.engine.contract.EngineSnapshot;
import io.llamanode.engine.contract.GenerationListener;
import io.llamanode.engine.contract.GenerationListener.FailureKind;
import io.llamanode.engine.contract.GenerationListener.Outcome;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.model.AdapterSet;
import io.llamanode.engine.sampling.Sampler;
import io.llamanode.engine.sampling.SamplingParams;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever a listener, a command, a runner or a model throws: who it concerns hears of it, and the loop goes on. */
class EngineContainmentTest extends EngineFixture {
    @Test
    void anErrorOfAListenerDoesNotEndTheLoop() {
        engine.start();
        GenerationListener deadly = new GenerationListener() {
            @Override
            public void text(String text) {
                throw new StackOverflowError("deadly");
            }

            @Override
            public void finished(Outcome outcome) {
                throw new StackOverflowError("deadly");
            }

            @Override
            public void failed(FailureKind kind, String message) {
                throw new StackOverflowError("deadly");
            }
        };
        assertTrue(engine.submit(request(1, "a", 5), deadly, () -> {}));
        model.defect = new IllegalStateException("a bug");
        Recorder beside = submit(request(2, "b", 5));
        beside.ending.join();
        assertEquals(2, submit(request(3, "c", 2)).outcome().completion().length);
        engine.close();
    }

    @Test
    void aTokenThatCannotBeSpelledEndsItsRequestAlone() {
        model.answer("a", "xx").answer("b", "y").answer("c", "z");
        model.unspeakable = 'y';
        Recorder first = submit(request(1, "a", 2));
        Recorder second = submit(request(2, "b", 1));
        engine.start();
        assertEquals(FailureKind.DECODE_FAILED, second.failure());
        assertEquals("xx", first.outcome() == null ? "" : first.text());
        assertEquals("z", run("c"));
        engine.close();
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY})
    void aNumberThatCannotBeDrawnFromEndsItsRequestAlone(float number) {
        model.spoil = (context, logits) -> logits['q'] = context.startsWith("b") ? number : logits['q'];
        Recorder beside = submit(request(1, "a", 5));
        Recorder spoiled = submit(request(2, 7, "bcd", 5, GenerationRequest.NO_DEADLINE));
        Recorder evaluated = submit(request(3, "b", 0));
        engine.start();
        assertEquals(FailureKind.DECODE_FAILED, spoiled.failure());
        assertEquals(FailureKind.DECODE_FAILED, evaluated.failure());
        assertEquals(5, beside.outcome().completion().length);
        assertEquals("!!!!!", beside.text());
        // What it left in the cache is no beginning for another.
        model.spoil = (context, logits) -> {};
        Recorder again = submit(request(4, 7, "bcd", 1, GenerationRequest.NO_DEADLINE));
        assertEquals(0, again.outcome().cachedTokens());
        engine.close();
    }

    @Test
    void logitsWithoutAFiniteOneEndTheirRequestAlone() {
        model.spoil = (context, logits) -> {
            if (context.startsWith("b")) {
                Arrays.fill(logits, Float.NEGATIVE_INFINITY);
            }
        };
        Recorder beside = submit(request(1, "a", 5));
        Recorder spoiled = submit(request(2, "b", 5));
        engine.start();
        assertEquals(FailureKind.DECODE_FAILED, spoiled.failure());
        assertEquals("!!!!!", beside.outcome() == null ? "" : beside.text());
        engine.close();
    }

    /** Negative infinity rules tokens out; it spoils nothing. */
    @Test
    void tokensThatAreRuledOutAreNoFailure() {
        model.spoil = (context, logits) -> logits['q'] = Float.NEGATIVE_INFINITY;
        Recorder recorder = submit(request(1, "a", 5));
        engine.start();
        assertEquals(5, recorder.outcome().completion().length);
        assertEquals("!!!!!", recorder.text());
        engine.close();
    }

    @Test
    void aSamplerThatThrowsEndsItsRequestAlone() {
        Recorder beside = submit(request(1, "a", 5));
        Recorder broken = submit(new GenerationRequest(
                2,
                2,
                "somebody",
                new int[] {'b'},
                5,
                SamplingParams.GREEDY,
                List.of(),
                0,
                true,
                CacheUse.ALL,
                GenerationRequest.NO_DEADLINE,
                0,
                AdapterSet.NONE,
                GenerationRequest.NO_PROBABILITIES,
                new Sampler() {
                    @Override
                    public void accept(int token) {}

                    @Override
                    public int sample(float[] logits) {
                        throw new AssertionError("a bug");
                    }
                }));
        engine.start();
        assertEquals(FailureKind.DECODE_FAILED, broken.failure());
        assertEquals(5, beside.outcome().completion().length);
        engine.close();
    }

    @Test
    void aRequestThatCannotBeginFailsAlone() {
        Recorder beside = submit(request(1, "a", 5));
        Recorder broken = submit(new GenerationRequest(
                2,
                2,
                "somebody",
                new int[] {'b'},
                1,
                null,
                List.of(),
                0,
                true,
                CacheUse.ALL,
                GenerationRequest.NO_DEADLINE));
        steps(1);
        assertEquals(FailureKind.INTERNAL, broken.failure());
        steps(5);
        assertEquals("!!!!!", beside.text());
    }

    @Test
    void anErrorOfWhoeverWaitsForACommandIsNoFailureOfTheEngine() throws InterruptedException {
        engine.start();
        Recorder running = submit(request(1, "a", 1_000_000));
        CountDownLatch asked = new CountDownLatch(2);
        engine.cancel(77, () -> {
            asked.countDown();
            throw new StackOverflowError("deadly");
        });
        assertTrue(engine.forecast(request(2, "a", 1), forecast -> {
            asked.countDown();
            throw new StackOverflowError("deadly");
        }));
        assertTrue(asked.await(30, TimeUnit.SECONDS));
        engine.cancel(1, () -> {});
        assertEquals(FailureKind.CANCELLED, running.failure());
        engine.close();
    }

    @Test
    void aListenerThatThrowsLosesItsRequestOnly() {
        GenerationListener broken = new GenerationListener() {
            @Override
            public void text(String text) {
                throw new IllegalStateException("broken");
            }

            @Override
            public void finished(Outcome outcome) {
                throw new IllegalStateException("broken");
            }

            @Override
            public void failed(FailureKind kind, String message) {
                throw new IllegalStateException("broken");
            }
        };
        assertTrue(engine.submit(request(1, "a", -1), broken, () -> {}));
        Recorder other = submit(request(2, "b", 5));
        steps(6);
        assertEquals("!!!!!", other.text());
        assertEquals(EngineSnapshot.Phase.IDLE, engine.snapshot().slots().get(0).phase());
    }

    @Test
    void aDefectFailsWhatRunsAndTheLoopLives() {
        engine.start();
        model.defect = new IllegalStateException("a bug");
        Recorder a = submit(request(1, "a", 3));
        assertEquals(FailureKind.INTERNAL, a.failure());
        Recorder b = submit(request(2, "b", 3));
        assertEquals(3, b.outcome().completion().length);
        engine.close();
        assertTrue(model.closed);
    }

    @Test
    void aFailingChangeOfTheCacheWaitsForTheNextPlan() throws InterruptedException {
        model.answer("abc", "d");
        run(request(1, 7, "abc", -1, GenerationRequest.NO_DEADLINE));
        int before = model.plans.size();
        model.alwaysFails = true;
        engine.start();
        engine.shorten(7, 0, () -> {});
        CountDownLatch later = new CountDownLatch(1);
        engine.cancel(99, later::countDown);
        assertTrue(later.await(30, TimeUnit.SECONDS));
        engine.close();
        // One try for each command: what fails is not tried again and again.
        assertTrue(model.plans.size() - before <= 3, () -> model.plans.size() + " plans");
    }

    private String run(String prompt) {
        Recorder heard = submit(request(99, prompt, -1));
        heard.outcome();
        return heard.text();
    }
}
