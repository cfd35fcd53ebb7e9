package io.llamanode.engine.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.llamanode.engine.contract.CacheUse;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.model.Adapter;
import io.llamanode.engine.model.AdapterSet;
import io.llamanode.engine.model.AdapterSet.Use;
import io.llamanode.engine.sampling.SamplingParams;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which set of adapters has which steps. */
class AdapterOrderTest {
    private record Named(String name) implements Adapter {
        @Override
        public void close() {}
    }

    private static final AdapterSet NONE = AdapterSet.NONE;
    private static final AdapterSet ONE = new AdapterSet(List.of(new Use(new Named("one"), 1)));
    private static final AdapterSet OTHER = new AdapterSet(List.of(new Use(new Named("other"), 1)));

    private final AdapterTurns turns = new AdapterTurns();
    private final List<Slot> slots = new ArrayList<>();

    private Slot slot(AdapterSet adapters) {
        Slot slot = new Slot(slots.size());
        slots.add(slot);
        assign(slot, adapters);
        return slot;
    }

    private static void assign(Slot slot, AdapterSet adapters) {
        slot.assign(
                new Progress(new GenerationRequest(
                        1,
                        1,
                        "somebody",
                        new int[] {1},
                        1,
                        SamplingParams.GREEDY,
                        List.of(),
                        0,
                        true,
                        CacheUse.ALL,
                        GenerationRequest.NO_DEADLINE,
                        0,
                        adapters,
                        GenerationRequest.NO_PROBABILITIES,
                        null)),
                1);
    }

    /** These sets have eight steps each, one after the other. */
    private void eightEach(AdapterSet... sets) {
        for (AdapterSet set : sets) {
            for (int step = 1; step <= 8; step++) {
                assertEquals(set, turns.next(slots), "step " + step);
            }
        }
    }

    @Test
    void everySetHasEightStepsInTheOrderOfTheSlots() {
        slot(NONE);
        slot(ONE);
        slot(OTHER);
        slot(ONE);
        eightEach(NONE, ONE, OTHER, ONE, NONE, ONE);
    }

    @Test
    void aSetThatNobodyWantsAnyMoreGivesItsTurnAway() {
        slot(NONE);
        Slot second = slot(ONE);
        assertEquals(NONE, turns.next(slots));
        slots.getFirst().release();
        eightEach(ONE);
        second.release();
        assertEquals(ONE, turns.next(slots), "nothing is changed for nobody");
        assign(slots.getFirst(), OTHER);
        eightEach(OTHER);
    }

    @Test
    void aSetThatIsAloneKeepsItsTurn() {
        slot(ONE);
        eightEach(ONE, ONE, ONE);
    }
}
