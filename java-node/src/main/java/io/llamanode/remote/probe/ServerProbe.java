package io.llamanode.remote.probe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llamanode.remote.answer.ServerError;
import io.llamanode.remote.answer.Trees;
import io.llamanode.remote.http.Head;
import io.llamanode.remote.http.ServerClient;
import io.llamanode.remote.http.TroubleException;
import io.llamanode.remote.request.ServerKind;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Asks a server what it is. Slow; any thread, one at a time. */
public final class ServerProbe {
    private static final int UNAUTHORIZED = 401;
    private static final int FORBIDDEN = 403;
    private static final int UNAVAILABLE = 503;
    private static final int REDIRECTION = 300;
    private static final int CLIENT_ERROR = 400;
    private static final int SERVER_ERROR = 500;

    /** Of the models that are not the one. */
    private static final int SHOWN = 20;
    /** For a question that a server need not think about. */
    private static final long QUICK_MS = 30_000;

    private static final String MODELS = "/v1/models";
    private static final List<String> OWN_COMPLETIONS = List.of("/completion", "/completion-stream");

    private final ServerClient client;
    private final @Nullable String wanted;
    private final long limitMs;
    private final long quickMs;

    /**
     * Asks nothing yet.
     *
     * @param client of the server
     * @param wanted the model's name there, or {@code null}
     * @param limitMs for a question that takes as long as a token
     */
    public ServerProbe(ServerClient client, @Nullable String wanted, long limitMs) {
        this.client = client;
        this.wanted = wanted;
        this.limitMs = limitMs;
        this.quickMs = Math.min(limitMs, QUICK_MS);
    }

    /** The server is there, but has not loaded its model yet, or wants to be asked later. */
    public static final class NotReadyException extends Exception {
        private static final long serialVersionUID = 1L;

        NotReadyException(String message) {
            super(message, null, false, false);
        }
    }

    /**
     * Asks.
     *
     * @return what the server is
     * @throws NotReadyException if it is to be asked again later
     * @throws TroubleException if it does not answer
     * @throws FailureException {@code unauthorized}; {@code model_load_failed} if it is no server of a kind that is known,
     *     or has not the model
     */
    public ServerFacts probe() throws NotReadyException, TroubleException {
        ServerClient.Whole models = ask(MODELS);
        JsonNode list = models.head().isGood() ? Trees.parse(models.body()) : null;
        JsonNode props = props();
        if (list != null && (list.path("data").isArray() || list.path("models").isArray())) {
            return listed(list, props);
        }
        refuseRedirect(models.head());
        if (models.head().status() >= SERVER_ERROR) {
            throw unfit(
                    "%s answers %d: %s".formatted(MODELS, models.head().status(), ServerError.ofBody(models.body())));
        }
        if (props != null || models.head().status() >= CLIENT_ERROR) {
            return nativeOnly(props);
        }
        throw unfit("%s answers something that is no list of models".formatted(MODELS));
    }

    private ServerClient.Whole ask(String path) throws NotReadyException, TroubleException {
        ServerClient.Whole whole = client.ask(path, null, quickMs);
        judge(whole);
        return whole;
    }

    private void judge(ServerClient.Whole whole) throws NotReadyException {
        int status = whole.head().status();
        if (status == UNAUTHORIZED || status == FORBIDDEN) {
            throw new FailureException(
                    ErrorCode.UNAUTHORIZED,
                    client.clean("%s answers %d: %s (api_key)"
                            .formatted(client.url(), status, ServerError.ofBody(whole.body()))));
        }
        if (status == UNAVAILABLE) {
            throw new NotReadyException(
                    client.clean("%s is not ready: %s".formatted(client.url(), ServerError.ofBody(whole.body()))));
        }
    }

    private void refuseRedirect(Head head) {
        if (head.status() >= REDIRECTION && head.status() < CLIENT_ERROR) {
            throw unfit("it redirects to %s, which is not followed; give that URL if it is right"
                    .formatted(head.location() == null ? "elsewhere" : head.location()));
        }
    }

    private FailureException unfit(String why) {
        return new FailureException(ErrorCode.MODEL_LOAD_FAILED, client.clean("%s: %s".formatted(client.url(), why)));
    }

    /** {@return what a llama-server says of itself, or {@code null} for another} */
    private @Nullable JsonNode props() throws NotReadyException, TroubleException {
        ServerClient.Whole health = client.ask("/health", null, quickMs);
        if (health.head().status() == UNAVAILABLE) {
            judge(health);
        }
        ServerClient.Whole props = client.ask("/props", null, quickMs);
        JsonNode tree = props.head().isGood() ? Trees.parse(props.body()) : null;
        return tree != null && (tree.has("default_generation_settings") || tree.has("total_slots")) ? tree : null;
    }

