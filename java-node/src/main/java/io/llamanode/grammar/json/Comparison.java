package io.llamanode.grammar.json;

import java.math.BigDecimal;

/**
 * A decimal number that is read digit by digit, against a bound that is not negative.
 *
 * <p>Never changes: for any thread.
 *
 * @param bound it is compared with this
 * @param place of the digit of the bound that the next one is compared with
 * @param order of the digits so far against as many of the bound
 */
record Comparison(Bound bound, int place, int order) {
    /**
     * A bound as its digits.
     *
     * @param whole before the point, without zeros in front, at least one
     * @param fraction behind it, without zeros at its end
     * @param exclusive whether the bound is no number that is wanted
     */
    record Bound(String whole, String fraction, boolean exclusive) {
        static Bound of(BigDecimal number, boolean exclusive) {
            Decimals.check(number);
            String plain =
                    number.signum() == 0 ? "0" : number.stripTrailingZeros().toPlainString();
            int point = plain.indexOf('.');
            return point < 0
                    ? new Bound(plain, "", exclusive)
                    : new Bound(plain.substring(0, point), plain.substring(point + 1), exclusive);
        }
    }

    static Comparison start(Bound bound) {
        return new Comparison(bound, 0, 0);
    }

    /** Reads a digit before the point; a zero comes first only if it is the only one. */
    Comparison whole(int digit) {
        int length = bound.whole.length();
        if (place >= length) {
            return new Comparison(bound, length + 1, 1);
        }
        int now = order != 0 ? order : Integer.compare(digit, bound.whole.charAt(place) - '0');
        return new Comparison(bound, place + 1, now);
    }

    /** All before the point is read. */
    Comparison point() {
        return new Comparison(bound, 0, place < bound.whole.length() ? -1 : order);
    }

    /** Reads a digit behind the point. */
    Comparison fraction(int digit) {
        if (order != 0) {
            return this;
        }
        boolean over = place == bound.fraction.length();
        int now = Integer.compare(digit, over ? 0 : bound.fraction.charAt(place) - '0');
        return new Comparison(bound, now != 0 || over ? place : place + 1, now).settled();
    }

    /** Where the order is known, the place matters no more. */
    private Comparison settled() {
        return order == 0 ? this : new Comparison(bound, 0, order);
    }

    /** {@return the order of the number against the bound, if no digit comes any more behind the point} */
    int end() {
        return order == 0 && place < bound.fraction.length() ? -1 : order;
    }

    boolean isAbove() {
        return bound.exclusive ? end() > 0 : end() >= 0;
    }

    boolean isBelow() {
        return bound.exclusive ? end() < 0 : end() <= 0;
    }
}
