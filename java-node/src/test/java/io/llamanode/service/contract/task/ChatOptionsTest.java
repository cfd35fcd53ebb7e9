package io.llamanode.service.contract.task;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.llamanode.service.contract.FailureException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ChatOptionsTest {
    private static final List<Map<String, Object>> F = List.of(tool("f"));
    private static final List<Map<String, Object>> G = List.of(tool("g"));
    private static final TemplateChoice TEMPLATE = new TemplateChoice.Variant("rag");

    private static Map<String, Object> tool(String name) {
        return Map.of("type", "function", "function", Map.of("name", name));
    }

    private static ChatOptions variables(Map<String, Object> variables, Boolean thinking) {
        return new ChatOptions(null, null, null, null, variables, thinking);
    }

    private static ChatOptions tools(List<Map<String, Object>> tools, ToolChoice choice) {
        return new ChatOptions(tools, choice, null, null, null, null);
    }

    @Test
    void whatATaskSaysGoesBeforeWhatItsSessionSays() {
        ChatOptions all = new ChatOptions(F, new ToolChoice.Auto(), true, TEMPLATE, Map.of("a", 1), true);
        ChatOptions others =
                new ChatOptions(G, new ToolChoice.None(), false, new TemplateChoice.Source("x"), Map.of("a", 2), false);
        assertEquals(all, all.orElse(others));
        assertEquals(all, ChatOptions.NONE.orElse(all));
        assertEquals(all, all.orElse(ChatOptions.NONE));
    }

    @Test
    void variablesOfBothAreGivenToTheTemplate() {
        ChatOptions both = variables(Map.of("a", 1, "b", 1), null).orElse(variables(Map.of("b", 2, "c", 2), null));
        assertEquals(Map.of("a", 1, "b", 1, "c", 2), both.variables());
        assertEquals(Map.of(), ChatOptions.NONE.variables());
    }

    @Test
    void aTaskDecidesAboutThinkingWhicheverWayItIsWritten() {
        ChatOptions byName = variables(Map.of("enable_thinking", false), null);
        assertEquals(false, byName.thinking());
        assertEquals(false, byName.orElse(variables(null, true)).thinking());
        assertEquals(
                Map.of("enable_thinking", false),
                byName.orElse(variables(null, true)).variables());
        assertEquals(true, variables(null, true).orElse(byName).thinking());
        assertEquals(
                Map.of("enable_thinking", true),
                variables(null, true).orElse(byName).variables());
        assertEquals(true, ChatOptions.NONE.orElse(variables(null, true)).thinking());
        assertNull(variables(Map.of("enable_thinking", "no"), null).thinking(), "no flag");
        assertNull(ChatOptions.NONE.thinking());
    }

    @Test
    void whoChoosesNoToolsLearnsOfNone() {
        assertEquals(F, tools(F, null).callable());
        assertEquals(F, tools(F, new ToolChoice.Auto()).callable());
        assertEquals(List.of(), tools(F, new ToolChoice.None()).callable());
        assertEquals(List.of(), ChatOptions.NONE.callable());
    }

    @Test
    void aCallThatMustComeNeedsItsTool() {
        assertDoesNotThrow(() -> tools(F, new ToolChoice.Required()).refuseContradictions());
        assertDoesNotThrow(() -> tools(F, new ToolChoice.Function("f")).refuseContradictions());
        assertDoesNotThrow(() -> tools(null, new ToolChoice.Auto()).refuseContradictions());
        assertDoesNotThrow(ChatOptions.NONE::refuseContradictions);
        assertEquals("tool_choice: there are no tools to call", refusal(tools(null, new ToolChoice.Required())));
        assertEquals("tool_choice: there is no tool 'g'", refusal(tools(F, new ToolChoice.Function("g"))));
    }

    private static String refusal(ChatOptions options) {
        return assertThrows(FailureException.class, options::refuseContradictions)
                .failure()
                .message();
    }

    @Test
    void aToolHasANameWhereItIsAFunction() {
        assertEquals("f", ChatOptions.name(tool("f")));
        assertNull(ChatOptions.name(Map.of("function", Map.of("name", 1))));
        assertNull(ChatOptions.name(Map.of("function", "f")));
        assertNull(ChatOptions.name(Map.of()));
    }
}
