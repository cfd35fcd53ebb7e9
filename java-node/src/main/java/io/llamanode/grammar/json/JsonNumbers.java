package io.llamanode.grammar.json;

import io.llamanode.grammar.automaton.GrammarLimitException;
import io.llamanode.grammar.rule.Expression;
import java.math.BigDecimal;

/**
 * Numbers as JSON spells them.
 *
 * <p>Keeps no state: for any thread.
 */
public final class JsonNumbers {
    private JsonNumbers() {}

    /**
     * Spells the numbers of a range.
     *
     * @param range of them
     * @return their spellings; {@link Expression#NOTHING} if it has none
     * @throws GrammarLimitException if a bound has too many digits, or the multiples need too many states
     */
    public static Expression expression(NumberRange range) {
        throw new UnsupportedOperationException("comes with the next step");
    }

    /**
     * Spells one number.
     *
     * @param value any
     * @return spellings of it: plainly, and as a double is written
     * @throws GrammarLimitException if it has too many digits
     */
    public static Expression literal(BigDecimal value) {
        throw new UnsupportedOperationException("comes with the next step");
    }
}
