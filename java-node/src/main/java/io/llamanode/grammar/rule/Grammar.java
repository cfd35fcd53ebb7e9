package io.llamanode.grammar.rule;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Rules by their names, and the one that a text keeps to.
 *
 * <p>Never changes: for any thread.
 *
 * @param root name of the rule
 * @param rules in their order; every {@link Expression.Reference} in them names one
 */
public record Grammar(String root, Map<String, Expression> rules) {
    /**
     * Keeps a copy.
     *
     * @throws IllegalArgumentException if there is no such rule
     */
    public Grammar {
        rules = Collections.unmodifiableMap(new LinkedHashMap<>(rules));
        if (!rules.containsKey(root)) {
            throw new IllegalArgumentException("there is no rule '%s'".formatted(root));
        }
    }
}
