package io.llamanode.grammar.validity;

import com.fasterxml.jackson.databind.JsonNode;
import io.llamanode.grammar.json.NumberRange;
import java.math.BigDecimal;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The keywords that say something of a value without looking at its members.
 *
 * <p>For one thread.
 */
final class ScalarKeywords {
    private final Budget budget;
    private final Languages languages;
    private final boolean formats;
    private final Map<JsonNode, Set<String>> sets = new IdentityHashMap<>();

    ScalarKeywords(Budget budget, Languages languages, boolean formats) {
        this.budget = budget;
        this.languages = languages;
        this.formats = formats;
    }

    /** {@return what is wrong; {@code null}: nothing, or the keyword is none of these} */
    @Nullable
    String wrong(JsonNode schema, String keyword, JsonNode value) {
        JsonNode said = schema.get(keyword);
        return switch (keyword) {
            case "type" -> types(said, value);
            case "enum" -> isOneOf(Readings.list(said), said, value) ? null : "it is none of the values";
            case "const" -> isOneOf(List.of(said), said, value) ? null : "it is another value";
            case "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf" ->
                value.isNumber() ? number(schema, keyword, said, value.decimalValue()) : null;
            case "minLength", "maxLength", "pattern", "format" ->
                value.isTextual() ? text(keyword, said, value.textValue()) : null;
            case "minItems", "maxItems" -> value.isArray() ? count(keyword, said, value.size(), "items") : null;
            case "minProperties", "maxProperties" ->
                value.isObject() ? count(keyword, said, value.size(), "properties") : null;
            default -> null;
        };
    }

    private @Nullable String types(JsonNode said, JsonNode value) {
        if (said.isTextual()) {
            return hasType(said.textValue(), value) ? null : "it is no " + said.textValue();
        }
        for (JsonNode type : Readings.list(said)) {
            budget.take(1);
            if (hasType(Readings.text(type), value)) {
                return null;
            }
        }
        return "it has none of the types";
    }

    private static boolean hasType(String type, JsonNode value) {
        return switch (type) {
            case "null" -> value.isNull();
            case "boolean" -> value.isBoolean();
            case "number" -> value.isNumber();
            case "integer" -> value.isNumber() && isWhole(value.decimalValue());
            case "string" -> value.isTextual();
            case "array" -> value.isArray();
            case "object" -> value.isObject();
            default -> throw new UnjudgedException("there is no such type");
        };
    }

    private static boolean isWhole(BigDecimal number) {
        return number.signum() == 0
                || number.scale() <= 0
                || number.stripTrailingZeros().scale() <= 0;
    }

    private boolean isOneOf(Iterable<JsonNode> all, JsonNode key, JsonNode value) {
        Set<String> set = sets.get(key);
        if (set == null) {
            set = new HashSet<>();
            for (JsonNode each : all) {
                set.add(Canonical.of(each, budget));
            }
            sets.put(key, set);
        }
        return set.contains(Canonical.of(value, budget));
    }

    private static @Nullable String number(JsonNode schema, String keyword, JsonNode said, BigDecimal number) {
        if (said.isBoolean() && keyword.startsWith("exclusive")) {
            // In draft 4 it says what the other keyword means.
            return null;
        }
        BigDecimal bound = Readings.number(said);
        if (keyword.equals("multipleOf")) {
            if (bound.signum() <= 0) {
                throw new UnjudgedException("it is not more than 0");
            }
            return NumberRange.ANY.withMultipleOf(bound).contains(number) ? null : "it is no multiple of " + bound;
        }
        boolean low = keyword.endsWith("inimum");
        boolean open = keyword.startsWith("exclusive")
                || schema.path(low ? "exclusiveMinimum" : "exclusiveMaximum").asBoolean(false);
        int order = low ? number.compareTo(bound) : bound.compareTo(number);
        if (open ? order > 0 : order >= 0) {
            return null;
        }
        return "it is not %s%s %s".formatted(low ? "more than" : "less than", open ? "" : " or equal to", bound);
    }

    private @Nullable String text(String keyword, JsonNode said, String text) {
        return switch (keyword) {
            case "pattern" -> languages.matches(Readings.text(said), text) ? null : "it does not match";
            case "format" ->
                !formats || languages.hasFormat(Readings.text(said), text) ? null : "it is no " + said.textValue();
            default -> {
                budget.read(text.length());
                yield count(keyword, said, text.codePointCount(0, text.length()), "characters");
            }
        };
    }

    private static @Nullable String count(String keyword, JsonNode said, int count, String what) {
        int bound = Readings.count(said);
        boolean kept = keyword.startsWith("min") ? count >= bound : count <= bound;
        return kept ? null : "it has %d %s".formatted(count, what);
    }
}
