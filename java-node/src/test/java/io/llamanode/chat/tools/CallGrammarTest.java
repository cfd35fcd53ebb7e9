package io.llamanode.chat.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.chat.tools.AnswerFormat.Kind;
import io.llamanode.chat.tools.AnswerFormat.Start;
import io.llamanode.chat.tools.AnswerFormat.Written;
import io.llamanode.chat.tools.answer.Answer;
import io.llamanode.chat.tools.answer.ToolCall;
import io.llamanode.chat.tools.rules.ToolSchemas;
import io.llamanode.chat.tools.syntax.CallSyntax;
import io.llamanode.chat.tools.syntax.CallSyntaxes;
import io.llamanode.chat.tools.syntax.Reasoning;
import java.math.BigInteger;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever the grammar of an answer allows is read as calls of the tools, and models may write as they are used to. */
class CallGrammarTest {
    private static final int ROUNDS = 300;
    private static final int MOST = 64;
    private static final List<String> CITIES = List.of("Oslo", "Rio \"X\"");
    private static final Reasoning THINK = new Reasoning("<think>", "</think>");

    private static final List<Map<String, Object>> TOOLS = List.of(
            tool(
                    "get_weather",
                    List.of("city"),
                    "city",
                    map("type", "string", "enum", CITIES),
                    "days",
                    map("type", "integer"),
                    "exact",
                    map("type", "boolean")),
            tool("say", List.of("text", "times"), "text", map("type", "string"), "times", map("type", "integer")),
            tool(
                    "roll",
                    List.of(),
                    "a",
                    map("type", "integer"),
                    "b",
                    map("type", "string"),
                    "c",
                    map("type", "boolean")),
            tool("now", List.of()));

