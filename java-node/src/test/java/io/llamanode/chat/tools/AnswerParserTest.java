package io.llamanode.chat.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.llamanode.chat.tools.AnswerFormat.Kind;
import io.llamanode.chat.tools.answer.Answer;
import io.llamanode.chat.tools.answer.AnswerEvent;
import io.llamanode.chat.tools.answer.ToolCall;
import io.llamanode.chat.tools.syntax.CallSyntax;
import io.llamanode.chat.tools.syntax.CallSyntaxes;
import io.llamanode.chat.tools.syntax.Reasoning;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Answers of each family, as models give them, split at every place; and answers that are not quite right. */
class AnswerParserTest {
    static final Reasoning THINK = new Reasoning("<think>", "</think>");
    private static final Map<String, Object> PARIS = Map.of("city", "Paris");

    static AnswerFormat format(String family, Reasoning reasoning, String... noise) {
        CallSyntax syntax = CallSyntaxes.ALL.stream()
                .filter(s -> s.family().equals(family))
                .findFirst()
                .orElseThrow();
        return new AnswerFormat(Kind.MARKED, reasoning, syntax, List.of(noise), AnswerFormat.Written.ALL);
    }

    static AnswerFormat format(Kind kind) {
        return new AnswerFormat(kind, null, null, List.of(), AnswerFormat.Written.ALL);
    }

    static List<Map<String, Object>> tools() {
        return List.of(tool("get_weather"), tool("get_time"), search());
    }

    private static Map<String, Object> search() {
        Map<String, Object> properties = Map.of(
                "id",
                Map.of("anyOf", List.of(Map.of("type", "string"), Map.of("type", "null"))),
                "rank",
                Map.of("$ref", "#/$defs/rank"),
                "tags",
                Map.of("type", "array"),
                "text",
                Map.of("type", "string"));
        Map<String, Object> schema = Map.of(
                "type", "object", "properties", properties, "$defs", Map.of("rank", Map.of("enum", List.of("1", "2"))));
        return Map.of("type", "function", "function", Map.of("name", "search", "parameters", schema));
    }

    private static Map<String, Object> tool(String name) {
        return Map.of(
                "type",
                "function",
                "function",
                Map.of(
                        "name",
                        name,
                        "parameters",
                        Map.of("type", "object", "properties", Map.of("city", Map.of("type", "string")))));
    }

    /** Parses a text whole, in two pieces split at every place, and by characters; all must agree. */
    static Answer parse(AnswerFormat format, boolean inside, int maxCalls, String text) {
        Answer whole = parse(format, inside, maxCalls, List.of(text));
        for (int at = 1; at < text.length(); at++) {
            assertEquals(whole, parse(format, inside, maxCalls, List.of(text.substring(0, at), text.substring(at))));
        }
        assertEquals(
                whole,
                parse(
                        format,
                        inside,
                        maxCalls,
                        text.codePoints().mapToObj(Character::toString).toList()));
        return whole;
    }

    static Answer parse(AnswerFormat format, String text) {
        return parse(format, false, 8, text);
    }

    static Answer parse(AnswerFormat format, boolean inside, int maxCalls, List<String> pieces) {
        AtomicInteger ids = new AtomicInteger();
        AnswerParser parser = format.parser(tools(), inside, maxCalls, () -> "new" + ids.incrementAndGet());
        List<AnswerEvent> events = new ArrayList<>();
        pieces.forEach(piece -> events.addAll(parser.push(piece)));
        events.addAll(parser.finish());
        StringBuilder content = new StringBuilder();
        StringBuilder reasoning = new StringBuilder();
        for (AnswerEvent event : events) {
            switch (event) {
                case AnswerEvent.Content(String text) -> content.append(text);
                case AnswerEvent.Reasoning(String text) -> reasoning.append(text);
                case AnswerEvent.Call call -> {}
            }
        }
        Answer answer = parser.answer();
        assertEquals(answer.content(), content.toString());
        assertEquals(answer.reasoning() == null ? "" : answer.reasoning(), reasoning.toString());
        // Ids that a model does not give may differ from run to run, as a call may have been begun and given up.
        return new Answer(
                answer.content(),
                answer.reasoning(),
                answer.calls().stream()
                        .map(call ->
                                call.id().startsWith("new") ? new ToolCall("new", call.name(), call.arguments()) : call)
                        .toList());
    }

