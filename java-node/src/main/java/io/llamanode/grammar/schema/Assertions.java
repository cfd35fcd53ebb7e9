package io.llamanode.grammar.schema;

import com.fasterxml.jackson.databind.JsonNode;
import io.llamanode.grammar.json.NumberRange;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The keywords that say something about values of one type, each by itself, as forms. */
final class Assertions {
    private static final Set<String> TYPES =
            Set.of("null", "boolean", "number", "integer", "string", "array", "object");

    private final Terms terms;
    private final Shapes shapes;
    private final boolean formats;

    Assertions(Terms terms, Shapes shapes, boolean formats) {
        this.terms = terms;
        this.shapes = shapes;
        this.formats = formats;
    }

    /** {@return what a keyword allows; {@code null} if it is none of these, or says nothing} */
    @Nullable
    Form form(Location at, String keyword) {
        Form all = Form.all(terms);
        return switch (keyword) {
            case "type" -> types(at);
            case "minLength" -> all.withTexts(Facts.length(Facts.count(at, keyword, 0), ArrayShape.NO_BOUND));
            case "maxLength" -> all.withTexts(Facts.length(0, Facts.count(at, keyword, ArrayShape.NO_BOUND)));
            case "pattern" -> all.withTexts(Facts.pattern(at, keyword, text(at, keyword)));
            case "format" -> {
                Texts texts = formats ? Facts.format(at) : null;
                yield texts == null ? null : all.withTexts(texts);
            }
            case "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum" -> bound(at, keyword);
            case "multipleOf" -> multiple(at);
            case "properties" -> all.withObjects(List.of(shapes.properties(at)));
            case "patternProperties", "additionalProperties" ->
                at.json().has("properties")
                                || keyword.equals("additionalProperties")
                                        && at.json().has("patternProperties")
                        ? null
                        : all.withObjects(List.of(shapes.properties(at)));
            case "required" -> required(at);
            case "minProperties", "maxProperties" ->
                all.withObjects(List.of(ObjectShape.counted(
                        terms,
                        keyword.startsWith("min") ? Facts.count(at, keyword, 0) : 0,
                        keyword.startsWith("max") ? Facts.count(at, keyword, 0) : ArrayShape.NO_BOUND)));
            case "items", "prefixItems", "additionalItems" ->
                keyword.equals(shapes.firstOfItems(at)) ? all.withArrays(List.of(shapes.items(at))) : null;
            case "minItems", "maxItems" ->
                all.withArrays(List.of(new ArrayShape(
                        List.of(),
                        terms.all,
                        keyword.startsWith("min") ? Facts.count(at, keyword, 0) : 0,
                        keyword.startsWith("max") ? Facts.count(at, keyword, 0) : ArrayShape.NO_BOUND,
                        List.of(),
                        false)));
            case "uniqueItems" ->
                Facts.flag(at, keyword)
                        ? all.withArrays(
                                List.of(new ArrayShape(List.of(), terms.all, 0, ArrayShape.NO_BOUND, List.of(), true)))
                        : null;
            case "contains" -> all.withArrays(List.of(shapes.contains(at)));
            default -> null;
        };
    }

    private static String text(Location at, String keyword) {
        JsonNode value = at.json().get(keyword);
        if (!value.isTextual()) {
            throw at.refuse(keyword, "it must be a text");
        }
        return value.textValue();
    }

    private @Nullable Form required(Location at) {
        JsonNode value = at.json().get("required");
        if (value.isBoolean()) {
            throw at.refuse(
                    "required", "it must be a list of names beside the properties, not true or false in one of them");
        }
        List<String> names = Facts.names(at, "required", value);
        return names.isEmpty() ? null : Form.all(terms).withObjects(List.of(ObjectShape.requiring(terms, names)));
    }

    private Form types(Location at) {
        JsonNode value = at.json().get("type");
        List<String> names = new ArrayList<>();
        if (value.isArray()) {
            value.forEach(each -> names.add(each.asText()));
        } else {
            names.add(value.asText());
        }
        boolean nulls = false;
        int booleans = 0;
        Numbers numbers = Numbers.NONE;
        Texts texts = Texts.NONE;
        Form all = Form.all(terms);
        List<ArrayShape> arrays = List.of();
        List<ObjectShape> objects = List.of();
        for (String name : names) {
            switch (name) {
                case "null" -> nulls = true;
                case "boolean" -> booleans = Form.FALSE | Form.TRUE;
                case "number" -> numbers = Numbers.ALL;
                case "integer" -> numbers = numbers.or(Numbers.of(NumberRange.INTEGER));
                case "string" -> texts = Texts.ALL;
                case "array" -> arrays = all.arrays();
                case "object" -> objects = all.objects();
                default ->
                    throw at.refuse(
                            "type",
                            TYPES.contains(name.toLowerCase(Locale.ROOT))
                                    ? "'%s' must be written in small letters".formatted(name)
                                    : "'%s' is none of null, boolean, number, integer, string, array, object"
                                            .formatted(name));
            }
        }
        return new Form(nulls, booleans, numbers, texts, arrays, objects);
    }

    private @Nullable Form bound(Location at, String keyword) {
        JsonNode value = at.json().get(keyword);
        boolean low = keyword.endsWith("inimum");
        if (value.isBoolean() && keyword.startsWith("exclusive")) {
            // In draft 4 it says what the other keyword means.
            return null;
        }
        BigDecimal number = Facts.number(at, keyword);
        if (number == null) {
            return null;
        }
        JsonNode exclusive = at.json().path(low ? "exclusiveMinimum" : "exclusiveMaximum");
        boolean open = keyword.startsWith("exclusive") || exclusive.isBoolean() && exclusive.booleanValue();
        return Form.all(terms)
                .withNumbers(Numbers.of(
                        low ? NumberRange.ANY.withMinimum(number, open) : NumberRange.ANY.withMaximum(number, open)));
    }

    private @Nullable Form multiple(Location at) {
        BigDecimal number = Facts.number(at, "multipleOf");
        if (number == null) {
            return null;
        }
        if (number.signum() <= 0) {
            throw at.refuse("multipleOf", "it must be more than 0");
        }
        return Form.all(terms).withNumbers(Numbers.of(NumberRange.ANY.withMultipleOf(number)));
    }

    /** {@return whether an object has a property, and what follows from that; other values as they like} */
    Form dependent(String name, Form then) {
        Form all = Form.all(terms);
        List<ObjectShape> objects = new ArrayList<>();
        objects.add(ObjectShape.without(terms, name));
        objects.addAll(then.objects());
        return all.withObjects(objects);
    }

    Form required(List<String> names) {
        return Form.all(terms).withObjects(List.of(ObjectShape.requiring(terms, names)));
    }

    /** {@return objects the names of whose properties are such texts; other values as they like} */
    Form names(Texts texts) {
        ObjectShape shape = new ObjectShape(
                Map.of(),
                texts.equals(Texts.NONE) ? List.of() : List.of(new ObjectShape.Part(texts, terms.all)),
                Set.of(),
                0,
                ArrayShape.NO_BOUND,
                List.of());
        return Form.all(terms).withObjects(List.of(shape));
    }
}
