package io.llamanode.remote;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llamanode.remote.answer.Trees;
import io.llamanode.remote.http.ServerClient;
import io.llamanode.remote.http.Trouble;
import io.llamanode.remote.http.TroubleException;
import io.llamanode.remote.probe.ServerFacts;
import io.llamanode.remote.request.ServerKind;
import io.llamanode.service.contract.AwayException;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.task.TokenPiece;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** What a llama-server is asked by the way: tokens and templates. Slow: each waits for the answer. For any thread. */
public final class Questions {
    private static final long LIMIT_MS = 30_000;
    /** Between two where the server loads its model. */
    private static final long PAUSE_MS = 500;

    private final RemoteModel model;
    private final ServerClient client;
    private final ServerFacts facts;

    Questions(RemoteModel model, ServerFacts facts) {
        this.model = model;
        this.client = model.client();
        this.facts = facts;
    }

    private JsonNode ask(String what, String path, ObjectNode body) {
        if (facts.kind() != ServerKind.LLAMA_SERVER) {
            throw new FailureException(
                    ErrorCode.UNSUPPORTED,
                    "%s: %s has no endpoint for it".formatted(what, facts.kind().words()));
        }
        byte[] bytes = Trees.bytes(body.put("model", facts.model()));
        long begun = System.nanoTime();
        for (boolean repeated = false; ; ) {
            ServerClient.Whole whole;
            try {
                whole = client.ask(
                        path, bytes, Math.min(LIMIT_MS, model.timeouts().requestMs()));
            } catch (TroubleException e) {
                // Who is interrupted has nobody who waits for the answer.
                boolean wanted = !Thread.currentThread().isInterrupted();
                if (e.trouble().kind() == Trouble.Kind.CLOSED && model.keptConnections() && !repeated && wanted) {
                    repeated = true;
                    continue;
                }
                throw failed(path, e.trouble());
            }
            JsonNode value = whole.head().isGood() ? Trees.parse(whole.body()) : null;
            if (value != null) {
                model.hasAnswered();
                return value;
            }
            if (whole.head().isGood()) {
                throw failed(ErrorCode.INFERENCE_FAILED, path + " answers something that is no JSON");
            }
            Refusal refusal = Refusal.of(whole.head(), whole.body(), model.timeouts());
            if (!refusal.isLater() || !waits(refusal, begun)) {
                if (refusal.holdMs() != null) {
                    model.holdFor(refusal.holdMs());
                }
                String why = "%s: %s".formatted(path, refusal.message());
                throw Refusal.isOfServer(whole.head().status())
                        ? away(refusal.code(), why)
                        : failed(refusal.code(), why);
            }
        }
    }

    /** {@return whether it is worth asking again} */
    private boolean waits(Refusal refusal, long begun) {
        long pauseMs = refusal.retryMs() == null ? PAUSE_MS : refusal.retryMs();
        if (TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun) + pauseMs
                >= model.timeouts().requestMs()) {
            return false;
        }
        try {
            Thread.sleep(pauseMs);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private FailureException failed(String path, Trouble trouble) {
        if (trouble.kind() == Trouble.Kind.UNREACHABLE) {
            model.isDown(trouble);
        }
        return away(
                trouble.kind() == Trouble.Kind.TIMEOUT ? ErrorCode.TIMEOUT : ErrorCode.INFERENCE_FAILED,
                "%s: %s".formatted(path, trouble.message()));
    }

    /** Another model may do what the answer was wanted for. */
    private FailureException away(ErrorCode code, String message) {
        return new AwayException(failed(code, message).failure());
    }

    private FailureException failed(ErrorCode code, String message) {
        return new FailureException(code, client.clean("%s: %s".formatted(client.url(), message)));
    }

    private JsonNode tokens(String content, boolean addSpecial, boolean parseSpecial, boolean withPieces) {
        JsonNode tokens = ask(
                        "tokenize",
                        "/tokenize",
                        Trees.object()
                                .put("content", content)
                                .put("add_special", addSpecial)
                                .put("parse_special", parseSpecial)
                                .put("with_pieces", withPieces))
                .path("tokens");
        if (!tokens.isArray()) {
            throw failed(ErrorCode.INFERENCE_FAILED, "/tokenize answers something that is no list of tokens");
        }
        return tokens;
    }

    /**
     * Splits a text into tokens.
     *
     * @param content the text
     * @param addSpecial whether bos and eos are added as the model's metadata say
     * @param parseSpecial whether control tokens written in the text are read as such
     * @return token ids
     * @throws FailureException {@code unsupported} if the server has no endpoint for it, {@code inference_failed}
     */
    public int[] tokenize(String content, boolean addSpecial, boolean parseSpecial) {
        JsonNode tokens = tokens(content, addSpecial, parseSpecial, false);
        int[] ids = new int[tokens.size()];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = tokens.get(i).intValue();
        }
        return ids;
    }

    /**
     * Splits a text into tokens, and tells what each stands for.
     *
     * @param content the text
     * @param addSpecial as above
     * @param parseSpecial as above
     * @return the tokens
     * @throws FailureException as above
     */
    public List<TokenPiece> pieces(String content, boolean addSpecial, boolean parseSpecial) {
        List<TokenPiece> pieces = new ArrayList<>();
        for (JsonNode token : tokens(content, addSpecial, parseSpecial, true)) {
            JsonNode piece = token.path("piece");
            byte[] bytes;
            if (piece.isArray()) {
                bytes = new byte[piece.size()];
                for (int i = 0; i < bytes.length; i++) {
                    bytes[i] = (byte) piece.get(i).intValue();
                }
            } else {
                bytes = piece.asText().getBytes(StandardCharsets.UTF_8);
            }
            pieces.add(new TokenPiece(token.path("id").intValue(), bytes));
        }
        return pieces;
    }

    /**
     * Joins tokens to a text, in which control tokens are spelled.
     *
     * @param tokens ids
     * @return the text
     * @throws FailureException as above
     */
    public String detokenize(int[] tokens) {
        ObjectNode body = Trees.object();
        ArrayNode ids = body.putArray("tokens");
        for (int token : tokens) {
            ids.add(token);
        }
        return ask("detokenize", "/detokenize", body).path("content").asText();
    }

    /**
     * Renders a conversation with the server's template.
     *
     * @param messages of it
     * @param tools that may be called; may be empty
     * @param variables further ones of the template; may be empty
     * @return the prompt
     * @throws FailureException as above
     */
    public String render(
            List<Map<String, Object>> messages, List<Map<String, Object>> tools, Map<String, Object> variables) {
        ObjectNode body = Trees.object();
        body.set("messages", Trees.of(messages));
        if (!tools.isEmpty()) {
            body.set("tools", Trees.of(tools));
        }
        if (!variables.isEmpty()) {
            body.set("chat_template_kwargs", Trees.of(variables));
        }
        return ask("apply_template", "/apply-template", body).path("prompt").asText();
    }
}
