package io.llamanode.service;

import io.llamanode.engine.sampling.Grammar;
import io.llamanode.llama.GrammarException;
import io.llamanode.llama.JsonSchemaGrammar;

/** Turns output formats into grammars. */
final class Constraints {
    private Constraints() {}

    /**
     * @param options complete
     * @throws FailureException {@code invalid_argument} if an answer could be cut where its format does not allow it
     */
    static void refuseContradictions(GenerationOptions options) {
        if (options.format() instanceof OutputFormat.Json && !options.stop().isEmpty()) {
            throw FailureException.invalid("stop: could cut the JSON that the answer must be");
        }
    }

    /**
     * Slow for a large schema.
     *
     * @param format of the answer
     * @return the grammar, or {@code null} if the answer is free
     * @throws FailureException {@code invalid_argument} if the schema cannot be converted
     */
    static Grammar grammar(OutputFormat format) {
        return switch (format) {
            case OutputFormat.Free() -> null;
            case OutputFormat.Gbnf(String grammar) -> Grammar.strict(grammar);
            case OutputFormat.Json(String key, String schema) -> {
                try {
                    yield Grammar.strict(JsonSchemaGrammar.convert(schema));
                } catch (GrammarException e) {
                    throw FailureException.invalid(key + ": " + e.getMessage());
                }
            }
        };
    }
}
