package io.llamanode.chat.tools.answer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.chat.tools.answer.AnswerEvent.Content;
import io.llamanode.chat.tools.answer.AnswerEvent.Reasoning;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** White space is told with what follows it; what only stands between the parts of an answer is no part of it. */
class OutputTest {
    private static final ToolCall CALL = new ToolCall("i", "f", Map.of());

    private final List<String> ids = new ArrayList<>(List.of("n1", "n1", "n2"));
    private final Output output = new Output(ids::removeFirst);

    private void assertEvents(AnswerEvent... events) {
        assertEquals(List.of(events), output.takeEvents());
    }

    @Test
    void spaceWaitsForWhatFollowsIt() {
        output.content("  a \n");
        assertEvents(new Content("  a"));
        output.content("");
        output.content(" ");
        assertEvents();
        assertEquals("  a", output.answer().content());
        output.content("b");
        assertEvents(new Content(" \n b"));
        output.content("\n");
        output.end();
        assertEvents(new Content("\n"));
        assertEquals(new Answer("  a \n b\n", null, List.of()), output.answer());
        output.end();
        assertEvents();
    }

    @Test
    void spaceAroundReasoningIsTheTemplates() {
        output.content("\n");
        output.dropSpace();
        output.reasoning("\n ");
        assertEvents();
        assertEquals(null, output.answer().reasoning());
        output.reasoning(" a \n");
        assertEvents(new Reasoning("a"));
        output.reasoning(" b\n");
        assertEvents(new Reasoning(" \n b"));
        output.content("c");
        assertEvents(new Content("c"));
        output.end();
        assertEquals(new Answer("c", "a \n b", List.of()), output.answer());
    }

    @Test
    void anAnswerOfNothingButSpaceIsThatSpaceUnlessItReasoned() {
        output.content(" \n");
        assertFalse(output.hasContent());
        output.end();
        assertEvents(new Content(" \n"));
        Output reasoned = new Output(() -> "n");
        reasoned.reasoning("");
        reasoned.content(" \n");
        reasoned.end();
        assertEquals(new Answer("", null, List.of()), reasoned.answer());
        Output both = new Output(() -> "n");
        both.reasoning("a");
        both.content("b ");
        both.end();
        assertEquals(new Answer("b ", "a", List.of()), both.answer());
    }

    @Test
    void spaceBehindCallsIsNoContent() {
        output.content("a");
        assertTrue(output.hasContent());
        output.finished(CALL);
        output.content("\n");
        output.end();
        assertEquals(1, output.callCount());
        assertEquals(new Answer("a", null, List.of(CALL)), output.answer());
    }

    @Test
    void idsAreGivenOnce() {
        assertEquals("x", output.uniqueId("x"));
        assertEquals("n1", output.uniqueId("x"), "taken");
        assertEquals("n2", output.uniqueId(null), "n1 is taken, too");
        ids.addAll(Arrays.asList(null, "", "n3"));
        assertEquals("n3", output.uniqueId(""));
        assertEquals("y", output.uniqueId("y"));
    }
}
