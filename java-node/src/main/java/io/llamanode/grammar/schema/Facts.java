package io.llamanode.grammar.schema;

import com.fasterxml.jackson.databind.JsonNode;
import io.llamanode.grammar.json.Formats;
import io.llamanode.grammar.json.NumberRange;
import io.llamanode.grammar.regex.Pattern;
import io.llamanode.grammar.regex.PatternException;
import io.llamanode.grammar.regex.Regular;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads the values of keywords, and refuses those that are not what the specification wants. */
final class Facts {
    private static final BigDecimal MOST = BigDecimal.valueOf(ArrayShape.NO_BOUND);

    /** Formats of the specification that are no regular languages. */
    private static final Set<String> IRREGULAR = Set.of("regex", "idn-hostname", "idn-email", "iri", "iri-reference");

    private Facts() {}

    /** {@return a count, {@code otherwise} if there is none} */
    static int count(Location at, String keyword, int otherwise) {
        JsonNode value = at.json().get(keyword);
        if (value == null) {
            return otherwise;
        }
        if (!value.isNumber() || value.decimalValue().signum() < 0 || !isWhole(value.decimalValue())) {
            throw at.refuse(keyword, "it must be a whole number that is not negative");
        }
        return value.decimalValue().min(MOST).intValue();
    }

    private static boolean isWhole(BigDecimal number) {
        return NumberRange.INTEGER.contains(number);
    }

    static @Nullable BigDecimal number(Location at, String keyword) {
        JsonNode value = at.json().get(keyword);
        if (value == null) {
            return null;
        }
        if (!value.isNumber()) {
            throw at.refuse(keyword, "it must be a number");
        }
        return NumberRange.plain(value.decimalValue());
    }

    static List<String> names(Location at, String keyword, JsonNode value) {
        if (!value.isArray()) {
            throw at.refuse(keyword, "it must be a list of names");
        }
        Set<String> names = new LinkedHashSet<>();
        for (JsonNode name : value) {
            if (!name.isTextual()) {
                throw at.refuse(keyword, "it must be a list of names");
            }
            names.add(name.textValue());
        }
        return new ArrayList<>(names);
    }

    static JsonNode object(Location at, String keyword) {
        JsonNode value = at.json().path(keyword);
        if (!value.isMissingNode() && !value.isObject()) {
            throw at.refuse(keyword, "it must be an object");
        }
        return value;
    }

    static List<JsonNode> list(Location at, String keyword) {
        JsonNode value = at.json().path(keyword);
        if (!value.isArray() || value.isEmpty()) {
            throw at.refuse(keyword, "it must be a list that is not empty");
        }
        List<JsonNode> all = new ArrayList<>();
        value.forEach(all::add);
        return all;
    }

    static boolean flag(Location at, String keyword) {
        JsonNode value = at.json().path(keyword);
        if (!value.isMissingNode() && !value.isBoolean()) {
            throw at.refuse(keyword, "it must be true or false");
        }
        return value.asBoolean();
    }

    /** {@return a schema that stands at a keyword or below it} */
    static JsonNode schema(Location at, String keyword, JsonNode value) {
        if (!value.isObject() && !value.isBoolean()) {
            throw at.refuse(keyword, "a schema must be an object, true or false");
        }
        return value;
    }

    static Texts length(int min, int max) {
        return Texts.of(Regular.length(min, max == ArrayShape.NO_BOUND ? Regular.NO_BOUND : max));
    }

    /** {@return texts that match somewhere} */
    static Texts pattern(Location at, String keyword, String pattern) {
        try {
            return Texts.of(Pattern.parse(pattern));
        } catch (PatternException e) {
            throw at.refuse(keyword, "'%s' %s".formatted(pattern, e.getMessage()));
        }
    }

    /** {@return texts of a format, {@code null} if nobody knows its name} */
    static @Nullable Texts format(Location at) {
        JsonNode name = at.json().get("format");
        if (!name.isTextual()) {
            throw at.refuse("format", "it must be a text");
        }
        Regular regular = Formats.of(name.textValue());
        if (regular == null && IRREGULAR.contains(name.textValue())) {
            throw at.refuse("format", "'%s' is more than a grammar can hold".formatted(name.textValue()));
        }
        return regular == null ? null : Texts.of(regular);
    }
}
