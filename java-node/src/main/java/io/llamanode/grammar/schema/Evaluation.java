package io.llamanode.grammar.schema;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Finds what the schemas at one place speak of, where that does not depend on the value.
 *
 * <p>For one thread.
 */
final class Evaluation {
    private static final Set<String> SOMETIMES =
            Set.of("anyOf", "oneOf", "if", "then", "else", "dependentSchemas", "$dynamicRef", "$recursiveRef");

    /** Schemas at one place. */
    private static final int MOST = 400;

    private final Document document;

    /**
     * What is spoken of.
     *
     * @param names of properties
     * @param patterns names that match a pattern
     * @param allProperties whether it speaks of every property
     * @param items how many of the first items
     */
    record Evaluated(Set<String> names, Texts patterns, boolean allProperties, int items) {
        static final Evaluated NOTHING = new Evaluated(Set.of(), Texts.NONE, false, 0);
    }

    Evaluation(Document document) {
        this.document = document;
    }

    Evaluated properties(Location at) {
        return properties(at, at, new HashSet<>());
    }

    private Evaluated properties(Location origin, Location at, Set<Location> seen) {
        if (seen.size() > MOST) {
            throw origin.refuse("unevaluatedProperties", "it depends on more than %d schemas".formatted(MOST));
        }
        if (!at.json().isObject() || !seen.add(at)) {
            return Evaluated.NOTHING;
        }
        Set<String> names = new LinkedHashSet<>();
        Texts patterns = Texts.NONE;
        boolean all = at.json().has("additionalProperties")
                || at != origin && at.json().has("unevaluatedProperties");
        for (String name : (Iterable<String>) () -> at.json().path("properties").fieldNames()) {
            names.add(name);
        }
        for (String pattern :
                (Iterable<String>) () -> at.json().path("patternProperties").fieldNames()) {
            patterns = patterns.or(Facts.pattern(at, "patternProperties", pattern));
        }
        for (Map.Entry<String, JsonNode> entry : at.json().properties()) {
            for (Location inner : inPlace(at, entry.getKey(), entry.getValue())) {
                Evaluated evaluated = properties(origin, inner, seen);
                boolean speaks =
                        !evaluated.names().isEmpty() || !evaluated.patterns().isEmpty() || evaluated.allProperties();
                if (speaks && SOMETIMES.contains(entry.getKey())) {
                    throw origin.refuse(
                            "unevaluatedProperties",
                            "what '%s' speaks of depends on the value".formatted(entry.getKey()));
                }
                names.addAll(evaluated.names());
                patterns = patterns.or(evaluated.patterns());
                all |= evaluated.allProperties();
            }
        }
        return new Evaluated(names, patterns, all, 0);
    }

    Evaluated items(Location at) {
        return new Evaluated(Set.of(), Texts.NONE, false, items(at, at, new HashSet<>()));
    }

    private int items(Location origin, Location at, Set<Location> seen) {
        if (seen.size() > MOST) {
            throw origin.refuse("unevaluatedItems", "it depends on more than %d schemas".formatted(MOST));
        }
        if (!at.json().isObject() || !seen.add(at)) {
            return 0;
        }
        if (at.json().has("contains")) {
            throw origin.refuse("unevaluatedItems", "what 'contains' speaks of depends on the value");
        }
        JsonNode items = at.json().path("items");
        boolean list = items.isArray() && !at.json().has("prefixItems");
        boolean all = !items.isMissingNode() && !list
                || list && at.json().has("additionalItems")
                || at != origin && at.json().has("unevaluatedItems");
        int count = all
                ? ArrayShape.NO_BOUND
                : list ? items.size() : at.json().path("prefixItems").size();
        for (Map.Entry<String, JsonNode> entry : at.json().properties()) {
            for (Location inner : inPlace(at, entry.getKey(), entry.getValue())) {
                int more = items(origin, inner, seen);
                if (more > count && SOMETIMES.contains(entry.getKey())) {
                    throw origin.refuse(
                            "unevaluatedItems", "what '%s' speaks of depends on the value".formatted(entry.getKey()));
                }
                count = Math.max(count, more);
            }
        }
        return count;
    }

    /** {@return the schemas of a keyword that speak of the same value} */
    private List<Location> inPlace(Location at, String keyword, JsonNode value) {
        List<Location> all = new ArrayList<>();
        switch (keyword) {
            case "$ref", "$dynamicRef", "$recursiveRef" -> all.add(document.resolve(at, keyword));
            case "allOf", "anyOf", "oneOf" -> value.forEach(each -> all.add(document.child(at, keyword, each)));
            case "dependentSchemas" -> value.forEach(each -> all.add(document.child(at, keyword, each)));
            case "if", "then", "else" -> all.add(document.child(at, keyword, value));
            default -> {}
        }
        return all;
    }
}
