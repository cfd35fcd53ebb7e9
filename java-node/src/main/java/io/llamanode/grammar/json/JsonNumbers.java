package io.llamanode.grammar.json;

import io.llamanode.grammar.automaton.GrammarLimitException;
import io.llamanode.grammar.json.Comparison.Bound;
import io.llamanode.grammar.rule.CodePoints;
import io.llamanode.grammar.rule.Expression;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Numbers as JSON spells them. Bounds are exact, digit by digit.
 *
 * <p>Without a factor, and where no bound but 0 is given, all that JSON allows is accepted, with exponents of up to 308. Where another bound
 * is given, an exponent stands only behind one digit that is not 0 and its fraction, as doubles are written. Integers may have one
 * {@code .0}, and an exponent where the whole number is no less than its fraction is long; multiples of other numbers have no
 * exponent, nor have numbers that are no multiples of one.
 *
 * <p>Keeps no state: for any thread.
 */
public final class JsonNumbers {
    private static final Expression MINUS = new Expression.Text("-");
    private static final Expression E = new Expression.Chars(CodePoints.of("eE"));
    /** No double is ten to the power of more: a reader could not take it. */
    private static final int MOST_EXPONENT = 308;

    private static final int MOST_SMALL_EXPONENT = 99;
    private static final Expression EXPONENT = exponent(null, null);
    private static final Expression SMALL_EXPONENT = exponent(-MOST_SMALL_EXPONENT, MOST_SMALL_EXPONENT);

    /** Exponents up to this one, and from the other one on, are written by writers of doubles. */
    private static final int MOST_SMALL = -4;

    private static final int LEAST_LARGE = 7;

