package io.llamanode.engine.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.llamanode.engine.contract.GenerationRequest;
import java.util.List;
import org.junit.jupiter.api.Test;

class DeadlinesTest {
    private final Deadlines deadlines = new Deadlines();

    @Test
    void tellsTheEarliestFirstAndThoseOnly() {
        deadlines.add(1, 30);
        deadlines.add(2, 10);
        deadlines.add(3, 20);
        assertEquals(List.of(), deadlines.passed(9));
        assertEquals(List.of(2L, 3L), deadlines.passed(20));
        assertEquals(List.of(2L, 3L, 1L), deadlines.passed(31));
    }

    @Test
    void keepsThoseOfOneMomentApart() {
        deadlines.add(1, 10);
        deadlines.add(2, 10);
        deadlines.remove(1, 10);
        assertEquals(List.of(2L), deadlines.passed(10));
    }

    @Test
    void forgetsWhatHasNoDeadline() {
        deadlines.add(1, GenerationRequest.NO_DEADLINE);
        deadlines.remove(1, GenerationRequest.NO_DEADLINE);
        assertEquals(List.of(), deadlines.passed(Long.MAX_VALUE));
    }

    @Test
    void forgetsAll() {
        deadlines.add(1, 10);
        deadlines.clear();
        assertEquals(List.of(), deadlines.passed(10));
    }

    /** {@link System#nanoTime()} may begin anywhere and run over. */
    @Test
    void knowsATimeBehindTheOverflowForTheLaterOne() {
        long now = Long.MAX_VALUE - 5;
        deadlines.add(1, now + 10);
        deadlines.add(2, now + 2);
        assertEquals(List.of(2L), deadlines.passed(now + 3));
        assertEquals(List.of(2L, 1L), deadlines.passed(now + 10));
    }
}
