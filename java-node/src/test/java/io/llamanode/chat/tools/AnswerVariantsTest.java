package io.llamanode.chat.tools;

import static io.llamanode.chat.tools.AnswerParserTest.THINK;
import static io.llamanode.chat.tools.AnswerParserTest.format;
import static io.llamanode.chat.tools.AnswerParserTest.parse;
import static io.llamanode.chat.tools.AnswerParserTest.time;
import static io.llamanode.chat.tools.AnswerParserTest.weather;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.chat.tools.answer.Answer;
import io.llamanode.chat.tools.answer.ToolCall;
import io.llamanode.chat.tools.syntax.CallSyntax;
import io.llamanode.chat.tools.syntax.CallSyntaxes;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Models do not always write what their template shows: forms of their relatives, and calls without a mark or a comma. */
class AnswerVariantsTest {
    private static final String WEATHER = "{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}}";
    private static final String NOW = "{\"name\": \"get_time\", \"arguments\": {}}";
    private static final List<ToolCall> BOTH = List.of(weather("new"), time());

    private static void assertBoth(String family, String text) {
        assertEquals(new Answer("", null, BOTH), parse(format(family, null), text), text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"mistral", "mistral args"})
    void eitherFormOfMistralsIsReadUnderEither(String family) {
        assertBoth(family, "[TOOL_CALLS][" + WEATHER + ", " + NOW + "]");
        assertBoth(family, "[TOOL_CALLS] [" + WEATHER + "," + NOW + ",]");
        assertBoth(family, "[TOOL_CALLS]get_weather[ARGS]{\"city\": \"Paris\"}[TOOL_CALLS]get_time[ARGS]{}");
        assertBoth(family, "[TOOL_CALLS]" + WEATHER + "[TOOL_CALLS]" + NOW);
        assertEquals(
                List.of(weather("abcdefghi")),
                parse(format(family, null), "[TOOL_CALLS]get_weather[CALL_ID]abcdefghi[ARGS]{\"city\": \"Paris\"}")
                        .calls());
        assertEquals(
                List.of(weather("abcdefghi")),
                parse(
                                format(family, null),
                                "[TOOL_CALLS][{\"id\": \"abcdefghi\", \"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}}]")
                        .calls());
        assertTrue(format(family, null).markers(true).containsAll(List.of("[TOOL_CALLS]", "[ARGS]", "[CALL_ID]")));
    }

    @Test
    void qwenCoderMayLeaveOutWhatOpensItsCalls() {
        String one = "<function=get_weather>\n<parameter=city>\nParis\n</parameter>\n</function>";
        String two = "<function=get_time>\n</function>";
        assertBoth("function tags", one + "\n" + two);
        assertBoth("function tags", one + "\n</tool_call>\n<tool_call>\n" + two + "\n</tool_call>");
        assertBoth("function tags", one + "\n</tool_call>\n" + two + "</tool_call>");
        assertBoth("function tags", "<tool_call>\n" + one + "\n</tool_call>\n</tool_call>\n<tool_call>\n" + two);
        assertBoth("function tags", "<tool_call>" + one + two + "</tool_call>");
        assertBoth("function tags", "<tool_call>" + WEATHER + "</tool_call>" + two);
        assertBoth("seed", one.replace("\nParis\n", "Paris") + "\n</seed:tool_call>" + two);
        assertEquals(
                new Answer("I look.", "so", BOTH),
                parse(format("function tags", THINK), "<think>so</think>\n\nI look.\n" + one + "\n" + two));
        assertEquals(
                new Answer("", null, List.of(weather("new"))),
                parse(format("function tags", null), false, 1, one + "\n</tool_call>"));
        for (String none :
                List.of("<function=other>\n</function>", "<function=get_time", "use <function=name> for it")) {
            assertEquals(new Answer(none, null, List.of()), parse(format("function tags", null), none), none);
        }
    }

