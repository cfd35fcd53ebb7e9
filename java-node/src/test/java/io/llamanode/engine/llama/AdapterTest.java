package io.llamanode.engine.llama;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.llamanode.engine.Engine;
import io.llamanode.engine.Recorder;
import io.llamanode.engine.contract.CacheUse;
import io.llamanode.engine.contract.EngineConfig;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.model.Adapter;
import io.llamanode.engine.model.AdapterSet;
import io.llamanode.engine.model.AdapterSet.Use;
import io.llamanode.engine.sampling.SamplingParams;
import io.llamanode.gguf.GgmlType;
import io.llamanode.gguf.GgufWriter;
import io.llamanode.llama.ContextParams;
import io.llamanode.llama.ModelLoadException;
import io.llamanode.llama.ModelLoadException.Reason;
import io.llamanode.llama.context.LlamaContext;
import io.llamanode.llama.library.TestLibrary;
import io.llamanode.llama.model.LlamaModel;
import io.llamanode.llama.model.LoraAdapter;
import io.llamanode.testmodel.SyntheticAdapters;
import io.llamanode.testmodel.SyntheticModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The adapter in the box on the model in the box. */
@ParameterizedClass
@EnumSource(TestLibrary.class)
@Tag("native")
class AdapterTest {
    private static final Path MODELS =
            Path.of(System.getProperty("llamanode.root", "..")).resolve("priv/models");
    private static final Path FILE = MODELS.resolve("tiny-chat-lora.gguf");
    private static final String QUESTION = "<|im_start|>user\nWho are you?<|im_end|>\n<|im_start|>assistant\n";
    private static final String WITH = "I am the same model with an adapter.";

    @Parameter
    private TestLibrary library;

    @TempDir
    private Path folder;

    private LlamaModel model;
    private LlamaVocabulary vocabulary;
    private Engine engine;
    private final List<Adapter> adapters = new ArrayList<>();
    private long ids;

    @BeforeEach
    void start() {
        Path file = MODELS.resolve("tiny-chat.gguf");
        assumeTrue(Files.exists(file) && Files.exists(FILE), () -> file + " or its adapter is absent");
        model = library.load(file);
        vocabulary = new LlamaVocabulary(model.vocab());
        ContextParams params = ContextParams.generation(4 * 128 + 64, 64, 4, 1).withKvUnified(false);
        engine = new Engine(
                "test",
                new LlamaRunner(LlamaContext.create(model, params), 64),
                vocabulary,
                new EngineConfig(4, 128, 64, 16));
        engine.start();
    }

    @AfterEach
    void stop() {
        if (engine != null) {
            engine.close();
            adapters.forEach(Adapter::close);
            model.close();
        }
    }

    private Adapter adapter() {
        Adapter adapter = new LlamaAdapter(LoraAdapter.load(model, FILE));
        adapters.add(adapter);
        return adapter;
    }

    private static AdapterSet set(Adapter adapter, float scale) {
        return new AdapterSet(List.of(new Use(adapter, scale)));
    }

    private Recorder ask(long session, AdapterSet set) {
        Recorder recorder = new Recorder();
        assertTrue(engine.submit(
                new GenerationRequest(
                        ++ids,
                        session,
                        "somebody",
                        vocabulary.tokenize(QUESTION, true, true),
                        40,
                        SamplingParams.GREEDY,
                        List.of(),
                        0,
                        true,
                        CacheUse.ALL,
                        GenerationRequest.NO_DEADLINE,
                        0,
                        set,
                        GenerationRequest.NO_PROBABILITIES,
                        null),
                recorder,
                () -> {}));
        return recorder;
    }

    private static String text(Recorder recorder) {
        recorder.outcome();
        return recorder.text();
    }

