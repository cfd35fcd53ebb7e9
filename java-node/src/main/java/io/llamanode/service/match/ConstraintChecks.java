package io.llamanode.service.match;

import io.llamanode.account.Weight;
import io.llamanode.grammar.language.Language;
import io.llamanode.grammar.match.Matcher;
import io.llamanode.grammar.schema.JsonSchema;
import io.llamanode.grammar.schema.SchemaException;
import io.llamanode.grammar.schema.Whitespace;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.Reply;
import io.llamanode.service.contract.task.MatchReport;
import io.llamanode.service.contract.task.OutputFormat;
import io.llamanode.service.contract.task.SchemaReport;
import io.llamanode.service.contract.task.StructureOptions;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Answers what needs neither a task nor a model: whether a schema is honoured, and a text keeps to one. Safe for use by any thread; the work is done when
 * it is the owner's turn, on a thread that no prompt waits for.
 */
public final class ConstraintChecks {
    private static final int LONGEST_TEXT = 1 << 20;

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

    /**
     * Tells how far a text keeps to what an answer could be kept to.
     *
     * @param owner in turn with whose other work
     * @param format what it is to keep to
     * @param structure how a schema is taken: {@code null}, or what it leaves open, with any white space, and strictly
     * @param text at most 2^20 characters
     * @param reply told how far; {@code invalid_argument} if the format says nothing, {@code timeout} if the text takes too long
     * @throws FailureException {@code invalid_argument} naming the key of what can not stand together, or for a longer text
     */
    public void match(
            Owner owner,
            OutputFormat format,
            @Nullable StructureOptions structure,
            String text,
            Reply<MatchReport> reply) {
        if (text.length() > LONGEST_TEXT) {
            throw FailureException.invalid(
                    "text: has %d characters, at most %d are matched".formatted(text.length(), LONGEST_TEXT));
        }
        JsonSchema.Options options = options(format, structure == null ? StructureOptions.NONE : structure);
        Language language = Languages.of(format, options);
        if (language == null) {
            throw FailureException.invalid(format.key() + ": says nothing that a text could keep to");
        }
        long weight = Weight.of(format) + Weight.of(text);
        String key = Weight.of(format) > Weight.of(text) ? format.key() : "text";
        turns.run(owner, weight, () -> key, () -> report(format.key(), language, text), reply);
    }

    private static JsonSchema.Options options(OutputFormat format, StructureOptions structure) {
        if (!(format instanceof OutputFormat.Json)) {
            String key = structure.whitespace() != null
                    ? "whitespace"
                    : structure.lenient() != null ? "json_schema_lenient" : null;
            if (key != null) {
                throw FailureException.invalid(key + ": goes with json_schema only; leave it out");
            }
        }
        return new JsonSchema.Options(
                structure.whitespace() == null ? Whitespace.ANY : new Whitespace(structure.whitespace()),
                Boolean.TRUE.equals(structure.lenient()),
                JsonSchema.Options.DEFAULT.formats(),
                JsonSchema.Order.ANY);
    }

    private static MatchReport report(String key, Language language, String text) {
        Matcher matcher = Reading.begin(key, language);
        Reading.read(key, matcher, text);
        return new MatchReport(matcher.isComplete(), matcher.isBeginning(), matcher.bytes(), matcher.characters());
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
