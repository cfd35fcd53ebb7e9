package io.llamanode.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.task.ChatOptions;
import io.llamanode.service.contract.task.ChatTemplating;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.GenerationResult;
import io.llamanode.service.contract.task.GenerationResult.FinishReason;
import io.llamanode.service.contract.task.OutputFormat;
import io.llamanode.service.contract.task.SessionConfig;
import io.llamanode.service.contract.task.TaskEvent;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.TemplateChoice;
import io.llamanode.service.contract.task.ToolChoice;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tools and reasoning in chats and sessions, with answers that are scripted by the prompts they follow. */
class ToolChatTest extends ServiceFixture {
    private static final String TEMPLATE =
            "{# <think></think> #}{% if tools %}T:{{ tools[0].function.name }}|{% endif %}"
                    + "{% for m in messages %}{{ m.role[0] }}:{{ m.content }}{% for c in m.tool_calls or [] %}<tool_call>"
                    + "{\"name\": \"{{ c.function.name }}\", \"arguments\": {{ c.function.arguments | tojson }}}</tool_call>"
                    + "{% endfor %}|{% endfor %}{% if add_generation_prompt %}a:{% if enable_thinking is defined and "
                    + "open_thought %}<think>{% endif %}{% endif %}";
    private static final String CALL = "<tool_call>{\"name\": \"f\", \"arguments\": {\"x\": 1}}</tool_call>";
    private static final List<Map<String, Object>> TOOLS = List.of(Map.of(
            "type",
            "function",
            "function",
            Map.of("name", "f", "description", "", "parameters", Map.of("type", "object", "properties", Map.of()))));
    private static final ChatOptions WITH_TOOLS = new ChatOptions(TOOLS, null, null, null, null, null);

    @BeforeEach
    void template() {
        model.useTemplates(TEMPLATE, Map.of());
    }

    private long session(ChatOptions chat) {
        return service.sessions().create(me, new SessionConfig(null, null, GenerationOptions.NONE, chat));
    }

    private static TaskInput content(String content, ChatOptions chat) {
        return new TaskInput.Chat(null, null, content, null, chat, GREEDY);
    }

    private static TaskInput results(Map<String, Object> result) {
        return new TaskInput.Chat(null, null, null, List.of(result), ChatOptions.NONE, GREEDY);
    }

    private static ChatOptions choice(ToolChoice choice) {
        return new ChatOptions(TOOLS, choice, null, null, null, null);
    }

    private GenerationResult answer(long session, TaskInput input) {
        return result(create(session, input).value(), -1).value();
    }

    @Test
    void aCallIsToldInEventsAndTheResult() throws InterruptedException {
        model.model.answer("T:f|u:q|a:", "Wait. " + CALL);
        long task = stream(session(WITH_TOOLS), content("q", ChatOptions.NONE));
        StringBuilder arguments = new StringBuilder();
        StringBuilder text = new StringBuilder();
        TaskEvent event = nextEvent();
        while (!event.isTerminal()) {
            switch (event) {
                case TaskEvent.Chunk(String more) -> text.append(more);
                case TaskEvent.ToolCall(int index, String id, String name, String delta) -> {
                    assertEquals("0 f", index + " " + name);
                    arguments.append(delta);
                }
                default -> throw new AssertionError(event);
            }
            event = nextEvent();
        }
        GenerationResult result = (GenerationResult) ((TaskEvent.Done) event).result();
        assertEquals(task, result.taskId());
        assertEquals("Wait.", text.toString());
        assertEquals("{\"x\": 1}", arguments.toString());
        assertEquals("Wait.", result.content());
        assertEquals(FinishReason.TOOL_CALLS, result.finishReason());
        assertEquals(Map.of("x", 1), result.toolCalls().getFirst().arguments());
        assertTrue(result.toolCalls().getFirst().id().matches("[A-Za-z0-9]{9}"));
    }

    @Test
    void emptyReasoningIsNone() {
        model.model.answer("u:q|a:", "<think>\n\n</think>\n\nHi");
        GenerationResult result = answer(session(ChatOptions.NONE), content("q", ChatOptions.NONE));
        assertEquals("Hi", result.content());
        assertNull(result.reasoning());
    }

