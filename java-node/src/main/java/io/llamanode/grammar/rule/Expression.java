package io.llamanode.grammar.rule;

import java.util.BitSet;
import java.util.List;

/**
 * A set of texts.
 *
 * <p>Never changes: for any thread.
 */
public sealed interface Expression {
    /** The empty text. */
    Expression EMPTY = new Text("");

    /** No text at all. */
    Expression NOTHING = new Choice(List.of());

    /**
     * One code point.
     *
     * @param set any of these
     */
    record Chars(CodePoints set) implements Expression {}

    /**
     * One text.
     *
     * @param text of whole code points; may be empty
     */
    record Text(String text) implements Expression {}

    /**
     * One behind the other.
     *
     * @param parts none: the empty text
     */
    record Sequence(List<Expression> parts) implements Expression {
        /** Keeps a copy. */
        public Sequence {
            parts = List.copyOf(parts);
        }
    }

    /**
     * Any of several.
     *
     * @param alternatives none: no text at all
     */
    record Choice(List<Expression> alternatives) implements Expression {
        /** Keeps a copy. */
        public Choice {
            alternatives = List.copyOf(alternatives);
        }
    }

    /**
     * The same several times.
     *
     * @param body each time one of its texts
     * @param min times, at least 0
     * @param max times, at least {@code min}, or {@link #NO_BOUND}
     */
    record Repeat(Expression body, int min, int max) implements Expression {
        /** As often as one likes. */
        public static final int NO_BOUND = -1;

        /**
         * Checks the bounds.
         *
         * @throws IllegalArgumentException if there is no number between them
         */
        public Repeat {
            if (min < 0 || max != NO_BOUND && max < min) {
                throw new IllegalArgumentException("{%d,%d}".formatted(min, max));
            }
        }
    }

    /**
     * The texts of a rule, which may stand in itself.
     *
     * @param name of a rule of the same grammar
     */
    record Reference(String name) implements Expression {}

    /**
     * A finite automaton: what can be read from state 0 to a state that accepts.
     *
     * @param states with their edges; at least one
     * @param accepting numbers of states; not to be changed
     */
    record Machine(List<List<Edge>> states, BitSet accepting) implements Expression {
        /** Keeps copies. */
        public Machine {
            states = states.stream().map(List::copyOf).toList();
            accepting = (BitSet) accepting.clone();
        }
    }

    /**
     * A way from one state of a machine to another.
     *
     * @param label what is read on it
     * @param target number of a state
     */
    record Edge(Expression label, int target) {}

    /**
     * Members in any order, with something between them. Empty texts are no members.
     *
     * @param arrangement which of them may come, and when
     * @param members the texts of each slot of the arrangement
     * @param separator between two of them; {@link #EMPTY}, or texts none of which is empty
     */
    record Permutation(Arrangement arrangement, List<Expression> members, Expression separator) implements Expression {
        /** Keeps a copy. */
        public Permutation {
            members = List.copyOf(members);
        }
    }

    /**
     * {@return members in any order, {@link #NOTHING} if they can not come to an end}
     *
     * @param arrangement which of them may come, and when
     * @param members the texts of each slot of the arrangement, each with at least one that is not empty
     * @param separator between two of them; {@link #EMPTY}, or texts none of which is empty
     */
    static Expression permutation(Arrangement arrangement, List<Expression> members, Expression separator) {
        if (!arrangement.isPossible()) {
            return NOTHING;
        }
        return members.isEmpty() ? EMPTY : new Permutation(arrangement, members, separator);
    }

    /**
     * {@return any of these, and nothing around a single one}
     *
     * @param alternatives of them
     */
    static Expression choice(List<Expression> alternatives) {
        return alternatives.size() == 1 ? alternatives.getFirst() : new Choice(alternatives);
    }

    /**
     * {@return these one behind the other, and nothing around a single one}
     *
     * @param parts in their order
     */
    static Expression sequence(Expression... parts) {
        return parts.length == 1 ? parts[0] : new Sequence(List.of(parts));
    }

    /**
     * {@return it, or the empty text}
     *
     * @param one that may be left out
     */
    static Expression optional(Expression one) {
        return new Repeat(one, 0, 1);
    }

    /**
     * {@return it as often as one likes}
     *
     * @param one that may come again
     */
    static Expression any(Expression one) {
        return new Repeat(one, 0, Repeat.NO_BOUND);
    }
}
