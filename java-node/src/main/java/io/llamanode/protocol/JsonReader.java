package io.llamanode.protocol;

import com.fasterxml.jackson.core.JsonFactory;
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

    private final String place;
    private final JsonParser parser;
    private int elements;
    private int depth;

    private JsonReader(String place, JsonParser parser) {
        this.place = place;
        this.parser = parser;
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
        try (JsonParser parser = FACTORY.createParser(text)) {
            JsonReader json = new JsonReader(place, parser);
            if (parser.nextToken() == null) {
                throw json.bad("it is empty");
            }
            Object tree = json.value();
            if (parser.nextToken() != null) {
                throw json.bad("something follows the value");
            }
            return tree;
        } catch (JsonProcessingException e) {
            var at = e.getLocation();
            String where = at == null ? "" : " (line " + at.getLineNr() + ", column " + at.getColumnNr() + ")";
            // Behind the colon Jackson tells how its own settings would allow it.
            String what = e.getOriginalMessage().split(": ", 2)[0];
            throw FailureException.invalid(place + " is not valid JSON: " + Shown.line(what, 120) + where);
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
        var at = parser.currentLocation();
        return FailureException.invalid(place + " is not valid JSON: " + why + " (line " + at.getLineNr() + ", column "
                + at.getColumnNr() + ")");
    }
}
