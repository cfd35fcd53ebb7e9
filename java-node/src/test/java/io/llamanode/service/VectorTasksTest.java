package io.llamanode.service;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.account.MemoryAccount;
import io.llamanode.engine.model.ModelRunner.RunnerException;
import io.llamanode.engine.vector.VectorRequest;
import io.llamanode.engine.vector.VectorRunner;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.task.EmbeddingResult;
import io.llamanode.service.contract.task.GenerationResult.Usage;
import io.llamanode.service.contract.task.Prompt;
import io.llamanode.service.contract.task.RankingResult;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.TaskInput.Pooling;
import io.llamanode.service.contract.task.TaskResult;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Embeddings and rankings, on a runner whose vectors say which text they are of. */
class VectorTasksTest extends ServiceFixture {
    private final MemoryAccount account = new MemoryAccount(256 << 20, 0.5);

    @Override
    MemoryAccount account() {
        return account;
    }

    private final Runner runner = new Runner();

    /** The vector of a text has its first token and its length, its score is the last token. */
    private static final class Runner implements VectorRunner {
        final List<VectorRequest.Pooling> poolings = Collections.synchronizedList(new ArrayList<>());
        volatile boolean fails;
        volatile boolean infinite;
        volatile CountDownLatch entered = new CountDownLatch(1);
        volatile CountDownLatch release = new CountDownLatch(0);

        @Override
        public int maxSequences() {
            return 64;
        }

        @Override
        public int maxTokens() {
            return 1000;
        }

        @Override
        public List<float[]> compute(List<Sequence> sequences, BooleanSupplier givenUp) throws RunnerException {
            entered.countDown();
            try {
                release.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            if (fails) {
                throw new RunnerException("as the test wants", null);
            }
            return sequences.stream().map(this::vector).toList();
        }

        private float[] vector(Sequence sequence) {
            poolings.add(sequence.pooling());
            int[] tokens = sequence.tokens();
            if (infinite) {
                return new float[] {1, Float.NaN};
            }
            return switch (sequence.pooling()) {
                case NONE -> {
                    float[] all = new float[2 * tokens.length];
                    for (int i = 0; i < tokens.length; i++) {
                        all[2 * i] = tokens[i];
                    }
                    yield all;
                }
                case RANK -> new float[] {tokens[tokens.length - 1]};
                default -> new float[] {tokens[0], tokens.length};
            };
        }

        @Override
        public void close() {}
    }

    @BeforeEach
    void vectors() {
        model.vectors = runner;
    }

    private static TaskInput.Embedding embedding(Pooling pooling, Integer normalize, boolean binary, Prompt... texts) {
        return new TaskInput.Embedding(
                null,
                false,
                List.of(texts),
                texts.length == 1,
                true,
                pooling,
                normalize,
                binary ? TaskInput.Encoding.BINARY : TaskInput.Encoding.FLOAT,
                null);
    }

    private static Prompt text(String text) {
        return new Prompt.Text(text);
    }

    private static Prompt tokens(int... tokens) {
        return new Prompt.Tokens(tokens);
    }

    private Answer<TaskResult> run(TaskInput input) {
        Answer<TaskResult> result = new Answer<>();
        service.run(me, input, result);
        return result;
    }

    private EmbeddingResult embed(TaskInput.Embedding input) {
        return (EmbeddingResult) run(input).value();
    }

    private Answer<TaskResult> rerank(Integer topN, String query, String... documents) {
        return run(new TaskInput.Rerank(null, query, List.of(documents), topN, null));
    }

    @Test
    void everyTextHasItsVector() {
        long before = System.nanoTime();
        EmbeddingResult result = embed(embedding(null, -1, true, tokens(7), tokens(8, 9)));
        double elapsed = (System.nanoTime() - before) / 1e6;
        assertEquals(2, result.vectors().size());
        assertArrayEquals(new float[] {7, 1}, result.vectors().get(0));
        assertArrayEquals(new float[] {8, 2}, result.vectors().get(1));
        assertEquals(2, result.dimensions());
        assertEquals(Pooling.MEAN, result.pooling(), "that of the model");
        assertTrue(result.encoding() == TaskInput.Encoding.BINARY);
        assertEquals(new Usage(3, 0, 0), result.usage());
        assertEquals("fake", result.model());
        assertTrue(result.queueMs() >= 0 && result.computeMs() >= 0);
        assertTrue(result.queueMs() + result.computeMs() <= elapsed, result::toString);
    }

