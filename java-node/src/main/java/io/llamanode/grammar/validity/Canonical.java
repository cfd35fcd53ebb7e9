package io.llamanode.grammar.validity;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/**
 * Writes values so that equal ones are equal texts: 1 and 1.0, and objects in any order. Texts, since a map of these stays quick
 * whatever is in it.
 *
 * <p>For one thread.
 */
final class Canonical {
    private final Budget budget;
    private final StringBuilder out = new StringBuilder();

    private Canonical(Budget budget) {
        this.budget = budget;
    }

    static String of(JsonNode value, Budget budget) {
        Canonical canonical = new Canonical(budget);
        canonical.write(value);
        return canonical.out.toString();
    }

    private void write(JsonNode value) {
        budget.take(1);
        if (value.isNumber()) {
            BigDecimal number = value.decimalValue();
            out.append(number.signum() == 0 ? "0" : number.stripTrailingZeros().toString());
        } else if (value.isTextual()) {
            text(value.textValue());
        } else if (value.isArray()) {
            out.append('[');
            for (JsonNode each : value) {
                write(each);
                out.append(',');
            }
            out.append(']');
        } else if (value.isObject()) {
            List<Map.Entry<String, JsonNode>> members = new ArrayList<>(value.properties());
            budget.take(4 * members.size());
            Collections.sort(members, Map.Entry.comparingByKey());
            out.append('{');
            for (Map.Entry<String, JsonNode> member : members) {
                text(member.getKey());
                write(member.getValue());
            }
            out.append('}');
        } else {
            out.append(value.asText());
        }
    }

    /** Its length stands in front, so that nothing needs an escape. */
    private void text(String text) {
        budget.read(text.length());
        out.append('"').append(text.length()).append(' ').append(text);
    }
}
