package io.llamanode.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.engine.contract.CacheUse;
import io.llamanode.engine.contract.EngineConfig;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.model.Adapter;
import io.llamanode.engine.model.AdapterSet;
import io.llamanode.engine.model.AdapterSet.Use;
import io.llamanode.engine.model.BatchPlan;
import io.llamanode.engine.model.FakeModel;
import io.llamanode.engine.sampling.SamplingParams;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AdapterTurnsTest {
    private static final AdapterSet ONE = set();
    private static final AdapterSet OTHER = set();

    private final FakeModel model = new FakeModel();
    private final Engine engine = new Engine("test", model, model, new EngineConfig(4, 128, 64, 32), () -> 0);

    private static AdapterSet set() {
        Adapter adapter = new Adapter() {
            @Override
            public void close() {}
        };
        return new AdapterSet(List.of(new Use(adapter, 1)));
    }

    private Recorder submit(long id, AdapterSet set, int maxTokens) {
        Recorder recorder = new Recorder();
        assertTrue(engine.submit(
                new GenerationRequest(
                        id,
                        id,
                        "somebody",
                        model.tokenize("p" + id, false, false),
                        maxTokens,
                        SamplingParams.GREEDY,
                        List.of(),
                        0,
                        true,
                        CacheUse.ALL,
                        GenerationRequest.NO_DEADLINE,
                        0,
                        set,
                        GenerationRequest.NO_PROBABILITIES,
                        null),
                recorder,
                () -> {}));
        return recorder;
    }

    @Test
    void aStepComputesOneSetAndEverySetHasItsTurn() {
        List<AdapterSet> sets = List.of(AdapterSet.NONE, ONE, AdapterSet.NONE, OTHER);
        List<Recorder> all = new ArrayList<>();
        for (int i = 0; i < sets.size(); i++) {
            all.add(submit(i, sets.get(i), 20));
        }
        for (int i = 0; i < 80; i++) {
            engine.step();
        }
        all.forEach(recorder -> assertEquals("!".repeat(20), recorder.text()));
        int changes = 0;
        AdapterSet last = AdapterSet.NONE;
        for (BatchPlan plan : model.plans) {
            for (BatchPlan.Span span : plan.spans()) {
                assertEquals(sets.get(span.slot()), plan.adapters());
            }
            changes += plan.adapters().equals(last) ? 0 : 1;
            last = plan.adapters();
        }
        // Turns of eight steps: none starves, and no set is changed at every step.
        assertTrue(changes >= 4 && changes <= 9, "changed " + changes + " times");
    }

    @Test
    void whoIsAloneNeverWaits() {
        Recorder alone = submit(1, ONE, 30);
        for (int i = 0; i < 31; i++) {
            engine.step();
        }
        assertEquals(30, alone.outcome().completion().length);
    }
}
