package io.llamanode.chat.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.chat.ChatTemplate;
import io.llamanode.chat.jinja.Mixed;
import io.llamanode.chat.jinja.Span;
import io.llamanode.chat.tools.AnswerFormat.Rendering;
import io.llamanode.chat.tools.answer.ToolCall;
import io.llamanode.chat.tools.syntax.CallSyntax;
import io.llamanode.chat.tools.syntax.CallSyntaxes;
import io.llamanode.chat.tools.text.JsonText;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a template writes, and what it only mentions, tells which syntax its models know. */
class FormatDetectionTest {
    private static final String TURN = "<|im_start|>";

    /** A template that can be told what to write; as it is, it writes everything. */
    private static final class Template implements Rendering {
        private Function<List<ToolCall>, String> calls = calls -> "";
        private boolean tools = true;
        private boolean results = true;
        private boolean callsWithoutText = true;
        private String generationPrompt = TURN + "assistant\n";
        private final List<List<Map<String, Object>>> seen = new ArrayList<>();

        @Override
        public Optional<String> render(
                List<Map<String, Object>> messages, List<Map<String, Object>> definitions, boolean generate) {
            seen.add(messages);
            StringBuilder text = new StringBuilder(tools ? JsonText.write(definitions) : "");
            for (Map<String, Object> message : messages) {
                String role = (String) message.get("role");
                boolean result = role.equals("tool");
                if (message.get("content") == null && !callsWithoutText) {
                    return Optional.empty();
                }
                text.append(TURN).append(role).append('\n');
                if (message.get("content") != null && (!result || results)) {
                    text.append(message.get("content"));
                }
                if (message.get("tool_calls") instanceof List<?> list) {
                    text.append(calls.apply(list.stream().map(Template::call).toList()));
                }
                text.append("<|im_end|>\n");
            }
            return Optional.of(text + (generate ? generationPrompt : ""));
        }

        @SuppressWarnings("unchecked")
        private static ToolCall call(Object call) {
            Map<?, ?> fields = (Map<?, ?>) call;
            Map<?, ?> function = (Map<?, ?>) fields.get("function");
            Map<String, Object> arguments = function.get("arguments") instanceof String json
                    ? JsonText.object(json)
                    : (Map<String, Object>) function.get("arguments");
            return new ToolCall((String) fields.get("id"), (String) function.get("name"), arguments);
        }

        AnswerFormat detect(String source) {
            return AnswerFormat.detect(source, this);
        }
    }

    private static Template writing(CallSyntax syntax) {
        Template template = new Template();
        template.calls = calls -> CallRoundTripTest.write(syntax, calls);
        return template;
    }

    private static CallSyntax syntax(String family) {
        return CallSyntaxes.ALL.stream()
                .filter(syntax -> syntax.family().equals(family))
                .findFirst()
                .orElseThrow();
    }

    static Stream<CallSyntax> syntaxes() {
        return CallSyntaxes.ALL.stream();
    }

    /** An answer of these looks like one of a family before it, and is read as such. */
    private static final Map<String, String> ALIKE = Map.of("generic", "llama");

    @ParameterizedTest
    @MethodSource("syntaxes")
    void theSyntaxThatReadsWhatTheTemplateWritesIsItsOwn(CallSyntax syntax) {
        AnswerFormat format = writing(syntax).detect("");
        assertEquals(ALIKE.getOrDefault(syntax.family(), syntax.family()), format.family());
        assertTrue(format.templateWritesCalls());
        assertFalse(format.reasons());
    }

    @Test
    void gptOssIsKnownByItsChannels() {
        Template template = new Template();
        template.calls = calls -> calls.stream()
                .map(call -> "<|channel|>commentary to=functions." + call.name() + " <|constrain|>json<|message|>"
                        + JsonText.write(call.arguments()) + "<|call|>")
                .reduce("", String::concat);
        assertEquals("harmony", template.detect("<|channel|> <|message|>").family());
        assertTrue(template.detect("<|channel|> <|message|>").reasons());
        assertEquals("generic", template.detect("<|channel|>").family());
        assertEquals("generic", template.detect("<|message|>").family());
        assertEquals(
                "hermes",
                writing(syntax("hermes")).detect("<|channel|> <|message|>").family());
    }

