package io.llamanode.chat.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.llamanode.chat.tools.AnswerFormat.Kind;
import io.llamanode.chat.tools.AnswerFormat.Written;
import io.llamanode.chat.tools.answer.Answer;
import io.llamanode.chat.tools.answer.AnswerEvent;
import io.llamanode.chat.tools.answer.ToolCall;
import io.llamanode.chat.tools.syntax.CallStyle;
import io.llamanode.chat.tools.syntax.CallSyntax;
import io.llamanode.chat.tools.syntax.CallSyntax.Listing;
import io.llamanode.chat.tools.syntax.CallSyntaxes;
import io.llamanode.chat.tools.syntax.Reasoning;
import io.llamanode.chat.tools.text.JsonText;
import io.llamanode.chat.tools.text.PythonLiterals;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Reading is the inverse of writing: random calls come back from the text of each syntax, in pieces of any size. */
class CallRoundTripTest {
    private static final int ROUNDS = 150;
    private static final String TEXT = "ab Z09_-.,:;'\"\\\n\t{}[]()<>|/=&%é漢😀";

    static Stream<CallSyntax> syntaxes() {
        return CallSyntaxes.ALL.stream();
    }

    private static String text(Random random, int longest) {
        int[] characters = TEXT.codePoints().toArray();
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(longest + 1); i > 0; i--) {
            text.appendCodePoint(characters[random.nextInt(characters.length)]);
        }
        return text.toString();
    }

    private static Object value(Random random, int depth) {
        return switch (random.nextInt(depth > 0 ? 8 : 6)) {
            case 0 -> random.nextInt();
            case 1 -> random.nextInt(-1000, 1000) / 8.0;
            case 2 -> random.nextBoolean();
            case 3 -> null;
            case 4, 5 -> text(random, 12);
            case 6 ->
                Stream.generate(() -> value(random, depth - 1))
                        .limit(random.nextInt(4))
                        .collect(Collectors.toCollection(ArrayList::new));
            default -> object(random, depth - 1);
        };
    }

    private static Map<String, Object> object(Random random, int depth) {
        Map<String, Object> object = new LinkedHashMap<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            object.put("k" + random.nextInt(100), value(random, depth));
        }
        return object;
    }

    /** Tools whose schemas say of each argument whether it is a string: some syntaxes cannot tell otherwise. */
    private static Map<String, Object> tool(ToolCall call) {
        Map<String, Object> properties = new LinkedHashMap<>();
        call.arguments()
                .forEach((key, value) ->
                        properties.put(key, value instanceof String text ? string(text) : other(value)));
        return Map.of(
                "type",
                "function",
                "function",
                Map.of(
                        "name",
                        call.name(),
                        "parameters",
                        Map.of(
                                "type",
                                "object",
                                "properties",
                                properties,
                                "$defs",
                                Map.of("text", Map.of("type", "string")))));
    }

    /** Schemas that admit a text, and nothing else that it may be taken for; the same for the same text. */
    private static Map<String, Object> string(String text) {
        Map<String, Object> plain = Map.of("type", "string");
        Map<String, Object> reference = Map.of("$ref", "#/$defs/text");
        Map<String, Object> object = Map.of("type", "object", "required", List.of("never"), "maxProperties", 1);
        return switch (Math.floorMod(text.hashCode(), 5)) {
            case 0 -> plain;
            case 1 -> reference;
            case 2 -> Map.of("enum", List.of(text, "7"));
            case 3 -> Map.of("oneOf", List.of(reference, object));
            default -> Map.of("anyOf", List.of(plain, Map.of("const", false)));
        };
    }

    private static Map<String, Object> other(Object value) {
        return value == null || value instanceof Map<?, ?>
                ? Map.of("type", List.of("null", "object"))
                : Map.of("description", "anything");
    }

    /** {@return an answer of nothing but calls, as models of the family write it} */
    static String write(CallSyntax syntax, List<ToolCall> calls) {
        List<String> written = calls.stream()
                .map(call -> frame(syntax, write(syntax.style(), call)))
                .toList();
        if (syntax.list() == Listing.ALWAYS || syntax.list() == Listing.OPTIONAL && calls.size() > 1) {
            return open(syntax) + "[" + String.join(", ", written) + "]" + syntax.close();
        }
        return syntax.callOpen().isEmpty()
                ? written.stream()
                        .map(call -> open(syntax) + call + syntax.close())
                        .collect(Collectors.joining("\n"))
                : open(syntax) + String.join("\n", written) + syntax.close();
    }

    /** {@return an answer that is one call} */
    static String write(AnswerFormat format, ToolCall call) {
        return switch (format.kind()) {
            case HARMONY ->
                "<|channel|>commentary to=functions." + call.name() + " <|constrain|>json<|message|>"
                        + JsonText.write(call.arguments());
            case RECIPIENT -> call.name() + "\n" + JsonText.write(call.arguments());
            case MARKED -> write(format.syntax(), List.of(call));
        };
    }

    private static String frame(CallSyntax syntax, String call) {
        return syntax.callOpen() + call + syntax.callClose();
    }

    private static String open(CallSyntax syntax) {
        return syntax.bare() ? "" : syntax.openers().getFirst() + "\n" + syntax.afterOpen();
    }

    private static String write(CallStyle style, ToolCall call) {
        String json = JsonText.write(call.arguments());
        String name = JsonText.write(call.name());
        return switch (style) {
            case CallStyle.Json keys ->
                "{\"" + keys.name() + "\": " + name + ", \"" + keys.arguments() + "\": " + json + "}";
            case CallStyle.SingleKey _ -> "{" + name + ": " + json + "}";
            case CallStyle.Headed headed ->
                header(headed.header(), call) + headed.headerEnd() + json + headed.argumentsEnd();
            case CallStyle.Tagged tags -> tagged(tags, call);
            case CallStyle.Python _ ->
                call.arguments().entrySet().stream()
                        .map(entry -> {
                            StringBuilder value = new StringBuilder();
                            PythonLiterals.write(entry.getValue(), value);
                            return entry.getKey() + "=" + value;
                        })
                        .collect(Collectors.joining(", ", call.name() + "(", ")"));
            case CallStyle.Gemma _ -> "call:" + call.name() + gemma(call.arguments());
        };
    }

    private static String header(CallStyle.Header header, ToolCall call) {
        return switch (header) {
            case NAME, NAME_CALL_ID -> call.name();
            case NUMBERED -> "functions." + call.name() + ":0";
            case ID_NAME -> "id" + CallStyle.Headed.ID_NAME + call.name();
            case TYPE_NAME -> "function" + CallStyle.Headed.TYPE_NAME + call.name();
        };
    }

    private static String tagged(CallStyle.Tagged tags, ToolCall call) {
        StringBuilder text = new StringBuilder(tags.open()).append(call.name()).append(tags.nameEnd());
        call.arguments().forEach((key, value) -> {
            text.append(tags.argument()).append(key).append(tags.argumentNameEnd());
            if (tags.values() == CallStyle.Values.TYPED) {
                text.append(" string=\"").append(value instanceof String).append("\">");
            }
            String frame = tags.values() == CallStyle.Values.FRAMED ? "\n" : "";
            text.append(tags.valueOpen())
                    .append(frame)
                    .append(value instanceof String string ? string : JsonText.write(value))
                    .append(frame)
                    .append(tags.valueEnd())
                    .append('\n');
        });
        return text.append(tags.close()).toString();
    }

    private static String gemma(Object value) {
        return switch (value) {
            case Map<?, ?> map ->
                map.entrySet().stream()
                        .map(entry -> entry.getKey() + ":" + gemma(entry.getValue()))
                        .collect(Collectors.joining(",", "{", "}"));
            case List<?> list -> list.stream().map(CallRoundTripTest::gemma).collect(Collectors.joining(",", "[", "]"));
            case String string -> CallStyle.Gemma.QUOTE + string + CallStyle.Gemma.QUOTE;
            case null, default -> JsonText.write(value);
        };
    }

    private static Answer read(AnswerFormat format, List<ToolCall> calls, List<String> pieces) {
        AtomicInteger ids = new AtomicInteger();
        AnswerParser parser = format.parser(
                calls.stream().map(CallRoundTripTest::tool).toList(), false, 8, () -> "new" + ids.incrementAndGet());
        Map<Integer, StringBuilder> told = new LinkedHashMap<>();
        List<AnswerEvent> events = new ArrayList<>();
        pieces.forEach(piece -> events.addAll(parser.push(piece)));
        events.addAll(parser.finish());
        events.forEach(event -> {
            if (event instanceof AnswerEvent.Call(int index, String _, String _, String delta)) {
                told.computeIfAbsent(index, _ -> new StringBuilder()).append(delta);
            }
        });
        Answer answer = parser.answer();
        for (int i = 0; i < answer.calls().size(); i++) {
            String json = told.get(i).isEmpty() ? "{}" : told.get(i).toString();
            assertEquals(answer.calls().get(i).arguments(), JsonText.object(json), "what was told adds up to the call");
        }
        return answer;
    }

    private static List<String> pieces(Random random, String text) {
        List<String> pieces = new ArrayList<>();
        int at = 0;
        while (at < text.length()) {
            int end = Math.min(text.length(), at + 1 + random.nextInt(random.nextBoolean() ? 3 : 40));
            if (end < text.length() && Character.isLowSurrogate(text.charAt(end))) {
                end++;
            }
            pieces.add(text.substring(at, end));
            at = end;
        }
        return pieces;
    }

    private static void assertRoundTrip(AnswerFormat format, List<ToolCall> calls, String text, Random random) {
        List<ToolCall> whole = read(format, calls, List.of(text)).calls();
        assertEquals(plain(calls), plain(whole), text);
        assertEquals(
                plain(calls), plain(read(format, calls, pieces(random, text)).calls()), text);
    }

    /** Ids are made anew, and numbers come back as JSON has them. */
    private static List<String> plain(List<ToolCall> calls) {
        return calls.stream()
                .map(call -> call.name() + JsonText.write(JsonText.object(JsonText.write(call.arguments()))))
                .toList();
    }

    private static List<ToolCall> calls(Random random, int most) {
        List<ToolCall> calls = new ArrayList<>();
        for (int i = 1 + random.nextInt(most); i > 0; i--) {
            calls.add(new ToolCall("", "tool_" + i, object(random, 2)));
        }
        return calls;
    }

    @ParameterizedTest
    @MethodSource("syntaxes")
    void callsComeBack(CallSyntax syntax) {
        AnswerFormat format = new AnswerFormat(Kind.MARKED, null, syntax, List.of(), Written.ALL);
        Random random = new Random(syntax.family().hashCode());
        for (int round = 0; round < ROUNDS; round++) {
            List<ToolCall> calls = calls(random, syntax.bare() && syntax.list() == Listing.NEVER ? 1 : 3);
            assertRoundTrip(format, calls, write(syntax, calls), random);
        }
    }

    @ParameterizedTest
    @MethodSource("syntaxes")
    void whatIsNoCallIsContent(CallSyntax syntax) {
        AnswerFormat format = new AnswerFormat(Kind.MARKED, null, syntax, List.of(), Written.ALL);
        Random random = new Random(7);
        for (int round = 0; round < ROUNDS; round++) {
            String said = "x" + text(random, 60).replaceAll("\\s+", " ");
            List<ToolCall> tools = List.of(new ToolCall("", "tool", Map.of()));
            assertEquals(new Answer(said, null, List.of()), read(format, tools, pieces(random, said)));
        }
    }

    /** Parts of syntaxes in any order: reading ends, and gives the same answer however the text was split. */
    @ParameterizedTest
    @MethodSource("formats")
    void anyOrderOfMarkersIsReadAlike(AnswerFormat format) {
        Random random = new Random(format.family().hashCode());
        List<String> parts = new ArrayList<>(format.markers(true));
        parts.addAll(
                List.of("tool", "{\"name\": \"tool\", \"arguments\": {}}", "{", "}", "[", "]", ",", "\n", "x", ">>>"));
        List<ToolCall> tools = List.of(new ToolCall("", "tool", Map.of()));
        for (int round = 0; round < ROUNDS; round++) {
            StringBuilder text = new StringBuilder();
            for (int i = random.nextInt(12); i > 0; i--) {
                text.append(parts.get(random.nextInt(parts.size())));
            }
            Answer whole = read(format, tools, List.of(text.toString()));
            Answer split = read(format, tools, pieces(random, text.toString()));
            assertEquals(whole.content(), split.content(), text.toString());
            assertEquals(whole.reasoning(), split.reasoning(), text.toString());
            assertEquals(plain(whole.calls()), plain(split.calls()), text.toString());
        }
    }

    static Stream<AnswerFormat> formats() {
        Reasoning reasoning = new Reasoning("<think>", "</think>");
        return Stream.concat(
                kinds().map(kind -> new AnswerFormat(kind, null, null, List.of(), Written.ALL)),
                syntaxes()
                        .map(syntax ->
                                new AnswerFormat(Kind.MARKED, reasoning, syntax, List.of("<|end|>"), Written.ALL)));
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void callsWithHeadersComeBack(Kind kind) {
        AnswerFormat format = new AnswerFormat(kind, null, null, List.of(), Written.ALL);
        Random random = new Random(kind.ordinal());
        for (int round = 0; round < ROUNDS; round++) {
            List<ToolCall> calls = calls(random, 3);
            String text = calls.stream()
                    .map(call -> kind == Kind.HARMONY
                            ? "<|channel|>commentary to=functions." + call.name() + " <|constrain|>json<|message|>"
                                    + JsonText.write(call.arguments()) + "<|call|><|start|>assistant"
                            : ">>>" + call.name() + "\n" + JsonText.write(call.arguments()))
                    .collect(Collectors.joining());
            assertRoundTrip(format, calls, text, random);
        }
    }

    static Stream<Kind> kinds() {
        return Stream.of(Kind.HARMONY, Kind.RECIPIENT);
    }
}
