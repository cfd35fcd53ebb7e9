package io.llamanode.chat.jinja.value;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.llamanode.chat.jinja.LimitException;
import io.llamanode.chat.jinja.Limits;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Finding parts of strings, held to what the Java library finds; each candidate is paid for. */
class SearchTest {
    private static Runtime steps(long steps) {
        return new Runtime(
                new Limits(1, 1, 1, steps, 1 << 24, 1 << 24, 1 << 24, Duration.ofDays(1)), Clock.systemUTC(), null);
    }

    private static String text(Random random, int length) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(length + 1); i > 0; i--) {
            text.append((char) ('a' + random.nextInt(2)));
        }
        return text.toString();
    }

    @Test
    void findsWhatTheLibraryFinds() {
        Random random = new Random(7);
        Runtime runtime = steps(1 << 30);
        for (int round = 0; round < 2000; round++) {
            String text = text(random, 8);
            String part = text(random, 3);
            int from = random.nextInt(text.length() + 1);
            assertEquals(text.indexOf(part, from), Search.find(runtime, text, part, from), text + " " + part);
            if (!part.isEmpty()) {
                assertEquals(
                        text.substring(0, from).lastIndexOf(part),
                        Search.findLast(runtime, text, part, from),
                        text + " " + part + " " + from);
            }
        }
        assertEquals(-1, Search.find(runtime, "ab", "", 3));
    }

    private static void costs(long steps, Operation operation) {
        assertDoesNotThrow(() -> operation.run(steps(steps)));
        assertThrows(LimitException.class, () -> operation.run(steps(steps - 1)));
    }

    private interface Operation {
        void run(Runtime runtime);
    }

    @Test
    void eachCandidateIsPaidFor() {
        String as = "a".repeat(100);
        costs(99, runtime -> Search.find(runtime, as, "ab", 0));
        costs(50, runtime -> Search.find(runtime, as, "ab", 49));
        costs(99, runtime -> Search.findLast(runtime, as, "ab", 100));
        costs(2, runtime -> Search.find(runtime, "abaa", "aa", 0));
        costs(2, runtime -> Search.findLast(runtime, "aaba", "aa", 4));
    }

    @Test
    void longPartsAndLongWaysCostMore() {
        String part = "a".repeat(640);
        costs(11, runtime -> Search.find(runtime, part, part, 0));
        costs(11, runtime -> Search.findLast(runtime, part, part, 640));
        String far = "b".repeat(10 << 10) + "a";
        costs(11, runtime -> Search.find(runtime, far, "a", 0));
        costs(10, runtime -> Search.find(runtime, far, "c", 0));
        costs(10, runtime -> Search.findLast(runtime, far, "c", far.length()));
        costs(5, runtime -> Search.find(runtime, far, "c", 5 << 10));
        costs(6, runtime -> Search.find(runtime, far, "a", 5 << 10));
    }

    @Test
    void replacingPaysForEachMatch() {
        Str text = Str.trusted("aaaa");
        assertEquals("bbbb", Search.replace(steps(8), text, Str.trusted("a"), Str.trusted("b"), -1).text);
        assertThrows(
                LimitException.class, () -> Search.replace(steps(7), text, Str.trusted("a"), Str.trusted("b"), -1));
    }

    @Test
    void piecesKeepTheirOrigin() {
        Str text = new StrBuilder(null).append("a,", false).append("b", true).build();
        List<Value> pieces = Search.split(steps(1000), text, ",", -1);
        assertEquals("a", ((Str) pieces.get(0)).text);
        assertEquals(false, ((Str) pieces.get(0)).trusted());
        assertEquals(true, ((Str) pieces.get(1)).trusted());
    }
}
