package io.llamanode.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.account.MemoryAccount;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.task.GenerationResult.Usage;
import io.llamanode.service.contract.task.RankingResult;
import java.util.List;
import org.junit.jupiter.api.Test;

class UncollectedResultsTest {
    private record Process(String name) implements Owner {}

    private static final Process ME = new Process("me");
    private static final Process OTHER = new Process("other");
    /** Bytes for the results of all; a fourth of the account. */
    private static final long ROOM = 10_000;

    private final MemoryAccount account = new MemoryAccount(4 * ROOM, 1);

    private UncollectedResults kept(int most, int ownerShare) {
        return new UncollectedResults(account, most, ownerShare, 100);
    }

    /** {@return an outcome that takes so much with its entry} */
    private static TaskOutcome outcome(long weight) {
        return new TaskOutcome.Success(
                new RankingResult(1, "m", new float[0], List.of(), new Usage(0, 0, 0), 0, 0, 0),
                weight - UncollectedResults.ENTRY);
    }

    @Test
    void resultsExpireInTheOrderOfTheirComing() {
        UncollectedResults kept = kept(10, 100);
        kept.keep(1, outcome(300), ME, 0);
        kept.keep(2, outcome(300), OTHER, 60);
        assertEquals(1, kept.expire(99, 10), "in one nanosecond the first is due");
        assertTrue(kept.contains(1));
        assertEquals(60, kept.expire(100, 10));
        assertFalse(kept.contains(1));
        assertTrue(kept.contains(2));
        assertEquals(-1, kept.expire(160, 10));
        assertEquals(0, kept.size());
        assertEquals(-1, kept.expire(1000, 10));
        assertEquals(0, account.held());
    }

    @Test
    void noMoreExpireAtOnceThanMayHoldUpOthers() {
        UncollectedResults kept = kept(10, 100);
        for (int i = 1; i <= 5; i++) {
            kept.keep(i, outcome(300), ME, 0);
        }
        assertEquals(0, kept.expire(100, 3), "the others are due");
        assertEquals(2, kept.size());
        assertEquals(-1, kept.expire(100, 3));
    }

    @Test
    void theOldestGoWhenThereAreTooMany() {
        UncollectedResults kept = kept(2, 100);
        kept.keep(1, outcome(300), ME, 0);
        kept.keep(2, outcome(300), ME, 0);
        assertTrue(kept.contains(1));
        kept.keep(3, outcome(300), ME, 0);
        assertFalse(kept.contains(1));
        assertTrue(kept.contains(2) && kept.contains(3));
    }

    @Test
    void theOldestGoWhenTheyTakeTooMuch() {
        UncollectedResults kept = kept(10, 100);
        kept.keep(1, outcome(4000), ME, 0);
        kept.keep(2, outcome(6000), ME, 0);
        assertTrue(kept.contains(1), "just as much as may be");
        kept.keep(3, outcome(300), ME, 0);
        assertFalse(kept.contains(1));
        assertEquals(2, kept.size());
        assertEquals(6300, account.held());
    }

    @Test
    void whoHasMoreThanItsShareLosesItsOldest() {
        UncollectedResults kept = kept(10, 50);
        kept.keep(1, outcome(3000), OTHER, 0);
        kept.keep(2, outcome(3000), ME, 0);
        kept.keep(3, outcome(2000), ME, 0);
        assertTrue(kept.contains(2), "just its share");
        kept.keep(4, outcome(300), ME, 0);
        assertFalse(kept.contains(2));
        assertTrue(kept.contains(1) && kept.contains(3) && kept.contains(4));
    }

    @Test
    void anOwnersShareIsOneOfTheirNumberAsWell() {
        UncollectedResults kept = kept(4, 50);
        kept.keep(1, outcome(300), OTHER, 0);
        for (int task = 2; task <= 5; task++) {
            kept.keep(task, outcome(300), ME, 0);
        }
        assertTrue(kept.contains(1) && kept.contains(4) && kept.contains(5));
        assertEquals(3, kept.size());
    }

    /** Results that nobody comes for do not push out those of a process that has few. */
    @Test
    void theOldestOfAllGoesWhileNobodyHasMoreThanItsShare() {
        UncollectedResults kept = kept(10, 50);
        kept.keep(1, outcome(5000), OTHER, 0);
        kept.keep(2, outcome(2500), ME, 0);
        kept.keep(3, outcome(2500), ME, 0);
        assertEquals(3, kept.size());
        kept.keep(4, outcome(300), new Process("a third"), 0);
        assertFalse(kept.contains(1));
        assertTrue(kept.contains(2) && kept.contains(3) && kept.contains(4));
    }

    @Test
    void theLastIsKeptHoweverLargeItIs() {
        UncollectedResults kept = kept(10, 50);
        kept.keep(1, outcome(300), ME, 0);
        kept.keep(2, outcome(50_000), ME, 0);
        assertTrue(kept.contains(2));
        assertEquals(1, kept.size());
        assertEquals(50_000, account.held());
    }

    @Test
    void whatIsGoneTakesNoRoom() {
        UncollectedResults kept = kept(10, 100);
        TaskOutcome whole = outcome(ROOM);
        kept.keep(1, whole, ME, 0);
        assertEquals(whole, kept.take(1));
        assertNull(kept.take(1));
        assertEquals(0, account.held());
        kept.keep(2, outcome(6000), ME, 0);
        kept.keep(3, outcome(4000), ME, 50);
        assertEquals(2, kept.size());
        kept.expire(100, 10);
        kept.keep(4, outcome(6000), ME, 100);
        assertTrue(kept.contains(3) && kept.contains(4));
        kept.keep(5, outcome(4000), ME, 100);
        assertTrue(kept.contains(4) && kept.contains(5), "the one that made room takes none");
        assertFalse(kept.contains(3));
    }
}
