package io.llamanode.chat.tools;

import static io.llamanode.chat.tools.AnswerParserTest.THINK;
import static io.llamanode.chat.tools.AnswerParserTest.format;
import static io.llamanode.chat.tools.AnswerParserTest.parse;
import static io.llamanode.chat.tools.AnswerParserTest.time;
import static io.llamanode.chat.tools.AnswerParserTest.tools;
import static io.llamanode.chat.tools.AnswerParserTest.weather;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.chat.tools.AnswerFormat.Kind;
import io.llamanode.chat.tools.AnswerFormat.Written;
import io.llamanode.chat.tools.answer.Answer;
import io.llamanode.chat.tools.answer.AnswerEvent;
import io.llamanode.chat.tools.syntax.CallSyntax;
import io.llamanode.chat.tools.syntax.CallSyntaxes;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where the parts of an answer end that do not end as they should, and what is held back until it is known. */
class AnswerEdgesTest {
    private static final String NOW = "{\"name\": \"get_time\"}";
    private static final String HARMONY_CALL = "<|channel|>commentary to=functions.get_time<|message|>";

    private static Answer content(String text) {
        return new Answer(text, null, List.of());
    }

    private static AnswerParser parser(AnswerFormat format) {
        return format.parser(tools(), false, 8, () -> "id");
    }

    private static List<AnswerEvent> said(String text) {
        return List.of(new AnswerEvent.Content(text));
    }

    @Test
    void harmonysCallsBeyondTheLimitAreText() {
        AnswerFormat harmony = format(Kind.HARMONY);
        String text = HARMONY_CALL + "{}<|call|><|start|>assistant" + HARMONY_CALL + "{\"a\":1}<|call|>";
        assertEquals(new Answer("{\"a\":1}", null, List.of(time())), parse(harmony, false, 1, text));
        assertEquals(2, parse(harmony, false, 2, text).calls().size());
    }

    @Test
    void harmonysRecipientIsATool() {
        AnswerFormat harmony = format(Kind.HARMONY);
        assertEquals(
                List.of(time()),
                parse(harmony, "<|channel|>commentary to=get_time<|message|>{}").calls());
        assertEquals(content("{}"), parse(harmony, "<|channel|>commentary to=a(b<|message|>{}<|call|>"));
        assertEquals(content("{}"), parse(harmony, "<|channel|>commentary<|message|>{}<|end|>"));
    }

    /** A call that was meant in the course of reasoning and is none is shown: it is no thought. */
    @Test
    void harmonysMalformedCallIsContent() {
        AnswerFormat harmony = format(Kind.HARMONY);
        assertEquals(
                new Answer("oops", null, List.of()),
                parse(harmony, "<|channel|>analysis to=functions.get_time<|message|>oops<|end|>"));
        assertEquals(
                new Answer("x", "so", List.of(time())),
                parse(
                        harmony,
                        "<|channel|>analysis<|message|>so<|end|><|start|>assistant" + HARMONY_CALL
                                + "{}<|call|><|start|>assistant<|channel|>final<|message|>x"));
    }

    @Test
    void harmonysOtherMarkersInAMessageAreNoText() {
        assertEquals(
                content("abc"), parse(format(Kind.HARMONY), "<|channel|>final<|message|>a<|constrain|>b<|message|>c"));
        assertEquals(
                new Answer("b", "a", List.of()),
                parse(format(Kind.HARMONY), "<|channel|>analysis<|message|>a<|channel|>final<|message|>b"));
    }

    @Test
    void aHeaderOfHarmonysIsWaitedForAsLongAsItMayBeOne() {
        AnswerFormat harmony = format(Kind.HARMONY);
        String header = "<|channel|>" + "x".repeat(501);
        assertEquals(content("Hi"), parse(harmony, false, 8, List.of(header, "<|message|>Hi")));
        assertEquals(content("x".repeat(502) + "Hi"), parse(harmony, false, 8, List.of(header + "x", "<|message|>Hi")));
        assertEquals(content("x".repeat(600)), parse(harmony, false, 8, List.of("x".repeat(600))));
        AnswerParser parser = parser(harmony);
        assertEquals(List.of(), parser.push(header));
        assertEquals(said("x".repeat(502)), parser.push("x"));
        assertEquals(said("y"), parser.push("y<|e"), "a marker that may come is held back");
        assertEquals(said("<|e."), parser.push("."));
    }

    /** Reasoning that began and says nothing takes the white space around it along. */
    @Test
    void harmonysEmptyReasoningLeavesNoSpace() {
        assertEquals(
                content(""),
                parse(
                        format(Kind.HARMONY),
                        "<|channel|>final<|message|> \n<|end|><|start|>assistant<|channel|>analysis<|message|>"));
        assertEquals(content(" \n"), parse(format(Kind.HARMONY), "<|channel|>final<|message|> \n<|end|>"));
    }

