package io.llamanode.grammar.schema;

import com.fasterxml.jackson.databind.JsonNode;
import io.llamanode.grammar.json.NumberRange;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A set of JSON values, by their types.
 *
 * @param nulls whether null is in it
 * @param booleans {@link #FALSE}, {@link #TRUE}, both or none
 * @param numbers that are in it
 * @param texts that are in it
 * @param arrays that are in it, each of any of these shapes
 * @param objects that are in it, each of any of these shapes
 */
record Form(
        boolean nulls, int booleans, Numbers numbers, Texts texts, List<ArrayShape> arrays, List<ObjectShape> objects) {
    static final int FALSE = 1;
    static final int TRUE = 2;

    static final Form NOTHING = new Form(false, 0, Numbers.NONE, Texts.NONE, List.of(), List.of());

    /** Keeps copies. */
    Form {
        arrays = List.copyOf(arrays);
        objects = List.copyOf(objects);
    }

    static Form all(Terms terms) {
        return new Form(
                true,
                FALSE | TRUE,
                Numbers.ALL,
                Texts.ALL,
                List.of(ArrayShape.any(terms)),
                List.of(ObjectShape.any(terms)));
    }

    Form withTexts(Texts other) {
        return new Form(nulls, booleans, numbers, other, arrays, objects);
    }

    Form withNumbers(Numbers other) {
        return new Form(nulls, booleans, other, texts, arrays, objects);
    }

    Form withArrays(List<ArrayShape> other) {
        return new Form(nulls, booleans, numbers, texts, other, objects);
    }

    Form withObjects(List<ObjectShape> other) {
        return new Form(nulls, booleans, numbers, texts, arrays, other);
    }

    /** {@return some values} */
    static Form of(Iterable<JsonNode> values, Terms terms) {
        boolean nulls = false;
        int booleans = 0;
        Set<String> texts = new LinkedHashSet<>();
        List<NumberRange> numbers = new ArrayList<>();
        Set<ArrayShape> arrays = new LinkedHashSet<>();
        Set<ObjectShape> objects = new LinkedHashSet<>();
        for (JsonNode value : values) {
            switch (value.getNodeType()) {
                case NULL -> nulls = true;
                case BOOLEAN -> booleans |= value.booleanValue() ? Form.TRUE : Form.FALSE;
                case NUMBER -> numbers.add(NumberRange.of(NumberRange.plain(value.decimalValue())));
                case STRING -> texts.add(value.textValue());
                case ARRAY -> arrays.add(array(value, terms));
                case OBJECT -> objects.add(object(value, terms));
                default -> throw new IllegalArgumentException("%s is no JSON".formatted(value.getNodeType()));
            }
        }
        return new Form(
                nulls, booleans, new Numbers(numbers), Texts.of(texts), List.copyOf(arrays), List.copyOf(objects));
    }

    private static ArrayShape array(JsonNode value, Terms terms) {
        List<Term> items = new ArrayList<>();
        value.forEach(item -> items.add(terms.value(item)));
        return new ArrayShape(items, terms.nothing, items.size(), items.size(), List.of(), false);
    }

    private static ObjectShape object(JsonNode value, Terms terms) {
        Map<String, Term> properties = new LinkedHashMap<>();
        value.properties().forEach(each -> properties.put(each.getKey(), terms.value(each.getValue())));
        return new ObjectShape(properties, List.of(), properties.keySet(), 0, ArrayShape.NO_BOUND, List.of());
    }
}