    @Test
    void vectorsHaveALengthOfOneUnlessTheCallerWantsAnother() {
        assertArrayEquals(
                new float[] {0.6f, 0.8f},
                embed(embedding(null, null, false, tokens(3, 1, 1, 1)))
                        .vectors()
                        .getFirst());
        assertArrayEquals(
                new float[] {0.75f, 0.25f},
                embed(embedding(null, 1, false, tokens(3))).vectors().getFirst());
    }

    @Test
    void aTextIsPooledAsTheCallerSays() {
        assertEquals(
                Pooling.LAST,
                embed(embedding(Pooling.LAST, null, false, text("a"))).pooling());
        assertEquals(
                Pooling.CLS,
                embed(embedding(Pooling.CLS, null, false, text("a"))).pooling());
        embed(embedding(null, null, false, text("a")));
        assertEquals(
                List.of(VectorRequest.Pooling.LAST, VectorRequest.Pooling.CLS, VectorRequest.Pooling.MEAN),
                runner.poolings);
    }

    /** They are left as they are, because their lengths say something. */
    @Test
    void withoutPoolingEveryTokenHasAVector() {
        EmbeddingResult result = embed(embedding(Pooling.NONE, null, false, tokens(3, 4, 5)));
        assertEquals(2, result.dimensions());
        assertArrayEquals(new float[] {3, 0, 4, 0, 5, 0}, result.vectors().getFirst());
        EmbeddingResult scaled = embed(embedding(Pooling.NONE, 2, false, tokens(3, 4)));
        assertArrayEquals(new float[] {1, 0, 1, 0}, scaled.vectors().getFirst());
    }

    @Test
    void theTokensOfTheModelAreAddedWhereTheyAreAskedFor() {
        model.model.bos = java.util.OptionalInt.of('^');
        assertEquals(2, embed(embedding(null, null, false, text("a"))).usage().promptTokens());
        TaskInput.Embedding bare = new TaskInput.Embedding(
                null, false, List.of(text("a")), true, false, null, null, TaskInput.Encoding.FLOAT, null);
        assertEquals(1, embed(bare).usage().promptTokens());
    }

    @Test
    void aTextThatDoesNotFitIsRefusedByItsPlace() {
        assertEquals(
                "input: has 257 tokens, more than the context of 256 (n_ctx)",
                run(embedding(null, null, false, text("a".repeat(257)))).message());
        assertEquals(
                "input[1]: has no tokens",
                run(embedding(null, null, false, text("a"), tokens())).message());
        assertEquals(
                256,
                embed(embedding(null, null, false, text("a".repeat(256))))
                        .usage()
                        .promptTokens());
        assertEquals(
                "documents[1] with the query: has 257 tokens, more than the context of 256 (n_ctx)",
                rerank(null, "q", "a", "a".repeat(256)).message());
        assertEquals(
                "documents[0] with the query: has no tokens",
                rerank(null, "", "").message());
    }

    /** An answer goes out in one frame. */
    @Test
    void anAnswerHasALargestSize() {
        model.width = 1 << 18;
        Prompt[] four = {text("a"), text("b"), text("c"), text("d")};
        assertEquals(4, embed(embedding(null, null, true, four)).vectors().size());
        assertEquals(
                "input: 5 vectors of 262144 floats take 5242880 bytes in an answer, at most 4194304 are sent; give"
                        + " fewer texts",
                run(embedding(null, null, true, text("a"), text("b"), text("c"), text("d"), text("e")))
                        .message());
        assertEquals(
                "input: 2 vectors of 262144 floats take 4718592 bytes in an answer, at most 4194304 are sent; give"
                        + " fewer texts or ask for encoding_format binary",
                run(embedding(null, null, false, text("a"), text("b"))).message());
        assertEquals(1, embed(embedding(null, null, false, text("a"))).vectors().size());
        assertTrue(run(embedding(Pooling.NONE, null, true, text("abcde")))
                .message()
                .startsWith("input: 5 vectors "));
    }

