package io.llamanode.grammar.automaton;

import io.llamanode.grammar.rule.Expression;
import io.llamanode.grammar.rule.Expression.Repeat;

/** Makes one repetition of several around each other, where that is the same: they would be counted against each other. */
final class Repeats {
    private Repeats() {}

    /** {@return a repetition of the same texts, the body of which is no repetition that could be joined with it} */
    static Repeat joined(Repeat repeat) {
        Repeat outer = repeat;
        while (bare(outer.body()) instanceof Repeat inner && haveNoGaps(inner, outer)) {
            long min = (long) inner.min() * outer.min();
            long max = outer.max() == 0 || inner.max() == 0 ? 0 : times(inner.max(), outer.max());
            // So many turns come in no text.
            outer = new Repeat(
                    inner.body(),
                    (int) Math.min(min, Integer.MAX_VALUE),
                    max > Integer.MAX_VALUE ? Repeat.NO_BOUND : (int) max);
        }
        return outer;
    }

    private static Expression bare(Expression expression) {
        return switch (expression) {
            case Expression.Sequence sequence
            when sequence.parts().size() == 1 -> bare(sequence.parts().getFirst());
            case Expression.Choice choice
            when choice.alternatives().size() == 1 -> bare(choice.alternatives().getFirst());
            default -> expression;
        };
    }

    private static long times(int innerMax, int outerMax) {
        return innerMax == Repeat.NO_BOUND || outerMax == Repeat.NO_BOUND
                ? Repeat.NO_BOUND
                : (long) innerMax * outerMax;
    }

    /** Tells whether one turn more of the outer one adds turns that join those before; the first such is the furthest off. */
    private static boolean haveNoGaps(Repeat inner, Repeat outer) {
        if (outer.min() == outer.max() || inner.min() == 0) {
            return true;
        }
        long most = outer.min() == 0 ? 0 : times(inner.max(), outer.min());
        return most == Repeat.NO_BOUND || (outer.min() + 1L) * inner.min() <= most + 1;
    }
}
