package io.llamanode.service.contract.task;

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
     * JSON of a schema.
     *
     * @param key of the request that holds the schema, for error messages
     * @param schema a JSON document, not checked yet
     */
    record Json(String key, String schema) implements OutputFormat {}
}