    private static void assertCalls(List<ToolCall> expected, AnswerFormat format, String text) {
        assertEquals(new Answer("", null, expected), parse(format, text));
    }

    static ToolCall weather(String id) {
        return new ToolCall(id, "get_weather", PARIS);
    }

    static ToolCall time() {
        return new ToolCall("new", "get_time", Map.of());
    }

    @Test
    void readsTheFamiliesThatNoSharedTemplateShows() {
        List<ToolCall> one = List.of(weather("new"));
        assertCalls(
                one,
                format("seed", null),
                "<seed:tool_call>\n<function=get_weather>\n"
                        + "<parameter=city>Paris</parameter>\n</function>\n</seed:tool_call>");
        assertCalls(
                one,
                format("TOOLCALL list", null),
                "<TOOLCALL>[{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}}]</TOOLCALL>");
        assertCalls(
                one,
                format("granite", null),
                "<|tool_call|>[{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}}]");
        assertCalls(
                one,
                format("phi", null),
                "<|tool_call|>[{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}}]<|/tool_call|>");
        assertCalls(
                List.of(weather("0")),
                format("command-r7b", null),
                "<|START_ACTION|>[\n    {\"tool_call_id\": "
                        + "\"0\", \"tool_name\": \"get_weather\", \"parameters\": {\"city\": \"Paris\"}}\n]<|END_ACTION|>");
        assertCalls(
                List.of(weather("new"), time()),
                format("mistral args", null),
                "[TOOL_CALLS]get_weather[ARGS]{\"city\": \"Paris\"}[TOOL_CALLS]get_time[ARGS]{}");
        assertCalls(
                List.of(weather("abcdefghi")),
                format("mistral args", null),
                "[TOOL_CALLS]get_weather[CALL_ID]abcdefghi[ARGS]{\"city\": \"Paris\"}");
        assertCalls(
                List.of(weather("new"), time()),
                format("deepseek v3.1", null),
                "<｜tool▁calls▁begin｜>"
                        + "<｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>{\"city\": \"Paris\"}<｜tool▁call▁end｜>"
                        + "<｜tool▁call▁begin｜>get_time<｜tool▁sep｜>{}<｜tool▁call▁end｜><｜tool▁calls▁end｜>");
        assertCalls(
                one,
                format("hunyuan", null),
                "<tool_calls><tool_call>get_weather\n```json\n"
                        + "{\"city\": \"Paris\"}\n```</tool_call></tool_calls>");
        assertCalls(one, format("functionary tags", null), "<function=get_weather>{\"city\": \"Paris\"}</function>");
        assertCalls(
                one,
                format("functools", null),
                " functools[{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}}]");
        assertCalls(
                List.of(weather("new"), time()),
                format("python", null),
                "<|tool_call_start|>[get_weather(city=\"Paris\"), get_time()]<|tool_call_end|>");
    }

    /** Values between tags are what the schema admits; a text is kept to the byte. */
    @Test
    void valuesBetweenTagsFollowTheSchema() {
        assertEquals(
                List.of(new ToolCall(
                        "new",
                        "search",
                        Map.of("id", "12345", "rank", "1", "tags", List.of(true, "x"), "text", "\na\n"))),
                parse(
                                format("seed", null),
                                "<seed:tool_call>\n<function=search>\n<parameter=id>12345</parameter>\n"
                                        + "<parameter=rank>1</parameter>\n<parameter=tags>[True, 'x']</parameter>\n"
                                        + "<parameter=text>\na\n</parameter>\n</function>\n</seed:tool_call>")
                        .calls());
        assertEquals(
                List.of(new ToolCall("new", "search", Map.of("id", "12345", "text", "\na\n"))),
                parse(
                                format("function tags", null),
                                "<tool_call>\n<function=search>\n<parameter=id>\n12345\n</parameter>\n"
                                        + "<parameter=text>\n\na\n\n</parameter>\n</function>\n</tool_call>")
                        .calls());
        assertEquals(
                List.of(new ToolCall("new", "search", Map.of("id", "12345", "rank", "2"))),
                parse(
                                format("key-value tags", null),
                                "<tool_call>search\n<arg_key>id</arg_key>\n<arg_value>12345</arg_value>\n"
                                        + "<arg_key>rank</arg_key>\n<arg_value>2</arg_value>\n</tool_call>")
                        .calls());
    }

