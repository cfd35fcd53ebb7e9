package io.llamanode.service;

import io.llamanode.account.Weight;
import io.llamanode.engine.contract.GenerationListener.FailureKind;
import io.llamanode.engine.vector.Normalization;
import io.llamanode.engine.vector.VectorEngine;
import io.llamanode.engine.vector.VectorListener;
import io.llamanode.engine.vector.VectorRequest;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.task.EmbeddingResult;
import io.llamanode.service.contract.task.GenerationResult.Usage;
import io.llamanode.service.contract.task.RankingResult;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.TaskInput.Pooling;
import io.llamanode.service.contract.task.TaskResult;
import io.llamanode.service.model.LoadedModel;
import io.llamanode.service.prompt.InputSize;
import io.llamanode.service.prompt.PromptBuilder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;

/** Makes requests for vectors of the inputs of embedding and rerank tasks, and results of their outcomes. */
final class VectorTasks {
    private static final double NANOS_PER_MILLI = 1e6;
    /** Bytes of the vectors in one answer, which goes out in one frame. */
    private static final long LARGEST_ANSWER = 4L << 20;
    /** Of a float in a list of the external term format. */
    private static final int LISTED_FLOAT = 9;
    /** Of a text besides its tokens, while it waits and when it is a vector besides its floats; bytes. */
    private static final int TEXT = 200;

    private VectorTasks() {}

    /**
     * Slow: tokenizes, and makes the engine for the first of its kind.
     *
     * @throws FailureException if there are no vectors to be made of the input
     */
    static Job prepare(Task task, TaskInput.Vectors input, Tasks tasks) {
        return switch (input) {
            case TaskInput.Embedding embedding -> embedding(task, embedding, tasks);
            case TaskInput.Rerank rerank -> rerank(task, rerank, tasks);
        };
    }

    private static Job job(VectorEngine engine, VectorRequest request, VectorListener listener) {
        return new Job() {
            @Override
            public boolean submit(Runnable accepted) {
                return engine.submit(request, listener, accepted);
            }

            @Override
            public void cancel() {
                engine.cancel(request.id());
            }

            @Override
            public void discard() {
                // Holds nothing but memory.
            }
        };
    }

    private static Job embedding(Task task, TaskInput.Embedding input, Tasks tasks) {
        LoadedModel model = task.model.loaded();
        VectorEngine engine = model.embedder();
        List<int[]> texts = new ArrayList<>(input.inputs().size());
        for (int i = 0; i < input.inputs().size(); i++) {
            String place = InputSize.place(input, i);
            int[] tokens = PromptBuilder.tokens(place, input.inputs().get(i), input.addSpecial(), model.vocabulary());
            texts.add(held(task, input.key(), fitting(place, tokens, model)));
        }
        Pooling pooling =
                input.pooling() != null ? input.pooling() : model.info().pooling();
        long floats = refuseLargeAnswer(input, pooling, texts, model.info().nEmbd());
        Admission.hold(task.holding, floats * Float.BYTES, input::key);
        int norm = input.normalize() != null
                ? input.normalize()
                : pooling == Pooling.NONE ? Normalization.OFF : Normalization.EUCLIDEAN;
        TaskInput.Encoding encoding = input.encoding();
        return job(
                engine,
                request(task, texts, VectorRequest.Pooling.valueOf(pooling.name())),
                listener(task, tasks, outcome -> {
                    int width = outcome.vectors().getFirst().length
                            / (pooling == Pooling.NONE ? texts.getFirst().length : 1);
                    outcome.vectors().forEach(vectors -> Normalization.apply(vectors, width, norm));
                    return new EmbeddingResult(
                            task.id,
                            task.model.id(),
                            outcome.vectors(),
                            width,
                            pooling,
                            encoding,
                            new Usage(outcome.tokens(), 0, 0),
                            queueMs(task, outcome),
                            outcome.computed() / NANOS_PER_MILLI,
                            task.startedAt);
                }));
    }

