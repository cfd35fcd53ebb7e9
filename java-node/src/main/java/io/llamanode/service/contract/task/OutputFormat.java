package io.llamanode.service.contract.task;

import java.util.List;

/**
 * What an answer must keep to, as the caller said it.
 *
 * <p>Never changes: for any thread.
 */
public sealed interface OutputFormat {
    /** {@return the key of the request that it was said by, for error messages} */
    String key();

    /** Nothing, whatever the session's default is. */
    record Free() implements OutputFormat {
        @Override
        public String key() {
            return "response_format";
        }
    }

    /**
     * A grammar.
     *
     * @param grammar in GBNF, not checked yet
     */
    record Gbnf(String grammar) implements OutputFormat {
        @Override
        public String key() {
            return "grammar";
        }
    }

    /**
     * A text that a pattern matches as a whole.
     *
     * @param pattern of ECMA-262 without slashes around it, not checked yet
     */
    record Regex(String pattern) implements OutputFormat {
        @Override
        public String key() {
            return "regex";
        }
    }

    /**
     * One of some texts.
     *
     * @param texts at least one
     */
    record Choice(List<String> texts) implements OutputFormat {
        /** Keeps a copy. */
        public Choice {
            texts = List.copyOf(texts);
        }

        @Override
        public String key() {
            return "choice";
        }
    }

    /**
     * JSON of a schema.
     *
     * @param key of the request that holds the schema, for error messages
     * @param schema a JSON document, not checked yet
     */
    record Json(String key, String schema) implements OutputFormat {}
}