    @Test
    void noTemplateIsUsedThatSaysNothing() {
        for (String empty : List.of("", " \n", "{# nothing #}", "{% set x = 1 %}")) {
            long session = session(ChatOptions.NONE);
            model.useTemplates(empty, Map.of("tool_use", " "));
            for (ChatOptions options : List.of(ChatOptions.NONE, WITH_TOOLS)) {
                Answer<Long> reply = create(session, content("q", options));
                assertEquals(ErrorCode.UNSUPPORTED, reply.error(), empty);
                assertTrue(reply.message().endsWith("; give chat_template"), reply.message());
            }
            ChatOptions given = new ChatOptions(null, null, null, new TemplateChoice.Source(TEMPLATE), null, null);
            model.model.answer("u:q|a:", "Hi");
            assertEquals("Hi", answer(session, content("q", given)).content());
        }
    }

    @Test
    void noTemplateOfARequestMaySayNothing() {
        for (String empty : List.of("{% set x = 1 %}", "{{ '' }} {% if tools %}x{% endif %}")) {
            ChatOptions given = new ChatOptions(null, null, null, new TemplateChoice.Source(empty), null, null);
            Answer<Long> reply = create(session(ChatOptions.NONE), content("q", given));
            assertEquals("chat_template: it renders nothing of a conversation", reply.message());
        }
        model.useTemplates(
                "{% for m in messages %}{% if m.content != 'q' %}{{ m.content }}{% endif %}{% endfor %}", Map.of());
        Answer<Long> reply = create(session(ChatOptions.NONE), content("q", ChatOptions.NONE));
        assertEquals("messages: the chat template renders nothing of them", reply.message());
    }

    @Test
    void aDeveloperMessageTakesThePlaceOfTheSystemPrompt() {
        model.model.answer("s:Be brief.|u:q|a:", "Hi");
        long session = service.sessions()
                .create(me, new SessionConfig(null, "Be kind.", GenerationOptions.NONE, ChatOptions.NONE));
        TaskInput input = new TaskInput.Chat(
                null,
                List.of(Map.of("role", "developer", "content", "Be brief."), Map.of("role", "user", "content", "q")),
                null,
                null,
                ChatOptions.NONE,
                GREEDY);
        assertEquals("Hi", answer(session, input).content());
    }

    @Test
    void aResultContinuesTheConversation() {
        String prompt = "T:f|u:q|a:" + CALL + "|t:18C|a:";
        model.model.answer("T:f|u:q|a:", CALL).answer(prompt, "Warm.").answer(prompt + "Warm.|u:ok|a:", "Fine.");
        long session = session(WITH_TOOLS);
        GenerationResult.Call call =
                answer(session, content("q", ChatOptions.NONE)).toolCalls().getFirst();
        GenerationResult next =
                answer(session, results(Map.of("role", "tool", "tool_call_id", call.id(), "content", "18C")));
        assertEquals("Warm.", next.content());
        assertEquals(FinishReason.STOP, next.finishReason());
        assertTrue(next.toolCalls().isEmpty());
        assertEquals(4, service.sessions().info(session).messages());
        assertEquals("Fine.", answer(session, content("ok", ChatOptions.NONE)).content());
    }

    @Test
    void resultsMustBeThoseOfTheCallsThatWait() {
        model.model.answer("T:f|u:q|a:", CALL);
        long session = session(WITH_TOOLS);
        Map<String, Object> stray = Map.of("role", "tool", "tool_call_id", "x", "content", "");
        assertEquals(
                "tool_results: no call waits for a result",
                create(session, results(stray)).message());
        String id = answer(session, content("q", ChatOptions.NONE))
                .toolCalls()
                .getFirst()
                .id();
        assertEquals(
                "tool_results[0].tool_call_id: no call 'x' waits for a result",
                create(session, results(stray)).message());
        Map<String, Object> right = Map.of("role", "tool", "tool_call_id", id, "content", "");
        TaskInput twice = new TaskInput.Chat(null, null, null, List.of(right, right), ChatOptions.NONE, GREEDY);
        assertEquals(
                "tool_results[1].tool_call_id: '" + id + "' is given twice",
                create(session, twice).message());
        TaskInput none = new TaskInput.Chat(null, null, null, List.of(), ChatOptions.NONE, GREEDY);
        assertEquals(
                "tool_results: there is no result for the call '" + id + "'",
                create(session, none).message());
        assertEquals(2, service.sessions().info(session).messages());
    }

