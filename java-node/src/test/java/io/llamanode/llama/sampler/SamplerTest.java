package io.llamanode.llama.sampler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.llama.ContextParams;
import io.llamanode.llama.DecodeException;
import io.llamanode.llama.GrammarException;
import io.llamanode.llama.context.LlamaBatch;
import io.llamanode.llama.context.LlamaContext;
import io.llamanode.llama.library.TestLibrary;
import io.llamanode.llama.model.LlamaModel;
import io.llamanode.llama.model.Vocab;
import io.llamanode.testmodel.SyntheticModels;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@ParameterizedClass
@EnumSource(TestLibrary.class)
@Tag("native")
class SamplerTest {

    @Parameter
    private TestLibrary library;

    @TempDir
    private static Path directory;

    private static LlamaModel model;
    private LlamaContext context;
    private LlamaBatch batch;

    @BeforeParameterizedClassInvocation
    static void load(TestLibrary library) {
        model = library.loadForAll(() -> SyntheticModels.write(SyntheticModels.tiny(), directory.resolve("tiny.gguf")));
    }

    @AfterParameterizedClassInvocation
    static void unload() {
        if (model != null) {
            model.close();
        }
    }

    @BeforeEach
    void open() {
        library.open();
        context = LlamaContext.create(model, ContextParams.generation(256, 64, 1, 1));
        batch = new LlamaBatch(64);
    }

    @AfterEach
    void close() {
        if (context != null) {
            batch.close();
            context.close();
        }
    }

    private String generate(NativeSampler sampler, int count) {
        StringBuilder text = new StringBuilder();
        int token = model.vocab().bos();
        for (int i = 0; i < count; i++) {
            batch.clear();
            batch.add(token, i, 0, true);
            context.decode(batch);
            token = sampler.sample(context, 0);
            if (model.vocab().isEog(token)) {
                return text.append('.').toString();
            }
            text.append(new String(model.vocab().piece(token, false), StandardCharsets.ISO_8859_1));
        }
        return text.toString();
    }

    @Test
    void everySamplerOfAChainWorks() {
        List<UnaryOperator<SamplerBuilder>> chains = List.of(
                b -> b.penalties(64, 1.1f, 0.1f, 0.1f)
                        .topK(40)
                        .typical(0.9f)
                        .topP(0.95f)
                        .minP(0.05f)
                        .temperature(0.8f)
                        .dist(1),
                b -> b.dry(0.8f, 1.75f, 2, -1, List.of("\n", ":"))
                        .xtc(0.5f, 0.1f, 3)
                        .temperature(1, 0.5f, 1)
                        .dist(1),
                b -> b.topNSigma(1.5f).temperature(1).mirostat(5, 0.1f, 100, 1),
                b -> b.topK(200).temperature(1).mirostatV2(5, 0.1f, 1),
                b -> b.temperature(0).greedy());
        for (UnaryOperator<SamplerBuilder> chain : chains) {
            try (NativeSampler sampler = chain.apply(NativeSampler.chain(model)).build()) {
                context.clear();
                assertTrue(!generate(sampler, 12).isEmpty());
            }
        }
    }

    @Test
    void theSameSeedGivesTheSameTextAndResetStartsAnew() {
        try (NativeSampler sampler =
                NativeSampler.chain(model).temperature(1).dist(42).build()) {
            String first = generate(sampler, 20);
            context.clear();
            sampler.reset();
            assertEquals(first, generate(sampler, 20));
        }
    }

    @Test
    void aBiasOfMinusInfinityForbidsAToken() {
        batch.add(1, 0, 0, true);
        context.decode(batch);
        try (NativeSampler greedy = NativeSampler.chain(model).greedy().build()) {
            int best = greedy.sample(context, 0);
            try (NativeSampler biased = NativeSampler.chain(model)
                    .logitBias(Map.of(best, Float.NEGATIVE_INFINITY))
                    .greedy()
                    .build()) {
                assertTrue(best != biased.sample(context, 0));
            }
        }
    }

    /** The parameters of these two samplers are not the same in all releases. */
    @Test
    void repetitionIsPenalised() {
        List<UnaryOperator<SamplerBuilder>> penalties = List.of(
                b -> b.penalties(64, 1, 1e6f, 0),
                b -> b.penalties(64, 1, 0, 1e6f),
                b -> b.dry(1e6f, 1, 1, -1, List.of()),
                b -> b.dry(1e6f, 1, 1, 100, List.of("\n")));
        batch.add(1, 0, 0, true);
        context.decode(batch);
        for (UnaryOperator<SamplerBuilder> penalty : penalties) {
            try (NativeSampler sampler =
                            penalty.apply(NativeSampler.chain(model)).greedy().build();
                    NativeSampler greedy = NativeSampler.chain(model).greedy().build()) {
                int best = greedy.sample(context, 0);
                for (int i = 0; i < 4; i++) {
                    sampler.accept(best);
                }
                assertTrue(best != sampler.sample(context, 0));
                sampler.reset();
                assertEquals(best, sampler.sample(context, 0));
            }
        }
    }

