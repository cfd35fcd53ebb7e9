package io.llamanode.service.prompt;

import io.llamanode.grammar.schema.JsonSchema;
import io.llamanode.grammar.schema.SchemaException;
import io.llamanode.grammar.validity.SchemaCheck;
import io.llamanode.grammar.validity.Verdict;
import io.llamanode.service.contract.task.GenerationResult;
import org.jspecify.annotations.Nullable;

/**
 * Checks an answer by the schema it was to keep to but for what was ignored. What can not be judged counts as valid: it keeps to all that
 * the grammar had of the schema.
 *
 * @param key that the schema was given by
 * @param schema its text
 */
record SchemaFault(String key, String schema) implements GenerationResult.Check {
    @Override
    public @Nullable String fault(String content) {
        try {
            SchemaCheck check = SchemaCheck.of(schema, JsonSchema.Options.DEFAULT.formats());
            return check.judge(content) instanceof Verdict.Fault fault
                    ? "content is not valid by %s at #%s: %s: %s"
                            .formatted(key, fault.pointer(), fault.keyword(), fault.message())
                    : null;
        } catch (SchemaException e) {
            // Nothing can be said: a grammar was made of it.
            return null;
        }
    }
}
