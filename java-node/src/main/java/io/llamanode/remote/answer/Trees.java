package io.llamanode.remote.answer;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** JSON as the servers of models write and read it. For any thread. */
public final class Trees {
    private static final int DEEPEST = 200;
    private static final int LONGEST_NUMBER = 1_000;
    /** Names, values and brackets of one document: each takes many times the memory of its text. */
    private static final long MOST_TOKENS = 4_000_000;
    /** Characters; how many bytes there may be is for who reads them. */
    private static final int LONGEST_TEXT = 256 << 20;

    private static final ObjectMapper JSON = new ObjectMapper(JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(LONGEST_TEXT)
                    .maxNestingDepth(DEEPEST)
                    .maxNumberLength(LONGEST_NUMBER)
                    .maxTokenCount(MOST_TOKENS)
                    .build())
            .build());

    private static final ObjectReader WHOLE =
            JSON.readerFor(JsonNode.class).with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private Trees() {}

    /**
     * Parses JSON.
     *
     * @param text one document
     * @return it, or {@code null} if it is none
     */
    public static @Nullable JsonNode parse(String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            return null;
        }
    }

    /** {@return the one document that the text is, or {@code null} if it is none, or something follows it} */
    static @Nullable JsonNode parseAll(String text) {
        try {
            return WHOLE.readTree(text);
        } catch (JsonProcessingException e) {
            return null;
        }
    }

    /** {@return an object without fields} */
    public static ObjectNode object() {
        return JSON.createObjectNode();
    }

    /**
     * Makes JSON of maps, lists, texts and numbers.
     *
     * @param value of these
     * @return the tree
     */
    public static JsonNode of(Object value) {
        return JSON.valueToTree(value);
    }

    /**
     * Writes JSON.
     *
     * @param tree what to write
     * @return its bytes
     */
    public static byte[] bytes(JsonNode tree) {
        try {
            return JSON.writeValueAsBytes(tree);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("writing a tree", e);
        }
    }

    /**
     * Reads an object whose values are of no particular type.
     *
     * @param tree an object
     * @return its fields, in their order
     */
    @SuppressWarnings("unchecked")
    public static Map<String, Object> map(JsonNode tree) {
        return JSON.convertValue(tree, LinkedHashMap.class);
    }

    /**
     * {@return the text of a field, or {@code null} if it is missing or no text}
     *
     * @param tree that may have it
     * @param field name
     */
    public static @Nullable String text(JsonNode tree, String field) {
        JsonNode value = tree.get(field);
        return value != null && value.isTextual() ? value.textValue() : null;
    }

    /**
     * {@return the number of a field, or {@code null} if it is missing, no number, or negative}
     *
     * @param tree that may have it
     * @param field name
     */
    public static @Nullable Integer count(JsonNode tree, String field) {
        JsonNode value = tree.get(field);
        return value != null && value.isNumber() && value.canConvertToInt() && value.intValue() >= 0
                ? (Integer) value.intValue()
                : null;
    }

    /**
     * {@return the number of a field, or {@code null} if it is missing, no number, or too large for a float of Erlang}
     *
     * @param tree that may have it
     * @param field name
     */
    public static @Nullable Double number(JsonNode tree, String field) {
        JsonNode value = tree.get(field);
        return value != null && isFinite(value) ? (Double) value.doubleValue() : null;
    }

    /**
     * {@return whether every number in it can be told to Erlang, which has no infinity}
     *
     * @param tree of any kind
     */
    public static boolean hasFiniteNumbers(JsonNode tree) {
        if (tree.isNumber()) {
            return tree.isIntegralNumber() || Double.isFinite(tree.doubleValue());
        }
        for (JsonNode each : tree) {
            if (!hasFiniteNumbers(each)) {
                return false;
            }
        }
        return true;
    }

    /**
     * {@return whether it is a number, and one that a float holds}
     *
     * @param value of any kind
     */
    public static boolean isFinite(JsonNode value) {
        return value.isNumber() && Float.isFinite(value.floatValue());
    }
}