    @Test
    void functionaryIsKnownByItsRecipients() {
        Template template = new Template();
        template.calls = calls -> calls.stream()
                .map(call -> ">>>" + call.name() + "\n" + JsonText.write(call.arguments()))
                .reduce("", String::concat);
        assertEquals("functionary", template.detect(">>>").family());
        assertFalse(template.detect(">>>").reasons());
        assertEquals("generic", template.detect("").family());
        assertEquals("hermes", writing(syntax("hermes")).detect(">>>").family());
    }

    @Test
    void itIsToldWhatTheTemplateWrites() {
        Template template = writing(syntax("hermes"));
        assertWritten(template, true, true, true, true);
        template.tools = false;
        assertWritten(template, false, true, true, true);
        template.results = false;
        assertWritten(template, false, true, false, true);
        template.calls = calls -> CallRoundTripTest.write(syntax("hermes"), calls.subList(0, 1));
        assertWritten(template, false, true, false, false);
        template.tools = true;
        assertWritten(template, true, true, false, false);
        template.calls = calls -> "";
        template.results = true;
        assertWritten(template, true, false, true, true);
    }

    private static void assertWritten(
            Template template, boolean tools, boolean calls, boolean results, boolean parallel) {
        AnswerFormat format = template.detect("");
        assertEquals(calls, format.templateWritesCalls());
        assertEquals(parallel, format.parallel());
        Map<String, Object> call =
                Map.of("id", "i", "type", "function", "function", Map.of("name", "f", "arguments", Map.of()));
        List<Map<String, Object>> messages = List.of(
                Map.of("role", "user", "content", "q"),
                Map.of("role", "assistant", "content", "", "tool_calls", List.of(call)),
                Map.of("role", "tool", "tool_call_id", "i", "content", "r"));
        List<Map<String, Object>> adapted = format.adapt(messages, List.of(Map.of("type", "function")));
        assertEquals(!tools, "system".equals(adapted.getFirst().get("role")), "tools are described");
        assertEquals(
                !calls, adapted.stream().noneMatch(message -> message.containsKey("tool_calls")), "calls are text");
        assertEquals(
                !results,
                adapted.stream().noneMatch(message -> "tool".equals(message.get("role"))),
                "results are text");
    }

    /** A template that takes no message of calls alone may yet take their results. */
    @Test
    void aTemplateThatRefusesCallsIsAskedWithoutThem() {
        Template template = writing(syntax("hermes"));
        template.callsWithoutText = false;
        AnswerFormat format = template.detect("");
        assertFalse(format.templateWritesCalls());
        assertEquals("hermes", format.family());
        Map<String, Object> result = Map.of("role", "tool", "content", "r");
        assertEquals(List.of(result), format.adapt(List.of(result), List.of()));
    }

    /** Each probe is a conversation that real ones begin like: a question, calls with their ids, results to them. */
    @Test
    void theTemplateIsAskedWithWholeConversations() {
        Template template = writing(syntax("hermes"));
        template.detect("");
        assertTrue(template.seen.stream()
                .allMatch(messages -> messages.getFirst().get("role").equals("user")));
        List<Map<String, Object>> answered = template.seen.stream()
                .filter(messages -> messages.getLast().get("role").equals("tool"))
                .findFirst()
                .orElseThrow();
        Map<?, ?> call = (Map<?, ?>) ((List<?>) answered.get(1).get("tool_calls")).getFirst();
        assertEquals("function", call.get("type"));
        assertEquals(call.get("id"), answered.getLast().get("tool_call_id"));
        assertEquals(9, call.get("id").toString().length(), "some templates insist on it");
        assertEquals(
                ((Map<?, ?>) call.get("function")).get("name"),
                answered.getLast().get("name"));
        List<?> two = template.seen.stream()
                .map(messages -> messages.getLast().get("tool_calls"))
                .filter(calls -> calls instanceof List<?> list && list.size() == 2)
                .map(calls -> (List<?>) calls)
                .findFirst()
                .orElseThrow();
        assertEquals(
                2,
                two.stream().map(one -> ((Map<?, ?>) one).get("id")).distinct().count());
    }

