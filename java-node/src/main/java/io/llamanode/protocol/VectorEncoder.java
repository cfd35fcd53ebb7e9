package io.llamanode.protocol;

import com.ericsson.otp.erlang.OtpErlangBinary;
import com.ericsson.otp.erlang.OtpErlangDouble;
import com.ericsson.otp.erlang.OtpErlangList;
import com.ericsson.otp.erlang.OtpErlangMap;
import com.ericsson.otp.erlang.OtpErlangObject;
import io.llamanode.service.contract.task.EmbeddingResult;
import io.llamanode.service.contract.task.GenerationResult;
import io.llamanode.service.contract.task.RankingResult;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.term.Terms;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** Embeddings and rankings as docs/protocol.md, section 3, writes them. */
final class VectorEncoder {
    private VectorEncoder() {}

    static OtpErlangMap embedding(EmbeddingResult result) {
        return Terms.map()
                .put("embeddings", Terms.list(result.vectors(), vectors -> embedding(result, vectors)))
                .put("dimensions", result.dimensions())
                .put("pooling", result.pooling() == null ? null : Terms.atom(result.pooling()))
                .put("usage", usage(result.usage()))
                .put("timings", timings(result.usage(), result.queueMs(), result.computeMs(), result.startedAt()))
                .put("model", result.model())
                .put("task_id", result.taskId())
                .build();
    }

    private static OtpErlangObject embedding(EmbeddingResult result, float[] vectors) {
        int width = result.dimensions();
        if (result.pooling() != TaskInput.Pooling.NONE) {
            return vector(vectors, 0, width, result.encoding());
        }
        OtpErlangObject[] tokens = new OtpErlangObject[vectors.length / width];
        for (int i = 0; i < tokens.length; i++) {
            tokens[i] = vector(vectors, i * width, width, result.encoding());
        }
        return new OtpErlangList(tokens);
    }

    private static OtpErlangObject vector(float[] floats, int from, int count, TaskInput.Encoding encoding) {
        if (encoding != TaskInput.Encoding.FLOAT) {
            ByteBuffer bytes = ByteBuffer.allocate(count * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            bytes.asFloatBuffer().put(floats, from, count);
            return new OtpErlangBinary(
                    encoding == TaskInput.Encoding.BINARY
                            ? bytes.array()
                            : Base64.getEncoder().encode(bytes.array()));
        }
        OtpErlangObject[] elements = new OtpErlangObject[count];
        for (int i = 0; i < count; i++) {
            elements[i] = new OtpErlangDouble(floats[from + i]);
        }
        return new OtpErlangList(elements);
    }

    static OtpErlangMap ranking(RankingResult result) {
        float[] scores = result.scores();
        OtpErlangObject[] all = new OtpErlangObject[scores.length];
        for (int i = 0; i < all.length; i++) {
            all[i] = new OtpErlangDouble(scores[i]);
        }
        return Terms.map()
                .put(
                        "results",
                        Terms.list(
                                result.best(),
                                index -> Terms.map()
                                        .put("index", index)
                                        .put("score", (double) scores[index])
                                        .build()))
                .put("scores", new OtpErlangList(all))
                .put("usage", usage(result.usage()))
                .put("timings", timings(result.usage(), result.queueMs(), result.computeMs(), result.startedAt()))
                .put("model", result.model())
                .put("task_id", result.taskId())
                .build();
    }

    /** When a task was there, by the clock of the system, and how long. */
    static Terms.MapBuilder times(long startedAt, double elapsedMs) {
        return Terms.map()
                .put("started_at", startedAt)
                .put("ended_at", startedAt + Math.round(elapsedMs))
                .put("elapsed_ms", elapsedMs);
    }

    /** The keys of a generated text's usage, so that one reader does for all. */
    static @Nullable OtpErlangMap usage(GenerationResult.@Nullable Usage usage) {
        if (usage == null) {
            return null;
        }
        return Terms.map()
                .put("prompt_tokens", usage.promptTokens())
                .put("completion_tokens", usage.completionTokens())
                .put("total_tokens", (long) usage.promptTokens() + usage.completionTokens())
                .put("cached_tokens", usage.cachedTokens())
                .build();
    }

    private static OtpErlangMap timings(
            GenerationResult.@Nullable Usage usage, double queueMs, double computeMs, long startedAt) {
        return times(startedAt, queueMs + computeMs)
                .put("queue_ms", queueMs)
                .put("prompt_ms", computeMs)
                .put("prompt_per_second", usage == null ? null : perSecond(usage.promptTokens(), computeMs))
                .build();
    }

    private static Double perSecond(int tokens, double milliseconds) {
        return milliseconds <= 0 ? 0 : tokens * 1000.0 / milliseconds;
    }
}