    @Test
    void aQuestionInPlaceOfAResultGivesTheCallUp() {
        model.model.answer("T:f|u:q|a:", CALL).answer("T:f|u:q|a:|u:never mind|a:", "All right.");
        long session = session(WITH_TOOLS);
        answer(session, content("q", ChatOptions.NONE));
        assertEquals(
                "All right.",
                answer(session, content("never mind", ChatOptions.NONE)).content());
    }

    @Test
    void aMalformedCallIsTextAndTheSessionGoesOn() {
        String broken = "<tool_call>{\"name\": \"f\", \"arguments\": {\"x\": }}</tool_call>";
        model.model.answer("T:f|u:q|a:", broken).answer("T:f|u:q|a:" + broken + "|u:again|a:", CALL);
        long session = session(WITH_TOOLS);
        GenerationResult malformed = answer(session, content("q", ChatOptions.NONE));
        assertEquals(broken, malformed.content());
        assertEquals(FinishReason.STOP, malformed.finishReason());
        assertTrue(malformed.toolCalls().isEmpty());
        assertEquals(
                FinishReason.TOOL_CALLS,
                answer(session, content("again", ChatOptions.NONE)).finishReason());
    }

    @Test
    void aCallThatIsCutOffIsText() {
        model.model.answer("T:f|u:q|a:", CALL);
        GenerationOptions few = options(20, null);
        GenerationResult cut =
                answer(session(WITH_TOOLS), new TaskInput.Chat(null, null, "q", null, ChatOptions.NONE, few));
        assertEquals(CALL.substring(0, 20), cut.content());
        assertEquals(FinishReason.LENGTH, cut.finishReason());
    }

    @Test
    void withoutToolsCallsAreText() {
        model.model.answer("u:q|a:", CALL);
        assertEquals(
                CALL,
                answer(session(ChatOptions.NONE), content("q", ChatOptions.NONE))
                        .content());
        GenerationResult none = answer(session(WITH_TOOLS), content("q", choice(new ToolChoice.None())));
        assertEquals(CALL, none.content());
        assertEquals(FinishReason.STOP, none.finishReason());
    }

    @Test
    void reasoningIsKeptApartAndLeftOutOfTheHistory() throws InterruptedException {
        model.model.answer("u:q|a:", "<think>\nHm.\n</think>\n\nYes.").answer("u:q|a:Yes.|u:r|a:", "No.");
        long session = session(ChatOptions.NONE);
        stream(session, content("q", ChatOptions.NONE));
        StringBuilder reasoning = new StringBuilder();
        TaskEvent event = nextEvent();
        while (event instanceof TaskEvent.Reasoning(String more)) {
            reasoning.append(more);
            event = nextEvent();
        }
        assertEquals("Hm.", reasoning.toString());
        assertEquals(new TaskEvent.Chunk("Y"), event);
        while (!event.isTerminal()) {
            event = nextEvent();
        }
        GenerationResult result = (GenerationResult) ((TaskEvent.Done) event).result();
        assertEquals("Hm.", result.reasoning());
        assertEquals("Yes.", result.content());
        GenerationResult second = answer(session, content("r", ChatOptions.NONE));
        assertEquals("No.", second.content());
        assertNull(second.reasoning());
    }

    @Test
    void reasoningThatTheTemplateOpensCanBeDisabled() {
        ChatOptions opens = new ChatOptions(null, null, null, null, Map.of("open_thought", true), null);
        ChatOptions disabled = new ChatOptions(null, null, null, null, Map.of("open_thought", true), false);
        ChatOptions byVariable =
                new ChatOptions(null, null, null, null, Map.of("open_thought", true, "enable_thinking", false), null);
        model.model.answer("u:q|a:<think>", "Hm.</think>Yes.").answer("u:q|a:<think></think>\n\n", "Yes.");
        GenerationResult thought = answer(session(opens), content("q", ChatOptions.NONE));
        assertEquals("Hm. Yes.", thought.reasoning() + " " + thought.content());
        assertNull(answer(session(opens), content("q", disabled)).reasoning());
        assertEquals("Yes.", answer(session(opens), content("q", byVariable)).content());
    }