    @Test
    void gemmasArgumentsAreItsOwnNotationOrJson() {
        ToolCall call = new ToolCall(
                "new",
                "search",
                Map.of("tags", List.of(Map.of("k", "one, two"), "x", 1.5, true), "text", "a}<tool_call|>"));
        String own =
                "tags:[{<|\"|>k<|\"|>:<|\"|>one, two<|\"|>},<|\"|>x<|\"|>,1.5,true],text:<|\"|>a}<tool_call|><|\"|>";
        String json = "\"tags\": [{\"k\": \"one, two\"}, \"x\", 1.5, true], \"text\": \"a}<tool_call|>\"";
        for (String arguments : List.of(own, json)) {
            String text = "<|tool_call>call:search{" + arguments + "}<tool_call|>";
            assertCalls(List.of(call), format("gemma", null), text);
            assertEquals(
                    new Answer("I look.", null, List.of(call, time())),
                    parse(format("gemma", null), "I look." + text + "<|tool_call>call:get_time{}<tool_call|>"));
        }
    }

    @Test
    void readsAnAnswerThatIsNothingButJson() {
        List<ToolCall> one = List.of(weather("new"));
        AnswerFormat generic = format("generic", null);
        String call = "{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}}";
        assertCalls(one, generic, call);
        assertCalls(one, generic, "```json\n" + call + "\n```");
        assertCalls(one, generic, "<tool_call>\n" + call + "\n</tool_call>");
        assertCalls(one, generic, "{\"tool_call\": " + call + "}");
        assertCalls(one, generic, "{\"type\": \"function\", \"function\": " + call + "}");
        assertCalls(List.of(weather("new"), time()), generic, "\n[" + call + ", {\"name\": \"get_time\"}]");
        assertCalls(one, format("llama", null), "{\"name\": \"get_weather\", \"parameters\": {\"city\": \"Paris\"}}");
        assertCalls(
                one,
                format("llama", null),
                "<|python_tag|>{\"type\": \"function\", \"function\": \"get_weather\", "
                        + "\"parameters\": {\"city\": \"Paris\"}}");
    }

    @Test
    void jsonThatIsNoCallOfAToolStaysText() {
        for (String text : List.of(
                "{\"name\": \"Bob\", \"parameters\": {}}",
                "{\"answer\": 42}",
                "[1, 2, 3]",
                "{}",
                "{\"name\": \"get_weather\"",
                "```json\n{\"a\": 1}\n```",
                "```\ncode",
                "  plain",
                "{",
                "[",
                "`",
                "")) {
            assertEquals(new Answer(text, null, List.of()), parse(format("generic", null), text), text);
        }
    }

    @Test
    void textAroundCallsIsContent() {
        String text = "Let me see.\n\n<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}}\n"
                + "</tool_call>\n<tool_call>{\"arguments\": null, \"name\": \"get_time\"}</tool_call>\n";
        assertEquals(
                new Answer("Let me see.", null, List.of(weather("new"), time())), parse(format("hermes", null), text));
        assertEquals(
                "a\n\nb",
                parse(format("hermes", null), "a\n<tool_call>{\"name\": \"get_time\"}</tool_call>\nb")
                        .content());
    }

    @Test
    void theArgumentsMayBeAStringThatHoldsJson() {
        assertCalls(
                List.of(weather("x")),
                format("hermes", null),
                "<tool_call>{\"id\": \"x\", \"name\": "
                        + "\"get_weather\", \"arguments\": \"{\\\"city\\\": \\\"Paris\\\"}\"}</tool_call>");
    }

