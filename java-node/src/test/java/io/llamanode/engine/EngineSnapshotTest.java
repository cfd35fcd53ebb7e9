package io.llamanode.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.engine.contract.CacheUse;
import io.llamanode.engine.contract.EngineConfig;
import io.llamanode.engine.contract.EngineSnapshot;
import io.llamanode.engine.contract.EngineSnapshot.Phase;
import io.llamanode.engine.contract.EngineSnapshot.SlotState;
import io.llamanode.engine.contract.GenerationListener.FailureKind;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.contract.StepTimes;
import io.llamanode.engine.model.AdapterSet;
import io.llamanode.engine.model.BatchPlan;
import io.llamanode.engine.model.ModelRunner.RunnerException;
import io.llamanode.engine.sampling.Sampler;
import io.llamanode.engine.sampling.SamplingParams;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What an engine tells of itself, and what it learns from the time that its steps take. */
class EngineSnapshotTest extends EngineFixture {
    private List<SlotState> slots() {
        return engine.snapshot().slots();
    }

    private List<Phase> phases() {
        return slots().stream().map(SlotState::phase).toList();
    }

    @Test
    void anEngineThatHasDoneNothingIsIdle() {
        assertEquals(new EngineConfig(2, 64, 32, 8), engine.config());
        SlotState first = new SlotState(0, Phase.IDLE, 0, 0, 0);
        SlotState second = new SlotState(1, Phase.IDLE, 0, 0, 0);
        assertEquals(new EngineSnapshot(List.of(first, second), 0, 0, StepTimes.NONE, 0, 0, 0, 0), engine.snapshot());
    }

    @Test
    void aSlotTellsWhatItDoesAndForWhom() {
        submit(request(5, 7, "p".repeat(40), 3, GenerationRequest.NO_DEADLINE));
        steps(1);
        assertEquals(List.of(new SlotState(0, Phase.PREFILL, 7, 5, 32), slots().get(1)), slots());
        steps(1);
        assertEquals(new SlotState(0, Phase.DECODE, 7, 5, 40), slots().get(0));
        steps(2);
        assertEquals(new SlotState(0, Phase.IDLE, 7, 0, 42), slots().get(0));
    }

    @Test
    void countsAreOfAllRequests() {
        run(request(1, 7, "abc", 4, GenerationRequest.NO_DEADLINE));
        run(request(2, 7, "abc!!", 2, GenerationRequest.NO_DEADLINE));
        EngineSnapshot snapshot = engine.snapshot();
        assertEquals(8, snapshot.promptTokens());
        assertEquals(4, snapshot.cachedTokens());
        assertEquals(6, snapshot.completionTokens());
        assertEquals(6, snapshot.decodeCalls());
    }

    @Test
    void aTokenThatEndsTheAnswerIsNoneOfIt() {
        model.answer("abc", "d");
        run(request(1, "abc", -1));
        assertEquals(1, engine.snapshot().completionTokens());
        assertEquals(2, engine.snapshot().decodeCalls());
    }

    @Test
    void aChangeOfTheCacheAloneIsNoDecode() {
        run(request(1, 7, "abc", 1, GenerationRequest.NO_DEADLINE));
        long before = engine.snapshot().decodeCalls();
        engine.shorten(7, 0, () -> {});
        int plans = model.plans.size();
        steps(1);
        assertEquals(plans + 1, model.plans.size());
        assertEquals(before, engine.snapshot().decodeCalls());
        assertEquals(0, slots().get(0).cachedTokens());
    }

    /** Remembers what the engine told of its slots when a request ended. */
    private final class AtTheEnd extends Recorder {
        List<Phase> phases;

        @Override
        public void finished(Outcome outcome) {
            phases = phases();
            super.finished(outcome);
        }

        @Override
        public void failed(FailureKind kind, String message) {
            phases = phases();
            super.failed(kind, message);
        }
    }

    private AtTheEnd submitted(GenerationRequest request) {
        AtTheEnd heard = new AtTheEnd();
        assertTrue(engine.submit(request, heard, () -> {}));
        return heard;
    }

