package io.llamanode.protocol;

import com.ericsson.otp.erlang.OtpErlangAtom;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.task.SessionConfig;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.TaskType;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What a line of the bridge asks for. Text that begins with <code>{</code> is a JSON object with the keys of
 * docs/protocol.md, section 2; any other text is the one thing that the command needs most.
 *
 * @param input checked
 * @param stream what the object says of {@code stream}, or {@code null} if it says nothing
 */
public record LineInput(TaskInput input, @Nullable Boolean stream) {
    private static final String MODEL = "model";

    /** The commands that are tasks. */
    public enum Kind {
        /** A message where the model has a template, else a text to go on with; an object says which by its keys. */
        INFER("prompt"),
        /** A text to go on with, as it is. */
        COMPLETE("prompt"),
        /** A message. */
        CHAT("content"),
        /** A text to make a vector of. */
        EMBED("input"),
        /** A query and documents, which only an object can hold. */
        RERANK(null),
        /** A text with a gap, which only an object can hold. */
        INFILL(null);

        private final @Nullable String key;

        Kind(@Nullable String key) {
            this.key = key;
        }

        /** {@return whether its result is text} */
        public boolean writes() {
            return this != EMBED && this != RERANK;
        }
    }

    /**
     * Reads the input of a task.
     *
     * @param kind of the task
     * @param text what follows the command
     * @param model which to use where the text does not say, or {@code null} for the node's
     * @param chats whether the model that is used has a template; asked only where it matters
     * @return the checked input
     * @throws FailureException {@code invalid_argument} naming the offending key
     */
    public static LineInput task(Kind kind, String text, @Nullable String model, BooleanSupplier chats) {
        Map<String, Object> fields = new LinkedHashMap<>();
        boolean plain = !isObject(text);
        boolean message = plain && kind == Kind.INFER && chats.getAsBoolean();
        if (!plain) {
            fields.putAll(object("input", text));
        } else if (kind.key == null) {
            throw FailureException.invalid(kind + " takes a JSON object");
        } else {
            String key = message ? "content" : kind.key;
            fields.put(key, InputValue.root(key, text).nonEmptyText());
        }
        InputValue stream = InputValue.root("stream", fields.remove("stream"));
        if (model != null && fields.get(MODEL) == null) {
            fields.put(MODEL, model);
        }
        TaskType type = switch (kind) {
            case INFER -> message || isChat(fields) ? TaskType.CHAT : TaskType.COMPLETION;
            case COMPLETE -> TaskType.COMPLETION;
            case CHAT -> TaskType.CHAT;
            case EMBED -> TaskType.EMBEDDING;
            case RERANK -> TaskType.RERANK;
            case INFILL -> TaskType.INFILL;
        };
        Boolean streamed = stream.isAbsent() ? null : (Boolean) stream.flag();
        TaskInput input = InputDecoder.task(
                new OtpErlangAtom(type.name().toLowerCase(Locale.ROOT)), new Fields(InputValue.root("input", fields)));
        if (input instanceof TaskInput.Embedding vectors && vectors.encoding() == TaskInput.Encoding.BINARY) {
            throw FailureException.invalid("encoding_format: a line holds no bytes; use float or base64");
        }
        return new LineInput(input, streamed);
    }

    private static boolean isChat(Map<String, Object> fields) {
        return fields.containsKey("messages") || fields.containsKey("content") || fields.containsKey("tool_results");
    }

    /**
     * Reads what to tokenize.
     *
     * @param text itself, or an object
     * @param model which to use where the text does not say, or {@code null} for the node's
     * @return the checked request
     * @throws FailureException {@code invalid_argument} naming the offending key
     */
    public static Request.Tokenize tokenize(String text, @Nullable String model) {
        return InputDecoder.tokenize(fields("input", "content", text, model));
    }

    /**
     * Reads how a session is made.
     *
     * @param text its system prompt, an object, or nothing
     * @param model which to use where the text does not say, or {@code null} for the node's
     * @return the checked configuration
     * @throws FailureException {@code invalid_argument} naming the offending key
     */
    public static SessionConfig session(String text, @Nullable String model) {
        return InputDecoder.session(fields("config", "system_prompt", text, model));
    }

    private static Fields fields(String place, String key, String text, @Nullable String model) {
        Map<String, Object> fields = new LinkedHashMap<>();
        if (isObject(text)) {
            fields.putAll(object(place, text));
        } else if (!text.isEmpty()) {
            fields.put(key, text);
        }
        if (model != null && fields.get(MODEL) == null) {
            fields.put(MODEL, model);
        }
        return new Fields(InputValue.root(place, fields));
    }

    private static boolean isObject(String text) {
        return text.startsWith("{");
    }

    private static Map<String, Object> object(String place, String text) {
        Map<String, Object> fields = new LinkedHashMap<>();
        if (JsonReader.parse(place, text) instanceof Map<?, ?> object) {
            object.forEach((key, value) -> fields.put((String) key, value));
        }
        return fields;
    }
}
