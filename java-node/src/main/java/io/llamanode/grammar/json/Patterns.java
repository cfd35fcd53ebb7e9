package io.llamanode.grammar.json;

import io.llamanode.grammar.regex.Pattern;
import io.llamanode.grammar.regex.PatternException;
import io.llamanode.grammar.regex.Regular;

/**
 * Patterns of this package's own.
 *
 * <p>Keeps no state: for any thread.
 */
final class Patterns {
    private Patterns() {}

    static Regular of(String pattern) {
        try {
            return Pattern.parse(pattern);
        } catch (PatternException e) {
            throw new AssertionError(e);
        }
    }

    /** {@return the texts that match as a whole} */
    static Regular whole(String pattern) {
        return of("^(?:" + pattern + ")$");
    }
}