    @Test
    void functionarysCallsBeyondTheLimitAreText() {
        String text = "get_time\n{}>>>get_time\n{}";
        AnswerFormat functionary = format(Kind.RECIPIENT);
        assertEquals(new Answer("get_time\n{}", null, List.of(time())), parse(functionary, false, 1, text));
        assertEquals(2, parse(functionary, false, 2, text).calls().size());
    }

    @Test
    void functionarysRecipientStandsOnALineOfItsOwn() {
        AnswerFormat functionary = format(Kind.RECIPIENT);
        assertEquals(new Answer("", null, List.of(time())), parse(functionary, " get_time \n{}"));
        assertEquals(content("get_time"), parse(functionary, "get_time"));
        assertEquals(content("all"), parse(functionary, "all"));
        assertEquals(content("Hi"), parse(functionary, ">>>all\nHi"));
        assertEquals(content(">>"), parse(functionary, ">>"));
        assertEquals(new Answer(" more x", null, List.of(time())), parse(functionary, "get_time\n{} more>>>all\n x"));
    }

    @Test
    void functionarysRecipientIsWaitedForAsLongAsItMayBeATool() {
        AnswerParser parser = parser(format(Kind.RECIPIENT));
        assertEquals(
                List.of(), parser.push("get_weatherX"), "one more than the longest name: it might be the line's end");
        assertEquals(said("get_weatherXy"), parser.push("y"));
        assertEquals(said("z"), parser.push("z>>"));
        assertEquals(said(">>."), parser.push("."));
        // "all" is waited for where there are no longer names.
        AnswerParser none = format(Kind.RECIPIENT).parser(List.of(), false, 8);
        assertEquals(List.of(), none.push("all "));
        assertEquals(said("x"), none.push("\nx"));
    }

    @Test
    void reasoningComesBeforeAllElse() {
        AnswerFormat format = format("hermes", THINK);
        String call = "<tool_call>" + NOW + "</tool_call>";
        assertEquals(new Answer("<think>x</think>", null, List.of(time())), parse(format, call + "<think>x</think>"));
        assertEquals(new Answer("c", "ab", List.of()), parse(format, "<think>a</think> <think>b</think>\nc"));
        assertEquals(new Answer("c", "a", List.of()), parse(format, "\n <think>a</think>c"));
        assertEquals(content("<thi"), parse(format, "<thi"));
        assertEquals(content(" <thinx"), parse(format, " <thinx"));
    }

    @Test
    void aCloserThatMayComeIsHeldBack() {
        AnswerParser parser = format("hermes", THINK).parser(tools(), true, 8, () -> "id");
        assertEquals(List.of(new AnswerEvent.Reasoning("a")), parser.push("a</th"));
        assertEquals(List.of(new AnswerEvent.Reasoning("</thx")), parser.push("x"));
        assertEquals(List.of(), parser.push("</think>"));
        assertEquals(List.of(), parser.push("\n"));
        assertEquals(said("b"), parser.push("b<tool"));
        assertEquals(said("<tool."), parser.push("."));
    }

    @Test
    void anAnswerOfJsonIsDecidedByItsFirstCharacter() {
        AnswerParser parser = parser(format("generic", null));
        assertEquals(List.of(), parser.push(" \n"));
        assertEquals(said(" \nI"), parser.push("I"));
        parser = parser(format("generic", null));
        assertEquals(List.of(), parser.push("``"));
        assertEquals(List.of(), parser.push("`json\n"));
        assertEquals(said("```json\nx"), parser.push("x"));
        parser = parser(format("llama", null));
        assertEquals(List.of(), parser.push("{\"name\": \"get_"));
        assertEquals(List.of(new AnswerEvent.Call(0, "id", "get_time", "")), parser.push("time\""));
    }

    @Test
    void whatFollowsAFramedCallIsContent() {
        AnswerFormat generic = format("generic", null);
        assertEquals(new Answer(" done", null, List.of(time())), parse(generic, "```json\n" + NOW + "\n``` done"));
        assertEquals(new Answer("done", null, List.of(time())), parse(generic, "```json\n" + NOW + "\ndone"));
        assertEquals(new Answer("``", null, List.of(time())), parse(generic, "```\n" + NOW + "\n``"));
        assertEquals(new Answer("", null, List.of(time())), parse(generic, "```\n" + NOW));
        assertEquals(new Answer("[1]", null, List.of(time())), parse(generic, NOW + "[1]"));
    }

