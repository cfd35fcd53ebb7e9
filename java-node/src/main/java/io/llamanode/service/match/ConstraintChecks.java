package io.llamanode.service.match;

import io.llamanode.account.Weight;
import io.llamanode.grammar.schema.JsonSchema;
import io.llamanode.grammar.schema.SchemaException;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.Reply;
import io.llamanode.service.contract.task.SchemaReport;
import java.util.List;
import java.util.function.Supplier;

/**
 * Answers what needs neither a task nor a model: whether a schema is honoured. Safe for use by any thread; the work is done when
 * it is the owner's turn, on a thread that no prompt waits for.
 */
public final class ConstraintChecks {
    private final Turns turns;

    /** Runs slow work, for all owners in turn. */
    public interface Turns {
        /**
         * Runs something when it is its turn.
         *
         * @param owner without whom it is left undone
         * @param weight of what it works on, bytes, which is charged to the owner with the result
         * @param key of the input that takes most of it
         * @param work gives the result
         * @param reply told the result, or why there is none
         * @param <T> the result
         * @throws FailureException {@code server_busy} or {@code out_of_memory} if the owner may not hold so much
         */
        <T> void run(Owner owner, long weight, Supplier<String> key, Supplier<T> work, Reply<T> reply);
    }

    /**
     * Has nothing to do yet.
     *
     * @param turns runs what is slow
     */
    public ConstraintChecks(Turns turns) {
        this.turns = turns;
    }

    /**
     * Tells whether a schema is honoured.
     *
     * @param owner in turn with whose other work
     * @param schema a JSON document, not checked yet
     * @param reply told what is not; {@code invalid_argument} if it is no schema
     */
    public void schema(Owner owner, String schema, Reply<SchemaReport> reply) {
        turns.run(owner, Weight.of(schema), () -> "schema", () -> report(schema), reply);
    }

    private static SchemaReport report(String schema) {
        try {
            List<SchemaException> problems = JsonSchema.problems(schema, JsonSchema.Options.DEFAULT);
            return new SchemaReport(problems.stream()
                    .map(each ->
                            new SchemaReport.Problem(each.pointer(), each.keyword(), String.valueOf(each.getMessage())))
                    .toList());
        } catch (SchemaException e) {
            throw FailureException.invalid("schema: " + e.getMessage());
        }
    }
}
