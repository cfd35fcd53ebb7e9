package io.llamanode.service.prompt;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llamanode.engine.vector.Normalization;
import io.llamanode.remote.answer.Trees;
import io.llamanode.remote.probe.ServerFacts;
import io.llamanode.remote.request.ServerKind;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.task.EmbeddingResult;
import io.llamanode.service.contract.task.GenerationResult.Usage;
import io.llamanode.service.contract.task.Prompt;
import io.llamanode.service.contract.task.RankingResult;
import io.llamanode.service.contract.task.TaskInput;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A request for vectors or scores, and the result that the server's answer makes.
 *
 * <p>Not to be changed: for any thread.
 *
 * @param path of the endpoint
 * @param body of the request
 */
public record RemoteVectors(String path, ObjectNode body) {

    private static FailureException unsupported(String message) {
        return new FailureException(ErrorCode.UNSUPPORTED, message);
    }

    private static FailureException unfit(String message) {
        return new FailureException(ErrorCode.INFERENCE_FAILED, "the server answers " + message);
    }

    /**
     * Asks for the vectors of texts.
     *
     * @param facts of the server
     * @param input what to compute
     * @return the request
     * @throws FailureException {@code unsupported} naming the key that has no place
     */
    public static RemoteVectors embedding(ServerFacts facts, TaskInput.Embedding input) {
        if (facts.kind() == ServerKind.NATIVE) {
            throw unsupported("embedding: %s has no endpoint for it"
                    .formatted(facts.kind().words()));
        }
        if (input.pooling() != null) {
            throw unsupported("pooling: it was said when the server was started");
        }
        boolean llama = facts.kind() == ServerKind.LLAMA_SERVER;
        if (!llama && input.normalize() != null && input.normalize() == Normalization.OFF) {
            throw unsupported("normalize: %s scales vectors as it likes"
                    .formatted(facts.kind().words()));
        }
        if (!input.addSpecial()) {
            throw unsupported("add_special: %s adds what its model's metadata say; give tokens"
                    .formatted(facts.kind().words()));
        }
        ObjectNode body = Trees.object();
        body.put("model", facts.model());
        ArrayNode texts = body.putArray("input");
        for (Prompt text : input.inputs()) {
            switch (text) {
                case Prompt.Text(String plain) -> texts.add(plain);
                case Prompt.Special(String special) -> texts.add(special);
                case Prompt.Tokens(int[] ids) -> texts.add(Trees.of(ids));
            }
        }
        body.put("encoding_format", "float");
        if (llama) {
            body.put("embd_normalize", input.normalize() == null ? Normalization.EUCLIDEAN : input.normalize());
        }
        return new RemoteVectors("/v1/embeddings", body);
    }

    /**
     * Asks for the scores of documents.
     *
     * @param facts of the server
     * @param input what to compare
     * @return the request
     * @throws FailureException {@code unsupported} if the server has no endpoint for it
     */
    public static RemoteVectors rerank(ServerFacts facts, TaskInput.Rerank input) {
        if (facts.kind() == ServerKind.NATIVE) {
            throw unsupported(
                    "rerank: %s has no endpoint for it".formatted(facts.kind().words()));
        }
        ObjectNode body = Trees.object();
        body.put("model", facts.model());
        body.put("query", input.query());
        body.set("documents", Trees.of(input.documents()));
        // The result has the scores of all.
        body.put("top_n", input.documents().size());
        return new RemoteVectors("/v1/rerank", body);
    }

    /**
     * What a result says of its task.
     *
     * @param taskId of the task
     * @param model id of the model
     * @param queueMs that it waited
     * @param computeMs that the server took
     * @param startedAt system time of its creation in milliseconds
     */
    public record About(long taskId, String model, double queueMs, double computeMs, long startedAt) {}

    /**
     * Reads the vectors.
     *
     * @param answer of the server
     * @param input that was asked for
     * @param about what the result says of its task
     * @return the result
     * @throws FailureException {@code inference_failed} if these are not the vectors of all texts
     */
    public EmbeddingResult embeddings(JsonNode answer, TaskInput.Embedding input, About about) {
        JsonNode data = answer.path("data");
        float[][] vectors = new float[input.inputs().size()][];
        int place = 0;
        for (JsonNode entry : data) {
            Integer index = Trees.count(entry, "index");
            int at = index == null ? place : index;
            JsonNode floats = entry.path("embedding");
            if (at >= vectors.length || !floats.isArray() || floats.isEmpty()) {
                throw unfit("something that is no list of vectors");
            }
            vectors[at] = floats(floats);
            place++;
        }
        int width = vectors[0] == null ? 0 : vectors[0].length;
        for (float[] vector : vectors) {
            if (vector == null || vector.length != width) {
                throw unfit(
                        "with %d vectors for %d texts, or such of different length".formatted(place, vectors.length));
            }
            if (!body.has("embd_normalize") && input.normalize() != null) {
                Normalization.apply(vector, width, input.normalize());
            }
        }
        return new EmbeddingResult(
                about.taskId(),
                about.model(),
                List.of(vectors),
                width,
                null,
                input.encoding(),
                usage(answer),
                about.queueMs(),
                about.computeMs(),
                about.startedAt());
    }

    private static float[] floats(JsonNode list) {
        float[] floats = new float[list.size()];
        for (int i = 0; i < floats.length; i++) {
            if (!Trees.isFinite(list.get(i))) {
                throw unfit("something that is no list of vectors");
            }
            floats[i] = list.get(i).floatValue();
        }
        return floats;
    }

    private static @Nullable Usage usage(JsonNode answer) {
        JsonNode usage = answer.path("usage");
        Integer prompt = Trees.count(usage, "prompt_tokens");
        Integer tokens = prompt != null ? prompt : Trees.count(usage, "total_tokens");
        return tokens == null ? null : new Usage(tokens, 0, null);
    }

    /**
     * Reads the scores.
     *
     * @param answer of the server
     * @param input that was asked for
     * @param about what the result says of its task
     * @return the result
     * @throws FailureException {@code inference_failed} if these are not the scores of all documents
     */
    public RankingResult ranking(JsonNode answer, TaskInput.Rerank input, About about) {
        JsonNode results = answer.isArray() ? answer : answer.path("results");
        float[] scores = new float[input.documents().size()];
        boolean[] known = new boolean[scores.length];
        for (JsonNode entry : results) {
            Integer index = Trees.count(entry, "index");
            Double score = Trees.number(entry, "relevance_score");
            score = score != null ? score : Trees.number(entry, "score");
            if (index == null || index >= scores.length || score == null) {
                throw unfit("something that is no list of scores");
            }
            scores[index] = (float) (double) score;
            known[index] = true;
        }
        for (boolean each : known) {
            if (!each) {
                throw unfit("without the scores of all documents");
            }
        }
        int listed = input.topN() == null ? scores.length : Math.min(input.topN(), scores.length);
        List<Integer> best = IntStream.range(0, scores.length)
                .boxed()
                // Stable: of equal documents the first stays first.
                .sorted(Comparator.comparingDouble(i -> -scores[i]))
                .limit(listed)
                .toList();
        return new RankingResult(
                about.taskId(),
                about.model(),
                Arrays.copyOf(scores, scores.length),
                best,
                usage(answer),
                about.queueMs(),
                about.computeMs(),
                about.startedAt());
    }
}
