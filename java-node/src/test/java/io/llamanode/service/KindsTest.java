package io.llamanode.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.llamanode.gguf.GgufWriter;
import io.llamanode.llama.ContextParams;
import io.llamanode.llama.context.LlamaBatch;
import io.llamanode.llama.context.LlamaContext;
import io.llamanode.llama.library.TestLibrary;
import io.llamanode.llama.model.LlamaModel;
import io.llamanode.llama.model.Vocab;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Given;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.model.FlashAttention;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.NodeConfig;
import io.llamanode.service.contract.task.EmbeddingResult;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.GenerationResult;
import io.llamanode.service.contract.task.Prompt;
import io.llamanode.service.contract.task.RankingResult;
import io.llamanode.service.contract.task.SessionConfig;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.TaskInput.Pooling;
import io.llamanode.service.contract.task.TaskResult;
import io.llamanode.service.contract.task.TokenText;
import io.llamanode.service.model.FileProbe;
import io.llamanode.service.model.NativeModelLoader;
import io.llamanode.testmodel.EncoderModels;
import io.llamanode.testmodel.SyntheticModels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Every kind of task on models of every kind, through the service, with random weights. */
@ParameterizedClass
@EnumSource(TestLibrary.class)
@Tag("native")
class KindsTest {
    private static final int MEAN = 1;
    private static final int RANK = 4;
    /** Of a generated vocabulary, behind control tokens and bytes. */
    private static final int FIRST_PIECE = 259;

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
                new NodeConfig(List.of(), 60_000, 10, 10, 1000, 100),
                new NativeModelLoader(library.open(), FileProbe.NONE),
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
                null,
                new ModelConfig(
                        writer.write(directory.resolve(id + ".gguf")),
                        id,
                        nCtx,
                        null,
                        null,
                        null,
                        1,
                        1,
                        null,
                        null,
                        null),
                fraction -> {},
                loaded);
        return loaded;
    }

    private void llama() {
        load("llama", SyntheticModels.writer(SyntheticModels.tiny()), 128).value();
    }

    private Answer<TaskResult> run(TaskInput input) {
        Answer<TaskResult> answer = new Answer<>();
        service.run(me, input, answer);
        return answer;
    }

    private static TaskInput.Embedding embedding(Pooling pooling, Integer normalize, String... texts) {
        List<Prompt> prompts = new ArrayList<>();
        for (String text : texts) {
            prompts.add(new Prompt.Text(text));
        }
        return new TaskInput.Embedding(
                null, false, prompts, false, true, pooling, normalize, TaskInput.Encoding.FLOAT, null);
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
        load("llama", SyntheticModels.writer(SyntheticModels.tiny().withCtxTrain(2048)), 2048)
                .value();
        EmbeddingResult result = embed(Pooling.NONE, null, "ab".repeat(700));
        int count = result.usage().promptTokens();
        assertTrue(count > 600, count + " tokens");
        float[] all = result.vectors().getFirst();
        assertEquals(count * 64, all.length);
        // A decoder's vectors do not depend on what follows, so those of a part are those of the whole.
        float[] front = embed(Pooling.NONE, null, "ab".repeat(10)).vectors().getFirst();
        assertClose(front, Arrays.copyOf(all, front.length));
    }

    @Test
    void aTextThatDoesNotFitIsNamedByItsIndex() {
        load("bert", EncoderModels.bert(vocabulary(), MEAN), null).value();
        Answer<TaskResult> refused = run(embedding(null, null, "short", "word ".repeat(200)));
        assertTrue(refused.failedWith(ErrorCode.INVALID_ARGUMENT));
        assertEquals("input[1]: has 202 tokens, more than the context of 128 (n_ctx)", refused.message());
        embed(null, null, "word ".repeat(126));
    }

    @Test
    void answersThatAreTooLargeAreRefused() {
        llama();
        Answer<TaskResult> refused = run(embedding(null, null, texts(8000)));
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
        long session = service.sessions().create(me, new SessionConfig(null, null, GenerationOptions.NONE));
        assertEquals(0, service.sessions().info(session).cachedTokens());
        Answer<Void> closed = new Answer<>();
        service.sessions().close(session, closed);
        closed.value();
    }

    private static TaskInput rerank(String query, String... documents) {
        return new TaskInput.Rerank(null, query, List.of(documents), null, null);
    }

    @Test
    void documentsAreScoredInTheirOrderAndListedByTheirScores() {
        load("reranker", EncoderModels.bert(vocabulary(), RANK), null).value();
        String[] documents = {"a panda is a bear", "hi", "a panda is a bear", "the sky is blue today", "hi there"};
        RankingResult all =
                (RankingResult) run(rerank("what is a panda?", documents)).value();
        assertEquals(5, all.scores().length);
        // Equal documents are scored each, to the bit or nearly so, and keep their order.
        assertEquals(all.scores()[0], all.scores()[2], 1e-4);
        assertTrue(all.best().indexOf(0) != all.best().indexOf(2));
        for (int i = 0; i < documents.length; i++) {
            RankingResult alone = (RankingResult)
                    run(rerank("what is a panda?", documents[i])).value();
            assertEquals(alone.scores()[0], all.scores()[i], 2e-3);
            assertEquals(i, all.best().get(all.best().indexOf(i)));
        }
        for (int i = 1; i < documents.length; i++) {
            assertTrue(all.scores()[all.best().get(i - 1)]
                    >= all.scores()[all.best().get(i)]);
        }
        assertNotEquals(all.scores()[0], all.scores()[1]);
        RankingResult two =
                (RankingResult) run(new TaskInput.Rerank(null, "what is a panda?", List.of(documents), 2, null))
                        .value();
        assertEquals(all.best().subList(0, 2), two.best());
        assertEquals(5, two.scores().length);
        Answer<TaskResult> refused = run(rerank("q", "a", "word ".repeat(200)));
        assertTrue(refused.failedWith(ErrorCode.INVALID_ARGUMENT));
        assertTrue(refused.message().startsWith("documents[1]"), refused.message());
    }

    private static GenerationOptions greedy(int maxTokens) {
        return ServiceFixture.options(maxTokens, null);
    }

    /** Greedy, and never a control token or a byte, so that what is chosen can be read. */
    private static GenerationOptions letters(int maxTokens) {
        Map<Integer, Float> never = new HashMap<>();
        for (int token = 0; token < FIRST_PIECE; token++) {
            never.put(token, Float.NEGATIVE_INFINITY);
        }
        return Given.options("maxTokens", maxTokens, "temperature", 0f, "logitBias", never);
    }

    private GenerationResult complete(String prompt, int maxTokens) {
        return (GenerationResult) run(new TaskInput.Completion(null, new Prompt.Text(prompt), true, letters(maxTokens)))
                .value();
    }

    /** What {@code llama_encode} and {@code llama_decode} give when they are called by hand. */
    private static String byHand(LlamaModel model, String prompt, int count) {
        int[] tokens = model.vocab().tokenize(prompt, true, false);
        StringBuilder text = new StringBuilder();
        try (LlamaContext context = LlamaContext.create(model, ContextParams.generation(256, 256, 1, 1));
                LlamaBatch batch = new LlamaBatch(256)) {
            for (int i = 0; i < tokens.length; i++) {
                batch.add(tokens[i], i, 0, true);
            }
            context.encode(batch);
            int token = model.decoderStartToken();
            for (int i = 0; i < count; i++) {
                batch.clear();
                batch.add(token, i, 0, true);
                context.decode(batch);
                MemorySegment logits = context.logits(0);
                token = IntStream.range(FIRST_PIECE, model.vocab().nTokens())
                        .boxed()
                        .max(Comparator.comparing(id -> logits.getAtIndex(ValueLayout.JAVA_FLOAT, id)))
                        .orElseThrow();
                text.append(new String(model.vocab().piece(token, false), StandardCharsets.UTF_8));
            }
        }
        return text.toString();
    }

    @Test
    void anEncoderAndADecoderCompleteText() {
        load("t5", EncoderModels.t5(true), null).value();
        String[] prompts = {"translate this", "a rather different text, and a longer one", "hi"};
        List<String> expected = new ArrayList<>();
        try (LlamaModel model = library.load(directory.resolve("t5.gguf"))) {
            for (String prompt : prompts) {
                expected.add(byHand(model, prompt, 12));
            }
        }
        assertEquals(3, Set.copyOf(expected).size(), expected.toString());
        // Twice, since nothing of one prompt may be left for the next.
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < prompts.length; i++) {
                assertEquals(expected.get(i), complete(prompts[i], 12).content());
            }
        }
        assertEquals(GenerationResult.FinishReason.LENGTH, complete("hi", -1).finishReason());
    }

    @Test
    void aSessionWithAnEncoderStartsEveryPromptAnew() {
        load("t5", EncoderModels.t5(true), null).value();
        String alone = complete("ab", 8).content();
        long session = service.sessions().create(me, new SessionConfig(null, null, GenerationOptions.NONE));
        for (int i = 0; i < 2; i++) {
            Answer<Long> task = new Answer<>();
            TaskInput input = new TaskInput.Completion(null, new Prompt.Text("ab"), true, letters(8));
            service.createTask(me, session, input, task);
            Answer<TaskResult> result = new Answer<>();
            service.getResult(me, task.value(), -1, result);
            assertEquals(alone, ((GenerationResult) result.value()).content());
            assertEquals(0, result.value().usage().cachedTokens());
        }
        assertTrue(run(embedding(null, null, "a")).failedWith(ErrorCode.UNSUPPORTED));
        Answer<Void> two = new Answer<>();
        service.loadModel(
                null,
                new ModelConfig(directory.resolve("t5.gguf"), "two", null, 2, null, null, 1, 1, null, null, null),
                fraction -> {},
                two);
        assertTrue(two.failedWith(ErrorCode.UNSUPPORTED));
        Answer<Void> flash = new Answer<>();
        service.loadModel(
                null,
                Given.model("path", directory.resolve("t5.gguf"), "id", "flash", "flashAttn", FlashAttention.ON),
                fraction -> {},
                flash);
        assertEquals("flash_attn: a model with an encoder and a decoder has none; use auto or false", flash.message());
    }

    /** The same answer, whichever way attention is computed. */
    @Test
    void flashAttentionIsHadOrNotAsItIsAskedFor() throws Exception {
        load("plain", SyntheticModels.writer(SyntheticModels.tiny()), 128).value();
        Path file = directory.resolve("plain.gguf");
        for (FlashAttention attention : FlashAttention.values()) {
            Answer<Void> loaded = new Answer<>();
            service.loadModel(
                    null,
                    Given.model(
                            "path", file, "id", attention.name(), "nCtx", 128, "nThreads", 1, "flashAttn", attention),
                    fraction -> {},
                    loaded);
            loaded.value();
            Answer<TaskResult> answer =
                    run(new TaskInput.Completion(attention.name(), new Prompt.Text("ab"), true, letters(8)));
            assertEquals(8, answer.value().usage().completionTokens(), attention.name());
        }
    }

    private GgufWriter infillModel() {
        return SyntheticModels.writer(SyntheticModels.tiny())
                .uint32("tokenizer.ggml.fim_pre_token_id", 270)
                .uint32("tokenizer.ggml.fim_suf_token_id", 271)
                .uint32("tokenizer.ggml.fim_mid_token_id", 272)
                .uint32("tokenizer.ggml.fim_sep_token_id", 273);
    }

    private Answer<TaskResult> infill(String prefix, String suffix, String prompt, TaskInput.Snippet... extra) {
        return run(new TaskInput.Infill(null, prefix, suffix, List.of(extra), prompt, greedy(10)));
    }

    private static int[] plain(LlamaModel model, String text) {
        return model.vocab().tokenize(text, false, false);
    }

    private static int[] join(int[]... parts) {
        return Arrays.stream(parts).flatMapToInt(IntStream::of).toArray();
    }

    @Test
    void gapsAreFilledFromTheTokensThatStandAroundThem() {
        load("infill", infillModel(), 128).value();
        try (LlamaModel model = library.load(directory.resolve("infill.gguf"))) {
            int[] expected = join(
                    new int[] {model.vocab().bos(), 273},
                    plain(model, "a.c\n"),
                    plain(model, "int a;"),
                    new int[] {273},
                    plain(model, "filename\n"),
                    new int[] {270},
                    plain(model, "int b = "),
                    plain(model, "x"),
                    new int[] {271},
                    plain(model, ";"),
                    new int[] {272});
            GenerationResult filled =
                    (GenerationResult) infill("int b = ", ";", "x", new TaskInput.Snippet("a.c", "int a;"))
                            .value();
            assertEquals(expected.length, filled.usage().promptTokens());
            TaskInput same = new TaskInput.Completion(null, new Prompt.Tokens(expected), false, greedy(10));
            assertEquals(((GenerationResult) run(same).value()).content(), filled.content());
        }
        GenerationResult cut = (GenerationResult)
                infill("abcxyz".repeat(500), "abcxyz".repeat(500), "").value();
        assertEquals(128 - 10 - 1, cut.usage().promptTokens());
        assertTrue(infill("a", "b", "xyz".repeat(200)).failedWith(ErrorCode.INVALID_ARGUMENT));
        infill("", "", "").value();
    }

    @Test
    void aModelWithoutTheTokensDoesNotInfill() {
        llama();
        Answer<TaskResult> refused = infill("a", "b", "");
        assertTrue(refused.failedWith(ErrorCode.UNSUPPORTED));
        assertTrue(refused.message().contains("infill"), refused.message());
    }

    @Test
    void aPromptThatDoesNotFitNamesTheKeyOfTheContext() {
        llama();
        Answer<TaskResult> refused =
                run(new TaskInput.Completion(null, new Prompt.Tokens(new int[200]), true, letters(1)));
        assertTrue(refused.failedWith(ErrorCode.INVALID_ARGUMENT));
        assertEquals(
                "prompt: the prompt has 200 tokens, which leaves no room in a context of 128 (n_ctx)",
                refused.message());
    }

    /** What WordPiece puts around a text is not what this key asks for. */
    @Test
    void aRankerThatAsksForAnEndItDoesNotNameWorks() {
        GgufWriter writer = EncoderModels.bert(vocabulary(), RANK)
                .bool("tokenizer.ggml.add_eos_token", true)
                .remove("tokenizer.ggml.eos_token_id");
        load("reranker", writer, null).value();
        assertEquals(1, embed(null, null, "a").vectors().size());
        assertEquals(2, ((RankingResult) run(rerank("a", "b", "c")).value()).scores().length);
        Answer<int[]> tokens = new Answer<>();
        service.models().tokenize(me, new TokenText(null, "a", true, false), tokens);
        assertEquals(3, tokens.value().length);
    }

    @Test
    void aFileThatAsksForTokensItDoesNotNameIsTold() {
        GgufWriter writer = SyntheticModels.writer(SyntheticModels.tiny())
                .uint32("tokenizer.ggml.eos_token_id", -1)
                .bool("tokenizer.ggml.add_eos_token", true);
        load("llama", writer, 128).value();
        try (LlamaModel model = library.load(directory.resolve("llama.gguf"))) {
            assumeTrue(model.vocab().eos() == Vocab.NONE, "this library finds an end of its own");
        }
        Answer<int[]> tokens = new Answer<>();
        service.models().tokenize(me, new TokenText(null, "a", true, false), tokens);
        for (Answer<?> refused : List.of(tokens, run(embedding(null, null, "a")))) {
            assertTrue(refused.failedWith(ErrorCode.UNSUPPORTED), refused.toString());
            assertTrue(refused.message().contains("tokenizer.ggml.eos_token_id"), refused.message());
        }
    }

    @Test
    void aModelWithARankHeadGivesEmbeddingsToo() {
        load("reranker", EncoderModels.bert(vocabulary(), RANK), null).value();
        assertEquals(Pooling.CLS, embed(null, null, "a").pooling());
    }
}
