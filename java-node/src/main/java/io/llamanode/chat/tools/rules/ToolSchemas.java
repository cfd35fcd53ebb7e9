package io.llamanode.chat.tools.rules;

import io.llamanode.chat.tools.text.JsonText;
import io.llamanode.grammar.rule.Expression;
import io.llamanode.grammar.schema.JsonSchema;
import io.llamanode.grammar.schema.JsonSchema.Options;
import io.llamanode.grammar.schema.SchemaException;
import io.llamanode.grammar.schema.Whitespace;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** Turns the schemas of tools into rules. Keeps no state: for any thread, if who is told is. */
public final class ToolSchemas {
    private static final Options STRICT = new Options(Whitespace.COMPACT, false, true);
    private static final Options LENIENT = new Options(Whitespace.COMPACT, true, true);

    /** What else says which properties an object has, apart from {@code properties}. */
    private static final Set<String> OPEN = Set.of(
            "additionalProperties",
            "patternProperties",
            "unevaluatedProperties",
            "propertyNames",
            "minProperties",
            "dependentRequired",
            "dependentSchemas",
            "dependencies",
            "allOf",
            "anyOf",
            "oneOf",
            "not",
            "if",
            "$ref",
            "$dynamicRef",
            "$recursiveRef");

    private final boolean lenient;
    private final boolean forgiving;
    private final Consumer<String> told;

    private ToolSchemas(boolean lenient, boolean forgiving, Consumer<String> told) {
        this.lenient = lenient;
        this.forgiving = forgiving;
        this.told = told;
    }

    /** {@return such that refuse a schema of which anything can not be honoured} */
    public static ToolSchemas strict() {
        return new ToolSchemas(false, false, _ -> {});
    }

    /**
     * {@return such that leave out what can not be honoured}
     *
     * @param told what was left out
     */
    public static ToolSchemas lenient(Consumer<String> told) {
        return new ToolSchemas(true, false, told);
    }

    /**
     * {@return such that leave out what can not be honoured, and take any object where that does not help}
     *
     * @param told what was left out
     */
    public static ToolSchemas forgiving(Consumer<String> told) {
        return new ToolSchemas(true, true, told);
    }

    Expression arguments(String tool, Map<String, Object> schema, ArgumentRules written, RuleBook book) {
        return book.once(List.of(tool, written), () -> made(tool, schema, written, book));
    }

    private Expression made(String tool, Map<String, Object> schema, ArgumentRules written, RuleBook book) {
        String text = JsonText.write(closed(schema));
        try {
            return book.grammar(compile(tool, text, written));
        } catch (SchemaException e) {
            if (!forgiving) {
                throw e.in("'%s' ".formatted(tool));
            }
            told.accept("'%s' %s".formatted(tool, e.getMessage()));
            return book.grammar(JsonSchema.arguments("{}", LENIENT, written.notation(), written.arguments())
                    .grammar());
        }
    }

    private io.llamanode.grammar.rule.Grammar compile(String tool, String text, ArgumentRules written) {
        JsonSchema.Result result =
                JsonSchema.arguments(text, lenient ? LENIENT : STRICT, written.notation(), written.arguments());
        result.ignored().forEach(each -> told.accept("'%s' %s".formatted(tool, each.getMessage())));
        return result.grammar();
    }

    /** A function has the parameters that its schema names, unless the schema says more of others than nothing. */
    private static Map<String, Object> closed(Map<String, Object> schema) {
        if (!(schema.get("properties") instanceof Map<?, ?> properties)
                || schema.keySet().stream().anyMatch(OPEN::contains)
                || schema.get("required") instanceof Collection<?> required
                        && !properties.keySet().containsAll(List.copyOf(required))) {
            return schema;
        }
        Map<String, Object> closed = new LinkedHashMap<>(schema);
        closed.put("additionalProperties", false);
        return closed;
    }
}