    @Test
    void theEndOfTheAnswerMayStandForTheClosingTag() {
        assertCalls(List.of(time()), format("hermes", null), "<tool_call>{\"name\": \"get_time\"}");
        assertCalls(
                List.of(time()),
                format("solar", null),
                "<|tool_calls|><|tool_call:begin|><|tool_call:name|>get_time<|tool_call:args|>{}<|tool_call:end|>");
    }

    @Test
    void aMalformedCallIsText() {
        AnswerFormat hermes = format("hermes", null);
        for (String text : List.of(
                "<tool_call>{\"name\": \"get_time\", \"arguments\": {\"a\": }}</tool_call>",
                "<tool_call>{\"name\": \"get_time\", \"arguments\": [1]}</tool_call>",
                "<tool_call>{\"name\": \"get_time\", \"arguments\": \"no object\"}</tool_call>",
                "<tool_call>{\"name\": 1, \"arguments\": {}}</tool_call>",
                "<tool_call>{\"name\": \"\", \"arguments\": {}}</tool_call>",
                "<tool_call>{\"arguments\": {}}</tool_call>",
                "<tool_call>{}</tool_call>",
                "<tool_call>nonsense</tool_call> and more <tool_call>",
                "<tool_call>",
                "<tool_call>{\"name\": \"get_time\", \"arguments\": {\"a\": 1",
                "<tool_call>{\"name\": \"get_time\", \"arguments\": {\"a\": 1e999}}</tool_call>",
                "<tool_call>{\"name\": \"get_time\", \"arguments\": {\"a\": \"\\ud83d\"}}</tool_call>",
                "<tool_call>{\"name\": \"get_time\", \"arguments\": " + "{\"a\": ".repeat(40) + "1" + "}".repeat(41),
                "<tool_call>{\"name\": \"get_time\", \"name\": \"get_weather\"}</tool_call>",
                "<tool_call",
                " <tool_ca \n")) {
            assertEquals(new Answer(text, null, List.of()), parse(hermes, text), text);
        }
    }

    @Test
    void malformedCallsOfOtherFamiliesAreTextToo() {
        assertText("function tags", "<tool_call>\n<function=get_time>\n<parameter=a>1</tool_call>");
        assertText(
                "function tags",
                "<tool_call>\n<function=get_time>\n<parameter=a>1</parameter>\n"
                        + "<parameter=a>2</parameter>\n</function>\n</tool_call>");
        assertText("key-value tags", "<tool_call>get_time\n<arg_key>a</arg_key>\n<arg_val>1</arg_val></tool_call>");
        assertText(
                "dsml",
                "<｜DSML｜function_calls>\n<｜DSML｜invoke name=\"get_time\">\n"
                        + "<｜DSML｜parameter name=\"a\" string=\"false\">no json</｜DSML｜parameter>\n</｜DSML｜invoke>");
        assertText("python", "<|tool_call_start|>[get_time(a=]<|tool_call_end|>");
        assertText("python", "<|tool_call_start|>[get_time(a=f(1))]<|tool_call_end|>");
        assertText("python", "<|tool_call_start|>[get_time(\"x\")]<|tool_call_end|>");
        assertText("python", "<|tool_call_start|>[get_time(a=1, a=2)]<|tool_call_end|>");
        assertText("gemma", "<|tool_call>call:get_time{a:}<tool_call|>");
        assertText("gemma", "<|tool_call>call:get_time{a:<|\"|>x}<tool_call|>");
        assertText("gemma", "<|tool_call>get_time{}<tool_call|>");
        assertText("mistral", "[TOOL_CALLS] get_time {\"a\": 1}");
        assertText("mistral", "[TOOL_CALLS] (get_time)");
        assertText("mistral args", "[TOOL_CALLS]get_time{\"a\": 1}");
        assertText(
                "kimi",
                "<|tool_calls_section_begin|><|tool_call_begin|>get_time<|tool_call_argument_begin|>{}"
                        + "<|tool_call_end|><|tool_calls_section_end|>");
        assertText("apertus", "<|tools_prefix|>[{\"get_time\": 1}]<|tools_suffix|>");
        assertText("command-r", "Action: I did nothing.");
        String harmony = "<|channel|>commentary to=functions.get_time <|constrain|>json<|message|>{\"a\":<|call|>";
        assertEquals(new Answer("{\"a\":", null, List.of()), parse(format(Kind.HARMONY), harmony));
        assertEquals(
                new Answer("get_time\n{\"a\":", null, List.of()), parse(format(Kind.RECIPIENT), "get_time\n{\"a\":"));
    }