    @ParameterizedTest
    @CsvSource({
        "say <tool_call> with \"name\" and \"arguments\",hermes",
        "say <tool_call> with <function=f> and <parameter=p>,function tags",
        "<|tool_call_start|>,python",
        "List of tools: [x],python",
        "say <tool_call> with {'name' 'arguments'},hermes",
        "<|tool_list_start|>[x]<|tool_list_end|>,python",
        "respond only with <|tool_call|> followed by a JSON list,granite",
        "[TOOL_CALLS] then,mistral",
        "<|tools_prefix|> then,apertus",
        "<tool_calls> alone,generic",
        "Action: alone,generic",
        "[TOOL_CALLS] \"name\" \"arguments\",mistral",
        "[TOOL_CALLS] [ARGS],mistral args",
        "<tool_call> alone,generic",
        "nothing,generic"
    })
    void aTemplateThatWritesNoCallsMayMentionASyntax(String source, String family) {
        assertEquals(family, new Template().detect(source).family());
        assertFalse(new Template().detect(source).templateWritesCalls());
    }

    /** Templates of LFM2 and Granite 3.3 print the content of an answer and leave its calls out. */
    @ParameterizedTest
    @CsvSource({
        "'<|im_start|>system List of tools: <|tool_list_start|>[',python,'<|tool_call_start|>[tool1(a=''x'')]<|tool_call_end|>'",
        "'When a tool is required respond only with <|tool_call|> followed by a JSON list of tools used.',granite,"
                + "'<|tool_call|>[{\"name\": \"tool1\", \"arguments\": {\"a\": \"x\"}}]'"
    })
    void callsOfFamiliesWhoseTemplatesWriteNoneAreRead(String system, String family, String answer) {
        String source = "{% if tools %}" + system + "{{ tools | tojson }}{% endif %}"
                + "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}{% endfor %}";
        AnswerFormat format = ChatTemplate.parse(source).answerFormat();
        assertEquals(family, format.family());
        assertTrue(format.isKnown());
        AnswerParser parser = format.parser(List.of(ProbeMessages.tool("tool1")), false, 8);
        parser.push(answer);
        parser.finish();
        assertEquals("", parser.answer().content());
        assertEquals(Map.of("a", "x"), parser.answer().calls().getFirst().arguments());
        // What the next turn shows of it is what the model wrote.
        Map<String, Object> message =
                ProbeMessages.answer(null, List.of(ProbeMessages.call(1, "tool1", Map.of("a", "x"))));
        Mixed shown =
                (Mixed) format.adapt(List.of(message), List.of()).getFirst().get("content");
        String text = shown.spans().stream().map(Span::text).collect(Collectors.joining());
        assertEquals(answer.replace("'", "\"").replace(" ", ""), text.replace(" ", ""));
    }

    @Test
    void aTemplateThatWantsTextOrJsonShowsItsSyntaxWithThem() {
        Template template = new Template();
        template.callsWithoutText = false;
        template.calls =
                calls -> "<|tool_call_start|>\n{\"name\": \"" + calls.getFirst().name() + "\", \"arguments\": "
                        + JsonText.write(calls.getFirst().arguments()) + "}\n<|tool_call_end|>";
        assertEquals("lfm json", template.detect("").family());
        Rendering text = (messages, tools, generate) -> messages.getLast().get("tool_calls") instanceof List<?> calls
                        && ((Map<?, ?>) ((Map<?, ?>) calls.getFirst()).get("function")).get("arguments")
                                instanceof String json
                ? Optional.of("question4f1d [TOOL_CALLS]tool8b2e[ARGS]" + json)
                : Optional.of("question4f1d");
        assertEquals("mistral args", AnswerFormat.detect("", text).family());
    }