    @Test
    @Tag("native")
    void aCallCanBeRequired() {
        model.model.answer("T:f|u:q|a:", CALL);
        answer(session(WITH_TOOLS), content("q", choice(new ToolChoice.Required())));
        answer(session(WITH_TOOLS), content("q", choice(new ToolChoice.Function("f"))));
        assertEquals(2, model.samplersMade.get());
        long session = session(ChatOptions.NONE);
        ChatOptions nothing = new ChatOptions(null, new ToolChoice.Required(), null, null, null, null);
        assertEquals(
                "tool_choice: there are no tools to call",
                create(session, content("q", nothing)).message());
        assertEquals(
                "tool_choice: there is no tool 'g'",
                create(session, content("q", choice(new ToolChoice.Function("g"))))
                        .message());
        GenerationOptions grammar = ConstraintTest.options(5, null, new OutputFormat.Gbnf("root ::= \"a\""));
        assertTrue(
                create(session, new TaskInput.Chat(null, null, "q", null, choice(new ToolChoice.Required()), grammar))
                        .message()
                        .startsWith("tool_choice: "));
    }

    @Test
    @Tag("native")
    void aSchemaThatIsNoneIsRefused() {
        List<Map<String, Object>> tools = new ArrayList<>();
        tools.add(Map.of(
                "type",
                "function",
                "function",
                Map.of(
                        "name",
                        "f",
                        "parameters",
                        Map.of("type", "object", "properties", Map.of("x", Map.of("type", "colour"))))));
        ChatOptions bad = new ChatOptions(tools, new ToolChoice.Required(), null, null, null, null);
        Answer<Long> refused = create(session(ChatOptions.NONE), content("q", bad));
        assertTrue(refused.message().startsWith("tools: "), refused::message);
    }

    @Test
    void templatesAreChosenByNameByToolsAndByRequest() {
        model.useTemplates("d{{ messages[0].content }}:", Map.of("tool_use", "u{{ messages[0].content }}:"));
        model.model
                .answer("dq:", "default")
                .answer("uq:", "tools")
                .answer("Sq:", "simple")
                .answer("jq:", "jinja");
        assertEquals(
                "default",
                answer(session(ChatOptions.NONE), content("q", ChatOptions.NONE))
                        .content());
        assertEquals(
                "tools",
                answer(session(ChatOptions.NONE), content("q", template(new TemplateChoice.Variant("tool_use"))))
                        .content());
        assertEquals(
                "simple",
                answer(session(ChatOptions.NONE), content("q", template(new TemplateChoice.Simple("S", "", ":"))))
                        .content());
        assertEquals(
                "jinja",
                answer(
                                session(template(new TemplateChoice.Source("j{{ messages[0].content }}:"))),
                                content("q", ChatOptions.NONE))
                        .content());
        long other = session(ChatOptions.NONE);
        String unknown = create(other, content("q", template(new TemplateChoice.Variant("rag"))))
                .message();
        assertTrue(unknown.contains("'rag'") && unknown.contains("default") && unknown.contains("tool_use"), unknown);
        assertTrue(create(other, content("q", template(new TemplateChoice.Source("{% if %}"))))
                .message()
                .startsWith("chat_template: "));
        Answer<String> prompt = new Answer<>();
        service.models()
                .applyTemplate(
                        me,
                        new ChatTemplating(
                                null,
                                List.of(Map.of("role", "user", "content", "q")),
                                TOOLS,
                                null,
                                Map.of(),
                                true,
                                false),
                        prompt);
        assertEquals("uq:", prompt.value());
    }

    private static ChatOptions template(TemplateChoice choice) {
        return new ChatOptions(null, null, null, choice, null, null);
    }

    @Test
    void templatesThatKnowNoToolsGetThemInTheText() {
        Answer<String> prompt = new Answer<>();
        service.models()
                .applyTemplate(
                        me,
                        new ChatTemplating(
                                null,
                                List.of(
                                        Map.of("role", "user", "content", "q"),
                                        Map.of(
                                                "role",
                                                "assistant",
                                                "content",
                                                "",
                                                "tool_calls",
                                                List.of(Map.of(
                                                        "id",
                                                        "c",
                                                        "type",
                                                        "function",
                                                        "function",
                                                        Map.of("name", "f", "arguments", Map.of("x", 1))))),
                                        Map.of("role", "tool", "tool_call_id", "c", "content", "18C")),
                                TOOLS,
                                new TemplateChoice.Simple("", "<", ">"),
                                Map.of(),
                                true,
                                true),
                        prompt);
        String text = prompt.value();
        assertTrue(text.startsWith("You can call these tools:\n{"), text);
        assertTrue(text.endsWith("<q>{\"name\":\"f\",\"arguments\":{\"x\":1}}<18C>"), text);
    }
}
