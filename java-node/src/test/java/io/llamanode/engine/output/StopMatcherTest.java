package io.llamanode.engine.output;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StopMatcherTest {
    private final StringBuilder shown = new StringBuilder();

    private StopMatcher push(List<String> stops, String... pieces) {
        StopMatcher matcher = new StopMatcher(stops);
        for (String piece : pieces) {
            shown.append(matcher.push(piece));
        }
        return matcher;
    }

    @Test
    void withoutStopStringsEverythingIsShownAtOnce() {
        StopMatcher matcher = push(List.of(), "one", "", "two");
        assertEquals("onetwo", shown.toString());
        assertNull(matcher.matched());
        assertEquals("", matcher.flush());
    }

    @Test
    void whatMayBecomeAStopStringIsHeldBackUntilItCannot() {
        StopMatcher matcher = new StopMatcher(List.of("stop"));
        assertEquals("a", matcher.push("asto"));
        assertEquals("stox", matcher.push("x"));
        assertEquals("", matcher.push("sto"));
        assertEquals("sto", matcher.flush());
        assertEquals("", matcher.flush(), "once");
        assertNull(matcher.matched());
    }

    @Test
    void theTextEndsBeforeTheStopString() {
        StopMatcher matcher = push(List.of("stop"), "say s", "to", "p and more");
        assertEquals("say ", shown.toString());
        assertEquals("stop", matcher.matched());
        assertEquals("", matcher.flush(), "what stands behind it is not shown");
    }

    @Test
    void aStopStringMayBeginTheText() {
        StopMatcher matcher = push(List.of("stop"), "stop");
        assertEquals("", shown.toString());
        assertEquals("stop", matcher.matched());
    }

    @Test
    void ofSeveralTheEarliestCounts() {
        assertEquals("b", push(List.of("c", "b"), "abc").matched());
        assertEquals("a", shown.toString());
        assertEquals("ab", push(List.of("ab", "abc"), "xabc").matched());
        assertEquals("abc", push(List.of("abc", "ab"), "xabc").matched(), "of those at one place the first one given");
    }

    @Test
    void theLongestBeginningIsHeldBack() {
        StopMatcher matcher = new StopMatcher(List.of("b!", "aab!", "ab!"));
        assertEquals("x", matcher.push("xaab"));
        assertEquals("aab", matcher.flush());
        StopMatcher repeated = new StopMatcher(List.of("aaab"));
        assertEquals("a", repeated.push("aaaa"), "three may be its beginning");
        assertEquals("", repeated.push("b"));
        assertEquals("aaab", repeated.matched());
    }

    /** However the text is cut: what is shown, what matched, and never anything that a stop string could still begin in. */
    @Test
    void piecesOfAnySizeGiveWhatTheWholeTextGives() {
        Random random = new Random(4);
        for (int round = 0; round < 5_000; round++) {
            List<String> stops = random.ints(1 + random.nextInt(3), 0, 1000)
                    .mapToObj(i -> word(random, 1 + random.nextInt(4)))
                    .toList();
            String text = word(random, random.nextInt(14));
            StopMatcher matcher = new StopMatcher(stops);
            StringBuilder told = new StringBuilder();
            int end = text.length();
            int at = 0;
            while (at < text.length() && matcher.matched() == null) {
                told.append(matcher.push(text.substring(at, at + 1)));
                at++;
                String seen = text.substring(0, at);
                int first = stops.stream()
                        .mapToInt(seen::indexOf)
                        .filter(index -> index >= 0)
                        .min()
                        .orElse(-1);
                if (first >= 0) {
                    end = first;
                    assertEquals(first, seen.indexOf(matcher.matched()));
                } else {
                    assertNull(matcher.matched());
                    assertEquals(seen.length() - longestBeginning(seen, stops), told.length());
                }
            }
            told.append(matcher.flush());
            assertEquals(text.substring(0, end), told.toString());
        }
    }

    private static String word(Random random, int length) {
        StringBuilder word = new StringBuilder();
        for (int i = 0; i < length; i++) {
            word.append((char) ('a' + random.nextInt(2)));
        }
        return word.toString();
    }

    /** {@return how many characters at the end of a text begin a stop string} */
    private static int longestBeginning(String text, List<String> stops) {
        for (int length = text.length(); length > 0; length--) {
            String end = text.substring(text.length() - length);
            if (stops.stream().anyMatch(stop -> stop.startsWith(end))) {
                return length;
            }
        }
        return 0;
    }
}
