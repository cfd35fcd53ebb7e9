package io.llamanode.remote.own;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RestartPauseTest {
    /** Leaves nothing out. */
    private static final RandomGenerator LONGEST = new RandomGenerator() {
        @Override
        public long nextLong() {
            return 0;
        }

        @Override
        public long nextLong(long bound) {
            return bound - 1;
        }
    };

    private final RestartPause pause = new RestartPause(LONGEST);

    @Test
    void aServerThatEndsAtOnceIsStartedEverMoreSeldom() {
        assertEquals(
                List.of(250L, 500L, 1_000L, 2_000L, 4_000L, 8_000L, 16_000L, 30_000L, 30_000L),
                IntStream.range(0, 9).mapToObj(i -> pause.after(0)).toList());
    }

    @Test
    void oneThatWasThereForLongerThanItsPauseIsMetWithTheFirstAgain() {
        pause.after(0);
        pause.after(0);
        assertEquals(1_000, pause.after(500));
        assertEquals(250, pause.after(1_001));
    }

    @Test
    void chanceLeavesOutAHalfAtMost() {
        RestartPause any = new RestartPause(new Random(1));
        List<Long> pauses =
                IntStream.range(0, 100).mapToObj(i -> any.after(30_001)).toList();
        assertTrue(pauses.stream().allMatch(ms -> ms >= 125 && ms <= 250), pauses::toString);
        assertTrue(pauses.stream().distinct().count() > 10, pauses::toString);
    }
}