    private ServerFacts listed(JsonNode list, @Nullable JsonNode props) throws TroubleException {
        JsonNode entries = list.path("data").isArray() ? list.path("data") : list.path("models");
        List<String> names = new ArrayList<>();
        JsonNode entry = null;
        for (JsonNode each : entries) {
            String id = Trees.text(each, "id");
            String name = id != null ? id : Trees.text(each, "name");
            if (name != null) {
                names.add(name);
                entry = entry == null || name.equals(wanted) ? each : entry;
            }
        }
        if (wanted == null && names.isEmpty()) {
            throw unfit("it lists no model");
        }
        // A llama-server takes any name for its only model.
        boolean any = props != null && names.size() <= 1;
        if (wanted != null && !any && !names.contains(wanted) && !names.contains(wanted + ":latest")) {
            throw unfit("it has no model '%s'; it lists %s%s"
                    .formatted(
                            wanted,
                            names.subList(0, Math.min(SHOWN, names.size())),
                            names.size() > SHOWN ? " and others" : ""));
        }
        String model = wanted != null ? wanted : names.getFirst();
        JsonNode meta = entry == null ? Trees.object() : entry.path("meta");
        return facts(
                props != null ? ServerKind.LLAMA_SERVER : ServerKind.OPENAI,
                OWN_COMPLETIONS.getFirst(),
                model,
                names,
                meta,
                entry,
                props);
    }

    private ServerFacts facts(
            ServerKind kind,
            String completionPath,
            String model,
            List<String> names,
            JsonNode meta,
            @Nullable JsonNode entry,
            @Nullable JsonNode props)
            throws TroubleException {
        JsonNode own = props == null ? Trees.object() : props;
        Integer nCtx = Trees.count(own.path("default_generation_settings"), "n_ctx");
        if (nCtx == null && entry != null) {
            // As vLLM tells it.
            nCtx = Trees.count(entry, "max_model_len");
        }
        return new ServerFacts(
                kind,
                completionPath,
                model,
                List.copyOf(names),
                positive(Trees.count(own, "total_slots")),
                positive(nCtx),
                Trees.count(meta, "n_ctx_train"),
                Trees.count(meta, "n_vocab"),
                Trees.count(meta, "n_embd"),
                large(meta, "n_params"),
                large(meta, "size"),
                Trees.text(own, "chat_template"),
                Trees.text(own, "build_info"),
                hidesTools(own.path("chat_template_caps")),
                kind == ServerKind.LLAMA_SERVER ? adapters() : Map.of());
    }

    /** Older ones do not say it, and had ways to tell any model of tools. */
    private static boolean hidesTools(JsonNode capabilities) {
        JsonNode tools = capabilities.path("supports_tools");
        return tools.isBoolean()
                && !tools.booleanValue()
                && !capabilities.path("supports_tool_calls").asBoolean();
    }

    private static @Nullable Integer positive(@Nullable Integer count) {
        return count == null || count == 0 ? null : count;
    }

    private static @Nullable Long large(JsonNode tree, String field) {
        JsonNode value = tree.path(field);
        return value.isNumber() && value.longValue() >= 0 ? (Long) value.longValue() : null;
    }

    private Map<String, Integer> adapters() throws TroubleException {
        ServerClient.Whole whole = client.ask("/lora-adapters", null, quickMs);
        JsonNode list = whole.head().isGood() ? Trees.parse(whole.body()) : null;
        Map<String, Integer> adapters = new LinkedHashMap<>();
        if (list != null && list.isArray()) {
            for (JsonNode each : list) {
                Integer number = Trees.count(each, "id");
                String path = Trees.text(each, "path");
                if (number != null && path != null) {
                    String file = path.substring(path.lastIndexOf('/') + 1);
                    adapters.put(file.endsWith(".gguf") ? file.substring(0, file.length() - 5) : file, number);
                }
            }
        }
        return adapters;
    }

    /** An old server says nothing of itself but that it answers; so it is asked for one token. */
    private ServerFacts nativeOnly(@Nullable JsonNode props) throws NotReadyException, TroubleException {
        String model = wanted == null ? "default" : wanted;
        for (String path : OWN_COMPLETIONS) {
            ObjectNode body = Trees.object();
            body.put("model", model).put("prompt", "a").put("n_predict", 1).put("stream", false);
            ServerClient.Whole whole = client.ask(path, Trees.bytes(body), limitMs);
            judge(whole);
            if (whole.head().isGood()) {
                return facts(ServerKind.NATIVE, path, model, List.of(), Trees.object(), null, props);
            }
        }
        throw unfit("none of %s, %s and %s answers"
                .formatted(MODELS, OWN_COMPLETIONS.getFirst(), Objects.requireNonNull(OWN_COMPLETIONS.getLast())));
    }
}