    @Test
    void requestsOfDifferentAdaptersRunSideBySide() {
        Adapter adapter = adapter();
        String without = text(ask(1, AdapterSet.NONE));
        assertTrue(!without.equals(WITH));
        String half = text(ask(2, set(adapter, 0.5f)));
        List<Recorder> answers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            answers.add(ask(10 + i, AdapterSet.NONE));
            answers.add(ask(20 + i, set(adapter, 1)));
            answers.add(ask(30 + i, set(adapter, 0.5f)));
        }
        for (int i = 0; i < answers.size(); i += 3) {
            assertEquals(
                    List.of(without, WITH, half),
                    answers.subList(i, i + 3).stream().map(AdapterTest::text).toList());
        }
    }

    @Test
    void aCacheIsOfUseToItsOwnSetOnly() {
        Adapter adapter = adapter();
        String without = text(ask(1, AdapterSet.NONE));
        Recorder changed = ask(1, set(adapter, 1));
        assertEquals(0, changed.outcome().cachedTokens());
        assertEquals(WITH, changed.text());
        assertEquals(WITH, text(ask(1, set(adapter, 1))));
        Recorder back = ask(1, AdapterSet.NONE);
        assertEquals(0, back.outcome().cachedTokens());
        assertEquals(without, back.text());
        // Nor does another session take what was computed with an adapter.
        ask(2, set(adapter, 1)).outcome();
        Recorder other = ask(3, AdapterSet.NONE);
        assertEquals(without, text(other));
    }

    @Test
    void anAdapterCanBeLetGoAndLoadedAgain() throws Exception {
        String without = text(ask(1, AdapterSet.NONE));
        for (int i = 0; i < 3; i++) {
            Adapter adapter = new LlamaAdapter(LoraAdapter.load(model, FILE));
            assertEquals(WITH, text(ask(2, set(adapter, 1))));
            var done = new CountDownLatch(1);
            engine.forget(adapter, () -> {
                adapter.close();
                done.countDown();
            });
            done.await();
            assertEquals(without, text(ask(2, AdapterSet.NONE)));
        }
    }

    @Test
    void whatIsNoAdapterOfTheModelIsRefused() throws IOException {
        byte[] bytes = Files.readAllBytes(FILE);
        Path cut = Files.write(folder.resolve("cut.gguf"), Arrays.copyOf(bytes, bytes.length / 2));
        Path empty = Files.write(folder.resolve("empty.gguf"), new byte[0]);
        refused(Reason.TRUNCATED, cut);
        refused(Reason.EMPTY, empty);
        refused(Reason.MISSING, folder.resolve("none.gguf"));
        refused(Reason.MALFORMED, MODELS.resolve("tiny-chat.gguf"));
        Path tiny = SyntheticModels.write(SyntheticModels.tiny(), folder.resolve("tiny.gguf"));
        try (LlamaModel other = library.load(tiny)) {
            // Its tensors have other sizes, which llama.cpp finds.
            assertThrows(ModelLoadException.class, () -> LoraAdapter.load(other, FILE));
        }
        assertEquals(WITH, text(ask(1, set(adapter(), 1))));
    }

    /** One such number would have spread over the cells of every request. */
    @Test
    void anAdapterWithANumberThatIsNoneNeverReachesTheModel() {
        GgufWriter writer = SyntheticAdapters.lora(
                model.file(), 4, GgmlType.F16, List.of("blk.0.attn_q.weight", "blk.0.ffn_down.weight"));
        Path sound = writer.write(folder.resolve("sound.gguf"));
        String without = text(ask(1, AdapterSet.NONE));
        LoraAdapter.load(model, sound).close();
        refused(
                Reason.MALFORMED,
                writer.float32("adapter.lora.alpha", Float.NaN).write(folder.resolve("nan.gguf")));
        assertEquals(without, text(ask(2, AdapterSet.NONE)));
    }

    private void refused(Reason reason, Path path) {
        assertEquals(
                reason,
                assertThrows(ModelLoadException.class, () -> LoraAdapter.load(model, path))
                        .reason());
    }
}