    @Test
    void whoeverHearsOfAnEndFindsTheSlotFree() {
        List<Phase> idle = List.of(Phase.IDLE, Phase.IDLE);
        AtTheEnd finished = submitted(request(1, "a", 1));
        steps(1);
        assertEquals(idle, finished.phases);
        AtTheEnd failed = submitted(request(2, "a", 5));
        steps(1);
        model.failure = new RunnerException("no memory", null);
        steps(1);
        assertEquals(idle, failed.phases);
        assertEquals(List.of(FailureKind.DECODE_FAILED), failed.endings);
        AtTheEnd late = submitted(request(3, 3, "a", 5, 100));
        steps(1);
        now = 100;
        steps(1);
        assertEquals(idle, late.phases);
        AtTheEnd closed = submitted(request(4, "a", 5));
        steps(1);
        engine.close();
        assertEquals(idle, closed.phases);
        assertEquals(List.of(FailureKind.CANCELLED), closed.endings);
    }

    /** Chooses "!", which takes its time. */
    private GenerationRequest slow(long id, String prompt, int maxTokens, long nanos) {
        Sampler sampler = new Sampler() {
            @Override
            public void accept(int token) {}

            @Override
            public int sample(float[] logits) {
                now += nanos;
                return '!';
            }
        };
        return new GenerationRequest(
                id,
                id,
                "somebody",
                model.tokenize(prompt, false, false),
                maxTokens,
                SamplingParams.GREEDY,
                List.of(),
                0,
                true,
                CacheUse.ALL,
                GenerationRequest.NO_DEADLINE,
                0,
                AdapterSet.NONE,
                GenerationRequest.NO_PROBABILITIES,
                sampler);
    }

    @Test
    void timesTellWhereAStepSpentThem() {
        now = 1_000_000;
        model.whileExecuting = plan -> now += 200;
        Recorder slowToHear = new Recorder() {
            @Override
            public synchronized void text(String text) {
                now += 1;
                super.text(text);
            }
        };
        assertTrue(engine.submit(slow(1, "a", 2, 30), slowToHear, () -> {}));
        assertTrue(engine.submit(slow(2, "b", 2, 30), slowToHear, () -> {}));
        engine.cancel(99, () -> now += 4000);
        steps(1);
        assertEquals(StepTimes.NONE, engine.snapshot().times(), "the last step is not in them");
        steps(1);
        assertEquals(new StepTimes(4000, 200, 60, 2), engine.snapshot().times());
        steps(1);
        assertEquals(new StepTimes(4000, 400, 120, 4), engine.snapshot().times(), "an idle step is one, too");
    }

    /** Each step reads the clock; one that nothing asks for would be one of thousands. */
    @Test
    void anIdleEngineTakesNoSteps() throws InterruptedException {
        AtomicInteger readings = new AtomicInteger();
        try (Engine idle = new Engine("idle", model, model, engine.config(), readings::incrementAndGet)) {
            idle.start();
            for (int i = 0; i < 20; i++) {
                CountDownLatch done = new CountDownLatch(1);
                idle.cancel(99, done::countDown);
                assertTrue(done.await(30, TimeUnit.SECONDS));
            }
        }
        assertTrue(readings.get() <= 21 * 4, () -> readings + " readings for 20 commands and the end");
    }

    /** A step takes 1,000 and each token of a prompt 100 more, however long the choice of tokens takes. */
    @Test
    void promptsArePacedByWhatTheirTokensCostTheOthers() {
        engine = engine(2, 2048, 512, 32);
        model.whileExecuting = plan -> now += 1000 + 100L * (plan.tokenCount() - plan.decodes());
        submit(slow(1, "a", 1500, 50_000));
        steps(20);
        submit(slow(2, "p".repeat(2000), 1, 0));
        List<Integer> shares = new ArrayList<>();
        for (int i = 0; i < 90; i++) {
            engine.step();
            BatchPlan plan = model.plans.getLast();
            shares.add(plan.tokenCount() - plan.decodes());
        }
        assertEquals(32, shares.getFirst(), "at the beginning as many as are configured");
        assertEquals(17, shares.get(85), 1, "later 1.65 times a step without any");
    }
}
