package io.llamanode.grammar.validity;

import com.fasterxml.jackson.databind.JsonNode;
import io.llamanode.grammar.json.NumberRange;
import java.math.BigDecimal;

/** Reads the values of keywords. What is none of those that the specification has is not judged: an ignored keyword may be such. */
final class Readings {
    private static final BigDecimal MOST = BigDecimal.valueOf(Integer.MAX_VALUE);

    private Readings() {}

    static int count(JsonNode value) {
        if (!value.isNumber()
                || value.decimalValue().signum() < 0
                || !NumberRange.INTEGER.contains(value.decimalValue())) {
            throw new UnjudgedException("it is no count");
        }
        return value.decimalValue().min(MOST).intValue();
    }

    static BigDecimal number(JsonNode value) {
        if (!value.isNumber()) {
            throw new UnjudgedException("it is no number");
        }
        return value.decimalValue();
    }

    static String text(JsonNode value) {
        if (!value.isTextual()) {
            throw new UnjudgedException("it is no text");
        }
        return value.textValue();
    }

    static boolean flag(JsonNode value) {
        if (!value.isBoolean()) {
            throw new UnjudgedException("it is neither true nor false");
        }
        return value.booleanValue();
    }

    static JsonNode list(JsonNode value) {
        if (!value.isArray()) {
            throw new UnjudgedException("it is no list");
        }
        return value;
    }

    static JsonNode object(JsonNode value) {
        if (!value.isObject()) {
            throw new UnjudgedException("it is no object");
        }
        return value;
    }
}
