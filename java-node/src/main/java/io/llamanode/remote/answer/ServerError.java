package io.llamanode.remote.answer;

import com.fasterxml.jackson.databind.JsonNode;
import org.jspecify.annotations.Nullable;

/** What servers say when something fails; each has its own form. For any thread. */
public final class ServerError {
    private static final int SHOWN = 1_000;

    private ServerError() {}

    /**
     * Finds the message of an error.
     *
     * @param tree what a server sent
     * @param marked whether it is known to be an error
     * @return the message, or {@code null} if it is no error
     */
    public static @Nullable String message(JsonNode tree, boolean marked) {
        JsonNode error = tree.get("error");
        if (error != null && !error.isNull()) {
            String message = error.isTextual() ? error.textValue() : first(error);
            return shorten(message == null ? error.toString() : message);
        }
        if (marked || "error".equals(Trees.text(tree, "object"))) {
            String message = first(tree);
            return shorten(message == null ? tree.toString() : message);
        }
        return null;
    }

    private static @Nullable String first(JsonNode tree) {
        for (String field : new String[] {"message", "detail", "msg"}) {
            String text = Trees.text(tree, field);
            if (text != null) {
                return text;
            }
        }
        return null;
    }

    /**
     * The message of a body that came with a status of 400 or more.
     *
     * @param body text
     * @return what it says, short; empty if that is nothing
     */
    public static String ofBody(String body) {
        JsonNode tree = Trees.parse(body);
        String message = tree == null || !tree.isObject() ? null : message(tree, true);
        return message != null ? message : shorten(body.strip());
    }

    /**
     * Whether a body that came with a status of 400 says that the prompt is longer than the context: the type is
     * llama-server's, the code OpenAI's, and of vLLM there is only the message.
     *
     * @param body text
     * @return whether it does
     */
    public static boolean isTooLong(String body) {
        JsonNode tree = Trees.parse(body);
        JsonNode error = tree == null || !tree.isObject() ? null : tree.has("error") ? tree.get("error") : tree;
        return error != null
                && ("exceed_context_size_error".equals(Trees.text(error, "type"))
                        || "context_length_exceeded".equals(Trees.text(error, "code"))
                        || ofBody(body).contains("maximum context length"));
    }

    private static String shorten(String message) {
        return message.length() <= SHOWN ? message : message.substring(0, SHOWN) + "...";
    }
}
