package io.llamanode.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.node.CollectionLimit.Collection;
import io.llamanode.node.CollectionLimit.Overhead;
import java.time.Duration;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A process that does little but collect is told from one that has much to do, or is out of breath for a moment. */
final class CollectionLimitTest {
    private static final long HEAP = 1000;
    private static final long FULL = HEAP - 50;
    private static final long HALF = HEAP / 2;

    private final CollectionLimit limit = new CollectionLimit(HEAP);
    private long now = 1_000_000;

    /** The program runs for a while, then stands still for a collection of the whole heap. */
    private @Nullable Overhead whole(long running, long collecting, long used) {
        return collection(running, collecting, true, used);
    }

    private @Nullable Overhead young(long running, long collecting) {
        return collection(running, collecting, false, HALF);
    }

    private @Nullable Overhead collection(long running, long collecting, boolean whole, long used) {
        long start = now + running;
        now = start + collecting;
        return limit.add(new Collection(start, now, whole, used));
    }

    @Test
    void collectionsBackToBackThatGiveNothingAreTheEndAfterTheSpan() {
        assertNull(whole(0, 1000, FULL));
        for (int i = 0; i < 4; i++) {
            assertNull(whole(10, 990, FULL), "the span has not passed");
        }
        assertEquals(new Overhead(Duration.ofMillis(5000), Duration.ofMillis(4950), FULL, HEAP), whole(10, 990, FULL));
    }

    @Test
    void ofALargeHeapItTakesThreeCollectionsHoweverLong() {
        assertNull(whole(0, 20_000, FULL));
        assertNull(whole(0, 20_000, FULL));
        assertNull(whole(0, 20_000, FULL));
        assertEquals(new Overhead(Duration.ofMinutes(1), Duration.ofMinutes(1), FULL, HEAP), whole(0, 20_000, FULL));
    }

    @Test
    void theShareOfTimeIsTheBoundary() {
        for (int i = 0; i < 100; i++) {
            assertNull(whole(101, 899, FULL), "less than nine tenths");
        }
        CollectionLimit other = new CollectionLimit(HEAP);
        for (int i = 0; i <= 5; i++) {
            Overhead told = other.add(new Collection(i * 1000 + 100, i * 1000 + 1000, true, FULL));
            assertEquals(i == 5, told != null, "nine tenths, over five seconds");
        }
    }

    @Test
    void theRoomThatIsLeftIsTheBoundary() {
        for (int i = 0; i < 100; i++) {
            assertNull(whole(0, 1000, HEAP - 100), "a tenth is free");
        }
        Overhead told = null;
        for (int i = 0; i < 6; i++) {
            told = whole(0, 1000, HEAP - 99);
        }
        assertNotNull(told);
    }

    @Test
    void aCollectionThatGaveMuchBackEndsWhatWasBefore() {
        for (int i = 0; i < 5; i++) {
            assertNull(whole(0, 1000, FULL));
        }
        assertNull(whole(0, 1000, HALF));
        for (int i = 0; i < 4; i++) {
            assertNull(whole(0, 1000, FULL), "the span begins anew");
        }
        assertNotNull(whole(0, 1000, FULL));
    }

    @Test
    void youngCollectionsTakeTimeAsWellButDecideNothing() {
        assertNull(whole(0, 1000, FULL));
        for (int i = 0; i < 3; i++) {
            for (int j = 0; j < 10; j++) {
                assertNull(young(5, 195));
            }
            Overhead told = whole(5, 10, FULL);
            assertEquals(i == 2, told != null);
        }
        for (int i = 0; i < 100; i++) {
            assertNull(young(0, 1000));
        }
    }

    @Test
    void whatWasLongAgoDoesNotCount() {
        whole(0, 10, FULL);
        // A day without any.
        assertNull(whole(86_400_000, 10, FULL));
        for (int i = 0; i < 4; i++) {
            assertNull(whole(0, 1000, FULL));
        }
        assertNotNull(whole(0, 1000, FULL), "the day is out of sight again");
    }

    @Test
    void whereItLookedFromOnceItLooksFromAgain() {
        whole(0, 1000, FULL);
        for (int i = 0; i < 4; i++) {
            assertNull(whole(150, 1250, FULL), "less than nine tenths");
        }
        assertNotNull(whole(0, 700, FULL), "nine tenths, since a point that is still the latest far enough back");
    }

    @Test
    void aCollectionDuringWhichTheProcessWasStoppedProvesNothing() {
        whole(10_000, 50, FULL);
        assertNull(whole(10_000, 600_000, FULL));
    }

    /** Whatever was before, once a program only collects, the end comes, and soon; and never as long as it does much else. */
    @Test
    void theEndComesWithinTheSpanAndThreeCollectionsOfAnyPast() {
        Random random = new Random(14);
        for (int program = 0; program < 500; program++) {
            CollectionLimit any = new CollectionLimit(HEAP);
            long time = random.nextInt(1_000_000);
            for (int i = random.nextInt(50); i > 0; i--) {
                long start = time + 100 + random.nextInt(20_000);
                time = start + random.nextInt(500);
                assertNull(any.add(new Collection(start, time, random.nextBoolean(), random.nextInt(1000))));
            }
            long began = time;
            long longest = 0;
            Overhead told = null;
            while (told == null) {
                long took = 1 + random.nextInt(3000);
                longest = Math.max(longest, took);
                told = any.add(new Collection(time, time + took, true, FULL));
                time += took;
                assertTrue(time - began <= 5000 + 4 * longest, "it takes too long: program " + program);
            }
            assertTrue(told.span().toMillis() >= 5000, "it looks at too little: program " + program);
        }
    }
}
