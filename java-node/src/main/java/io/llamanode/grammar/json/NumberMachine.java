package io.llamanode.grammar.json;

import io.llamanode.grammar.automaton.GrammarLimitException;
import io.llamanode.grammar.json.Comparison.Bound;
import io.llamanode.grammar.rule.CodePoints;
import io.llamanode.grammar.rule.Expression;
import io.llamanode.grammar.rule.Expression.Edge;
import io.llamanode.grammar.rule.Expression.Machine;
import io.llamanode.grammar.rule.Patience;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A deterministic machine that reads the numbers of a range that are not negative, spelled without exponent: how they compare with
 * the bounds so far, and what remains of them by the factor, are its states.
 *
 * <p>For one thread, and one range.
 */
final class NumberMachine {
    private static final int MOST_STATES = 20_000;
    private static final int BASE = 10;

    private final @Nullable Bound low;
    private final @Nullable Bound high;
    /** Of a remainder: digits behind the point, and the number without its point by which it is left; 0 if there is none. */
    private final int scale;

    private final int modulus;
    /** Without their points, of so many digits behind them; 0 if there is none. */
    private final int factor;

    private final int[] notFactors;
    private final Map<State, Integer> numbers = new HashMap<>();
    private final List<State> states = new ArrayList<>();
    private final List<Map<Integer, StringBuilder>> edges = new ArrayList<>();

    private enum Phase {
        START,
        ZERO,
        WHOLE,
        POINT,
        FRACTION
    }

    /**
     * What is known of the digits that were read.
     *
     * @param remainder of those up to the scale, {@code digits} of them behind the point
     * @param beyond whether one behind these is not 0
     */
    private record State(
            Phase phase,
            @Nullable Comparison low,
            @Nullable Comparison high,
            int remainder,
            int digits,
            boolean beyond) {}

    private final boolean wholeOnly;

    private NumberMachine(@Nullable Bound low, @Nullable Bound high, NumberRange range, boolean wholeOnly) {
        this.wholeOnly = wholeOnly;
        this.low = low;
        this.high = high;
        BigDecimal common = range.multipleOf();
        for (BigDecimal none : range.notMultiplesOf()) {
            common = common == null ? none : NumberRange.leastCommonMultiple(common, none);
        }
        scale = common == null ? 0 : Math.max(scale(range.multipleOf()), mostScale(range.notMultiplesOf()));
        modulus = whole(common);
        factor = whole(range.multipleOf());
        notFactors = range.notMultiplesOf().stream().mapToInt(this::whole).toArray();
    }

    private static int mostScale(Set<BigDecimal> numbers) {
        return numbers.stream().mapToInt(NumberMachine::scale).max().orElse(0);
    }

    private static int scale(@Nullable BigDecimal number) {
        return number == null ? 0 : Math.max(0, number.stripTrailingZeros().scale());
    }

    private int whole(@Nullable BigDecimal number) {
        if (number == null) {
            return 0;
        }
        Decimals.check(number);
        BigInteger whole = number.setScale(scale, RoundingMode.UNNECESSARY).unscaledValue();
        if (whole.bitLength() > Integer.SIZE - 2 || whole.intValue() > MOST_STATES) {
            throw tooMany();
        }
        return whole.intValue();
    }

    /**
     * Builds the machine.
     *
     * @param low least number, if there is one, not negative
     * @param high greatest number, if there is one, not negative
     * @param range tells of which numbers they are multiples, and of which not
     * @return the machine; {@link Expression#NOTHING} if there is no such number
     */
    static Expression of(@Nullable Bound low, @Nullable Bound high, NumberRange range) {
        return new NumberMachine(low, high, range, false).build();
    }

    /** {@return the integers between bounds, without a point} */
    static Expression whole(@Nullable Bound low, @Nullable Bound high) {
        return new NumberMachine(low, high, NumberRange.ANY, true).build();
    }

    /** {@return those of a range that are integers, without a point} */
    static Expression integers(@Nullable Bound low, @Nullable Bound high, NumberRange range) {
        return new NumberMachine(low, high, range, true).build();
    }

    private static GrammarLimitException tooMany() {
        return new GrammarLimitException(
                "the multiples between these bounds take more than %d states".formatted(MOST_STATES));
    }

    private Expression build() {
        number(new State(
                Phase.START,
                low == null ? null : Comparison.start(low),
                high == null ? null : Comparison.start(high),
                0,
                0,
                false));
        for (int i = 0; i < states.size(); i++) {
            Patience.check();
            Map<Integer, StringBuilder> out = new LinkedHashMap<>();
            for (char next : "0123456789.".toCharArray()) {
                State to = step(states.get(i), next);
                if (to != null) {
                    out.computeIfAbsent(number(to), _ -> new StringBuilder()).append(next);
                }
            }
            edges.add(out);
        }
        return trimmed();
    }

