package io.llamanode.chat.tools.answer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.llamanode.chat.tools.answer.Step.Status;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Steps read as far as the text has come, and go on when there is more. */
class StepTest {
    private final Call call = new Call(new Output(() -> "n"), 0, name -> true);
    private final Input in = new Input();

    private Status advance(Step step, String more) {
        in.add(more);
        return step.advance(in, call);
    }

    private void assertRest(String rest) {
        assertEquals(rest, in.take(in.length()));
    }

    @Test
    void spaceEndsWithWhatIsNone() {
        Step step = Step.space();
        assertEquals(Status.MORE, advance(step, ""));
        assertEquals(Status.MORE, advance(step, " "));
        assertEquals(Status.DONE, advance(step, "\nx"));
        assertRest("x");
        in.add("  ");
        in.end();
        assertEquals(Status.DONE, Step.space().advance(in, call));
        assertRest("");
    }

    @Test
    void aLiteralIsThereOrNot() {
        Step step = Step.literal("abc");
        assertEquals(Status.MORE, advance(step, "ab"));
        assertEquals(Status.DONE, advance(step, "cd"));
        assertEquals(Status.BAD, advance(Step.literal("abc"), ""));
        assertRest("d");
    }

    @Test
    void aClosingTextMayBeCutOff() {
        Step step = Step.closing("</a>");
        assertEquals(Status.MORE, advance(step, " \n</"));
        in.end();
        assertEquals(Status.DONE, advance(step, ""));
        assertRest("");
    }

    @Test
    void aClosingTextMustBeThatText() {
        assertEquals(Status.BAD, advance(Step.closing("</a>"), " </b>"));
        assertRest("</b>");
    }

    @Test
    void aHeaderIsNoLongerThanHeadersAre() {
        List<String> taken = new ArrayList<>();
        Step step = Step.until("::", 4, (to, text) -> taken.add(text));
        assertEquals(Status.MORE, advance(step, "abc:"));
        assertEquals(Status.DONE, advance(step, ":x"));
        assertEquals(List.of("abc"), taken);
        assertRest("x");
        assertEquals(Status.BAD, advance(Step.until("::", 4, (to, text) -> true), "abcde"));
        assertRest("abcde");
        assertEquals(Status.DONE, advance(Step.until("::", 4, (to, text) -> true), "::"));
        assertEquals(Status.BAD, advance(Step.until("::", 4, (to, text) -> false), "a::b"));
        assertRest("b");
        in.end();
        assertEquals(Status.BAD, advance(Step.until("::", 4, (to, text) -> true), "abc"));
    }

    @Test
    void aSequenceGoesThroughItsSteps() {
        Step step = Step.sequence(Step.literal("a"), Step.space(), Step.literal("b"));
        assertEquals(Status.MORE, advance(step, ""));
        assertEquals(Status.MORE, advance(step, "a "));
        assertEquals(Status.MORE, advance(step, " "));
        assertEquals(Status.DONE, advance(step, "bc"));
        assertRest("c");
        assertEquals(Status.BAD, advance(Step.sequence(Step.literal("a"), Step.literal("b")), "ac"));
    }
}
