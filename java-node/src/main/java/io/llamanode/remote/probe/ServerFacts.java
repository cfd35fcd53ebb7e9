package io.llamanode.remote.probe;

import io.llamanode.remote.request.ServerKind;
import io.llamanode.service.contract.Capability;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a server told of itself and of the model. What it does not tell is {@code null}.
 *
 * <p>Never changes: for any thread.
 *
 * @param kind of server
 * @param completionPath of its own endpoint for completions
 * @param model the name that requests ask for
 * @param models that it lists
 * @param slots that it works on at once
 * @param nCtx tokens of a slot's context
 * @param nCtxTrain tokens that the model was trained for
 * @param nVocab tokens of the vocabulary
 * @param nEmbd floats of an embedding inside the model
 * @param nParams weights
 * @param sizeBytes of the weights
 * @param template of chats, in Jinja
 * @param build of the server
 * @param hidesTools whether it says that its template shows no tools to the model
 * @param adapters that it has loaded: their numbers by name
 */
public record ServerFacts(
        ServerKind kind,
        String completionPath,
        String model,
        List<String> models,
        @Nullable Integer slots,
        @Nullable Integer nCtx,
        @Nullable Integer nCtxTrain,
        @Nullable Integer nVocab,
        @Nullable Integer nEmbd,
        @Nullable Long nParams,
        @Nullable Long sizeBytes,
        @Nullable String template,
        @Nullable String build,
        boolean hidesTools,
        Map<String, Integer> adapters) {

    /** {@return what can be asked of it, as far as its kind tells: whether the model can do it the server says when asked} */
    public Set<Capability> capabilities() {
        return switch (kind) {
            case LLAMA_SERVER -> EnumSet.allOf(Capability.class);
            case OPENAI -> EnumSet.of(Capability.COMPLETION, Capability.CHAT, Capability.EMBEDDING, Capability.RERANK);
            case NATIVE -> EnumSet.of(Capability.COMPLETION);
        };
    }
}
