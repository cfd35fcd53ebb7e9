package io.llamanode.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.llamanode.gguf.GgufWriter;
import io.llamanode.llama.TestLibrary;
import io.llamanode.service.TaskInput.Pooling;
import io.llamanode.testmodel.EncoderModels;
import io.llamanode.testmodel.SyntheticModels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Every kind of task on models of every kind, through the service, with random weights. */
@ParameterizedClass
@EnumSource(TestLibrary.class)
class KindsTest {
    private static final int MEAN = 1;
    private static final int RANK = 4;

    private record Process(String name) implements Owner {}

    @Parameter
    private TestLibrary library;

    @TempDir
    private Path directory;

    private final Owner me = new Process("me");
    private LlamaService service;

    @BeforeEach
    void start() {
        service = new LlamaService(
                new NodeConfig(List.of(), 60_000, 10, 10, 1000),
                new NativeModelLoader(library.open()),
                (owner, down) -> () -> {});
        service.ready();
    }

    @AfterEach
    void stop() {
        if (service != null) {
            service.close();
        }
    }

    private static Path vocabulary() {
        Path root = Path.of(System.getProperty("llamanode.root", "..")).toAbsolutePath();
        String configured = System.getenv("LLAMA_NODE_SHARED");
        Path shared = configured == null ? root.resolve("../shared") : Path.of(configured);
        Path file = shared.resolve("vocab/ggml-vocab-bert-bge.gguf").normalize();
        assumeTrue(Files.exists(file), () -> file + " is absent; set LLAMA_NODE_SHARED to the shared directory");
        return file;
    }

    private Answer<Void> load(String id, GgufWriter writer, Integer nCtx) {
        Answer<Void> loaded = new Answer<>();
        service.loadModel(
                new ModelConfig(
                        writer.write(directory.resolve(id + ".gguf")), id, nCtx, null, null, null, 1, 1, null, null, null),
                fraction -> {},
                loaded);
        return loaded;
    }

    private void llama() {
        load("llama", SyntheticModels.writer(SyntheticModels.tiny()), 128).value();
    }

    private Answer<TaskOutput> run(TaskInput input) {
        Answer<TaskOutput> answer = new Answer<>();
        service.run(me, input, answer);
        return answer;
    }

    private static TaskInput.Embedding embedding(Pooling pooling, Integer normalize, String... texts) {
        List<Prompt> prompts = new ArrayList<>();
        for (String text : texts) {
            prompts.add(new Prompt.Text(text));
        }
        return new TaskInput.Embedding(null, prompts, false, true, pooling, normalize, false, null);
    }

    private EmbeddingResult embed(Pooling pooling, Integer normalize, String... texts) {
        return (EmbeddingResult) run(embedding(pooling, normalize, texts)).value();
    }