    private static Map<String, Object> map(Object... entries) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < entries.length; i += 2) {
            map.put((String) entries[i], entries[i + 1]);
        }
        return map;
    }

    private static Map<String, Object> tool(String name, List<String> required, Object... properties) {
        return map(
                "type",
                "function",
                "function",
                map("name", name, "parameters", map("properties", map(properties), "required", required)));
    }

    private static Sentences sentences(AnswerFormat format, boolean inside, boolean mayReason, boolean several) {
        return new Sentences(
                format.calls(TOOLS, new Start(inside, mayReason), several ? MOST : 1, ToolSchemas.strict()));
    }

    private static AnswerFormat format(CallSyntax syntax) {
        return new AnswerFormat(Kind.MARKED, THINK, syntax, List.of(), Written.ALL);
    }

    private static AnswerFormat format(String family) {
        return formats()
                .filter(format -> format.family().equals(family))
                .findFirst()
                .orElseThrow();
    }

    static Stream<AnswerFormat> formats() {
        return Stream.concat(
                Stream.of(Kind.HARMONY, Kind.RECIPIENT)
                        .map(kind -> new AnswerFormat(kind, null, null, List.of(), Written.ALL)),
                CallSyntaxes.ALL.stream().map(CallGrammarTest::format));
    }

    private static Answer read(AnswerFormat format, boolean inside, String text) {
        AnswerParser parser = format.parser(TOOLS, inside, 64);
        parser.push(text);
        parser.finish();
        return parser.answer();
    }

    private static void assertValid(ToolCall call, String text) {
        Map<String, Object> function = AnswerFormat.schemas(TOOLS).get(call.name());
        assertNotNull(function, text);
        Map<String, Map<String, Object>> properties = AnswerFormat.properties(function);
        assertTrue(call.arguments().keySet().containsAll((List<?>) function.get("required")), text);
        call.arguments().forEach((key, value) -> {
            Map<String, Object> schema = properties.get(key);
            assertNotNull(schema, text);
            boolean valid = switch ((String) schema.get("type")) {
                case "string" -> value instanceof String;
                case "integer" -> value instanceof Integer || value instanceof Long || value instanceof BigInteger;
                default -> value instanceof Boolean;
            };
            assertTrue(valid, text);
            assertTrue(!schema.containsKey("enum") || CITIES.contains(value), text);
        });
    }

    @ParameterizedTest
    @MethodSource("formats")
    void whatItAllowsIsOneCall(AnswerFormat format) {
        Sentences sentences = sentences(format, false, false, false);
        Random random = new Random(3);
        Set<String> called = new HashSet<>();
        Set<Set<String>> given = new HashSet<>();
        for (int round = 0; round < ROUNDS; round++) {
            String text = sentences.draw(random);
            Answer answer = read(format, false, text);
            assertEquals(1, answer.calls().size(), text);
            assertEquals("", answer.content(), text);
            ToolCall call = answer.calls().getFirst();
            assertValid(call, text);
            called.add(call.name());
            given.add(call.arguments().keySet());
        }
        assertEquals(Set.of("get_weather", "say", "roll", "now"), called);
        assertTrue(
                given.containsAll(Set.of(
                        Set.of("city"),
                        Set.of("city", "days"),
                        Set.of("city", "exact"),
                        Set.of("city", "days", "exact"))),
                () -> "any argument that is not required may be left out: " + given);
    }

    @ParameterizedTest
    @MethodSource("formats")
    void whatItAllowsIsOneOrMoreCallsWhereSeveralMayBe(AnswerFormat format) {
        Sentences sentences = sentences(format, false, false, true);
        Random random = new Random(4);
        Set<Integer> counts = new HashSet<>();
        for (int round = 0; round < ROUNDS; round++) {
            String text = sentences.draw(random);
            Answer answer = read(format, false, text);
            counts.add(answer.calls().size());
            assertEquals("", answer.content(), text);
            answer.calls().forEach(call -> assertValid(call, text));
        }
        // The answers of gpt-oss and GigaChat end with a call, and Llama's call is the whole answer.
        boolean one = List.of("harmony", "gigachat", "llama").contains(format.family());
        assertEquals(one ? Set.of(1) : Set.of(1, 2, 3, 4), withoutMore(counts));
    }

    /** What comes in an answer that may call tools, behind the first text that calls begin with. */
    @ParameterizedTest
    @MethodSource("formats")
    void whatComesBehindATriggerIsACallAndPerhapsText(AnswerFormat format) {
        assertEquals(!List.of("llama", "generic").contains(format.family()), format.marksCalls());
        if (!format.marksCalls()) {
            return;
        }
        for (int most : new int[] {1, 64}) {
            Sentences sentences = new Sentences(format.behindTrigger(TOOLS, most, ToolSchemas.strict()));
            Random random = new Random(8);
            Set<Integer> counts = new HashSet<>();
            Set<Boolean> said = new HashSet<>();
            for (int round = 0; round < ROUNDS; round++) {
                String begin = format.triggers().isEmpty()
                        ? ""
                        : format.triggers().get(random.nextInt(format.triggers().size()));
                String front = format.kind() == Kind.HARMONY ? "<|channel|>commentary " : "";
                String text = front + begin + sentences.draw(random);
                Answer answer = read(format, false, text);
                counts.add(answer.calls().size());
                assertTrue(format.kind() == Kind.RECIPIENT || !answer.calls().isEmpty(), text);
                said.add(!answer.content().isBlank());
                answer.calls().forEach(call -> assertValid(call, text));
            }
            assertTrue(counts.contains(1));
            assertTrue(most > 1 || counts.stream().allMatch(count -> count <= 1), counts::toString);
            boolean ends = List.of("harmony", "gigachat", "solar").contains(format.family());
            assertEquals(ends ? Set.of(false) : Set.of(true, false), said);
        }
    }

    private static Set<Integer> withoutMore(Set<Integer> counts) {
        return counts.stream().filter(count -> count <= 4).collect(Collectors.toSet());
    }

    @ParameterizedTest
    @MethodSource("formats")
    void reasoningThatThePromptOpenedComesToItsEnd(AnswerFormat format) {
        Sentences sentences = sentences(format, true, false, false);
        Random random = new Random(5);
        boolean reasons = format.reasoning() != null;
        Set<Boolean> reasoned = new HashSet<>();
        for (int round = 0; round < ROUNDS; round++) {
            String text = sentences.draw(random);
            Answer answer = read(format, reasons, text);
            assertEquals(1, answer.calls().size(), text);
            assertEquals("", answer.content(), text);
            assertEquals(reasons, text.contains("</think>"), text);
            reasoned.add(answer.reasoning() != null);
        }
        assertEquals(reasons, reasoned.contains(true));
    }

    @ParameterizedTest
    @MethodSource("formats")
    void anAnswerMayBeginWithReasoningOrNot(AnswerFormat format) {
        Sentences sentences = sentences(format, false, true, false);
        Random random = new Random(6);
        Set<Boolean> reasoned = new HashSet<>();
        for (int round = 0; round < ROUNDS; round++) {
            String text = sentences.draw(random);
            Answer answer = read(format, false, text);
            assertEquals(1, answer.calls().size(), text);
            assertEquals("", answer.content(), text);
            assertFalse(answer.reasoning() != null && answer.reasoning().contains("</think>"), text);
            reasoned.add(text.contains("<think>") || text.contains("<|channel|>analysis"));
        }
        assertEquals(format.reasons() ? Set.of(true, false) : Set.of(false), reasoned);
    }

    @Test
    void solarBeginsItsAnswerAnewAfterReasoning() {
        AnswerFormat solar = new AnswerFormat(
                Kind.MARKED,
                new Reasoning("<|think|>", "<|end|>"),
                format("solar").syntax(),
                List.of("<|content|>", "<|end|>", "<|begin|>assistant"),
                Written.ALL);
        Sentences sentences = sentences(solar, false, true, false);
        String call =
                "<|tool_calls|><|tool_call:begin|>abcdefghij<|tool_call:name|>now<|tool_call:args|>{}<|tool_call:end|>";
        assertTrue(sentences.has(call));
        assertTrue(sentences.has("<|think|>so<|end|><|begin|>assistant" + call));
        assertFalse(sentences.has("<|think|>so<|end|>" + call));
    }

    /** As published templates show calls to their models. */
    static Stream<Arguments> asModelsWrite() {
        String json = "{\"name\": \"say\", \"arguments\": {\"text\": \"hi\", \"times\": 2}}";
        String arguments = "{\"text\": \"hi\", \"times\": 2}";
        return Stream.of(
                Arguments.of(
                        "harmony", "<|channel|>commentary to=functions.say <|constrain|>json<|message|>" + arguments),
                Arguments.of("functionary", "say\n" + arguments),
                Arguments.of("hermes", "<tool_call>\n" + json + "\n</tool_call>"),
                Arguments.of(
                        "function tags",
                        "<tool_call>\n<function=say>\n<parameter=text>\nhi <b>\n</parameter>\n"
                                + "<parameter=times>\n2\n</parameter>\n</function>\n</tool_call>"),
                Arguments.of(
                        "seed",
                        "<seed:tool_call>\n<function=say>\n<parameter=text>hi</parameter>\n"
                                + "<parameter=times>2</parameter>\n</function>\n</seed:tool_call>"),
                Arguments.of(
                        "key-value tags",
                        "<tool_call>say\n<arg_key>text</arg_key>\n<arg_value>hi</arg_value>\n"
                                + "<arg_key>times</arg_key>\n<arg_value>2</arg_value>\n</tool_call>"),
                Arguments.of(
                        "invoke tags",
                        "<minimax:tool_call>\n<invoke name=\"say\">\n<parameter name=\"text\">hi</parameter>\n"
                                + "<parameter name=\"times\">2</parameter>\n</invoke>\n</minimax:tool_call>"),
                Arguments.of(
                        "dsml",
                        "<｜DSML｜function_calls>\n<｜DSML｜invoke name=\"say\">\n"
                                + "<｜DSML｜parameter name=\"text\" string=\"true\">hi</｜DSML｜parameter>\n"
                                + "<｜DSML｜parameter name=\"times\" string=\"false\">2</｜DSML｜parameter>\n"
                                + "</｜DSML｜invoke>\n</｜DSML｜function_calls>"),
                Arguments.of("tool_calls list", "<tool_calls>[\n" + json + "]\n</tool_calls>"),
                Arguments.of("phi", "<|tool_call|>[" + json + "]<|/tool_call|>"),
                Arguments.of("granite", "<|tool_call|>[" + json + "]"),
                Arguments.of("apertus", "<|tools_prefix|>[{\"say\": " + arguments + "}]<|tools_suffix|>"),
                Arguments.of(
                        "command-r7b",
                        "<|START_ACTION|>[{\"tool_name\": \"say\", \"parameters\": " + arguments + "}]<|END_ACTION|>"),
                Arguments.of(
                        "command-r",
                        "Action:\n```json\n[{\"tool_name\": \"say\", \"parameters\": " + arguments + "}]```"),
                Arguments.of("mistral", "[TOOL_CALLS][" + json + "]"),
                Arguments.of("mistral args", "[TOOL_CALLS]say[ARGS]" + arguments),
                Arguments.of(
                        "kimi",
                        "<|tool_calls_section_begin|><|tool_call_begin|>functions.say:0<|tool_call_argument_begin|>"
                                + arguments + "<|tool_call_end|><|tool_calls_section_end|>"),
                Arguments.of(
                        "deepseek",
                        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>say\n```json\n" + arguments
                                + "\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>"),
                Arguments.of(
                        "deepseek v3.1",
                        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>say<｜tool▁sep｜>" + arguments
                                + "<｜tool▁call▁end｜><｜tool▁calls▁end｜>"),
                Arguments.of(
                        "hunyuan",
                        "<tool_calls><tool_call>say\n```json\n" + arguments + "\n```</tool_call></tool_calls>"),
                Arguments.of("functionary tags", "<function=say>" + arguments + "</function>"),
                Arguments.of("gemma", "<|tool_call>call:say{text:<|\"|>hi<|\"|>,times:2}<tool_call|>"),
                Arguments.of("gigachat", "function call<|role_sep|>" + json),
                Arguments.of("functools", "functools[" + json + "]"),
                Arguments.of("python", "<|tool_call_start|>[say(text=\"hi\", times=2)]<|tool_call_end|>"),
                Arguments.of("llama", "{\"name\": \"say\", \"parameters\": " + arguments + "}"),
                Arguments.of("generic", json));
    }

    @ParameterizedTest
    @MethodSource("asModelsWrite")
    void itAllowsWhatModelsAreUsedToWrite(String family, String text) {
        for (boolean several : new boolean[] {false, true}) {
            Sentences sentences = sentences(format(family), false, true, several);
            assertTrue(sentences.has(text), text);
            assertFalse(sentences.has(text.replace("say", "nay")), "a tool that there is not");
            assertFalse(sentences.has(text.replace("times", "thymes")), "an argument that there is not");
            assertFalse(sentences.has("x" + text));
            assertFalse(sentences.has(text + text.charAt(0)));
        }
    }

    @Test
    void severalCallsShareASectionOrHaveOneEach() {
        String one = "<|tool_call_begin|>functions.now:0<|tool_call_argument_begin|>{}<|tool_call_end|>";
        String open = "<|tool_calls_section_begin|>";
        String close = "<|tool_calls_section_end|>";
        assertTrue(several("kimi").has(open + one + one + close));
        assertTrue(several("kimi").has(open + one + "\n" + one + "\n" + close));
        assertTrue(several("kimi").has(open + one + close + open + one + close));
        String call = "<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>";
        assertTrue(several("hermes").has(call + "\n" + call + call));
        String recipient = "now\n{}>>>now\n{}";
        assertTrue(several("functionary").has(recipient));
        String json = "{\"name\": \"now\", \"arguments\": {}}";
        assertTrue(several("generic").has("[" + json + ", " + json + "]"));
        assertFalse(several("generic").has(json + json));
    }

    private static Sentences several(String family) {
        return sentences(format(family), false, false, true);
    }

    @Test
    void textThatEndsReasoningIsNoPartOfIt() {
        Sentences sentences = sentences(format("hermes"), true, false, false);
        String call = "<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>";
        assertTrue(sentences.has("1 <2 <b>\n</think>\n\n" + call));
        assertTrue(sentences.has("</think>" + call));
        assertFalse(sentences.has("a</think> </think>" + call));
        assertFalse(sentences.has("a</think>\n\n\n" + call));
        AnswerFormat brackets = new AnswerFormat(
                Kind.MARKED,
                new Reasoning("[THINK]", "[/THINK]"),
                format("mistral").syntax(),
                List.of(),
                Written.ALL);
        Sentences thoughts = sentences(brackets, false, true, false);
        assertTrue(thoughts.has("[THINK]a[0] b[/THINK][TOOL_CALLS][{\"name\": \"now\", \"arguments\": {}}]"));
    }

    /** A tool without a schema takes any object. */
    @Test
    void aToolWithoutParametersTakesAnObject() {
        List<Map<String, Object>> tools = List.of(map("type", "function", "function", map("name", "bare")));
        Sentences sentences =
                new Sentences(format("hermes").calls(tools, new Start(false, false), 1, ToolSchemas.strict()));
        assertTrue(sentences.has("<tool_call>\n{\"name\": \"bare\", \"arguments\": {\"a\": [1, {}]}}\n</tool_call>"));
        assertFalse(sentences.has("<tool_call>\n{\"name\": \"bare\", \"arguments\": [1]}\n</tool_call>"));
    }
}
