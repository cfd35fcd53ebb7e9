package io.llamanode.grammar.json;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Numbers between bounds, all of them or the multiples of one, and none of the multiples of others.
 *
 * <p>Never changes: for any thread.
 *
 * @param minimum the least; {@code null}: none is
 * @param exclusiveMinimum whether it is not one of them itself
 * @param maximum the greatest; {@code null}: none is
 * @param exclusiveMaximum whether it is not one of them itself
 * @param multipleOf greater than 0; 1 for integers; {@code null} for all numbers
 * @param notMultiplesOf each greater than 0; multiples of these are left out
 */
public record NumberRange(
        @Nullable BigDecimal minimum,
        boolean exclusiveMinimum,
        @Nullable BigDecimal maximum,
        boolean exclusiveMaximum,
        @Nullable BigDecimal multipleOf,
        Set<BigDecimal> notMultiplesOf) {
    /** All numbers. */
    public static final NumberRange ANY = new NumberRange(null, false, null, false, null, Set.of());

    /** All integers, 1.0 among them. */
    public static final NumberRange INTEGER = ANY.withMultipleOf(BigDecimal.ONE);

    /**
     * Checks that the numbers make sense.
     *
     * @throws IllegalArgumentException if {@code multipleOf} is not greater than 0
     */
    public NumberRange {
        if (multipleOf != null && multipleOf.signum() <= 0
                || notMultiplesOf.stream().anyMatch(none -> none.signum() <= 0)) {
            throw new IllegalArgumentException("must be greater than 0");
        }
        Set<BigDecimal> plain = new LinkedHashSet<>();
        notMultiplesOf.forEach(none -> plain.add(plain(none)));
        notMultiplesOf = Collections.unmodifiableSet(plain);
    }

    /**
     * {@return the range of one number}
     *
     * @param value the number
     */
    public static NumberRange of(BigDecimal value) {
        return ANY.withMinimum(value, false).withMaximum(value, false);
    }

    /**
     * Bounds from below.
     *
     * @param bound the least
     * @param exclusive whether it is not one of them itself
     * @return these, as far as they are not less
     */
    public NumberRange withMinimum(BigDecimal bound, boolean exclusive) {
        int order = minimum == null ? 1 : bound.compareTo(minimum);
        if (order < 0 || order == 0 && !exclusive) {
            return this;
        }
        return new NumberRange(bound, exclusive, maximum, exclusiveMaximum, multipleOf, notMultiplesOf);
    }

    /**
     * Bounds from above.
     *
     * @param bound the greatest
     * @param exclusive whether it is not one of them itself
     * @return these, as far as they are not greater
     */
    public NumberRange withMaximum(BigDecimal bound, boolean exclusive) {
        int order = maximum == null ? -1 : bound.compareTo(maximum);
        if (order > 0 || order == 0 && !exclusive) {
            return this;
        }
        return new NumberRange(minimum, exclusiveMinimum, bound, exclusive, multipleOf, notMultiplesOf);
    }

    /**
     * Keeps multiples of a number.
     *
     * @param factor greater than 0
     * @return those of these that are multiples of it
     * @throws IllegalArgumentException if it is not greater than 0
     */
    public NumberRange withMultipleOf(BigDecimal factor) {
        if (factor.signum() <= 0) {
            throw new IllegalArgumentException("must be greater than 0");
        }
        BigDecimal both = multipleOf == null ? factor : leastCommonMultiple(multipleOf, factor);
        return new NumberRange(minimum, exclusiveMinimum, maximum, exclusiveMaximum, both, notMultiplesOf);
    }

    /**
     * Leaves out the multiples of a number.
     *
     * @param factor greater than 0
     * @return those of these that are no multiples of it
     * @throws IllegalArgumentException if it is not greater than 0
     */
    public NumberRange withNotMultipleOf(BigDecimal factor) {
        Set<BigDecimal> all = new LinkedHashSet<>(notMultiplesOf);
        all.add(factor);
        return new NumberRange(minimum, exclusiveMinimum, maximum, exclusiveMaximum, multipleOf, all);
    }

    /**
     * Keeps what another range has too.
     *
     * @param other the other
     * @return the numbers that are in both
     */
    public NumberRange and(NumberRange other) {
        NumberRange both = this;
        if (other.minimum != null) {
            both = both.withMinimum(other.minimum, other.exclusiveMinimum);
        }
        if (other.maximum != null) {
            both = both.withMaximum(other.maximum, other.exclusiveMaximum);
        }
        if (other.multipleOf != null) {
            both = both.withMultipleOf(other.multipleOf);
        }
        for (BigDecimal none : other.notMultiplesOf) {
            both = both.withNotMultipleOf(none);
        }
        return both;
    }

    /**
     * Tells whether a number is one of them.
     *
     * @param number any
     * @return whether it is
     */
    public boolean contains(BigDecimal number) {
        if (minimum != null) {
            int order = number.compareTo(minimum);
            if (order < 0 || order == 0 && exclusiveMinimum) {
                return false;
            }
        }
        if (maximum != null) {
            int order = number.compareTo(maximum);
            if (order > 0 || order == 0 && exclusiveMaximum) {
                return false;
            }
        }
        return (multipleOf == null || Decimals.isMultiple(number, multipleOf))
                && notMultiplesOf.stream().noneMatch(none -> Decimals.isMultiple(number, none));
    }

    /** {@return whether there is none for sure; {@code false} says nothing if multiples are left out} */
    public boolean isEmpty() {
        if (multipleOf != null && notMultiplesOf.stream().anyMatch(none -> Decimals.isMultiple(multipleOf, none))) {
            return true;
        }
        if (minimum == null || maximum == null) {
            return false;
        }
        int order = minimum.compareTo(maximum);
        if (order >= 0) {
            return order > 0 || !contains(minimum);
        }
        if (multipleOf == null) {
            return false;
        }
        BigDecimal first = minimum.divide(multipleOf, 0, RoundingMode.CEILING).multiply(multipleOf);
        if (exclusiveMinimum && first.compareTo(minimum) == 0) {
            first = first.add(multipleOf);
        }
        int behind = first.compareTo(maximum);
        return behind > 0 || behind == 0 && exclusiveMaximum;
    }

    /**
     * {@return whether all of another range are in it; {@code false} if that is not seen easily}
     *
     * @param other the other
     */
    public boolean covers(NumberRange other) {
        boolean low = minimum == null
                || other.minimum != null
                        && isAtMost(minimum, !exclusiveMinimum || other.exclusiveMinimum, other.minimum);
        boolean high = maximum == null
                || other.maximum != null
                        && isAtMost(other.maximum, !exclusiveMaximum || other.exclusiveMaximum, maximum);
        return low
                && high
                && (multipleOf == null || other.multipleOf != null && Decimals.isMultiple(other.multipleOf, multipleOf))
                && other.notMultiplesOf.containsAll(notMultiplesOf);
    }

    private static boolean isAtMost(BigDecimal one, boolean orEqual, BigDecimal two) {
        int order = one.compareTo(two);
        return order < 0 || order == 0 && orEqual;
    }

    /** {@return all other numbers} */
    public List<NumberRange> not() {
        List<NumberRange> others = new ArrayList<>();
        if (minimum != null) {
            others.add(ANY.withMaximum(minimum, !exclusiveMinimum));
        }
        if (maximum != null) {
            others.add(ANY.withMinimum(maximum, !exclusiveMaximum));
        }
        if (multipleOf != null) {
            others.add(ANY.withNotMultipleOf(multipleOf));
        }
        notMultiplesOf.forEach(none -> others.add(ANY.withMultipleOf(none)));
        return others;
    }

    /** {@return the numbers that these are with another sign} */
    NumberRange negated() {
        return new NumberRange(
                maximum == null ? null : maximum.negate(),
                exclusiveMaximum,
                minimum == null ? null : minimum.negate(),
                exclusiveMinimum,
                multipleOf,
                notMultiplesOf);
    }

    /**
     * {@return a number in the one way in which equal numbers are equal, without an exponent}
     *
     * @param number any
     * @throws io.llamanode.grammar.automaton.GrammarLimitException if it has too many digits
     */
    public static BigDecimal plain(BigDecimal number) {
        Decimals.check(number);
        BigDecimal stripped = number.stripTrailingZeros();
        return stripped.scale() < 0 ? stripped.setScale(0) : stripped;
    }

    static BigDecimal leastCommonMultiple(BigDecimal one, BigDecimal two) {
        if (Decimals.isMultiple(one, two)) {
            return one;
        }
        if (Decimals.isMultiple(two, one)) {
            return two;
        }
        Decimals.check(one);
        Decimals.check(two);
        int scale = Math.max(0, Math.max(one.scale(), two.scale()));
        BigInteger left = one.setScale(scale).unscaledValue();
        BigInteger right = two.setScale(scale).unscaledValue();
        BigInteger common = left.multiply(right).divide(left.gcd(right));
        return new BigDecimal(common, scale).stripTrailingZeros();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof NumberRange range
                && same(minimum, range.minimum)
                && exclusiveMinimum == range.exclusiveMinimum
                && same(maximum, range.maximum)
                && exclusiveMaximum == range.exclusiveMaximum
                && same(multipleOf, range.multipleOf)
                && notMultiplesOf.equals(range.notMultiplesOf);
    }

    /** 1 and 1.0 are the same number. */
    private static boolean same(@Nullable BigDecimal one, @Nullable BigDecimal two) {
        return one == null || two == null ? one == two : one.compareTo(two) == 0;
    }

    @Override
    public int hashCode() {
        return Objects.hash(
                hash(minimum), exclusiveMinimum, hash(maximum), exclusiveMaximum, hash(multipleOf), notMultiplesOf);
    }

    private static int hash(@Nullable BigDecimal one) {
        return one == null ? 0 : one.stripTrailingZeros().hashCode();
    }
}