    private static final int MOST_KNOWN = 64;
    /** Those asked for last: nearly every schema has the same few. */
    private static final Map<NumberRange, Expression> KNOWN = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<NumberRange, Expression> eldest) {
            return size() > MOST_KNOWN;
        }
    };

    private JsonNumbers() {}

    /**
     * Spells the numbers of a range.
     *
     * @param range of them
     * @return their spellings; {@link Expression#NOTHING} if it has none
     * @throws GrammarLimitException if a bound has too many digits, or the multiples need too many states
     */
    public static Expression expression(NumberRange range) {
        synchronized (KNOWN) {
            Expression known = KNOWN.get(range);
            if (known != null) {
                return known;
            }
        }
        Expression found = find(range, false, EXPONENT);
        synchronized (KNOWN) {
            KNOWN.put(range, found);
        }
        return found;
    }

    /**
     * Spells the numbers of a range as they are written most: integers without a point and an exponent, and others with an exponent
     * that leaves them finite, the only one of a range without any zeros behind it.
     *
     * @param range of them
     * @param integers whether they are integers
     * @return their spellings; {@link Expression#NOTHING} if it has none
     * @throws GrammarLimitException if a bound has too many digits, or the multiples need too many states
     */
    public static Expression plain(NumberRange range, boolean integers) {
        BigDecimal least = range.minimum();
        BigDecimal most = range.maximum();
        if (least == null || most == null || least.compareTo(most) != 0) {
            return find(range, integers, SMALL_EXPONENT);
        }
        Decimals.check(least);
        if (find(range, false, SMALL_EXPONENT).equals(Expression.NOTHING)) {
            return Expression.NOTHING;
        }
        return new Expression.Text(
                least.signum() == 0 ? "0" : least.stripTrailingZeros().toPlainString());
    }

    private static Expression find(NumberRange range, boolean integers, Expression exponent) {
        List<Expression> all = new ArrayList<>();
        Expression positive = half(range, integers, exponent);
        if (!positive.equals(Expression.NOTHING)) {
            all.add(positive);
        }
        Expression negative = half(range.negated(), integers, exponent);
        if (!negative.equals(Expression.NOTHING)) {
            all.add(Expression.sequence(MINUS, negative));
        }
        return Expression.choice(all);
    }

    /** Spells those that are not negative. */
    private static Expression half(NumberRange range, boolean integers, Expression exponent) {
        BigDecimal minimum = range.minimum();
        BigDecimal maximum = range.maximum();
        if (maximum != null && maximum.signum() < 0) {
            return Expression.NOTHING;
        }
        boolean above = minimum != null && (minimum.signum() > 0 || minimum.signum() == 0 && range.exclusiveMinimum());
        Bound low = above && minimum != null ? Bound.of(minimum, range.exclusiveMinimum()) : null;
        Bound high = maximum == null ? null : Bound.of(maximum, range.exclusiveMaximum());
        Expression plain = integers ? NumberMachine.integers(low, high, range) : NumberMachine.of(low, high, range);
        if (integers || plain.equals(Expression.NOTHING)) {
            return plain;
        }
        boolean signOnly = (minimum == null || minimum.signum() <= 0) && (maximum == null || maximum.signum() == 0);
        if (!range.notMultiplesOf().isEmpty()) {
            return plain;
        }
        if (range.multipleOf() == null && signOnly) {
            // An exponent changes no sign.
            return Expression.sequence(plain, Expression.optional(exponent));
        }
        Expression scientific = Scientific.of(range);
        return scientific.equals(Expression.NOTHING) ? plain : Expression.choice(List.of(plain, scientific));
    }

    /**
     * Spells one number.
     *
     * @param value any
     * @return spellings of it: plainly, an integer with one {@code .0} too, and as a double is written with an exponent
     * @throws GrammarLimitException if it has too many digits
     */
    public static Expression literal(BigDecimal value) {
        Decimals.check(value);
        BigDecimal stripped = value.signum() == 0 ? BigDecimal.ZERO : value.stripTrailingZeros();
        Set<String> texts = new LinkedHashSet<>();
        String plain = stripped.toPlainString();
        texts.add(plain);
        if (stripped.scale() <= 0) {
            texts.add(plain + ".0");
        }
        if (value.signum() == 0) {
            texts.add("-0");
            texts.add("-0.0");
        } else {
            int exponent = stripped.precision() - stripped.scale() - 1;
            if (exponent <= MOST_SMALL || exponent >= LEAST_LARGE) {
                addScientific(stripped, exponent, texts);
            }
        }
        return Expression.choice(
                texts.stream().<Expression>map(Expression.Text::new).toList());
    }

    private static void addScientific(BigDecimal stripped, int exponent, Set<String> texts) {
        String digits = stripped.unscaledValue().abs().toString();
        String sign = stripped.signum() < 0 ? "-" : "";
        String first = digits.substring(0, 1);
        List<String> mantissas =
                digits.length() == 1 ? List.of(first, first + ".0") : List.of(first + "." + digits.substring(1));
        for (String mantissa : mantissas) {
            String size = Integer.toString(Math.abs(exponent));
            String padded = String.format(Locale.ROOT, "%02d", Math.abs(exponent));
            for (String e : List.of("e", "E")) {
                for (String mark : exponent < 0 ? List.of("-") : List.of("", "+")) {
                    texts.add(sign + mantissa + e + mark + size);
                    texts.add(sign + mantissa + e + mark + padded);
                }
            }
        }
    }

    /** {@return exponents from one to another, at most one zero in front of each; {@code null}: none that a reader knows} */
    static Expression exponent(@Nullable Integer from, @Nullable Integer most) {
        Integer to = most == null ? Integer.valueOf(Math.max(MOST_EXPONENT, from == null ? 0 : from)) : most;
        List<Expression> all = new ArrayList<>();
        Expression zero = Expression.optional(new Expression.Text("0"));
        if (to >= 0) {
            Expression plus = Expression.optional(new Expression.Text("+"));
            Expression size = size(from == null || from < 0 ? Integer.valueOf(0) : from, to);
            if (!size.equals(Expression.NOTHING)) {
                all.add(Expression.sequence(E, plus, zero, size));
            }
        }
        if (from == null || from < 0) {
            Expression size = size(to >= 0 ? Integer.valueOf(1) : Integer.valueOf(-to), from == null ? null : -from);
            if (!size.equals(Expression.NOTHING)) {
                all.add(Expression.sequence(E, MINUS, zero, size));
            }
        }
        return Expression.choice(all);
    }

    private static Expression size(Integer from, @Nullable Integer to) {
        return NumberMachine.whole(
                Bound.of(BigDecimal.valueOf(from), false), to == null ? null : Bound.of(BigDecimal.valueOf(to), false));
    }
}
