package io.llamanode.grammar.json;

import io.llamanode.grammar.automaton.GrammarLimitException;
import java.math.BigDecimal;

/**
 * Decimal numbers of strangers: what would take millions of digits to write out is refused.
 *
 * <p>Keeps no state: for any thread.
 */
final class Decimals {
    /** Longer than any double. */
    private static final int MOST_DIGITS = 400;

    private Decimals() {}

    /**
     * Checks a number before it is written out.
     *
     * @throws GrammarLimitException if it has too many digits
     */
    static void check(BigDecimal number) {
        if (!isShort(number)) {
            throw new GrammarLimitException("a number has more than %d digits".formatted(MOST_DIGITS));
        }
    }

    private static boolean isShort(BigDecimal number) {
        long scale = number.scale();
        long digits = Math.max(number.precision(), Math.max(scale, number.precision() - scale));
        return digits <= MOST_DIGITS && Math.abs(scale) <= MOST_DIGITS;
    }

    /** {@return whether a number is a multiple of another, which is greater than 0} */
    static boolean isMultiple(BigDecimal number, BigDecimal factor) {
        if (number.signum() == 0) {
            return true;
        }
        check(number);
        check(factor);
        return number.remainder(factor).signum() == 0;
    }
}
