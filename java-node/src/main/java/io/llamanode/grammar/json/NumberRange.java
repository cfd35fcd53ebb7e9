package io.llamanode.grammar.json;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Numbers between bounds, all of them or the multiples of one.
 *
 * <p>Never changes: for any thread.
 *
 * @param minimum the least; {@code null}: none is
 * @param exclusiveMinimum whether it is not one of them itself
 * @param maximum the greatest; {@code null}: none is
 * @param exclusiveMaximum whether it is not one of them itself
 * @param multipleOf greater than 0; 1 for integers; {@code null} for all numbers
 */
public record NumberRange(
        @Nullable BigDecimal minimum,
        boolean exclusiveMinimum,
        @Nullable BigDecimal maximum,
        boolean exclusiveMaximum,
        @Nullable BigDecimal multipleOf) {
    /** All numbers. */
    public static final NumberRange ANY = new NumberRange(null, false, null, false, null);

    /** All integers, 1.0 among them. */
    public static final NumberRange INTEGER = ANY.withMultipleOf(BigDecimal.ONE);

    /**
     * Checks that the numbers make sense.
     *
     * @throws IllegalArgumentException if {@code multipleOf} is not greater than 0
     */
    public NumberRange {
        if (multipleOf != null && multipleOf.signum() <= 0) {
            throw new IllegalArgumentException("must be greater than 0");
        }
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
        return new NumberRange(bound, exclusive, maximum, exclusiveMaximum, multipleOf);
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
        return new NumberRange(minimum, exclusiveMinimum, bound, exclusive, multipleOf);
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
        return new NumberRange(minimum, exclusiveMinimum, maximum, exclusiveMaximum, both);
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
        return other.multipleOf == null ? both : both.withMultipleOf(other.multipleOf);
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
        return multipleOf == null || Decimals.isMultiple(number, multipleOf);
    }

    /** {@return the numbers that these are with another sign} */
    NumberRange negated() {
        return new NumberRange(
                maximum == null ? null : maximum.negate(),
                exclusiveMaximum,
                minimum == null ? null : minimum.negate(),
                exclusiveMinimum,
                multipleOf);
    }

    private static BigDecimal leastCommonMultiple(BigDecimal one, BigDecimal two) {
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
                && same(multipleOf, range.multipleOf);
    }

    /** 1 and 1.0 are the same number. */
    private static boolean same(@Nullable BigDecimal one, @Nullable BigDecimal two) {
        return one == null || two == null ? one == two : one.compareTo(two) == 0;
    }

    @Override
    public int hashCode() {
        return Objects.hash(hash(minimum), exclusiveMinimum, hash(maximum), exclusiveMaximum, hash(multipleOf));
    }

    private static int hash(@Nullable BigDecimal one) {
        return one == null ? 0 : one.stripTrailingZeros().hashCode();
    }
}
