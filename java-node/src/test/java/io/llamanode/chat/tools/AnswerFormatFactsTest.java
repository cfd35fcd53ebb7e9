package io.llamanode.chat.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.chat.tools.AnswerFormat.Kind;
import io.llamanode.chat.tools.AnswerFormat.Written;
import io.llamanode.chat.tools.answer.ToolCall;
import io.llamanode.chat.tools.syntax.CallSyntax;
import io.llamanode.chat.tools.syntax.CallSyntaxes;
import io.llamanode.chat.tools.syntax.Reasoning;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a format says of the answers that are written in it. */
class AnswerFormatFactsTest {
    private static final Reasoning THINK = new Reasoning("<think>", "</think>");
    private static final AnswerFormat HARMONY = new AnswerFormat(Kind.HARMONY, null, null, List.of(), Written.ALL);
    private static final AnswerFormat RECIPIENT = new AnswerFormat(Kind.RECIPIENT, null, null, List.of(), Written.ALL);

    private static AnswerFormat hermes(Reasoning reasoning, String... noise) {
        return new AnswerFormat(Kind.MARKED, reasoning, CallSyntaxes.ALL.getFirst(), List.of(noise), Written.ALL);
    }

    @Test
    void onlyWhatHasMarkersForItReasons() {
        assertTrue(HARMONY.reasons());
        assertFalse(RECIPIENT.reasons());
        assertTrue(hermes(THINK).reasons());
        assertFalse(hermes(null).reasons());
    }

    @Test
    void familiesHaveNames() {
        assertEquals("harmony", HARMONY.family());
        assertEquals("functionary", RECIPIENT.family());
        assertEquals("hermes", hermes(null).family());
    }

    @ParameterizedTest
    @CsvSource({"true,true,true", "true,false,false", "false,true,true", "false,false,true"})
    void severalCallsAreWrittenByTheTemplateOrInItsStead(boolean calls, boolean parallel, boolean expected) {
        AnswerFormat format = new AnswerFormat(
                Kind.MARKED, null, CallSyntaxes.GENERIC, List.of(), new Written(true, calls, true, parallel));
        assertEquals(expected, format.parallel());
        assertEquals(calls, format.templateWritesCalls());
    }

    @Test
    void markersAreTheTextsThatTellPartsApart() {
        assertEquals(
                Set.of("<|message|>", "<|channel|>", "<|start|>", "<|end|>", "<|return|>", "<|call|>", "<|constrain|>"),
                Set.copyOf(HARMONY.markers(false)));
        assertEquals(HARMONY.markers(false), HARMONY.markers(true));
        assertEquals(List.of(), RECIPIENT.markers(true));
        AnswerFormat format = hermes(THINK, "<|x|>");
        assertEquals(List.of("<|x|>", "<think>", "</think>"), format.markers(false));
        assertEquals(
                List.of("<|x|>", "<think>", "</think>", "<tool_call>", "</tool_call>"),
                format.markers(true).subList(0, 5));
        // Those of others that open calls alike.
        assertTrue(format.markers(true).containsAll(List.of("<function=", "<arg_key>")));
        assertEquals(List.of(), hermes(null).markers(false));
    }

    /** A control token that stands for a piece of a call must be a part of the text: none may be left out. */
    @Test
    void markersOfASyntaxAreAllTheTextsAroundCallsAndTheirParts() {
        for (CallSyntax syntax : CallSyntaxes.ALL) {
            ToolCall call = new ToolCall("i", "f", new LinkedHashMap<>(Map.of("a", "x")));
            String written = CallRoundTripTest.write(syntax, List.of(call));
            String rest = written;
            for (String marker : syntax.markers()) {
                assertFalse(marker.isBlank(), syntax.family());
                rest = rest.replace(marker, "");
            }
            assertFalse(rest.contains("<|") || rest.contains("|>") || rest.contains("｜"), rest);
        }
        Set<String> bare = Set.of("<|python_tag|>", "<tool_call>", "</tool_call>", "```json", "```");
        assertEquals(bare, Set.copyOf(CallSyntaxes.GENERIC.markers()));
        assertFalse(CallSyntaxes.ALL.getFirst().markers().contains("```"));
    }