    @Test
    void documentsAreRankedBestFirstAndEqualOnesInTheirOrder() {
        RankingResult result =
                (RankingResult) rerank(null, "q", "b", "d", "a", "d").value();
        assertArrayEquals(new float[] {'b', 'd', 'a', 'd'}, result.scores());
        assertEquals(List.of(1, 3, 0, 2), result.best());
        assertEquals(new Usage(8, 0, 0), result.usage());
        assertEquals(
                List.of(1, 3),
                ((RankingResult) rerank(2, "q", "b", "d", "a", "d").value()).best());
        assertEquals(List.of(1, 0), ((RankingResult) rerank(9, "q", "b", "d").value()).best());
        assertEquals(VectorRequest.Pooling.RANK, runner.poolings.getFirst());
    }

    @Test
    void timesOfARankingAreThoseOfTheCall() {
        long before = System.nanoTime();
        RankingResult result = (RankingResult) rerank(null, "q", "b").value();
        double elapsed = (System.nanoTime() - before) / 1e6;
        assertTrue(result.queueMs() >= 0 && result.computeMs() >= 0);
        assertTrue(result.queueMs() + result.computeMs() <= elapsed, result::toString);
    }

    @Test
    void aModelWithoutVectorsSaysSo() {
        model.vectors = null;
        assertTrue(run(embedding(null, null, false, text("a"))).failedWith(ErrorCode.UNSUPPORTED));
        assertTrue(rerank(null, "q", "a").failedWith(ErrorCode.UNSUPPORTED));
    }

    @Test
    void aComputationThatFailsFailsItsTask() {
        runner.fails = true;
        assertTrue(run(embedding(null, null, false, text("a"))).failedWith(ErrorCode.INFERENCE_FAILED));
    }

    /** No term could carry them. */
    @Test
    void numbersThatAreNotFiniteAreAFailure() {
        runner.infinite = true;
        Answer<TaskResult> failed = run(embedding(null, null, false, text("a")));
        assertEquals("the model computed numbers that are not finite", failed.message());
        assertTrue(failed.failedWith(ErrorCode.INFERENCE_FAILED));
    }

    @Test
    void aTaskIsCancelledWhileItsVectorsAreComputed() throws InterruptedException {
        runner.release = new CountDownLatch(1);
        long first = create(session(), embedding(null, null, false, text("a"))).value();
        runner.entered.await();
        long second = create(session(), embedding(null, null, false, text("b"))).value();
        Answer<Void> cancelled = cancel(second);
        assertFalse(cancelled.given(), "the engine tells its end");
        runner.release.countDown();
        cancelled.value();
        assertTrue(result(second, -1).failedWith(ErrorCode.CANCELLED));
        Answer<TaskResult> result = new Answer<>();
        service.getResult(me, first, -1, result);
        assertEquals(1, ((EmbeddingResult) result.value()).vectors().size());
    }

    /** A short request can be a large one: what its tokens and its answer take is held from the beginning. */
    @Test
    void tasksHoldTheirTokensAndTheirAnswer() throws InterruptedException {
        int[] many = new int[400_000];
        model.nCtx = many.length;
        // Each counts as part of the input and as tokens, of a task that may have 64 MB.
        Answer<TaskResult> refused = run(repeated(many, 21));
        assertTrue(refused.failedWith(ErrorCode.OUT_OF_MEMORY), refused.message());
        assertTrue(refused.message().startsWith("input: the request takes "), refused.message());
        runner.release = new CountDownLatch(1);
        long first = create(session(), repeated(many, 19)).value();
        runner.entered.await();
        long second = create(session(), repeated(many, 19)).value();
        // What was prepared holds its tokens, and no longer its input.
        long third = create(session(), repeated(many, 19)).value();
        Answer<Long> fourth = create(session(), repeated(many, 19));
        assertTrue(fourth.failedWith(ErrorCode.SERVER_BUSY));
        long small = create(session(), embedding(null, null, false, text("a"))).value();
        List<Answer<Void>> cancelled = List.of(cancel(first), cancel(second), cancel(third), cancel(small));
        runner.release.countDown();
        cancelled.forEach(Answer::value);
        run(repeated(many, 19)).value();
    }

    private static TaskInput.Embedding repeated(int[] tokens, int count) {
        return new TaskInput.Embedding(
                null,
                false,
                Collections.nCopies(count, tokens(tokens)),
                false,
                true,
                null,
                null,
                TaskInput.Encoding.BINARY,
                null);
    }
}
