package io.llamanode.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.SessionConfig;
import java.security.SecureRandom;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class IdSourceTest extends ServiceFixture {
    /** Draws the end of each range that it is asked for. */
    private record Extreme(boolean highest) implements RandomGenerator {
        @Override
        public long nextLong() {
            throw new AssertionError("a place is drawn from a range");
        }

        @Override
        public long nextLong(long origin, long bound) {
            return highest ? bound - 1 : origin;
        }
    }

    @Test
    void idsCountUp() {
        IdSource ids = new IdSource(new Extreme(false));
        assertEquals(1, ids.next());
        assertEquals(2, ids.next());
    }

    @Test
    void anIdFitsIntoOneWordOfABeam() {
        IdSource ids = new IdSource(new Extreme(true));
        for (int i = 0; i < 1_000_000; i++) {
            long id = ids.next();
            assertTrue(id > 0 && id < 1L << 53, () -> "id " + id);
        }
    }

    /** As all would be that start within one millisecond, or after a clock has gone back. */
    @Test
    void incarnationsOfTheSameMomentHaveNoIdInCommon() {
        long given = 1_000_000;
        TreeMap<Long, Integer> firsts = new TreeMap<>();
        SecureRandom random = new SecureRandom();
        for (int incarnation = 0; incarnation < 1000; incarnation++) {
            assertEquals(null, firsts.put(new IdSource(random).next(), incarnation));
        }
        long before = firsts.firstKey() - given;
        for (long first : firsts.keySet()) {
            assertTrue(first - before >= given, "a million ids of " + before + " reach " + first);
            before = first;
        }
    }

    @Test
    void aServiceDoesNotStartFromAPlaceThatAClockTells() {
        long first = session();
        try (LlamaService other = service(100, 60_000)) {
            long second = other.sessions().create(me, new SessionConfig(null, null, GenerationOptions.NONE));
            assertNotEquals(first >>> 24, second >>> 24, "two starts within the same seconds");
        }
    }
}
