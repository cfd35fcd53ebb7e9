package io.llamanode.remote.line;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ServerLineTest {
    private final List<String> begun = new ArrayList<>();
    private final ServerLine<Work> line = new ServerLine<>(2);

    private record Work(long id, String customer, int priority, long cacheKey, List<String> begun)
            implements ServerLine.Work {
        @Override
        public void begin(int slot) {
            begun.add(id + "@" + slot);
        }
    }

    private void add(long id, String customer, int priority, long cacheKey) {
        line.add(new Work(id, customer, priority, cacheKey, begun), () -> {});
    }

    @Test
    void asManyRunAtOnceAsTheServerHasSlots() {
        add(1, "a", 0, 0);
        add(2, "a", 0, 0);
        add(3, "a", 0, 0);
        assertEquals(List.of("1@0", "2@1"), begun);
        assertEquals(1, line.waiting());
        line.ended(1);
        assertEquals(List.of("1@0", "2@1", "3@1"), begun);
    }

    @Test
    void customersAreServedInTurnAndPrioritiesFirst() {
        line.hold();
        add(1, "many", 0, 0);
        add(2, "many", 0, 0);
        add(3, "one", 0, 0);
        add(4, "urgent", 5, 0);
        line.release();
        line.ended(0);
        line.ended(1);
        assertEquals(List.of("4@0", "1@1", "3@0", "2@1"), begun);
    }

    @Test
    void aSessionMeetsItsSlotAgain() {
        add(1, "a", 0, 71);
        add(2, "b", 0, 72);
        line.ended(0);
        line.ended(1);
        add(3, "b", 0, 72);
        add(4, "a", 0, 71);
        assertEquals(List.of("1@0", "2@1", "3@1", "4@0"), begun);
    }

    @Test
    void aNewSessionGetsTheSlotThatWasNotUsedForLongest() {
        add(1, "a", 0, 71);
        add(2, "a", 0, 72);
        line.ended(1);
        line.ended(0);
        add(3, "a", 0, 72);
        line.ended(1);
        add(4, "a", 0, 73);
        assertEquals("4@0", begun.getLast());
    }

    @Test
    void theSlotOfAClosedSessionIsNobodys() {
        add(1, "a", 0, 71);
        add(2, "a", 0, 72);
        line.ended(0);
        line.ended(1);
        line.forget(72);
        add(3, "a", 0, 73);
        assertEquals("3@1", begun.getLast());
    }

    @Test
    void nobodyBeginsWhileItIsHeld() {
        line.hold();
        add(1, "a", 0, 0);
        assertEquals(List.of(), begun);
        line.release();
        assertEquals(List.of("1@0"), begun);
    }

    @Test
    void moreSlotsLetMoreBegin() {
        for (int id = 1; id <= 4; id++) {
            add(id, "a", 0, 0);
        }
        line.resize(4);
        assertEquals(List.of("1@0", "2@1", "3@2", "4@3"), begun);
    }

    @Test
    void fewerSlotsLetFewerBegin() {
        add(1, "a", 0, 0);
        add(2, "a", 0, 0);
        add(3, "a", 0, 0);
        line.resize(1);
        line.ended(1);
        assertEquals(List.of("1@0", "2@1"), begun);
        line.ended(0);
        assertEquals(List.of("1@0", "2@1", "3@0"), begun);
    }

    @Test
    void aClosedLineTakesNobody() {
        add(1, "a", 0, 0);
        add(2, "a", 0, 0);
        add(3, "a", 0, 0);
        assertEquals(List.of(3L), line.close().stream().map(Work::id).toList());
        assertFalse(line.add(new Work(4, "a", 0, 0, begun), () -> {}));
    }
}
