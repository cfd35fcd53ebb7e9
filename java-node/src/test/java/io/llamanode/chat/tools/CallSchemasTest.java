package io.llamanode.chat.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.chat.tools.AnswerFormat.Kind;
import io.llamanode.chat.tools.AnswerFormat.Start;
import io.llamanode.chat.tools.answer.Answer;
import io.llamanode.chat.tools.answer.ToolCall;
import io.llamanode.chat.tools.rules.ToolSchemas;
import io.llamanode.chat.tools.syntax.CallStyle;
import io.llamanode.chat.tools.syntax.CallStyle.Tagged;
import io.llamanode.chat.tools.text.JsonText;
import io.llamanode.grammar.schema.SchemaException;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A grammar and a reader of calls say the same, whatever the schemas of the tools: what the one writes the other reads back to
 * arguments that are valid, and what models write of valid arguments is in the grammar and read back to them.
 */
class CallSchemasTest {
    private static final int SCHEMAS = 60;
    private static final int TEXTS = 12;
    private static final int VALUES = 8;

    private static Answer read(AnswerFormat format, List<Map<String, Object>> tools, String text, Random pieces) {
        AnswerParser parser = format.parser(tools, false, 64);
        int at = 0;
        while (at < text.length()) {
            int end = pieces == null ? text.length() : Math.min(text.length(), at + 1 + pieces.nextInt(5));
            if (end < text.length() && Character.isLowSurrogate(text.charAt(end))) {
                end++;
            }
            parser.push(text.substring(at, end));
            at = end;
        }
        parser.finish();
        return parser.answer();
    }

    private static Map<?, ?> parameters(Map<String, Object> tool) {
        return (Map<?, ?>) ((Map<?, ?>) tool.get("function")).get("parameters");
    }

    @ParameterizedTest
    @MethodSource("io.llamanode.chat.tools.CallGrammarTest#formats")
    void grammarAndReaderAgree(AnswerFormat format) {
        Random random = new Random(format.family().hashCode());
        RandomSchemas schemas = new RandomSchemas(random);
        int accepted = 0;
        int written = 0;
        for (int round = 0; round < SCHEMAS; round++) {
            List<Map<String, Object>> tools = List.of(schemas.tool("say"), schemas.tool("get_it"));
            Sentences sentences;
            try {
                sentences = new Sentences(
                        format.calls(tools, new Start(false, false), 1 + random.nextInt(3), ToolSchemas.strict()));
            } catch (SchemaException e) {
                // What must come can not be written: a text that looks like a value of another kind.
                assertTrue(String.valueOf(e.getMessage()).contains("no value is valid"), e::getMessage);
                continue;
            }
            for (int i = 0; i < TEXTS; i++) {
                String text = sentences.draw(random);
                assertTrue(sentences.has(text), text);
                Answer whole = read(format, tools, text, null);
                assertEquals("", whole.content(), () -> text + "\n" + tools);
                assertTrue(!whole.calls().isEmpty(), () -> text + "\n" + tools);
                whole.calls().forEach(call -> assertValid(call, tools, text));
                assertEquals(plain(whole), plain(read(format, tools, text, random)), text);
            }
            for (int i = 0; i < VALUES; i++) {
                Map<String, Object> tool = tools.get(random.nextInt(tools.size()));
                String name = (String) ((Map<?, ?>) tool.get("function")).get("name");
                @SuppressWarnings("unchecked")
                Map<String, Object> arguments = (Map<String, Object>) schemas.value(parameters(tool), parameters(tool));
                String text = CallRoundTripTest.write(format, new ToolCall("", name, arguments));
                written++;
                if (sentences.has(text)) {
                    accepted++;
                    Answer answer = read(format, tools, text, random);
                    assertEquals(1, answer.calls().size(), text);
                    Map<String, Object> got = answer.calls().getFirst().arguments();
                    assertTrue(
                            isAmbiguous(format, arguments) || RandomSchemas.same(arguments, got),
                            () -> text + "\n" + answer + "\n" + tools);
                    assertValid(answer.calls().getFirst(), tools, text);
                } else {
                    assertUnwritable(format, text, arguments);
                }
            }
        }
        int most = written;
        int least = accepted;
        assertTrue(least > 0.75 * most, () -> least + " of " + most);
    }

    /** Between tags, and nowhere else, a text can look like another value that may be there too. */
    private static void assertUnwritable(AnswerFormat format, String text, Map<String, Object> arguments) {
        assertTrue(areRaw(format), () -> text + "\n" + arguments);
    }

    private static boolean areRaw(AnswerFormat format) {
        return format.kind() == Kind.MARKED
                && format.syntax().style() instanceof Tagged tags
                && tags.values() != CallStyle.Values.TYPED;
    }

    /** Whether a model would write a text that looks like a value of another kind. */
    private static boolean isAmbiguous(AnswerFormat format, Map<String, Object> arguments) {
        return areRaw(format)
                && arguments.values().stream().anyMatch(each -> each instanceof String text && JsonText.isValue(text));
    }

    private static void assertValid(ToolCall call, List<Map<String, Object>> tools, String text) {
        Map<?, ?> schema = tools.stream()
                .filter(tool -> call.name().equals(((Map<?, ?>) tool.get("function")).get("name")))
                .map(CallSchemasTest::parameters)
                .findFirst()
                .orElseThrow(() -> new AssertionError(text));
        assertTrue(RandomSchemas.isValid(call.arguments(), schema, schema), () -> text + "\n" + call + "\n" + schema);
    }

    private static List<?> plain(Answer answer) {
        return answer.calls().stream()
                .map(call -> call.name() + call.arguments())
                .toList();
    }
}
