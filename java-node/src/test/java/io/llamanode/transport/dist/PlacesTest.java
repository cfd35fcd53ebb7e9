package io.llamanode.transport.dist;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class PlacesTest {
    /** @param name what it has done, and its age in milliseconds: {@code silent 7} */
    private record Holder(String name, boolean hasSpoken, boolean hasNamed, long since) implements Places.Holder {
        static Holder of(String name, long now) {
            String[] words = name.split(" ");
            return new Holder(
                    name,
                    !words[0].equals("silent"),
                    words[0].equals("named"),
                    now - TimeUnit.MILLISECONDS.toNanos(Long.parseLong(words[1])));
        }
    }

    /** The clock's zero is anywhere. */
    private static String yields(String holders, long now) {
        List<Holder> all = new ArrayList<>();
        for (String name : holders.split("; ")) {
            all.add(Holder.of(name, now));
        }
        Holder yields = Places.yields(all, now);
        return yields == null ? null : yields.name();
    }

    @ParameterizedTest
    @CsvSource({
        // Who has sent nothing, the oldest of them, however old the others are.
        "silent 0, silent 0",
        "named 4000; speaking 3000; silent 20; silent 10; speaking 5, silent 20",
        "named 1; silent 0, silent 0",
        // Then who has not sent a whole name in a tenth of a second.
        "named 4000; speaking 3000; speaking 101; speaking 5, speaking 3000",
        "named 4000; speaking 101; speaking 100, speaking 101",
        // Then who has not answered the challenge.
        "named 4000; named 3000; speaking 100, named 4000",
        "speaking 90; named 4; named 3, named 4",
        "speaking 90; named 4, named 4",
        // Unless most are within the time for their names: then it is those that are too many.
        "named 4000; speaking 90; speaking 80, speaking 90",
        "speaking 90; speaking 80, speaking 90",
        "named 90; named 80; speaking 70; speaking 60; speaking 50, speaking 70",
    })
    void theFirstOfTheKindThatIsLeastLikelyToBeANodeYields(String holders, String expected) {
        for (long now : new long[] {0, Long.MAX_VALUE, Long.MIN_VALUE, 123_456_789}) {
            assertEquals(expected, yields(holders, now));
        }
    }

    @Test
    void nobodyYieldsWhereNobodyIs() {
        assertNull(Places.yields(List.<Holder>of(), 0));
    }
}