    @Test
    void aGrammarConstrainsEveryToken() {
        try (NativeSampler sampler = NativeSampler.chain(model)
                .grammar("root ::= (\"yes\" | \"no\") [0-9]{3}")
                .topK(5)
                .temperature(1)
                .dist(3)
                .build()) {
            String text = generate(sampler, 30);
            assertTrue(text.matches("(yes|no)[0-9]{3}\\."), text);
        }
    }

    @Test
    void aDeadEndOfTheGrammarIsTold() {
        Vocab vocab = model.vocab();
        Map<Integer, Float> never = new HashMap<>();
        for (int token = 0; token < vocab.nTokens(); token++) {
            if (new String(vocab.piece(token, false), StandardCharsets.ISO_8859_1).startsWith("a")) {
                never.put(token, Float.NEGATIVE_INFINITY);
            }
        }
        assertTrue(never.size() > 1, never.toString());
        batch.add(1, 0, 0, true);
        context.decode(batch);
        try (NativeSampler sampler = NativeSampler.chain(model)
                .grammar("root ::= \"a\"")
                .logitBias(never)
                .greedy()
                .build()) {
            assertThrows(GrammarException.class, () -> sampler.sample(context, 0));
        }
    }

    @Test
    void logitsThatAreNotNumbersAreTold() throws IOException {
        byte[] bytes = Files.readAllBytes(directory.resolve("tiny.gguf"));
        Arrays.fill(bytes, bytes.length - 1000, bytes.length, (byte) 0xFF); // The last row of the output matrix.
        Path broken = Files.write(directory.resolve("broken.gguf"), bytes);
        try (LlamaModel nan = library.load(broken);
                LlamaContext other = LlamaContext.create(nan, ContextParams.generation(64, 64, 1, 1));
                NativeSampler sampler =
                        NativeSampler.chain(nan).topK(200).dist(1).build()) {
            batch.add(1, 0, 0, true);
            other.decode(batch);
            DecodeException e = assertThrows(DecodeException.class, () -> sampler.sample(other, 0));
            assertEquals(DecodeException.Kind.FAILED, e.kind());
            context.decode(batch);
            assertThrows(IllegalArgumentException.class, () -> sampler.sample(context, 0));
        }
    }

