package io.llamanode.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.engine.contract.CacheUse;
import io.llamanode.engine.contract.EngineConfig;
import io.llamanode.engine.contract.GenerationListener.FailureKind;
import io.llamanode.engine.contract.GenerationListener.Outcome;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.model.Adapter;
import io.llamanode.engine.model.AdapterSet;
import io.llamanode.engine.model.AdapterSet.Use;
import io.llamanode.engine.model.FakeModel;
import io.llamanode.engine.model.ModelRunner.RunnerException;
import io.llamanode.engine.sampling.SamplingParams;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * One decode fails, at any step of requests whose adapters take turns and whose contexts are shifted. Each token of the
 * model depends on all before it, so a request that lost its context gives another answer.
 */
class FailedDecodeTest {
    private static final String SYSTEM = "You are a llama. Be brief. ";
    private static final AdapterSet ADAPTED = new AdapterSet(List.of(new Use(new NoAdapter(), 1)));

    private record NoAdapter() implements Adapter {
        @Override
        public void close() {}
    }

    private static FakeModel model() {
        FakeModel model = new FakeModel();
        model.hashes = true;
        model.forgetful = true;
        return model;
    }

    private static Engine engine(FakeModel model) {
        return new Engine("test", model, model, new EngineConfig(3, 64, 32, 8), () -> 0);
    }

    private static Recorder submit(Engine engine, long id, String prompt, int maxTokens, AdapterSet adapters) {
        Recorder recorder = new Recorder();
        assertTrue(engine.submit(
                new GenerationRequest(
                        id,
                        id,
                        "somebody",
                        new FakeModel().tokenize(prompt, false, false),
                        maxTokens,
                        SamplingParams.GREEDY,
                        List.of(),
                        0,
                        true,
                        CacheUse.ALL,
                        GenerationRequest.NO_DEADLINE,
                        0,
                        adapters,
                        GenerationRequest.NO_PROBABILITIES,
                        null),
                recorder,
                () -> {}));
        return recorder;
    }

    private static List<Recorder> submitAll(Engine engine) {
        List<Recorder> all = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            // Most are shifted, the adapted ones at other steps; some begin with another one's cells.
            all.add(submit(engine, 2 * i + 1, SYSTEM + i, 70 + i, AdapterSet.NONE));
            all.add(submit(engine, 2 * i + 2, SYSTEM + i + "?", 66, ADAPTED));
        }
        return all;
    }

    private static void runToTheEnd(Engine engine, List<Recorder> all) {
        for (int step = 0; !all.stream().allMatch(recorder -> recorder.ending.isDone()); step++) {
            assertTrue(step < 2000, "somebody hears of no end");
            engine.step();
        }
    }

    private static List<String> undisturbed() {
        FakeModel model = model();
        Engine engine = engine(model);
        List<Recorder> all = submitAll(engine);
        runToTheEnd(engine, all);
        assertTrue(
                engine.snapshot().contextShifts() >= 8, () -> engine.snapshot().contextShifts() + " shifts");
        return all.stream()
                .map(recorder -> {
                    recorder.outcome();
                    return recorder.text();
                })
                .toList();
    }

    @Test
    void aRequestFailsOrSaysWhatItWouldHaveSaid() {
        List<String> expected = undisturbed();
        int failures = 0;
        for (int applied = 0; applied < 3; applied++) {
            for (int failing = 0; failing < 300; failing++) {
                FakeModel model = model();
                model.appliedBeforeFailure = applied;
                Engine engine = engine(model);
                List<Recorder> all = submitAll(engine);
                for (int step = 0; step < failing; step++) {
                    engine.step();
                }
                model.failure = new RunnerException("no memory", null);
                runToTheEnd(engine, all);
                int lost = 0;
                for (int i = 0; i < all.size(); i++) {
                    String where = "request %d, failure at step %d".formatted(i, failing);
                    if (all.get(i).ending.join() instanceof Outcome outcome) {
                        assertEquals(expected.get(i), all.get(i).text(), where);
                        assertEquals(expected.get(i).length(), outcome.completion().length, where);
                    } else {
                        assertEquals(FailureKind.DECODE_FAILED, all.get(i).failure(), where);
                        lost++;
                    }
                }
                assertTrue(lost >= 1 && lost <= 3, lost + " lost by one failure");
                failures += lost;
            }
        }
        assertTrue(failures > 900, failures + " in all");
    }
}