    private static void assertText(String family, String text) {
        assertEquals(new Answer(text, null, List.of()), parse(format(family, null), text), text);
    }

    @Test
    void callsBeforeAMalformedOneCount() {
        Answer answer = parse(
                format("hermes", null),
                "<tool_call>{\"name\": \"get_time\"}</tool_call>\n<tool_call>{\"name\": oops}</tool_call>");
        assertEquals(List.of(time()), answer.calls());
        assertEquals("\n<tool_call>{\"name\": oops}</tool_call>", answer.content());
    }

    @Test
    void callsBeyondTheLimitAreText() {
        String call = "<tool_call>{\"name\": \"get_time\"}</tool_call>";
        Answer answer = parse(format("hermes", null), false, 1, call + "\n" + call);
        assertEquals(List.of(time()), answer.calls());
        assertEquals("\n" + call, answer.content());
    }

    @Test
    void reasoningIsToldFromContent() {
        AnswerFormat format = format("hermes", THINK);
        assertEquals(new Answer("4", "2 + 2 is 4", List.of()), parse(format, "<think>\n2 + 2 is 4\n</think>\n\n4"));
        assertEquals(new Answer("4", "2 + 2", List.of()), parse(format, true, 8, "\n2 + 2\n</think>\n\n4"));
        assertEquals(new Answer("", "never ends </thin", List.of()), parse(format, true, 8, "never ends </thin"));
        assertEquals(new Answer("", null, List.of()), parse(format, "<think>\n\n</think>\n\n"));
        assertEquals(new Answer("  4 \n", null, List.of()), parse(format, "  4 \n"));
        assertEquals(new Answer("a <think>b</think>", null, List.of()), parse(format, "a <think>b</think>"));
        assertEquals(
                new Answer("", "so", List.of(time())),
                parse(format, "<think>so</think>\n<tool_call>{\"name\": \"get_time\"}</tool_call>"));
        assertEquals(
                new Answer("", "<tool_call> is a tag", List.of()),
                parse(format, "<think><tool_call> is a tag</think>"));
    }

    @Test
    void emptyReasoningIsNone() {
        for (String block : List.of("", " ", "\n\n")) {
            for (AnswerFormat format : List.of(format("hermes", THINK), format("llama", THINK))) {
                assertEquals(
                        new Answer("Hi", null, List.of()),
                        parse(format, "<think>" + block + "</think>\n\nHi"),
                        format.family());
                assertEquals(
                        new Answer("Hi", null, List.of()),
                        parse(format, true, 8, block + "</think>Hi"),
                        format.family());
            }
            assertEquals(
                    new Answer("Hi", null, List.of()),
                    parse(
                            format(Kind.HARMONY),
                            "<|channel|>analysis<|message|>" + block
                                    + "<|end|><|start|>assistant<|channel|>final<|message|>Hi<|return|>"));
        }
        // Cut off at once, and left out.
        assertEquals(new Answer("", null, List.of()), parse(format("hermes", THINK), true, 8, List.of()));
        assertEquals(new Answer("", null, List.of()), parse(format("hermes", THINK), "<think>"));
        assertEquals(new Answer("Hi", null, List.of()), parse(format("hermes", THINK), "Hi"));
    }

    @Test
    void reasoningMayComeBeforeAnAnswerThatIsNothingButJson() {
        assertEquals(
                new Answer("", "so", List.of(time())),
                parse(format("generic", THINK), true, 8, "so</think>\n\n{\"name\": \"get_time\"}"));
    }

