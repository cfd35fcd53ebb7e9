package io.llamanode.chat.tools.answer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.chat.tools.answer.Input.Match;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Text in pieces is read as if it had come whole, and from the mark on again. */
class InputTest {
    private static Input of(String text) {
        Input in = new Input();
        in.add(text);
        return in;
    }

    private static String rest(Input in) {
        return in.take(in.length());
    }

    @Test
    void whatWasReadIsGone() {
        Input in = of("abc");
        assertFalse(in.isEmpty());
        assertEquals(3, in.length());
        assertEquals('a', in.peek());
        assertEquals('c', in.peek(2));
        assertEquals('a', in.next());
        assertEquals('b', in.peek());
        assertEquals(2, in.length());
        assertEquals("b", in.take(1));
        assertEquals("", in.take(0));
        in.add("d");
        assertEquals("cd", rest(in));
        assertTrue(in.isEmpty());
        assertEquals(0, in.length());
        assertFalse(in.ended());
        in.end();
        assertTrue(in.ended());
    }

    @Test
    void aLiteralIsReadWhereItStands() {
        Input in = of("abcd");
        assertEquals(Match.NO, in.literal("abd"));
        assertEquals(Match.NO, in.literal("abcdx".substring(1)));
        assertEquals("abcd", in.take(4));
        in = of("abcd");
        assertEquals(Match.YES, in.literal("ab"));
        assertEquals(Match.YES, in.literal(""));
        assertEquals(Match.MORE, in.literal("cde"));
        assertEquals(Match.YES, in.literal("cd"));
        assertEquals(Match.MORE, in.literal("e"));
        in.end();
        assertEquals(Match.NO, in.literal("e"));
        assertEquals(Match.YES, in.literal(""));
    }

    @Test
    void theEndOfTheInputMayCutAClosingTextOff() {
        Input in = of("</to");
        assertEquals(Match.MORE, in.closing("</tool>"));
        in.end();
        assertEquals(Match.NO, in.closing("</x>"));
        assertEquals(Match.YES, in.closing("</tool>"));
        assertTrue(in.isEmpty());
        assertEquals(Match.YES, in.closing("</tool>"), "all of it may be missing");
        in = of("</tool>x");
        in.end();
        assertEquals(Match.YES, in.closing("</tool>"));
        assertEquals("x", rest(in));
        in = of("xyz");
        in.end();
        assertEquals(Match.NO, in.closing("xy!"));
        assertEquals("xyz", rest(in));
    }

    @Test
    void regionsAreComparedAtADistance() {
        Input in = of("xabcabd");
        in.next();
        assertTrue(in.regionMatches(0, "abc", 3));
        assertFalse(in.regionMatches(3, "abc", 3));
        assertTrue(in.regionMatches(3, "abc", 2));
        assertTrue(in.regionMatches(0, "x", 0));
    }

    @Test
    void textIsFoundFromTheFrontOn() {
        Input in = of("abcabc");
        assertEquals(0, in.find("ab"));
        assertEquals(2, in.find("ca"));
        in.take(1);
        assertEquals(2, in.find("ab"));
        assertEquals(-1, in.find("abd"));
        in.add("abd");
        assertEquals(5, in.find("abd"));
        in.take(5);
        assertEquals(0, in.find("abd"));
        in.take(1);
        assertEquals(-1, in.find("abd"));
        assertEquals(-1, in.find("bdx"));
        in.add("x");
        assertEquals(0, in.find("bdx"));
        assertEquals(0, in.find("bdx"), "however often it is asked");
    }

    /** Looking again only at what is new must not pass over a text that arrived in pieces. */
    @Test
    void aTextIsFoundHoweverItArrives() {
        Random random = new Random(8);
        for (int round = 0; round < 2000; round++) {
            Input in = new Input();
            StringBuilder text = new StringBuilder();
            int from = 0;
            for (int i = 0; i < 20; i++) {
                String wanted = random.nextInt(4) > 0 ? "aab" : random.nextBoolean() ? "aa" : "b";
                assertEquals(Math.max(-1, text.indexOf(wanted, from) - from), in.find(wanted), text.toString());
                switch (random.nextInt(5)) {
                    case 0 -> {
                        int count = random.nextInt(text.length() - from + 1);
                        assertEquals(text.substring(from, from + count), in.take(count));
                        from += count;
                    }
                    case 1 -> {
                        in.mark();
                        in.take(random.nextInt(in.length() + 1));
                        in.find("b");
                        in.rewind();
                    }
                    default -> {
                        String more = "aab".substring(random.nextInt(3)).repeat(random.nextInt(3));
                        text.append(more);
                        in.add(more);
                    }
                }
                assertEquals(text.length() - from, in.length());
            }
        }
    }

    @Test
    void whatMayBecomeOneOfSeveralTextsIsHeldBack() {
        List<String> wanted = List.of("<tool>", "<t>", "[x");
        assertEquals(0, of("ab").held(wanted));
        assertEquals(1, of("ab<").held(wanted));
        assertEquals(2, of("<t").held(wanted));
        assertEquals(5, of("ab<tool").held(wanted));
        assertEquals(1, of("<tool>[").held(wanted));
        assertEquals(0, of("a[x").held(wanted), "it is one already");
        assertEquals(0, of("<tox").held(wanted));
        assertEquals(0, of("").held(wanted));
        assertEquals(0, of("<").held(List.of()));
        Input in = of("<<to");
        in.take(2);
        assertEquals(0, in.held(wanted), "what was read becomes nothing any more");
        in = of("ab<tool");
        in.end();
        assertEquals(0, in.held(wanted), "nothing more comes");
    }

    @Test
    void readingStartsAgainFromTheMark() {
        Input in = of("abcdef");
        in.take(1);
        in.mark();
        in.take(3);
        in.rewind();
        assertEquals("bcdef", rest(in));
        in.add("gh");
        in.mark();
        in.next();
        in.unmark();
        assertEquals("h", rest(in));
    }

    @Test
    void spaceIsSkippedAsFarAsItHasCome() {
        Input in = of(" \n\t x ");
        in.skipSpace();
        assertEquals('x', in.peek());
        in.skipSpace();
        assertEquals('x', in.next());
        in.skipSpace();
        assertTrue(in.isEmpty());
    }

    /** What was read is forgotten now and then; what stands behind the mark is not. */
    @Test
    void aLongTextIsReadToItsEnd() {
        for (boolean marked : new boolean[] {false, true}) {
            Input in = new Input();
            in.add("0".repeat(5000));
            in.take(4990);
            if (marked) {
                in.mark();
            }
            for (int i = 0; i < 10_000; i++) {
                in.add(String.valueOf((char) ('a' + i % 26)));
                assertEquals(i % 26 == 25 ? in.length() - 1 : -1, in.find("z"));
                if (i % 26 == 25) {
                    in.take(in.length());
                }
            }
            if (marked) {
                in.rewind();
                assertEquals("0000000000abcdefghijklmnopqrstuvwxyzab", in.take(38));
                assertEquals(10_000 - 28, in.length());
            } else {
                assertEquals(10_000 % 26, in.length());
            }
        }
    }
}
