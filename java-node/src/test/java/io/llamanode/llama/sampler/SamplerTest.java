package io.llamanode.llama.sampler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.llama.ContextParams;
import io.llamanode.llama.DecodeException;
import io.llamanode.llama.context.LlamaBatch;
import io.llamanode.llama.context.LlamaContext;
import io.llamanode.llama.library.TestLibrary;
import io.llamanode.llama.model.LlamaModel;
import io.llamanode.testmodel.SyntheticModels;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
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
import org.junit.jupiter.params.provider.EnumSource;

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
}
