package io.llamanode.service.contract.task;

/**
 * What an answer must keep to, as the caller said it.
 *
 * <p>Never changes: for any thread.
 */
public sealed interface OutputFormat {
    /** Nothing, whatever the session's default is. */
    record Free() implements OutputFormat {}

    /**
     * A grammar.
     *
     * @param grammar in GBNF, not checked yet
     */
    record Gbnf(String grammar) implements OutputFormat {}

    /**
     * JSON of a schema.
     *
     * @param key of the request that holds the schema, for error messages
     * @param schema a JSON document, not checked yet
     */
    record Json(String key, String schema) implements OutputFormat {}
}