    @Test
    void whatFramesContentIsNoPartOfIt() {
        assertEquals(
                new Answer("Hi", "so", List.of()),
                parse(
                        format(
                                "command-r7b",
                                new Reasoning("<|START_THINKING|>", "<|END_THINKING|>"),
                                "<|START_RESPONSE|>",
                                "<|END_RESPONSE|>"),
                        "<|START_THINKING|>so<|END_THINKING|><|START_RESPONSE|>Hi<|END_RESPONSE|>"));
        AnswerFormat solar =
                format("solar", new Reasoning("<|think|>", "<|end|>"), "<|content|>", "<|end|>", "<|begin|>assistant");
        assertEquals(
                new Answer("Hi", "so", List.of()),
                parse(solar, "<|think|>so<|end|><|begin|>assistant<|content|>Hi<|end|>"));
    }

    @Test
    void harmonyHasChannelsAndRecipients() {
        AnswerFormat harmony = format(Kind.HARMONY);
        assertEquals(
                new Answer("Hi there", "so", List.of()),
                parse(
                        harmony,
                        "<|channel|>analysis<|message|>so<|end|>"
                                + "<|start|>assistant<|channel|>final<|message|>Hi there<|return|>"));
        assertEquals(
                new Answer("I look.", "so", List.of(weather("new"))),
                parse(
                        harmony,
                        "<|channel|>analysis<|message|>so<|end|><|start|>assistant<|channel|>commentary<|message|>I look.<|end|>"
                                + "<|start|>assistant<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>"
                                + "{\"city\": \"Paris\"}<|call|>"));
        assertEquals(
                new Answer("", null, List.of(time())),
                parse(harmony, " to=functions.get_time<|channel|>commentary json<|message|>{}"));
        assertEquals(new Answer("just text", null, List.of()), parse(harmony, "just text"));
    }

    @Test
    void harmonyEndsWhereAHeaderIsCutOffOrNeverEnds() {
        AnswerFormat harmony = format(Kind.HARMONY);
        String said = "<|channel|>final<|message|>Hi<|end|>";
        for (String rest : List.of("<|start|>", "<|start|>assistant", "<|start|>assistant<|channel|>final<|mess")) {
            assertEquals(new Answer("Hi", null, List.of()), parse(harmony, said + rest), rest);
        }
        assertEquals(new Answer("", null, List.of()), parse(harmony, "<|channel|>analysis"));
        String endless = "x".repeat(600);
        assertEquals(
                new Answer("Hi" + endless, null, List.of()),
                parse(harmony, false, 8, List.of(said + "<|channel|>" + endless)));
    }

    @Test
    void functionaryHasRecipients() {
        AnswerFormat functionary = format(Kind.RECIPIENT);
        assertEquals(new Answer("Hi > there >>", null, List.of()), parse(functionary, "all\nHi > there >>"));
        assertEquals(
                new Answer("I look.", null, List.of(weather("new"), time())),
                parse(functionary, "all\nI look.>>>get_weather\n{\"city\": \"Paris\"}>>>get_time\n{}"));
        assertEquals(new Answer("python\nprint(1)", null, List.of()), parse(functionary, "python\nprint(1)"));
    }

    @Test
    void argumentsArriveAsTheyAreWritten() {
        AnswerParser parser = format("hermes", null).parser(tools(), false, 8, () -> "id");
        assertEquals(
                List.of(new AnswerEvent.Call(0, "id", "get_weather", "")),
                parser.push("<tool_call>{\"name\": \"get_weather\", \"arg"));
        assertEquals(List.of(), parser.push("uments\": "));
        assertEquals(
                List.of(new AnswerEvent.Call(0, "id", "get_weather", "{\"city\": \"Pa")),
                parser.push("{\"city\": \"Pa"));
        assertEquals(List.of(new AnswerEvent.Call(0, "id", "get_weather", "ris\"}")), parser.push("ris\"}}</tool"));
        assertEquals(List.of(), parser.finish());
    }

    @Test
    void aNameThatIsNoToolIsACallWhereCallsAreMarked() {
        assertEquals(
                "other",
                parse(format("hermes", null), "<tool_call>{\"name\": \"other\"}</tool_call>")
                        .calls()
                        .getFirst()
                        .name());
    }
}
