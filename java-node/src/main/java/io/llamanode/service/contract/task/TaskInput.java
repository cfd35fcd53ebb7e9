package io.llamanode.service.contract.task;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The checked input of a task.
 *
 * <p>Never changes: for any thread.
 */
public sealed interface TaskInput {
    /** {@return id of the model to use, or {@code null} for the session's} */
    @Nullable
    String model();

    /** {@return milliseconds from the creation to the deadline, or {@code null} if the input does not say} */
    @Nullable
    Long timeoutMs();

    /** What makes a model write text. */
    sealed interface Generating extends TaskInput {
        /** {@return how, as far as the input says} */
        GenerationOptions options();

        @Override
        default @Nullable Long timeoutMs() {
            return options().timeoutMs();
        }
    }

    /** What makes a model compute vectors or scores. */
    sealed interface Vectors extends TaskInput {}

    /**
     * Continues a prompt.
     *
     * @param model model id or {@code null}
     * @param prompt what to continue
     * @param addSpecial whether the model's bos token goes first, where it has one
     * @param options how
     */
    record Completion(@Nullable String model, Prompt prompt, boolean addSpecial, GenerationOptions options)
            implements Generating {}

    /**
     * Answers a conversation. Exactly one of {@code messages}, {@code content} and {@code toolResults} is given.
     *
     * @param model model id or {@code null}
     * @param messages the whole conversation: maps with at least {@code role} and {@code content}; or {@code null}
     * @param content one user turn to append to the session's transcript; or {@code null}
     * @param toolResults messages of role {@code tool} to append to it, one for each call that waits; or {@code null}
     * @param chat how to put the conversation to the model
     * @param options how
     */
    record Chat(
            @Nullable String model,
            @Nullable List<Map<String, Object>> messages,
            @Nullable String content,
            @Nullable List<Map<String, Object>> toolResults,
            ChatOptions chat,
            GenerationOptions options)
            implements Generating {}

    /** How the vectors of a text's tokens become one. */
    enum Pooling {
        /** Not at all: one vector a token. */
        NONE,
        /** Their mean. */
        MEAN,
        /** That of the first token. */
        CLS,
        /** That of the last token. */
        LAST
    }

    /** How vectors are told. */
    enum Encoding {
        /** As lists of floats. */
        FLOAT(0),
        /** As 32-bit floats, little-endian, one behind the other. */
        BINARY(Float.BYTES),
        /** The same bytes as text in base64. */
        BASE64((Float.BYTES * 4 + 2) / 3);

        private final int bytes;

        Encoding(int bytes) {
            this.bytes = bytes;
        }

        /**
         * {@return bytes of a float, rounded up}
         *
         * @param listed bytes of one in a list
         */
        public long bytes(long listed) {
            return bytes == 0 ? listed : bytes;
        }
    }

    /**
     * Turns texts into vectors.
     *
     * @param model model id or {@code null}
     * @param content whether the texts were given as {@code content} rather than as {@code input}
     * @param inputs the texts, at least one
     * @param single whether one text was given rather than a list
     * @param addSpecial whether the model's special tokens are added as its metadata say
     * @param pooling {@code null}: as the model says
     * @param normalize llama.cpp's {@code embd_normalize}: -1 not at all, 0 by the largest, 1 taxicab, 2 euclidean,
     *     another p by the p-norm; {@code null}: euclidean, or not at all without pooling
     * @param encoding how vectors are told
     * @param timeoutMs deadline in milliseconds from the creation, negative for none, or {@code null}
     */
    record Embedding(
            @Nullable String model,
            boolean content,
            List<Prompt> inputs,
            boolean single,
            boolean addSpecial,
            @Nullable Pooling pooling,
            @Nullable Integer normalize,
            Encoding encoding,
            @Nullable Long timeoutMs)
            implements Vectors {
        /** {@return what its caller calls the texts} */
        public String key() {
            return content ? "content" : "input";
        }
    }

    /**
     * Scores documents against a query.
     *
     * @param model model id or {@code null}
     * @param query what is looked for
     * @param documents at least one; equal ones are scored each
     * @param topN how many of the best are listed; {@code null}: all
     * @param timeoutMs deadline in milliseconds from the creation, negative for none, or {@code null}
     */
    record Rerank(
            @Nullable String model,
            String query,
            List<String> documents,
            @Nullable Integer topN,
            @Nullable Long timeoutMs)
            implements Vectors {}

    /**
     * A text that helps to fill a gap.
     *
     * @param filename whose it is
     * @param text what it says
     */
    record Snippet(String filename, String text) {}

    /**
     * Fills the gap between two texts.
     *
     * @param model model id or {@code null}
     * @param prefix what stands before the gap; may be empty
     * @param suffix what stands behind it; may be empty
     * @param extra other texts; may be empty
     * @param prompt how the filling begins; may be empty
     * @param options how
     */
    record Infill(
            @Nullable String model,
            String prefix,
            String suffix,
            List<Snippet> extra,
            String prompt,
            GenerationOptions options)
            implements Generating {}
}
