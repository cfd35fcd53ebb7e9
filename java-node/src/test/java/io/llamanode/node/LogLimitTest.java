package io.llamanode.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;

class LogLimitTest {
    private final Deque<Runnable> ends = new ArrayDeque<>();
    private final List<String> told = new ArrayList<>();
    private final LogLimit<String> limit = new LogLimit<>(2, ends::add, (kind, held) -> told.add(kind + " " + held));

    @Test
    void linesOfOneKindPassUpToTheLimitAndTheOthersAreCounted() {
        assertTrue(limit.passes("a"));
        assertTrue(limit.passes("a"));
        assertFalse(limit.passes("a"));
        assertFalse(limit.passes("a"));
        assertTrue(limit.passes("b"), "another kind has a limit of its own");
        assertEquals(2, ends.size(), "one end a kind");
        ends.forEach(Runnable::run);
        assertEquals(List.of("a 2"), told);
    }

    @Test
    void afterAWhileAKindPassesAgain() {
        for (int i = 0; i < 3; i++) {
            limit.passes("a");
        }
        ends.remove().run();
        assertTrue(limit.passes("a"));
        assertEquals(1, ends.size());
        ends.remove().run();
        assertEquals(List.of("a 1"), told);
    }
}