    @Test
    void reasoningIsOpenWhereThePromptEndsWithItsMarker() {
        AnswerFormat format = hermes(THINK);
        assertEquals("</think>", format.openReasoning("<|im_start|>assistant\n<think>"));
        assertEquals("</think>", format.openReasoning("<|im_start|>assistant\n<think>\n "));
        assertNull(format.openReasoning("<|im_start|>assistant\n"));
        assertNull(format.openReasoning("<think></think>"));
        assertNull(hermes(null).openReasoning("<think>"));
        assertNull(HARMONY.openReasoning("<think>"));
        assertEquals(
                "<channel|>",
                hermes(new Reasoning("<|channel>thought\n", "<channel|>")).openReasoning("<|channel>thought\n"));
    }

    /** Mistral's templates refuse any other. */
    @Test
    void newIdsHaveNineLettersOrDigitsAndDiffer() {
        Set<String> ids = new HashSet<>();
        for (int i = 0; i < 100; i++) {
            String id = AnswerFormat.newId();
            assertTrue(id.matches("[A-Za-z0-9]{9}"), id);
            ids.add(id);
        }
        assertEquals(100, ids.size());
        List<Map<String, Object>> tools = List.of(Map.of("function", Map.of("name", "f")));
        AnswerParser parser = hermes(null).parser(tools, false, 2);
        parser.push("<tool_call>{\"name\": \"f\"}</tool_call><tool_call>{\"name\": \"f\"}</tool_call>");
        parser.finish();
        List<ToolCall> calls = parser.answer().calls();
        assertTrue(calls.getFirst().id().matches("[A-Za-z0-9]{9}"));
        assertNotEquals(calls.getFirst().id(), calls.getLast().id());
    }

    @Test
    void schemasAreThoseOfTheToolsThatHaveNames() {
        Map<String, Object> parameters = Map.of("properties", Map.of("a", Map.of("type", "string")));
        Map<String, Map<String, Object>> schemas = AnswerFormat.schemas(List.of(
                Map.of("function", Map.of("name", "f", "parameters", parameters)),
                Map.of("function", Map.of("name", "g")),
                Map.of("function", Map.of("parameters", parameters)),
                Map.of("function", "h"),
                Map.of()));
        assertEquals(Map.of("f", parameters, "g", Map.of()), schemas);
        assertEquals(Map.of("a", Map.of("type", "string")), AnswerFormat.properties(schemas.get("f")));
        assertEquals(Map.of(), AnswerFormat.properties(schemas.get("g")));
    }

    @Test
    void nothingIsACallWhereThereAreNoToolsOrNoneMayBeCalled() {
        String call = "<tool_call>{\"name\": \"f\"}</tool_call>";
        List<Map<String, Object>> tools = List.of(Map.of("function", Map.of("name", "f")));
        assertContent(call, hermes(null).parser(List.of(), false, 8));
        assertContent(call, hermes(null).parser(tools, false, 0));
        String json = "{\"name\": \"f\"}";
        AnswerFormat generic = new AnswerFormat(Kind.MARKED, null, CallSyntaxes.GENERIC, List.of(), Written.ALL);
        assertContent(json, generic.parser(List.of(), false, 8));
        assertContent("f\n{}", RECIPIENT.parser(List.of(), false, 8));
        assertContent("f\n{}", RECIPIENT.parser(tools, false, 0));
        for (AnswerParser parser : List.of(HARMONY.parser(List.of(), false, 8), HARMONY.parser(tools, false, 0))) {
            parser.push("<|channel|>commentary to=functions.f<|message|>{}<|call|>");
            parser.finish();
            assertEquals(List.of(), parser.answer().calls());
            assertEquals("{}", parser.answer().content());
        }
    }

    private static void assertContent(String text, AnswerParser parser) {
        parser.push(text);
        parser.finish();
        assertEquals(text, parser.answer().content());
        assertEquals(List.of(), parser.answer().calls());
    }
}