    @Test
    void aListMayBeCutOffBehindACall() {
        AnswerFormat generic = format("generic", null);
        assertEquals(new Answer("", null, List.of(time())), parse(generic, "[" + NOW));
        assertEquals(new Answer("", null, List.of(time())), parse(generic, "[" + NOW + "\n"));
        assertEquals(new Answer("", null, List.of(time())), parse(generic, "[" + NOW + ","));
        assertEquals(new Answer("; " + NOW + "]", null, List.of(time())), parse(generic, "[" + NOW + "; " + NOW + "]"));
        assertEquals(content("[]"), parse(generic, "[]"));
        assertEquals(
                content("[" + NOW.replace("get_time", "other") + "]"),
                parse(generic, "[" + NOW.replace("get_time", "other") + "]"));
        AnswerFormat phi = format("phi", null);
        assertEquals(new Answer("", null, List.of(time())), parse(phi, "<|tool_call|>[" + NOW + "]"));
        assertEquals(new Answer("", null, List.of(time())), parse(phi, "<|tool_call|>[" + NOW + "]<|/tool"));
        assertEquals(new Answer("] x", null, List.of(time())), parse(phi, "<|tool_call|>[" + NOW + "] x"));
        assertEquals(content("<|tool_call|>"), parse(phi, "<|tool_call|>"));
        assertEquals(content("<|tool_call|>["), parse(phi, "<|tool_call|>["));
    }

    @Test
    void aSectionMayHoldSeveralCallsAndText() {
        AnswerFormat hermes = format("hermes", null);
        assertEquals(
                new Answer("", null, List.of(time(), time())),
                parse(hermes, "<tool_call>" + NOW + "\n" + NOW + "</tool_call>"));
        assertEquals(new Answer("and", null, List.of(time())), parse(hermes, "<tool_call>" + NOW + "\nand"));
        assertEquals(new Answer("", null, List.of(time())), parse(hermes, "<tool_call>" + NOW + "</tool"));
        assertEquals(new Answer(" x", null, List.of(time())), parse(hermes, "<tool_call>" + NOW + "</tool_call> x"));
        assertEquals(
                new Answer("", null, List.of(weather("new"))),
                parse(
                        format("deepseek v3.1", null),
                        "<｜tool▁calls▁begin｜>\n<｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>{\"city\": \"Paris\"}"
                                + " <｜tool▁call▁end｜> <｜tool▁calls▁end｜>"));
        assertEquals(
                new Answer("", null, List.of(weather("new"))),
                parse(
                        format("command-r", null),
                        "Action: ```json\n [ {\"tool_name\": \"get_weather\", \"parameters\": {\"city\": \"Paris\"}} ]\n```"));
    }

    /** White space in front of a marker that frames content is a part of the content only if more follows. */
    @ParameterizedTest
    @ValueSource(strings = {"<|a|>Hi<|b|>", "Hi<|b|>", "<|a|>Hi", "H<|a|>i", "<|a|><|a|>Hi<|b|><|b|>"})
    void noiseIsLeftOutWhereverItStands(String text) {
        CallSyntax hermes = CallSyntaxes.ALL.getFirst();
        AnswerFormat format = new AnswerFormat(Kind.MARKED, null, hermes, List.of("<|a|>", "<|b|>"), Written.ALL);
        assertEquals(content("Hi"), parse(format, text));
        assertEquals(
                new Answer("Hi", null, List.of(time())),
                parse(format, text + "<tool_call>" + NOW + "</tool_call><|b|>"));
    }

    /** Whatever a marker may be the beginning of, no two of a format can stand in one place. */
    @Test
    void noMarkerOfContentBeginsWithAnother() {
        List<String> noise = List.of(
                "<|content|>",
                "<|end|>",
                "<|begin|>assistant",
                "<|START_RESPONSE|>",
                "<|END_RESPONSE|>",
                "<|START_TEXT|>",
                "<|END_TEXT|>",
                "<|message_sep|>");
        for (CallSyntax syntax : CallSyntaxes.ALL) {
            List<String> markers = new ArrayList<>(noise);
            markers.addAll(syntax.openers());
            for (String one : markers) {
                assertTrue(markers.stream().filter(one::startsWith).count() == 1, one);
            }
        }
    }

    @Test
    void textBehindACallThatIsNoneIsTextToTheEnd() {
        assertEquals(
                content("<tool_call>oops</tool_call><tool_call>" + NOW + "</tool_call>"),
                parse(format("hermes", null), "<tool_call>oops</tool_call><tool_call>" + NOW + "</tool_call>"));
        assertEquals(
                new Answer("<tool_call>oops <think>x</think>", "so", List.of()),
                parse(format("hermes", THINK), "<think>so</think><tool_call>oops <think>x</think>"));
    }
}