    private static Job rerank(Task task, TaskInput.Rerank input, Tasks tasks) {
        LoadedModel model = task.model.loaded();
        VectorEngine engine = model.ranker();
        List<int[]> pairs = new ArrayList<>(input.documents().size());
        for (int i = 0; i < input.documents().size(); i++) {
            int[] pair = model.pair(input.query(), input.documents().get(i));
            // The query is in every pair.
            pairs.add(held(task, "documents", fitting("documents[%d] with the query".formatted(i), pair, model)));
        }
        int listed = input.topN() == null ? pairs.size() : Math.min(input.topN(), pairs.size());
        return job(engine, request(task, pairs, VectorRequest.Pooling.RANK), listener(task, tasks, outcome -> {
            float[] scores = new float[outcome.vectors().size()];
            for (int i = 0; i < scores.length; i++) {
                scores[i] = outcome.vectors().get(i)[0];
            }
            return new RankingResult(
                    task.id,
                    task.model.id(),
                    scores,
                    best(scores, listed),
                    new Usage(outcome.tokens(), 0, 0),
                    queueMs(task, outcome),
                    outcome.computed() / NANOS_PER_MILLI,
                    task.startedAt);
        }));
    }

    private static List<Integer> best(float[] scores, int listed) {
        return IntStream.range(0, scores.length)
                .boxed()
                // Stable: of equal documents the first stays first.
                .sorted(Comparator.comparingDouble(i -> -scores[i]))
                .limit(listed)
                .toList();
    }

    private static VectorRequest request(Task task, List<int[]> inputs, VectorRequest.Pooling pooling) {
        return new VectorRequest(task.id, task.owners.getFirst(), inputs, pooling, task.deadline);
    }

    private static double queueMs(Task task, VectorListener.Outcome outcome) {
        return (task.submitted - task.created + outcome.queued()) / NANOS_PER_MILLI;
    }

    private static VectorListener listener(
            Task task, Tasks tasks, Function<VectorListener.Outcome, TaskResult> result) {
        return new VectorListener() {
            @Override
            public void finished(Outcome outcome) {
                tasks.finished(task, result.apply(outcome), null);
            }

            @Override
            public void failed(FailureKind kind, String message) {
                tasks.failed(task, kind, message);
            }
        };
    }

    /**
     * Holds what the tokens take, as they come: a short request can be a large one.
     *
     * @param key of the texts
     */
    private static int[] held(Task task, String key, int[] tokens) {
        Admission.hold(task.holding, TEXT + Weight.of(tokens), () -> key);
        return tokens;
    }

    private static int[] fitting(String place, int[] tokens, LoadedModel model) {
        if (tokens.length == 0) {
            throw FailureException.invalid(place + ": has no tokens");
        }
        if (tokens.length > model.info().nCtx()) {
            throw FailureException.invalid("%s: has %d tokens, more than the context of %d (n_ctx)"
                    .formatted(place, tokens.length, model.info().nCtx()));
        }
        return tokens;
    }

    /** {@return how many floats the answer has} */
    private static long refuseLargeAnswer(TaskInput.Embedding input, Pooling pooling, List<int[]> texts, int width) {
        long vectors = pooling == Pooling.NONE
                ? texts.stream().mapToLong(tokens -> tokens.length).sum()
                : texts.size();
        long bytes = vectors * width * input.encoding().bytes(LISTED_FLOAT);
        if (bytes > LARGEST_ANSWER) {
            throw FailureException.invalid(
                    "%s: %d vectors of %d floats take %d bytes in an answer, at most %d are sent; give fewer texts%s"
                            .formatted(
                                    input.key(),
                                    vectors,
                                    width,
                                    bytes,
                                    LARGEST_ANSWER,
                                    input.encoding() == TaskInput.Encoding.BINARY
                                            ? ""
                                            : " or ask for encoding_format binary"));
        }
        return vectors * width;
    }
}