    @Test
    void itIsToldWhetherASyntaxIsKnown() {
        assertTrue(writing(syntax("llama")).detect("").isKnown());
        assertTrue(new Template().detect("[TOOL_CALLS]").isKnown());
        assertFalse(new Template().detect("").isKnown());
    }

    @Test
    void whatItTellsTheModelOfToolsCountsAsMentioned() {
        Rendering rendering = (messages, tools, generate) -> Optional.of("Write <tool_call>{\"name\": \"arguments\"}");
        assertEquals("hermes", AnswerFormat.detect("", rendering).family());
        assertEquals(
                "generic",
                AnswerFormat.detect("", (messages, tools, generate) -> Optional.empty())
                        .family());
    }

    /** The prompt may end with what an answer begins with, or with something that begins like it. */
    @ParameterizedTest
    @ValueSource(strings = {"", "<think>\n", "<tool", "<tool_response>", "<tool_call", "[TOOL"})
    void theAnswerBeginsWhereThePromptDiffers(String opened) {
        Template template = writing(syntax("hermes"));
        template.generationPrompt = TURN + "assistant\n" + opened;
        assertEquals("hermes", template.detect("").family());
        template = writing(syntax("mistral"));
        template.generationPrompt = TURN + "assistant\n" + opened;
        assertEquals("mistral", template.detect("").family());
    }

    @ParameterizedTest
    @CsvSource({
        "x <think> y,<think>",
        "x.split('</think>'),<think>",
        "<|channel>thought\\n,<|channel>thought",
        "[THINK],[THINK]",
        "<seed:think> and <think>,<seed:think>",
        "<thinking>,<thinking>"
    })
    void reasoningIsWhatTheTemplateMentionsFirstOfAllPairs(String source, String open) {
        AnswerFormat format = writing(syntax("hermes")).detect(source);
        assertTrue(format.reasons());
        assertEquals(open, format.reasoning().open().strip());
        assertTrue(format.markers(false).contains(format.reasoning().close()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "think", "<|channel>thought", "[/THINK]", "<|END_THINKING|>"})
    void whatHasNoSuchMarkersDoesNotReason(String source) {
        assertNull(writing(syntax("hermes")).detect(source).reasoning());
    }

    @Test
    void framesOfTheContentAreNoise() {
        Template template = writing(syntax("command-r7b"));
        assertEquals(List.of(), template.detect("").markers(false));
        assertEquals(
                List.of("<|START_RESPONSE|>", "<|END_RESPONSE|>"),
                template.detect("<|END_RESPONSE|><|START_RESPONSE|>").markers(false));
        assertEquals(
                List.of("<|START_TEXT|>", "<|END_TEXT|>", "<|message_sep|>"),
                template.detect("<|message_sep|><|START_TEXT|><|END_TEXT|>").markers(false));
        Template solar = writing(syntax("solar"));
        AnswerFormat format = solar.detect("<|begin|>assistant<|content|><|think|>");
        assertTrue(format.isSolar());
        assertEquals(
                List.of("<|content|>", "<|end|>", "<|begin|>assistant", "<|think|>", "<|end|>"), format.markers(false));
        assertFalse(solar.detect("<|begin|>assistant").isSolar());
        assertFalse(solar.detect("<|content|>").isSolar());
    }

    @Test
    void theFirstSyntaxOfWhichAllIsMentionedIsMeant() {
        for (CallSyntax syntax : CallSyntaxes.ALL) {
            if (!syntax.bare()) {
                String source = String.join(" ", syntax.specific());
                String family = new Template().detect(source).family();
                CallSyntax found = syntax(family);
                assertTrue(found.specific().stream().allMatch(source::contains), family);
                assertTrue(CallSyntaxes.ALL.indexOf(found) <= CallSyntaxes.ALL.indexOf(syntax), family);
            }
        }
    }
}
