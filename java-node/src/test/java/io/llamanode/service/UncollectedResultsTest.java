package io.llamanode.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import org.junit.jupiter.api.Test;

class UncollectedResultsTest {
    private static TaskOutcome outcome(int length) {
        return new TaskOutcome.Failed(new Failure(ErrorCode.CANCELLED, "x".repeat(length)));
    }

    @Test
    void resultsExpireInTheOrderOfTheirComing() {
        UncollectedResults kept = new UncollectedResults(10, 100, 100);
        kept.keep(1, outcome(0), 0);
        kept.keep(2, outcome(0), 60);
        assertEquals(1, kept.expire(99), "in one nanosecond the first is due");
        assertTrue(kept.contains(1));
        assertEquals(60, kept.expire(100));
        assertFalse(kept.contains(1));
        assertTrue(kept.contains(2));
        assertEquals(-1, kept.expire(160));
        assertEquals(0, kept.size());
        assertEquals(-1, kept.expire(1000));
    }

    @Test
    void theOldestGoWhenThereAreTooMany() {
        UncollectedResults kept = new UncollectedResults(2, 100, 100);
        kept.keep(1, outcome(1), 0);
        kept.keep(2, outcome(1), 0);
        assertTrue(kept.contains(1));
        kept.keep(3, outcome(1), 0);
        assertFalse(kept.contains(1));
        assertTrue(kept.contains(2) && kept.contains(3));
    }

    @Test
    void theOldestGoWhenTheirTextsAreTooLong() {
        UncollectedResults kept = new UncollectedResults(10, 5, 100);
        kept.keep(1, outcome(2), 0);
        kept.keep(2, outcome(3), 0);
        assertTrue(kept.contains(1), "just as much as may be");
        kept.keep(3, outcome(1), 0);
        assertFalse(kept.contains(1));
        assertEquals(2, kept.size());
    }

    @Test
    void theLastIsKeptHoweverLongItIs() {
        UncollectedResults kept = new UncollectedResults(10, 5, 100);
        kept.keep(1, outcome(1), 0);
        kept.keep(2, outcome(50), 0);
        assertTrue(kept.contains(2));
        assertEquals(1, kept.size());
    }

    @Test
    void whatIsGoneTakesNoRoom() {
        UncollectedResults kept = new UncollectedResults(10, 5, 100);
        kept.keep(1, outcome(5), 0);
        assertEquals(outcome(5), kept.take(1));
        assertNull(kept.take(1));
        kept.keep(2, outcome(3), 0);
        kept.keep(3, outcome(2), 50);
        assertEquals(2, kept.size());
        kept.expire(100);
        kept.keep(4, outcome(3), 100);
        assertTrue(kept.contains(3) && kept.contains(4));
        kept.keep(5, outcome(2), 100);
        assertTrue(kept.contains(4) && kept.contains(5), "the one that made room takes none");
        assertFalse(kept.contains(3));
    }
}
