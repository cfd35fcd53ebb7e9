package io.llamanode.grammar.regex;

import io.llamanode.grammar.automaton.GrammarLimitException;
import java.util.HashMap;
import java.util.Map;

/**
 * Tells of many texts whether they are in some languages. It keeps what it has worked out, so that a text takes about as many steps as
 * it has characters, and all its work together is bounded.
 *
 * <p>For one thread.
 */
public final class Membership {
    private final Derivatives derivatives;
    private final Map<Regular, Map<Integer, Regular>> known = new HashMap<>();

    /**
     * With nothing worked out.
     *
     * @param mostWork steps of all texts together; some 400,000 take a few tenths of a second
     */
    public Membership(int mostWork) {
        derivatives = new Derivatives(mostWork);
    }

    /**
     * Tells whether a text is in a language.
     *
     * @param language any
     * @param text any
     * @return whether it is
     * @throws GrammarLimitException if that takes more work than is left
     */
    public boolean contains(Regular language, String text) {
        Regular left = language;
        for (int i = 0; i < text.length(); ) {
            int codePoint = text.codePointAt(i);
            Regular from = left;
            left = known.computeIfAbsent(from, _ -> new HashMap<>())
                    .computeIfAbsent(codePoint, _ -> derivatives.of(from, codePoint));
            i += Character.charCount(codePoint);
        }
        return left.nullable;
    }
}