    private int number(State state) {
        Integer known = numbers.get(state);
        if (known != null) {
            return known;
        }
        if (states.size() == MOST_STATES) {
            throw tooMany();
        }
        numbers.put(state, states.size());
        states.add(state);
        return states.size() - 1;
    }

    private @Nullable State step(State from, char next) {
        int digit = next - '0';
        return switch (from.phase) {
            case START -> next == '.' ? null : whole(from, digit == 0 ? Phase.ZERO : Phase.WHOLE, digit);
            case ZERO -> next == '.' && !wholeOnly ? point(from) : null;
            case WHOLE -> {
                if (next != '.') {
                    yield whole(from, Phase.WHOLE, digit);
                }
                yield wholeOnly ? null : point(from);
            }
            case POINT, FRACTION -> next == '.' ? null : fraction(from, digit);
        };
    }

    private @Nullable State whole(State from, Phase phase, int digit) {
        Comparison high = from.high == null ? null : from.high.whole(digit);
        if (high != null && high.place() > high.bound().whole().length()) {
            return null;
        }
        return new State(
                phase,
                from.low == null ? null : from.low.whole(digit),
                high,
                remainder(from.remainder, digit),
                0,
                false);
    }

    private static State point(State from) {
        return new State(
                Phase.POINT,
                from.low == null ? null : from.low.point(),
                from.high == null ? null : from.high.point(),
                from.remainder,
                0,
                false);
    }

    private @Nullable State fraction(State from, int digit) {
        boolean inside = from.digits < scale;
        if (factor != 0 && !inside && (digit != 0 || scale == 0 && from.phase == Phase.FRACTION)) {
            return null;
        }
        Comparison high = from.high == null ? null : from.high.fraction(digit);
        if (high != null && high.order() > 0) {
            return null;
        }
        return new State(
                Phase.FRACTION,
                from.low == null ? null : from.low.fraction(digit),
                high,
                inside ? remainder(from.remainder, digit) : from.remainder,
                inside ? from.digits + 1 : from.digits,
                modulus != 0 && (from.beyond || !inside && digit != 0));
    }

    private int remainder(int before, int digit) {
        return modulus == 0 ? 0 : (int) ((BASE * (long) before + digit) % modulus);
    }

    private boolean accepts(State given) {
        if (given.phase == Phase.START || given.phase == Phase.POINT) {
            return false;
        }
        State state = given.phase == Phase.FRACTION ? given : point(given);
        if (state.low != null && !state.low.isAbove() || state.high != null && !state.high.isBelow()) {
            return false;
        }
        int left = state.remainder;
        for (int i = state.digits; i < scale && left != 0; i++) {
            left = remainder(left, 0);
        }
        int all = left;
        return (factor == 0 || all % factor == 0)
                && (state.beyond || Arrays.stream(notFactors).noneMatch(none -> all % none == 0));
    }

    /** Leaves out what leads nowhere. */
    private Expression trimmed() {
        List<List<Integer>> sources = new ArrayList<>();
        states.forEach(_ -> sources.add(new ArrayList<>()));
        BitSet accepting = new BitSet();
        BitSet alive = new BitSet();
        Deque<Integer> open = new ArrayDeque<>();
        for (int i = 0; i < states.size(); i++) {
            for (int target : edges.get(i).keySet()) {
                sources.get(target).add(i);
            }
            if (accepts(states.get(i))) {
                accepting.set(i);
                alive.set(i);
                open.add(i);
            }
        }
        while (!open.isEmpty()) {
            for (int source : sources.get(open.remove())) {
                if (!alive.get(source)) {
                    alive.set(source);
                    open.add(source);
                }
            }
        }
        if (!alive.get(0)) {
            return Expression.NOTHING;
        }
        int[] places = new int[states.size()];
        int count = 0;
        for (int i = alive.nextSetBit(0); i >= 0; i = alive.nextSetBit(i + 1)) {
            places[i] = count++;
        }
        List<List<Edge>> kept = new ArrayList<>();
        BitSet ends = new BitSet();
        for (int i = alive.nextSetBit(0); i >= 0; i = alive.nextSetBit(i + 1)) {
            List<Edge> out = new ArrayList<>();
            edges.get(i).forEach((target, label) -> {
                if (alive.get(target)) {
                    out.add(new Edge(new Expression.Chars(CodePoints.of(label.toString())), places[target]));
                }
            });
            ends.set(kept.size(), accepting.get(i));
            kept.add(out);
        }
        return new Machine(kept, ends);
    }
}
