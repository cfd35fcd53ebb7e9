package io.llamanode.service.contract;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A server that runs a model, as it told of itself. What it does not tell is {@code null}.
 *
 * <p>Never changes: for any thread.
 *
 * @param url of it
 * @param kind {@code llama_server}, {@code openai} or {@code native}; {@code null} before it was there
 * @param model its name there
 * @param build of the server
 * @param trouble why it can not be asked just now; {@code null}: it can
 * @param pid of its process, if this node has started it and it runs
 * @param trustContent whether texts that spell control tokens are sent as they are
 * @param nCtx tokens of a slot's context
 * @param nCtxTrain tokens that the model was trained for
 * @param nVocab tokens of the vocabulary
 * @param nEmbd floats of an embedding inside the model
 * @param nParams weights
 * @param sizeBytes of the weights
 * @param capabilities of its kind of server
 * @param fallback the model that does what it refuses; {@code null}: none is configured
 */
public record ServerReport(
        String url,
        @Nullable String kind,
        @Nullable String model,
        @Nullable String build,
        @Nullable String trouble,
        @Nullable Long pid,
        boolean trustContent,
        @Nullable Integer nCtx,
        @Nullable Integer nCtxTrain,
        @Nullable Integer nVocab,
        @Nullable Integer nEmbd,
        @Nullable Long nParams,
        @Nullable Long sizeBytes,
        Set<Capability> capabilities,
        @Nullable Fallback fallback) {
    /**
     * Another model of the node.
     *
     * @param id of it
     * @param tasks that it was given so far, each of which the server had refused
     */
    public record Fallback(String id, long tasks) {}

    /** {@return what it is, for a sentence} */
    public String inWords() {
        if (kind == null) {
            return "a server at %s, which is not there: %s%s".formatted(url, trouble, elsewhere());
        }
        return "'%s' of the server at %s, %s%s%s"
                .formatted(model, url, kind, build == null ? "" : " build " + build, elsewhere());
    }

    private String elsewhere() {
        return fallback == null ? "" : ", else '%s'".formatted(fallback.id());
    }
}
