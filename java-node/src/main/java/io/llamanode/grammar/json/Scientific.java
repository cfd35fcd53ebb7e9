package io.llamanode.grammar.json;

import io.llamanode.grammar.json.Comparison.Bound;
import io.llamanode.grammar.rule.CodePoints;
import io.llamanode.grammar.rule.Expression;
import io.llamanode.grammar.rule.Expression.Edge;
import io.llamanode.grammar.rule.Expression.Machine;
import io.llamanode.grammar.rule.Patience;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Positive numbers of a range with an exponent, as doubles are written: one digit that is not 0, its fraction, and the exponent,
 * whose bounds follow from how the digits in front of it compare with those of the bounds.
 *
 * <p>For one thread, and one range.
 */
final class Scientific {
    /** The shortest decimal number that tells a double from its neighbours has no more digits behind its first one. */
    private static final int MOST_FRACTION = 17;

    private final @Nullable Bound low;
    private final @Nullable Bound high;
    private final int lowExponent;
    private final int highExponent;
    private final boolean integer;
    private final Map<State, Integer> numbers = new HashMap<>();
    private final List<State> states = new ArrayList<>();

    private enum Phase {
        START,
        WHOLE,
        POINT,
        FRACTION
    }

    /** What is known of the digits that were read. */
    private record State(
            Phase phase, @Nullable Comparison low, @Nullable Comparison high, int digits) {}

    private Scientific(NumberRange range) {
        BigDecimal minimum = range.minimum();
        BigDecimal maximum = range.maximum();
        integer = range.multipleOf() != null;
        boolean bounded = minimum != null && minimum.signum() > 0;
        low = bounded && minimum != null ? mantissa(minimum, range.exclusiveMinimum()) : null;
        lowExponent = bounded && minimum != null ? exponent(minimum) : 0;
        high = maximum == null ? null : mantissa(maximum, range.exclusiveMaximum());
        highExponent = maximum == null ? 0 : exponent(maximum);
    }

    private static int exponent(BigDecimal number) {
        return number.precision() - number.scale() - 1;
    }

    private static Bound mantissa(BigDecimal number, boolean exclusive) {
        return Bound.of(number.movePointLeft(exponent(number)), exclusive);
    }

    /** {@return the numbers; {@link Expression#NOTHING} for multiples of anything but 1, and where no exponent fits} */
    static Expression of(NumberRange range) {
        BigDecimal multipleOf = range.multipleOf();
        BigDecimal maximum = range.maximum();
        if (multipleOf != null && multipleOf.compareTo(BigDecimal.ONE) != 0
                || maximum != null && maximum.signum() <= 0) {
            return Expression.NOTHING;
        }
        return new Scientific(range).build();
    }

    private int number(State state) {
        return numbers.computeIfAbsent(state, _ -> {
            states.add(state);
            return states.size() - 1;
        });
    }

    private Expression build() {
        number(new State(
                Phase.START,
                low == null ? null : Comparison.start(low),
                high == null ? null : Comparison.start(high),
                0));
        List<List<Edge>> edges = new ArrayList<>();
        List<Expression> exponents = new ArrayList<>();
        for (int i = 0; i < states.size(); i++) {
            Patience.check();
            State from = states.get(i);
            Map<Integer, StringBuilder> out = new HashMap<>();
            for (char next : "0123456789.".toCharArray()) {
                State to = step(from, next);
                if (to != null) {
                    out.computeIfAbsent(number(to), _ -> new StringBuilder()).append(next);
                }
            }
            List<Edge> list = new ArrayList<>();
            out.forEach((target, label) ->
                    list.add(new Edge(new Expression.Chars(CodePoints.of(label.toString())), target)));
            edges.add(list);
            exponents.add(exponent(from));
        }
        return withExponents(edges, exponents);
    }

    private @Nullable State step(State from, char next) {
        int digit = next - '0';
        return switch (from.phase) {
            case START ->
                digit <= 0
                        ? null
                        : new State(
                                Phase.WHOLE,
                                from.low == null ? null : from.low.whole(digit),
                                from.high == null ? null : from.high.whole(digit),
                                0);
            case WHOLE -> next == '.' ? point(from) : null;
            case POINT, FRACTION ->
                next == '.' || integer && from.digits == MOST_FRACTION ? null : fraction(from, digit);
        };
    }

    private static State point(State from) {
        return new State(
                Phase.POINT,
                from.low == null ? null : from.low.point(),
                from.high == null ? null : from.high.point(),
                0);
    }

    private State fraction(State from, int digit) {
        return new State(
                Phase.FRACTION,
                from.low == null ? null : from.low.fraction(digit),
                from.high == null ? null : from.high.fraction(digit),
                integer ? from.digits + 1 : 0);
    }

    /** {@return the exponents that may come behind these digits} */
    private Expression exponent(State given) {
        if (given.phase == Phase.START || given.phase == Phase.POINT) {
            return Expression.NOTHING;
        }
        State state = given.phase == Phase.FRACTION ? given : point(given);
        Integer from = integer ? Integer.valueOf(state.digits) : null;
        if (state.low != null) {
            int least = state.low.isAbove() ? lowExponent : lowExponent + 1;
            from = from == null ? Integer.valueOf(least) : Integer.valueOf(Math.max(from, least));
        }
        Integer to = null;
        if (state.high != null) {
            to = state.high.isBelow() ? highExponent : highExponent - 1;
        }
        return from != null && to != null && to < from ? Expression.NOTHING : JsonNumbers.exponent(from, to);
    }

    /** Adds one state behind all exponents, and leaves out the states from which there is no way to it. */
    private static Expression withExponents(List<List<Edge>> edges, List<Expression> exponents) {
        int count = edges.size();
        BitSet alive = new BitSet();
        for (int i = 0; i < count; i++) {
            alive.set(i, !exponents.get(i).equals(Expression.NOTHING));
        }
        int before = -1;
        while (before != alive.cardinality()) {
            before = alive.cardinality();
            for (int i = count - 1; i >= 0; i--) {
                if (!alive.get(i) && edges.get(i).stream().anyMatch(edge -> alive.get(edge.target()))) {
                    alive.set(i);
                }
            }
        }
        if (!alive.get(0)) {
            return Expression.NOTHING;
        }
        List<List<Edge>> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            List<Edge> out = new ArrayList<>();
            for (Edge edge : alive.get(i) ? edges.get(i) : List.<Edge>of()) {
                if (alive.get(edge.target())) {
                    out.add(edge);
                }
            }
            if (!exponents.get(i).equals(Expression.NOTHING)) {
                out.add(new Edge(exponents.get(i), count));
            }
            all.add(out);
        }
        all.add(List.of());
        BitSet accepting = new BitSet();
        accepting.set(count);
        return new Machine(all, accepting);
    }
}
