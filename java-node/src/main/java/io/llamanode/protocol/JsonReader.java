package io.llamanode.protocol;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import io.llamanode.service.contract.FailureException;
import io.llamanode.term.Shown;
import io.llamanode.term.TermLimits;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads JSON into maps (in order), lists, {@code String}, {@code Long}, {@code BigInteger},
 * {@code Double}, {@code Boolean} and {@code null}, with the limits that terms have too.
 */
public final class JsonReader {
    private static final int MAX_DEPTH = TermLimits.DEFAULT.maxDepth();
    private static final int MAX_ELEMENTS = TermLimits.DEFAULT.maxElements();
    private static final int MAX_TEXT = TermLimits.DEFAULT.maxBinaryBytes();

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH + 1)
                    .maxStringLength(MAX_TEXT)
                    .build())
            .build();

    /** Of texts in other languages than JSON, too. */
    public static final StreamReadConstraints CONSTRAINTS = FACTORY.streamReadConstraints();

    private final String place;
    private final String language;
    private final JsonParser parser;
    private int elements;
    private int depth;

    private JsonReader(String place, String language, JsonParser parser) {
        this.place = place;
        this.language = language;
        this.parser = parser;
    }

    /** Opens a text. */
    @FunctionalInterface
    public interface Opener {
        /**
         * Opens it.
         *
         * @return what reads it
         * @throws IOException if it is malformed
         */
        JsonParser open() throws IOException;
    }

    /**
     * Reads JSON of any origin, within bounds of nesting and size; a key that stands twice is refused.
     *
     * @param place what the text is, for error messages
     * @param text one JSON value and nothing else
     * @return the tree
     * @throws FailureException {@code invalid_argument} naming line and column
     */
    public static @Nullable Object parse(String place, String text) {
        return parse(place, "JSON", () -> FACTORY.createParser(text));
    }

    /**
     * Reads another language that Jackson reads as if it were JSON, within the same bounds.
     *
     * @param place what the text is, for error messages
     * @param language its name, for error messages
     * @param text opens it
     * @return the tree
     * @throws FailureException {@code invalid_argument} naming line and column
     */
    public static @Nullable Object parse(String place, String language, Opener text) {
        try (JsonParser parser = text.open()) {
            JsonReader json = new JsonReader(place, language, parser);
            if (parser.nextToken() == null) {
                throw json.bad("it is empty");
            }
            Object tree = json.value();
            if (parser.nextToken() != null) {
                throw json.bad("something follows the value");
            }
            return tree;
        } catch (JsonProcessingException e) {
            // Behind the colon Jackson tells how its own settings would allow it.
            String what = e.getOriginalMessage().split(": ", 2)[0];
            throw invalid(place, language, Shown.line(what, 120), e.getLocation());
        } catch (IOException e) {
            throw new UncheckedIOException("reading a string", e);
        }
    }

    private @Nullable Object value() throws IOException {
        if (++elements > MAX_ELEMENTS) {
            throw bad("it has more than " + MAX_ELEMENTS + " elements");
        }
        return switch (parser.currentToken()) {
            case START_OBJECT, START_ARRAY -> container();
            case VALUE_STRING -> text(parser.getText());
            case VALUE_NUMBER_INT ->
                parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER
                        ? parser.getBigIntegerValue()
                        : (Object) parser.getLongValue();
            case VALUE_NUMBER_FLOAT -> real();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NULL -> null;
            default -> throw bad("unexpected " + parser.currentToken());
        };
    }

    private Object container() throws IOException {
        if (++depth > MAX_DEPTH) {
            throw bad("it is nested more than " + MAX_DEPTH + " deep");
        }
        Object container = parser.currentToken() == JsonToken.START_OBJECT ? object() : array();
        depth--;
        return container;
    }

    private Map<String, Object> object() throws IOException {
        Map<String, Object> map = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String key = text(parser.currentName());
            parser.nextToken();
            if (map.containsKey(key)) {
                throw bad("the key " + Shown.quoted(key) + " is given twice");
            }
            map.put(key, value());
        }
        return map;
    }

    private List<Object> array() throws IOException {
        List<Object> list = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            list.add(value());
        }
        return list;
    }

    private Double real() throws IOException {
        double number = parser.getDoubleValue();
        if (!Double.isFinite(number)) {
            throw bad("a number is too large");
        }
        return number;
    }

    /** Escapes can spell half a surrogate pair, which no UTF-8 text holds. */
    private String text(String text) {
        if (!Shown.isUnicode(text)) {
            throw bad("a string holds half a surrogate pair");
        }
        return text;
    }

    private FailureException bad(String why) {
        return invalid(place, language, why, parser.currentLocation());
    }

    private static FailureException invalid(String place, String language, String why, @Nullable JsonLocation at) {
        // A text that is read as a whole first has no places afterwards.
        String where = at == null || at.getLineNr() < 1
                ? ""
                : " (line " + at.getLineNr() + ", column " + at.getColumnNr() + ")";
        return FailureException.invalid(place + " is not valid " + language + ": " + why + where);
    }
}
