package io.llamanode.chat.tools.text;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * JSON that a model wrote: only what can be sent on as a term and through a template is accepted. Of a name that comes twice the last
 * counts, as most readers of JSON have it.
 */
public final class JsonText {
    private static final int MAX_DEPTH = 32;
    private static final int MAX_DIGITS = 900;

    private static final ObjectMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(MAX_DEPTH)
                            .maxNumberLength(MAX_DIGITS)
                            .build())
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private JsonText() {}

    /**
     * {@return the object, or {@code null} if the text is none that can be sent on}
     *
     * @param text what a model wrote
     */
    public static @Nullable Map<String, Object> object(String text) {
        try {
            Map<String, Object> object = MAPPER.readValue(text, new TypeReference<>() {});
            return object != null && isFit(object) ? object : null;
        } catch (JsonProcessingException e) {
            return null;
        }
    }

    /**
     * {@return whether the text is one JSON value that can be sent on}
     *
     * @param text what a model wrote
     */
    public static boolean isValue(String text) {
        try {
            return !text.isBlank() && isFit(MAPPER.readValue(text, Object.class));
        } catch (JsonProcessingException e) {
            return false;
        }
    }

    /**
     * {@return the text that a JSON string stands for, or {@code null} if it is none}
     *
     * @param text what a model wrote, quotes included
     */
    public static @Nullable String string(String text) {
        try {
            return MAPPER.readValue(text, Object.class) instanceof String string && isFit(string) ? string : null;
        } catch (JsonProcessingException e) {
            return null;
        }
    }

    /**
     * {@return the number that a JSON text stands for, or {@code null} if it stands for none}
     *
     * @param text what a model wrote
     */
    public static @Nullable Number number(String text) {
        try {
            return MAPPER.readValue(text, Object.class) instanceof Number number && isFit(number) ? number : null;
        } catch (JsonProcessingException e) {
            return null;
        }
    }

    /**
     * {@return JSON of a value made of maps, lists, strings, numbers, booleans and null}
     *
     * @param value what the JSON is to say
     * @throws IllegalArgumentException if it is made of anything else
     */
    public static String write(@Nullable Object value) {
        try {
            return MAPPER.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("not a JSON value: " + (value == null ? null : value.getClass()), e);
        }
    }

    /** Infinite numbers and halves of surrogate pairs have no place in a term. */
    private static boolean isFit(Object value) {
        return switch (value) {
            case null -> true;
            case Double number -> Double.isFinite(number);
            case String text -> isUnicode(text);
            case List<?> list -> list.stream().allMatch(JsonText::isFit);
            case Map<?, ?> map ->
                map.keySet().stream().allMatch(JsonText::isFit)
                        && map.values().stream().allMatch(JsonText::isFit);
            default -> true;
        };
    }

    private static boolean isUnicode(String text) {
        return text.codePoints().noneMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE);
    }
}
