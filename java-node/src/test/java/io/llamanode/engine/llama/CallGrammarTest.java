package io.llamanode.engine.llama;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.llamanode.chat.ChatTemplate;
import io.llamanode.chat.tools.AnswerFormat;
import io.llamanode.chat.tools.AnswerParser;
import io.llamanode.chat.tools.answer.Answer;
import io.llamanode.chat.tools.answer.ToolCall;
import io.llamanode.chat.tools.rules.ToolSchemas;
import io.llamanode.engine.Recorder;
import io.llamanode.engine.contract.GenerationListener.Ending;
import io.llamanode.engine.sampling.Grammar;
import io.llamanode.engine.sampling.SamplingParams;
import io.llamanode.grammar.language.Language;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A model with random weights that must call a tool does so in the syntax of any published template. */
@Tag("native")
class CallGrammarTest extends SamplingFixture {
    private static final List<Map<String, Object>> TOOLS = List.of(
            tool(
                    "get_weather",
                    Map.of(
                            "type", "object",
                            "properties",
                                    Map.of(
                                            "city", Map.of("type", "string", "enum", List.of("Paris", "Oslo")),
                                            "days", Map.of("type", "integer", "minimum", 1, "maximum", 9),
                                            "exact", Map.of("type", "boolean")),
                            "required", List.of("city"))),
            tool("roll", Map.of("type", "object", "properties", Map.of("dice", Map.of("enum", List.of(1, 2))))),
            tool("now", Map.of("type", "object", "properties", Map.of())));

    private static final int MOST_SEEDS = 20;

    private static Map<String, Object> tool(String name, Map<String, Object> parameters) {
        return Map.of(
                "type", "function", "function", Map.of("name", name, "description", "", "parameters", parameters));
    }

    @Test
    void everyAnswerIsACall() throws IOException {
        String shared = System.getProperty("LLAMA_NODE_SHARED", System.getenv("LLAMA_NODE_SHARED"));
        Path root = Path.of(System.getProperty("llamanode.root", ".."));
        Path directory = (shared != null ? Path.of(shared) : root.resolve("../shared")).resolve("chat-templates");
        assumeTrue(Files.isDirectory(directory), () -> "no " + directory + "; set LLAMA_NODE_SHARED");
        try (Stream<Path> files = Files.list(directory)) {
            Set<String> families = new HashSet<>();
            for (Path file : files.filter(file -> file.toString().endsWith(".jinja"))
                    .sorted()
                    .toList()) {
                AnswerFormat format = ChatTemplate.parse(Files.readString(file)).answerFormat();
                if (families.add(format.family())) {
                    check(format);
                }
            }
            assertTrue(families.size() > 15, families::toString);
        }
    }

    private void check(AnswerFormat format) {
        for (long seed = 1; seed <= 2; seed++) {
            Answer one = answer(format, TOOLS, false, seed);
            assertEquals(1, one.calls().size(), one::toString);
            assertEquals("", one.content());
            for (ToolCall call : answer(format, TOOLS, format.parallel(), seed).calls()) {
                valid(call);
            }
        }
        assertEquals(
                "now",
                answer(format, TOOLS.subList(2, 3), false, 1).calls().getFirst().name());
    }

    private Answer answer(AnswerFormat format, List<Map<String, Object>> tools, boolean several, long seed) {
        Language language = Language.rules(
                "%s %s %s".formatted(format.key(), tools, several),
                () -> format.calls(
                        tools, new AnswerFormat.Start(false, false), several ? 64 : 1, ToolSchemas.strict()));
        SamplingParams params = params(seed, Map.of());
        Recorder answer = submit(-1, params, samplers.sampler(params, null, Grammar.strict(language)));
        Ending ending = answer.outcome().ending();
        if (ending == Ending.CONTEXT && !several && seed < MOST_SEEDS) {
            // Tags of many tokens around each argument are more than the context holds.
            return answer(format, tools, false, seed + 2);
        }
        assertTrue(several || ending == Ending.EOS, () -> ending + ": " + answer.text());
        AnswerParser parser = format.parser(tools, false, 64);
        parser.push(answer.text());
        parser.finish();
        Answer parsed = parser.answer();
        assertTrue(!parsed.calls().isEmpty(), () -> answer.text());
        parsed.calls().forEach(CallGrammarTest::valid);
        return parsed;
    }

    private static void valid(ToolCall call) {
        Map<String, Object> arguments = call.arguments();
        switch (call.name()) {
            case "get_weather" -> {
                assertTrue(List.of("Paris", "Oslo").contains(arguments.get("city")), call::toString);
                assertTrue(!arguments.containsKey("days") || arguments.get("days") instanceof Integer, call::toString);
                assertTrue(
                        !arguments.containsKey("exact") || arguments.get("exact") instanceof Boolean, call::toString);
            }
            case "roll" -> assertTrue(List.of(1, 2).contains(arguments.getOrDefault("dice", 1)), call::toString);
            default -> assertEquals(Map.of(), arguments);
        }
    }
}