    private static void assertClose(float[] expected, float[] actual) {
        assertEquals(expected.length, actual.length);
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], actual[i], 2e-3, "element " + i);
        }
    }

    private static String[] texts(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> "text number " + "abcdefghij".charAt(i % 10) + " of " + "xyz".repeat(i % 7))
                .toArray(String[]::new);
    }

    /** Batching changes nothing but the speed. */
    private void oneByOneAndTogether() {
        String[] texts = texts(70);
        List<float[]> together = embed(null, null, texts).vectors();
        assertEquals(70, together.size());
        for (int i : new int[] {0, 1, 6, 35, 69}) {
            assertClose(embed(null, null, texts[i]).vectors().getFirst(), together.get(i));
        }
        assertNotEquals(together.get(0)[0], together.get(1)[0]);
    }

    @Test
    void aGeneratorGivesEmbeddingsToo() {
        llama();
        oneByOneAndTogether();
        poolings();
    }

    @Test
    void bertGivesEmbeddings() {
        load("bert", EncoderModels.bert(vocabulary(), MEAN), null).value();
        oneByOneAndTogether();
        poolings();
    }

    @Test
    void anEncoderAloneGivesEmbeddings() {
        Answer<Void> loaded = load("t5encoder", EncoderModels.t5(false), null);
        if (library == TestLibrary.B4916) {
            assertTrue(loaded.failedWith(ErrorCode.UNSUPPORTED));
            assertTrue(loaded.message().contains("make native"), loaded.message());
            assertEquals(0, service.status().models().size());
            return;
        }
        loaded.value();
        oneByOneAndTogether();
        poolings();
    }

    private void poolings() {
        String text = "a somewhat longer text";
        EmbeddingResult tokens = embed(Pooling.NONE, null, text);
        int width = tokens.dimensions();
        int count = tokens.usage().promptTokens();
        float[] all = tokens.vectors().getFirst();
        assertEquals(64, width);
        assertEquals(count * width, all.length);
        float[] mean = new float[width];
        float[] first = new float[width];
        float[] last = new float[width];
        for (int i = 0; i < width; i++) {
            for (int token = 0; token < count; token++) {
                mean[i] += all[token * width + i] / count;
            }
            first[i] = all[i];
            last[i] = all[(count - 1) * width + i];
        }
        assertClose(mean, embed(Pooling.MEAN, -1, text).vectors().getFirst());
        assertClose(first, embed(Pooling.CLS, -1, text).vectors().getFirst());
        assertClose(last, embed(Pooling.LAST, -1, text).vectors().getFirst());
        float[] unit = embed(Pooling.MEAN, null, text).vectors().getFirst();
        double length = 0;
        for (float value : unit) {
            length += value * value;
        }
        assertEquals(1, length, 1e-4);
    }

    /** Longer than a batch: a generator reads it in parts, and keeps the vectors of all of them. */
    @Test
    void aLongTextIsReadInPartsByAGenerator() {
        load("llama", SyntheticModels.writer(SyntheticModels.tiny().withCtxTrain(2048)), 2048).value();
        EmbeddingResult result = embed(Pooling.NONE, null, "ab".repeat(700));
        int count = result.usage().promptTokens();
        assertTrue(count > 600, count + " tokens");
        float[] all = result.vectors().getFirst();
        assertEquals(count * 64, all.length);
        // A decoder's vectors do not depend on what follows, so those of a part are those of the whole.
        float[] front = embed(Pooling.NONE, null, "ab".repeat(10)).vectors().getFirst();
        assertClose(front, java.util.Arrays.copyOf(all, front.length));
    }

    @Test
    void aTextThatDoesNotFitIsNamedByItsIndex() {
        load("bert", EncoderModels.bert(vocabulary(), MEAN), null).value();
        Answer<TaskOutput> refused = run(embedding(null, null, "short", "word ".repeat(200)));
        assertTrue(refused.failedWith(ErrorCode.INVALID_ARGUMENT));
        assertEquals("input[1]: has 202 tokens, more than the context of 128", refused.message());
        embed(null, null, "word ".repeat(126));
    }

    @Test
    void answersThatAreTooLargeAreRefused() {
        llama();
        Answer<TaskOutput> refused = run(embedding(null, null, texts(8000)));
        assertTrue(refused.failedWith(ErrorCode.INVALID_ARGUMENT));
        assertTrue(refused.message().contains("encoding_format binary"), refused.message());
    }

    @Test
    void anEncoderDoesNotGenerateAndAGeneratorDoesNotRank() {
        load("bert", EncoderModels.bert(vocabulary(), MEAN), null).value();
        TaskInput completion = new TaskInput.Completion(null, new Prompt.Text("a"), true, GenerationOptions.NONE);
        assertTrue(run(completion).failedWith(ErrorCode.UNSUPPORTED));
        assertTrue(run(rerank("a", "b")).failedWith(ErrorCode.UNSUPPORTED));
        assertEquals(1, service.status().models().size());
        long session = service.createSession(me, new SessionConfig(null, null, GenerationOptions.NONE));
        assertEquals(0, service.sessionInfo(session).cachedTokens());
        Answer<Void> closed = new Answer<>();
        service.closeSession(session, closed);
        closed.value();
    }

    private static TaskInput rerank(String query, String... documents) {
        return new TaskInput.Rerank(null, query, List.of(documents), null, null);
    }

    @Test
    void documentsAreScoredInTheirOrderAndListedByTheirScores() {
        load("reranker", EncoderModels.bert(vocabulary(), RANK), null).value();
        String[] documents = {"a panda is a bear", "hi", "a panda is a bear", "the sky is blue today", "hi there"};
        RankingResult all = (RankingResult) run(rerank("what is a panda?", documents)).value();
        assertEquals(5, all.scores().length);
        // Equal documents are scored each, to the bit or nearly so, and keep their order.
        assertEquals(all.scores()[0], all.scores()[2], 1e-4);
        assertTrue(all.best().indexOf(0) != all.best().indexOf(2));
        for (int i = 0; i < documents.length; i++) {
            RankingResult alone = (RankingResult) run(rerank("what is a panda?", documents[i])).value();
            assertEquals(alone.scores()[0], all.scores()[i], 2e-3);
            assertEquals(i, all.best().get(all.best().indexOf(i)));
        }
        for (int i = 1; i < documents.length; i++) {
            assertTrue(all.scores()[all.best().get(i - 1)] >= all.scores()[all.best().get(i)]);
        }
        assertNotEquals(all.scores()[0], all.scores()[1]);
        RankingResult two = (RankingResult)
                run(new TaskInput.Rerank(null, "what is a panda?", List.of(documents), 2, null)).value();
        assertEquals(all.best().subList(0, 2), two.best());
        assertEquals(5, two.scores().length);
        Answer<TaskOutput> refused = run(rerank("q", "a", "word ".repeat(200)));
        assertTrue(refused.failedWith(ErrorCode.INVALID_ARGUMENT));
        assertTrue(refused.message().startsWith("documents[1]"), refused.message());
    }

    @Test
    void aModelWithARankHeadGivesEmbeddingsToo() {
        load("reranker", EncoderModels.bert(vocabulary(), RANK), null).value();
        assertEquals(Pooling.CLS, embed(null, null, "a").pooling());
    }
}
