package io.llamanode.chat.tools.answer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A call is told as it becomes known, and counts if all of it is well-formed. */
class CallTest {
    private final Output output = new Output(() -> "new");
    private final Call call = new Call(output, 2, name -> !name.equals("forbidden"));

    private void assertTold(AnswerEvent... events) {
        assertEquals(List.of(events), output.takeEvents());
    }

    private static AnswerEvent.Call told(String id, String delta) {
        return new AnswerEvent.Call(2, id, "f", delta);
    }

    @Test
    void whatComesBeforeTheNameWaitsForIt() {
        call.arguments("{\"a\"");
        call.id("i");
        call.tell();
        assertTold();
        assertNull(call.name());
        assertTrue(call.name("f"));
        assertEquals("f", call.name());
        call.tell();
        assertTold(told("i", "{\"a\""));
        call.tell();
        assertTold();
        call.arguments(":1}");
        call.tell();
        assertTold(told("i", ":1}"));
        assertEquals(new ToolCall("i", "f", Map.of("a", 1)), call.finish());
        assertTold();
    }

    @Test
    void argumentsThatAreNoObjectAreNotTold() {
        assertTrue(call.name("f"));
        call.arguments("\"{\\\"a\\\": 1}\"");
        call.tell();
        assertTold();
        assertEquals(Map.of("a", 1), call.finish().arguments());
        assertTold(told("new", "{\"a\": 1}"));
    }

    @Test
    void noArgumentsAreAnEmptyObject() {
        assertTrue(call.name("f"));
        call.tell();
        assertTold(told("new", ""));
        assertEquals(new ToolCall("new", "f", Map.of()), call.finish());
        assertTold(told("new", "{}"));
        Call none = new Call(new Output(() -> "new"), 0, name -> true);
        none.name("f");
        none.arguments("null");
        assertEquals(Map.of(), none.finish().arguments());
    }

    @ParameterizedTest
    @ValueSource(strings = {"[1]", "1", "true", "{\"a\":}", "\"x\"", "\"[1]\"", "\"\\ud800\"", " "})
    void argumentsOfAnotherKindAreMalformed(String json) {
        assertTrue(call.name("f"));
        call.arguments(json);
        assertNull(call.finish());
    }

    @Test
    void aCallWithoutNameIsMalformed() {
        call.arguments("{}");
        assertNull(call.finish());
        assertTold();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " f", "f g", "f\n", "é", "f(", "forbidden"})
    void whatNoToolIsCalledIsNoName(String name) {
        assertFalse(call.name(name));
        assertNull(call.name());
    }

    @Test
    void aNameHasUpTo64CharactersAndIsGivenOnce() {
        assertFalse(call.name("n".repeat(65)));
        assertTrue(call.name("N_.-9" + "n".repeat(59)));
        assertFalse(call.name("f"));
    }

    @Test
    void anIdThatComesTooLateOrIsTooLongIsLeftOut() {
        call.id("i".repeat(129));
        assertTrue(call.name("f"));
        call.tell();
        assertTold(told("new", ""));
        call.id("late");
        assertEquals("new", call.finish().id());
        Call other = new Call(output, 2, name -> true);
        other.id("i".repeat(128));
        other.name("f");
        assertEquals("i".repeat(128), other.finish().id());
    }
}
