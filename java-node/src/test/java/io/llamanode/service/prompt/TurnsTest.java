package io.llamanode.service.prompt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.chat.tools.answer.Answer;
import io.llamanode.chat.tools.answer.ToolCall;
import io.llamanode.service.contract.FailureException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TurnsTest {
    private static final Map<String, Object> QUESTION = Map.of("role", "user", "content", "q");
    private static final Map<String, Object> ANSWER = Map.of("role", "assistant", "content", "a");
    private static final Map<String, Object> CALLS =
            Map.of("role", "assistant", "content", "", "tool_calls", List.of(call("1", "f"), call("2", "g")));

    private static Map<String, Object> call(String id, String name) {
        return Map.of("id", id, "type", "function", "function", Map.of("name", name, "arguments", Map.of("x", 1)));
    }

    private static Map<String, Object> result(String id) {
        return Map.of("role", "tool", "tool_call_id", id, "content", "of " + id);
    }

    private static Map<String, Object> message(String role, String content) {
        return Map.of("role", role, "content", content);
    }

    @Test
    void aTurnOfTheUserGoesToTheEnd() {
        assertEquals(List.of(message("user", "q")), Turns.withUser(List.of(), "q"));
        assertEquals(List.of(QUESTION, ANSWER, message("user", "r")), Turns.withUser(List.of(QUESTION, ANSWER), "r"));
    }

    @Test
    void callsThatNobodyAnsweredAreGivenUp() {
        assertEquals(
                List.of(QUESTION, message("assistant", ""), message("user", "r")),
                Turns.withUser(List.of(QUESTION, CALLS), "r"));
        List<Map<String, Object>> answered = List.of(QUESTION, CALLS, result("1"), result("2"), ANSWER);
        assertEquals(CALLS, Turns.withUser(answered, "r").get(1), "these were answered");
    }

    @Test
    void resultsStandInTheOrderOfTheirCallsAndHaveTheirNames() {
        List<Map<String, Object>> all = Turns.withResults(List.of(QUESTION, CALLS), List.of(result("2"), result("1")));
        assertEquals(List.of(QUESTION, CALLS), all.subList(0, 2));
        assertEquals(
                List.of(
                        Map.of("role", "tool", "tool_call_id", "1", "content", "of 1", "name", "f"),
                        Map.of("role", "tool", "tool_call_id", "2", "content", "of 2", "name", "g")),
                all.subList(2, 4));
    }

    @Test
    void aResultMayHaveANameOfItsOwn() {
        Map<String, Object> named = Map.of("role", "tool", "tool_call_id", "1", "content", "", "name", "mine");
        List<Map<String, Object>> all = Turns.withResults(List.of(CALLS), List.of(named, result("2")));
        assertEquals("mine", all.get(1).get("name"));
    }

    @Test
    void resultsMustBeThoseOfTheCallsThatWait() {
        List<Map<String, Object>> waiting = List.of(QUESTION, CALLS);
        assertEquals("tool_results: no call waits for a result", refusal(List.of(), List.of(result("1"))));
        assertEquals(
                "tool_results: no call waits for a result", refusal(List.of(CALLS, QUESTION), List.of(result("1"))));
        assertEquals(
                "tool_results[1].tool_call_id: no call '3' waits for a result",
                refusal(waiting, List.of(result("1"), result("3"))));
        assertEquals(
                "tool_results[1].tool_call_id: '1' is given twice",
                refusal(waiting, List.of(result("1"), result("1"))));
        assertEquals("tool_results: there is no result for the call '2'", refusal(waiting, List.of(result("1"))));
    }

    private static String refusal(List<Map<String, Object>> messages, List<Map<String, Object>> results) {
        return assertThrows(FailureException.class, () -> Turns.withResults(messages, results))
                .failure()
                .message();
    }

    @Test
    void theSystemPromptComesFirstUnlessTheConversationHasOne() {
        List<Map<String, Object>> plain = List.of(QUESTION);
        assertEquals(List.of(message("system", "s"), QUESTION), Turns.withSystem(plain, "s"));
        assertSame(plain, Turns.withSystem(plain, null));
        for (String role : List.of("system", "developer")) {
            List<Map<String, Object>> own = List.of(QUESTION, message(role, "own"));
            assertSame(own, Turns.withSystem(own, "s"));
        }
    }

    @Test
    void theOldestTurnIsDroppedUpToTheNextQuestion() {
        List<Map<String, Object>> messages = new ArrayList<>(
                List.of(message("system", "s"), QUESTION, CALLS, result("1"), ANSWER, message("user", "r"), ANSWER));
        assertTrue(Turns.dropOldest(messages));
        assertEquals(List.of(message("system", "s"), message("user", "r"), ANSWER), messages);
        assertFalse(Turns.dropOldest(messages), "one turn is left");
        assertEquals(3, messages.size());
        List<Map<String, Object>> plain = new ArrayList<>(List.of(QUESTION, message("user", "r")));
        assertTrue(Turns.dropOldest(plain));
        assertEquals(List.of(message("user", "r")), plain);
    }

    @Test
    void anAnswerIsAMessageOfTheAssistant() {
        assertEquals(List.of(QUESTION, ANSWER), Turns.withAnswer(List.of(QUESTION), new Answer("a", null, List.of())));
    }

    @Test
    void reasoningAndCallsStandBesideTheContent() {
        Answer answer = new Answer("a", "hm", List.of(new ToolCall("1", "f", Map.of("x", 1))));
        assertEquals(
                List.of(Map.of(
                        "role",
                        "assistant",
                        "content",
                        "a",
                        "reasoning_content",
                        "hm",
                        "tool_calls",
                        List.of(call("1", "f")))),
                Turns.withAnswer(List.of(), answer));
    }
}