    @Test
    void anAcceptedTokenMustSuitTheGrammar() {
        try (NativeSampler sampler =
                NativeSampler.chain(model).grammar("root ::= \"a\"").greedy().build()) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> sampler.accept(model.vocab().eos()));
            sampler.accept(3 + 'a'); // The byte token.
            assertThrows(IllegalArgumentException.class, () -> sampler.accept(3 + 'a'));
            sampler.accept(model.vocab().eos());
            sampler.reset();
            sampler.accept(3 + 'a');
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "root",
                "root ::= \"a",
                "root ::= missing",
                "top ::= \"a\"",
                "root ::= root \"a\" | \"b\"",
                "root ::= [a",
                "root ::= \"a\"{1000000}",
                "root ::= \"a\"{99999999999999}",
                "root ::= (\"a\"?){0,2000}",
                "root ::= ((\"a\"?){0,20}){0,20}",
                "root ::= x{0,500}\ny ::= x\nx ::= \"a\"? z\nz ::= \"b\" | ",
                "root ::= ((\"ab\"{1000}){1000}){1000}",
                "root ::= \"a\0b\""
            })
    void malformedOrHarmfulGrammarsAreRefused(String grammar) {
        assertThrows(GrammarException.class, () -> NativeSampler.chain(model).grammar(grammar));
    }

    @Test
    void deepGrammarsAreRefused() {
        String deep = "root ::= " + "(".repeat(100_000) + "\"a\"" + ")".repeat(100_000);
        assertThrows(GrammarException.class, () -> NativeSampler.chain(model).grammar(deep));
        StringBuilder chain = new StringBuilder("root ::= r0\n");
        for (int i = 0; i < 10_000; i++) {
            chain.append("r" + i + " ::= r" + (i + 1) + "\n");
        }
        assertThrows(GrammarException.class, () -> NativeSampler.chain(model).grammar(chain + "r10000 ::= \"a\""));
    }

    @Test
    void aSchemaBecomesAGrammarThatTheSamplerObeys() {
        String grammar = JsonSchemaGrammar.convert("""
                {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1, "maximum": 9},
                 "ok": {"type": "boolean"}}, "required": ["n", "ok"]}""");
        try (NativeSampler sampler = NativeSampler.chain(model)
                .grammar(grammar)
                .temperature(1)
                .dist(5)
                .build()) {
            String text = generate(sampler, 200);
            assertTrue(
                    text.matches("(?s)\\{\\s*\"n\"\\s*:\\s*[1-9]\\s*,\\s*\"ok\"\\s*:\\s*(true|false)\\s*\\}\\s*\\.?"),
                    text);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "[]",
                "1",
                "true",
                "null",
                "{\"type\": \"foo\"}",
                "{\"type\": 1}",
                "{\"type\": []}",
                "{\"type\": [1]}",
                "{\"$ref\": \"#/nowhere\"}",
                "{\"$ref\": \"https://a.b/c\"}",
                "{\"$ref\": 1}",
                "{\"$ref\": \"#/\"}",
                "{\"const\": {\"$ref\": 1}}",
                "{\"oneOf\": {}}",
                "{\"anyOf\": []}",
                "{\"anyOf\": [true]}",
                "{\"enum\": 1}",
                "{\"properties\": []}",
                "{\"properties\": {\"a\": true}}",
                "{\"additionalProperties\": 1}",
                "{\"allOf\": 1}",
                "{\"allOf\": [1]}",
                "{\"allOf\": [{\"$ref\": \"#/x\"}], \"x\": {\"$ref\": \"#/x\"}}",
                "{\"items\": true}",
                "{\"type\": \"array\", \"items\": {}, \"minItems\": \"a\"}",
                "{\"type\": \"array\", \"items\": {}, \"minItems\": -1}",
                "{\"type\": \"string\", \"minLength\": 1e30}",
                "{\"type\": \"string\", \"minLength\": 3, \"maxLength\": 2}",
                "{\"format\": 1}",
                "{\"format\": \"nothing\"}",
                "{\"type\": \"integer\", \"minimum\": \"1\"}",
                "{\"type\": \"integer\", \"minimum\": -2147483648}",
                "{\"type\": \"integer\", \"minimum\": 5, \"maximum\": 4}",
                "{\"description\": \"no type\"}",
                "{\"pattern\": 1}",
                "{\"pattern\": \"\"}",
                "{\"pattern\": \"a\"}",
                "{\"pattern\": \"^\"}",
                "{\"pattern\": \"^*$\"}",
                "{\"pattern\": \"^(?:a)$\"}",
                "{\"pattern\": \"^a{99999999999}$\"}",
                "{\"pattern\": \"^(a$\"}",
                "{\"pattern\": \"^a)$\"}",
                "{\"pattern\": \"^[a$\"}",
                "{\"pattern\": \"^a]$\"}",
                "{\"pattern\": \"^a}$\"}",
                "{\"pattern\": \"^a{x}$\"}",
                "{\"pattern\": \"^a{2,1}$\"}",
                "{\"pattern\": \"^|*$\"}"
            })
    void schemasThatWouldEndTheProcessAreRefused(String schema) {
        assertThrows(GrammarException.class, () -> JsonSchemaGrammar.convert(schema));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"type\": \"object\"}",
                "{\"type\": [\"string\", \"null\"]}",
                "{\"const\": \"x\"}",
                "{\"enum\": [1, \"a\", null]}",
                "{\"anyOf\": [{\"type\": \"string\"}, {\"type\": \"integer\"}]}",
                "{\"type\": \"string\", \"format\": \"date-time\"}",
                "{\"format\": \"uuid\"}",
                "{\"type\": \"string\", \"minLength\": 1, \"maxLength\": 20}",
                "{\"type\": \"number\"}",
                "{\"type\": \"integer\", \"minimum\": -5}",
                "{\"type\": \"integer\", \"exclusiveMaximum\": 100}",
                "{\"pattern\": \"^[a-z]+(-[0-9]{2,4})?$\"}",
                "{\"pattern\": \"^a|b.c$\"}",
                "{\"pattern\": \"^a{,3}b{2,}$\"}",
                "{\"type\": \"array\", \"items\": {\"type\": \"boolean\"}, \"minItems\": 1, \"maxItems\": 3}",
                "{\"prefixItems\": [{\"type\": \"null\"}, {\"type\": \"string\"}]}",
                "{\"additionalProperties\": {\"type\": \"integer\"}, \"properties\": {\"ab\": {\"type\": \"null\"}}}",
                "{\"allOf\": [{\"$ref\": \"#/$defs/a\"}, {\"anyOf\": [{\"properties\": {\"c\": {\"type\": \"null\"}}}]}],"
                        + " \"$defs\": {\"a\": {\"properties\": {\"b\": {\"type\": \"string\"}}}}}",
                "{\"$defs\": {\"tree\": {\"type\": \"object\", \"properties\": {\"children\": {\"type\": \"array\","
                        + " \"items\": {\"$ref\": \"#/$defs/tree\"}}}}}, \"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/tree\"}}"
            })
    void usualSchemasGiveGrammarsThatParse(String schema) {
        NativeSampler.chain(model)
                .grammar(JsonSchemaGrammar.convert(schema))
                .greedy()
                .build()
                .close();
    }
}