    @Test
    void aMarkThatSeveralFamiliesHaveOpensCallsOfEach() {
        for (String family : List.of("hermes", "function tags", "key-value tags")) {
            assertBoth(family, "<tool_call>\n" + WEATHER + "\n</tool_call>\n<tool_call>\n" + NOW + "\n</tool_call>");
            assertBoth(
                    family,
                    "<tool_call><function=get_weather>\n<parameter=city>\nParis\n</parameter>\n</function></tool_call>"
                            + "<tool_call><function=get_time></function></tool_call>");
            assertBoth(
                    family,
                    "<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Paris</arg_value>\n</tool_call>"
                            + "<tool_call>get_time\n</tool_call>");
        }
        assertBoth("tool_calls list", "<tool_calls>\n" + WEATHER + "\n" + NOW + "\n</tool_calls>");
        assertBoth("granite", "<|tool_call|>" + "[" + WEATHER + ", " + NOW + "]");
        // A name that is no tool's is a call only in the form of the template.
        assertEquals(
                new Answer("<tool_call>other</tool_call>", null, List.of()),
                parse(format("hermes", null), "<tool_call>other</tool_call>"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"python", "lfm json"})
    void lfmWritesCallsOfPythonOrJson(String family) {
        assertBoth(family, "<|tool_call_start|>[get_weather(city=\"Paris\"), get_time()]<|tool_call_end|>");
        assertBoth(family, "<|tool_call_start|>[get_weather(city='Paris'), get_time(),]<|tool_call_end|>");
        assertBoth(family, "<|tool_call_start|>[get_weather(city='Paris'), get_time() , ]<|tool_call_end|>");
        assertBoth(family, "<|tool_call_start|>[" + WEATHER + ", " + NOW + "]<|tool_call_end|>");
        assertBoth(family, "<|tool_call_start|>\n" + WEATHER + "\n<|tool_call_end|>\n<|tool_call_start|>\n" + NOW);
        assertBoth(family, "<|tool_call_start|>[get_weather(city='Paris'), get_time()<|tool_call_end|>");
        assertEquals(
                new Answer("Wait. Done.", null, BOTH),
                parse(
                        format(family, null),
                        "Wait. <|tool_call_start|>[get_weather(city='Paris'), get_time(), ]<|tool_call_end|>Done."));
    }

    @Test
    void callsMayFollowEachOtherWithoutACommaOrBrackets() {
        for (String family : List.of("hermes", "lfm json", "phi", "tool_calls list")) {
            CallSyntax syntax = syntax(family);
            for (String between : List.of("", "\n", ", ", "; ", "\n\n")) {
                assertBoth(family, syntax.openers().getFirst() + WEATHER + between + NOW + syntax.close());
            }
            for (String between : List.of(", ", " ", "\n", ",\n")) {
                for (String end : List.of("]", ",]", ", ]", " , \n]")) {
                    assertBoth(
                            family, syntax.openers().getFirst() + "[" + WEATHER + between + NOW + end + syntax.close());
                }
            }
        }
        for (String family : List.of("generic", "llama")) {
            for (String between : List.of("", "\n", " ", ", ", "; ", ";", "\n\n")) {
                assertBoth(family, WEATHER + between + NOW);
            }
            assertBoth(family, "<tool_call>\n" + WEATHER + "\n</tool_call>\n<tool_call>\n" + NOW + "\n</tool_call>");
            assertBoth(family, "```json\n" + WEATHER + "\n```\n```json\n" + NOW + "\n```");
            assertEquals(
                    new Answer("I look.", null, BOTH),
                    parse(
                            format(family, null),
                            "I look.\n<tool_call>" + WEATHER + "</tool_call><tool_call>" + NOW + "</tool_call>"));
            assertEquals(new Answer("; so", null, List.of(time())), parse(format(family, null), NOW + "; so"));
            assertEquals(new Answer("```x", null, List.of(time())), parse(format(family, null), NOW + "```x"));
            assertEquals(
                    new Answer(NOW, null, List.of(weather("new"))),
                    parse(format(family, null), false, 1, WEATHER + "\n" + NOW));
        }
    }

    @Test
    void aListDoesNotCallMoreThanItMay() {
        assertEquals(
                new Answer(", " + NOW + "]", null, List.of(weather("new"))),
                parse(format("mistral", null), false, 1, "[TOOL_CALLS][" + WEATHER + ", " + NOW + "]"));
    }

    @Test
    void llamaHasATagForCallsOfPython() {
        for (String family : List.of("llama", "generic")) {
            List<ToolCall> one = List.of(weather("new"));
            for (String text : List.of(
                    "<|python_tag|>get_weather.call(city=\"Paris\")",
                    "<|python_tag|>get_weather(city=\"Paris\")",
                    "<|python_tag|>" + WEATHER,
                    "<|python_tag|>[get_weather(city='Paris')]",
                    "[get_weather(city='Paris')]")) {
                assertEquals(new Answer("", null, one), parse(format(family, null), text), text);
            }
            assertBoth(family, "[get_weather(city='Paris'), get_time()]");
            assertBoth(family, "<|python_tag|>" + WEATHER + "; " + NOW);
            assertEquals(
                    new Answer("I look.", null, one),
                    parse(format(family, null), "I look.<|python_tag|>get_weather.call(city=\"Paris\")"));
            for (String text : List.of(
                    "<|python_tag|>print(1)",
                    "[Note] that",
                    "[other(a=1)]",
                    "[1]",
                    "[get_weather",
                    "[get_weather is]")) {
                assertEquals(new Answer(text, null, List.of()), parse(format(family, null), text), text);
            }
        }
    }

    /** Text that begins like a call of Python is held back no longer than it may be one. */
    @ParameterizedTest
    @CsvSource({"'[Note]'", "'[a b'", "'[é?'"})
    void textInBracketsIsToldAtOnce(String text) {
        AnswerParser parser = format("llama", null).parser(AnswerParserTest.tools(), false, 8);
        assertEquals(1, parser.push(text).size());
    }

    static Stream<CallSyntax> syntaxes() {
        return CallSyntaxes.ALL.stream();
    }

    private static CallSyntax syntax(String family) {
        return CallSyntaxes.ALL.stream()
                .filter(syntax -> syntax.family().equals(family))
                .findFirst()
                .orElseThrow();
    }

    /** What models do anywhere: text and reasoning in front, several calls, none of the arguments, an end that is cut off. */
    @ParameterizedTest
    @MethodSource("syntaxes")
    void everyFamilyReadsWhatStandsAroundItsCalls(CallSyntax syntax) {
        ToolCall search = new ToolCall(
                "new",
                "search",
                Map.of("text", "é😀 \"q\" \\ , ] } > <b> 'x'", "tags", List.of(Map.of("k", List.of(1, "a, b")), true)));
        String calls = CallRoundTripTest.write(syntax, List.of(search));
        assertEquals(
                List.of(search),
                plain(parse(format(syntax.family(), null), calls).calls()),
                calls);
        assertEquals(
                new Answer("", "so", List.of(search)),
                plain(parse(format(syntax.family(), THINK), "<think>\nso\n</think>\n\n" + calls)));
        String none = CallRoundTripTest.write(syntax, List.of(time()));
        assertEquals(
                List.of(time()),
                plain(parse(format(syntax.family(), null), none).calls()));
        if (!syntax.bare()) {
            assertEquals(
                    new Answer("I look.", "so", List.of(search)),
                    plain(parse(format(syntax.family(), THINK), "<think>so</think>I look.\n" + calls)));
            String two = CallRoundTripTest.write(syntax, List.of(search, time()));
            assertEquals(
                    new Answer("", null, List.of(search, time())), plain(parse(format(syntax.family(), null), two)));
            // An answer that ends for its length is a call, or a text.
            for (int end = 1; end < calls.length(); end++) {
                String cut = calls.substring(0, end);
                Answer answer = parse(format(syntax.family(), null), false, 8, List.of(cut));
                assertEquals(answer.calls().isEmpty() ? cut : "", answer.content(), cut);
            }
        }
        String unknown = CallRoundTripTest.write(syntax, List.of(new ToolCall("", "other", Map.of())));
        Answer answer = parse(format(syntax.family(), null), unknown);
        assertEquals(syntax.bare() ? 0 : 1, answer.calls().size(), unknown);
        assertEquals(syntax.bare() ? unknown : "", answer.content());
    }

    private static Answer plain(Answer answer) {
        return new Answer(answer.content(), answer.reasoning(), plain(answer.calls()));
    }

    /** Ids that a form makes of the name, or that the writer gave, say nothing here. */
    private static List<ToolCall> plain(List<ToolCall> calls) {
        return calls.stream()
                .map(call -> new ToolCall("new", call.name(), call.arguments()))
                .toList();
    }
}
