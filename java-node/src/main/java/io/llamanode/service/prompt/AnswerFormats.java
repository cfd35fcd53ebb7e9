package io.llamanode.service.prompt;

import static io.llamanode.service.prompt.GenerationDefaults.given;

import io.llamanode.grammar.automaton.GrammarLimitException;
import io.llamanode.grammar.language.Language;
import io.llamanode.grammar.language.LanguageException;
import io.llamanode.grammar.schema.JsonSchema;
import io.llamanode.grammar.schema.SchemaException;
import io.llamanode.grammar.schema.Whitespace;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.GenerationResult.IgnoredKeyword;
import io.llamanode.service.contract.task.GenerationResult.Structure;
import io.llamanode.service.contract.task.OutputFormat;
import io.llamanode.service.contract.task.StructureOptions;
import io.llamanode.service.match.Languages;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the options of a task say of the form of its answer, for models of every engine.
 *
 * <p>Keeps no state; what is slow is for the preparing threads.
 */
public final class AnswerFormats {
    private static final String WITH_JSON = "; give json_schema or response_format with it, or leave it out";

    private AnswerFormats() {}

    /**
     * {@return what an answer keeps to, or {@code null} if it is free; not read yet}
     *
     * @param options complete
     */
    public static @Nullable Language language(GenerationOptions options) {
        return Languages.of(given(options.format()), schemaOptions(given(options.structure())));
    }

    private static JsonSchema.Options schemaOptions(StructureOptions options) {
        Integer whitespace = options.whitespace();
        return new JsonSchema.Options(
                        whitespace == null ? JsonSchema.Options.DEFAULT.whitespace() : new Whitespace(whitespace),
                        isLenient(options),
                        JsonSchema.Options.DEFAULT.formats())
                .withNumerals(JsonSchema.Numerals.PLAIN)
                .withUndeclared(JsonSchema.Undeclared.IF_SAID);
    }

    private static boolean isLenient(StructureOptions options) {
        return Boolean.TRUE.equals(options.lenient());
    }

    /**
     * What the result tells of the form of its text. Slow for a large schema that is taken leniently.
     *
     * @param options complete
     * @return whether the text is read as JSON, and what of the schema it need not keep to
     * @throws FailureException {@code invalid_argument} naming the key if the schema is none
     */
    public static Structure structure(GenerationOptions options) {
        StructureOptions asked = given(options.structure());
        // Who gives a schema wants the data.
        boolean parse = switch (given(options.format())) {
            case OutputFormat.Free _ -> false;
            case OutputFormat.Json _ -> !Boolean.FALSE.equals(asked.parse());
            case OutputFormat.Gbnf _, OutputFormat.Regex _, OutputFormat.Choice _ -> Boolean.TRUE.equals(asked.parse());
        };
        if (!(options.format() instanceof OutputFormat.Json(String key, String schema)) || !isLenient(asked)) {
            return parse ? new Structure(true, List.of()) : Structure.NONE;
        }
        try {
            JsonSchema.Result result = JsonSchema.compile(schema, schemaOptions(asked));
            return new Structure(
                    parse,
                    result.ignored().stream()
                            .map(each -> new IgnoredKeyword(
                                    each.pointer(), each.keyword(), String.valueOf(each.getMessage())))
                            .toList(),
                    parse && !result.ignored().isEmpty() ? new SchemaFault(key, schema) : null);
        } catch (SchemaException e) {
            throw FailureException.invalid(key + ": " + e.getMessage());
        }
    }

    /**
     * {@return a failure that names the key of what an answer can not be kept to}
     *
     * @param key that it was given by
     * @param why a {@link LanguageException} or a {@link GrammarLimitException}
     */
    public static FailureException refusal(String key, RuntimeException why) {
        boolean mayBeIgnored = why.getCause() instanceof SchemaException schema && schema.canBeIgnored();
        String remedy = !mayBeIgnored
                ? ""
                : key.equals("tools")
                        ? "; change the schema, or leave it to the model whether it calls (tool_choice => auto), which ignores that"
                        : "; json_schema_lenient => true goes on without it";
        return FailureException.invalid(key + ": " + why.getMessage() + remedy);
    }

    /**
     * Refuses what a task asks for in vain. What it has from its session or its model is for the tasks that it fits.
     *
     * @param own what the task itself says
     * @param options complete
     * @throws FailureException {@code invalid_argument} naming the key
     */
    public static void refuseWithoutEffect(GenerationOptions own, GenerationOptions options) {
        StructureOptions asked = own.structure();
        if (asked == null) {
            return;
        }
        OutputFormat format = given(options.format());
        if (!(format instanceof OutputFormat.Json)) {
            if (asked.whitespace() != null) {
                throw FailureException.invalid("whitespace: there is no JSON that it could be in" + WITH_JSON);
            }
            if (isLenient(asked)) {
                throw FailureException.invalid(
                        "json_schema_lenient: there is no schema to be lenient with" + WITH_JSON);
            }
        }
        if (Boolean.TRUE.equals(asked.parse()) && format instanceof OutputFormat.Free) {
            throw FailureException.invalid(
                    "parse: a free answer is seldom JSON; give json_schema, response_format, grammar,"
                            + " regex or choice with it, or leave it out");
        }
    }
}
