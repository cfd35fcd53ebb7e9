package io.llamanode.grammar.schema;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Numbers between two bounds.
 *
 * @param min least, or {@code null}
 * @param minOpen whether the least is not among them
 * @param max greatest, or {@code null}
 * @param maxOpen whether the greatest is not among them
 * @param multiple of which they are multiples, or {@code null}; 1 for whole numbers
 * @param notMultiples of none of which they are multiples
 */
record NumberRange(
        @Nullable BigDecimal min,
        boolean minOpen,
        @Nullable BigDecimal max,
        boolean maxOpen,
        @Nullable BigDecimal multiple,
        Set<BigDecimal> notMultiples) {
    static final NumberRange ALL = new NumberRange(null, false, null, false, null, Set.of());
    static final NumberRange WHOLE = multipleOf(BigDecimal.ONE);

    static NumberRange multipleOf(BigDecimal of) {
        return new NumberRange(null, false, null, false, of, Set.of());
    }

    static NumberRange atLeast(BigDecimal min, boolean open) {
        return new NumberRange(min, open, null, false, null, Set.of());
    }

    static NumberRange atMost(BigDecimal max, boolean open) {
        return new NumberRange(null, false, max, open, null, Set.of());
    }

    static NumberRange value(BigDecimal value) {
        return new NumberRange(value, false, value, false, null, Set.of());
    }

    NumberRange and(NumberRange other) {
        boolean otherMin = other.min != null
                && (min == null || other.min.compareTo(min) > 0 || other.min.compareTo(min) == 0 && other.minOpen);
        boolean otherMax = other.max != null
                && (max == null || other.max.compareTo(max) < 0 || other.max.compareTo(max) == 0 && other.maxOpen);
        Set<BigDecimal> none = new LinkedHashSet<>(notMultiples);
        none.addAll(other.notMultiples);
        return new NumberRange(
                otherMin ? other.min : min,
                otherMin ? other.minOpen : minOpen,
                otherMax ? other.max : max,
                otherMax ? other.maxOpen : maxOpen,
                multiple == null
                        ? other.multiple
                        : other.multiple == null ? multiple : common(multiple, other.multiple),
                none);
    }

    /** {@return the least common multiple} */
    private static BigDecimal common(BigDecimal one, BigDecimal two) {
        int scale = Math.max(0, Math.max(one.scale(), two.scale()));
        BigInteger left = one.setScale(scale, RoundingMode.UNNECESSARY).unscaledValue();
        BigInteger right = two.setScale(scale, RoundingMode.UNNECESSARY).unscaledValue();
        return plain(new BigDecimal(left.divide(left.gcd(right)).multiply(right), scale));
    }

    /** {@return it in the one way in which equal numbers are equal} */
    static BigDecimal plain(BigDecimal number) {
        BigDecimal stripped = number.stripTrailingZeros();
        return stripped.scale() < 0 ? stripped.setScale(0, RoundingMode.UNNECESSARY) : stripped;
    }

    static boolean isMultiple(BigDecimal number, BigDecimal of) {
        return number.remainder(of).signum() == 0;
    }

    boolean isEmpty() {
        if (multiple != null && notMultiples.stream().anyMatch(none -> isMultiple(multiple, none))) {
            return true;
        }
        if (min == null || max == null) {
            return false;
        }
        int order = min.compareTo(max);
        if (order > 0 || order == 0 && (minOpen || maxOpen)) {
            return true;
        }
        if (order == 0) {
            return multiple != null && !isMultiple(min, multiple)
                    || notMultiples.stream().anyMatch(none -> isMultiple(min, none));
        }
        if (multiple == null) {
            return false;
        }
        BigDecimal first = min.divide(multiple, 0, RoundingMode.CEILING).multiply(multiple);
        if (minOpen && first.compareTo(min) == 0) {
            first = first.add(multiple);
        }
        int behind = first.compareTo(max);
        return behind > 0 || behind == 0 && maxOpen;
    }

    boolean covers(NumberRange other) {
        boolean low = min == null
                || other.min != null
                        && (min.compareTo(other.min) < 0
                                || min.compareTo(other.min) == 0 && (!minOpen || other.minOpen));
        boolean high = max == null
                || other.max != null
                        && (max.compareTo(other.max) > 0
                                || max.compareTo(other.max) == 0 && (!maxOpen || other.maxOpen));
        return low
                && high
                && (multiple == null || other.multiple != null && isMultiple(other.multiple, multiple))
                && other.notMultiples.containsAll(notMultiples);
    }

    /** {@return all other numbers} */
    List<NumberRange> not() {
        List<NumberRange> others = new ArrayList<>();
        if (min != null) {
            others.add(atMost(min, !minOpen));
        }
        if (max != null) {
            others.add(atLeast(max, !maxOpen));
        }
        if (multiple != null) {
            others.add(new NumberRange(null, false, null, false, null, Set.of(multiple)));
        }
        notMultiples.forEach(none -> others.add(multipleOf(none)));
        return others;
    }
}
