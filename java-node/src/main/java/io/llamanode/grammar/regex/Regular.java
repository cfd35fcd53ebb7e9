package io.llamanode.grammar.regex;

import io.llamanode.grammar.automaton.GrammarLimitException;
import io.llamanode.grammar.rule.CodePoints;
import io.llamanode.grammar.rule.Expression;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;

/**
 * A regular set of texts over code points. Made by the methods here only, which simplify as they go: two that are equal have the
 * same texts, and two with the same texts are often equal.
 *
 * <p>Never changes: for any thread.
 */
public abstract sealed class Regular {
    /** No bound on a length or a repetition. */
    public static final int NO_BOUND = Expression.Repeat.NO_BOUND;

    /** A length that has no bound. */
    static final long ENDLESS = Long.MAX_VALUE;

    /** No text at all. */
    public static final Regular NOTHING = new Chars(CodePoints.NONE);

    /** The empty text alone. */
    public static final Regular EMPTY = new Empty();

    /** One character, any. */
    public static final Regular ANY_CHARACTER = new Chars(CodePoints.ALL);

    /** All texts. */
    public static final Regular EVERYTHING = new Repeat(ANY_CHARACTER, 0, NO_BOUND);

    /** All texts but the empty one. */
    static final Regular NOT_EMPTY = new Repeat(ANY_CHARACTER, 1, NO_BOUND);

    /** Whether the empty text is in it. */
    final boolean nullable;
    /** No text in it is shorter. */
    final long shortest;
    /** No text in it is longer; {@link #ENDLESS}: there may be texts of any length. */
    final long longest;

    private final int hash;

    private Regular(int hash, boolean nullable, long shortest, long longest) {
        this.hash = hash;
        this.nullable = nullable;
        this.shortest = shortest;
        this.longest = longest;
    }

    /** The empty text. */
    static final class Empty extends Regular {
        private Empty() {
            super(1, true, 0, 0);
        }

        @Override
        boolean same(Regular other) {
            return true;
        }
    }

    /** One code point of a set. */
    static final class Chars extends Regular {
        final CodePoints set;

        Chars(CodePoints set) {
            super(set.hashCode(), false, 1, 1);
            this.set = set;
        }

        @Override
        boolean same(Regular other) {
            return other instanceof Chars chars && set.equals(chars.set);
        }
    }

    /** One behind the other; the first is no sequence. */
    static final class Sequence extends Regular {
        final Regular first;
        final Regular rest;

        Sequence(Regular first, Regular rest) {
            super(
                    Objects.hash(2, first, rest),
                    first.nullable && rest.nullable,
                    sum(first.shortest, rest.shortest),
                    sum(first.longest, rest.longest));
            this.first = first;
            this.rest = rest;
        }

        @Override
        boolean same(Regular other) {
            // A loop, since a long text is a long line of these.
            Regular mine = this;
            Regular its = other;
            while (mine instanceof Sequence one && its instanceof Sequence two) {
                if (one == two) {
                    return true;
                }
                if (one.hashCode() != two.hashCode() || !one.first.equals(two.first)) {
                    return false;
                }
                mine = one.rest;
                its = two.rest;
            }
            return mine.equals(its);
        }
    }

    /** Any of at least two, none of which is a choice. */
    static final class Choice extends Regular {
        final Set<Regular> all;

        Choice(Set<Regular> all) {
            super(
                    3 + all.hashCode(),
                    all.stream().anyMatch(each -> each.nullable),
                    all.stream().mapToLong(each -> each.shortest).min().orElseThrow(),
                    all.stream().mapToLong(each -> each.longest).max().orElseThrow());
            this.all = all;
        }

        @Override
        boolean same(Regular other) {
            return other instanceof Choice choice && all.equals(choice.all);
        }
    }

    /** The same several times. */
    static final class Repeat extends Regular {
        final Regular body;
        final int min;
        final int max;

        Repeat(Regular body, int min, int max) {
            super(
                    Objects.hash(4, body, min, max),
                    min == 0 || body.nullable,
                    product(body.shortest, min),
                    max == NO_BOUND ? ENDLESS : product(body.longest, max));
            this.body = body;
            this.min = min;
            this.max = max;
        }

        @Override
        boolean same(Regular other) {
            return other instanceof Repeat repeat && min == repeat.min && max == repeat.max && body.equals(repeat.body);
        }
    }

    /** What is in each of at least two, none of which is an intersection. */
    static final class And extends Regular {
        final Set<Regular> all;

        And(Set<Regular> all) {
            super(
                    5 + all.hashCode(),
                    all.stream().allMatch(each -> each.nullable),
                    all.stream().mapToLong(each -> each.shortest).max().orElseThrow(),
                    all.stream().mapToLong(each -> each.longest).min().orElseThrow());
            this.all = all;
        }

        @Override
        boolean same(Regular other) {
            return other instanceof And and && all.equals(and.all);
        }
    }

    /** All other texts. */
    static final class Not extends Regular {
        final Regular one;

        Not(Regular one) {
            super(6 + 31 * one.hash(), !one.nullable, one.nullable ? 1 : 0, ENDLESS);
            this.one = one;
        }

        @Override
        boolean same(Regular other) {
            return other instanceof Not not && one.equals(not.one);
        }
    }

    private static long sum(long one, long two) {
        return one == ENDLESS || two == ENDLESS || one + two < 0 ? ENDLESS : one + two;
    }

    private static long product(long length, int times) {
        if (length == 0 || times == 0) {
            return 0;
        }
        return length > ENDLESS / times ? ENDLESS : length * times;
    }

    /** {@return whether another of the same class has the same parts} */
    abstract boolean same(Regular other);

    private int hash() {
        return hash;
    }

    @Override
    public final int hashCode() {
        return hash;
    }

    @Override
    public final boolean equals(Object other) {
        return this == other
                || other instanceof Regular regular
                        && hash == regular.hash
                        && getClass() == regular.getClass()
                        && same(regular);
    }

    /**
     * One character.
     *
     * @param set any of these
     * @return the texts of it
     */
    public static Regular chars(CodePoints set) {
        return set.isEmpty() ? NOTHING : new Chars(set);
    }

    /**
     * One text.
     *
     * @param text of whole code points
     * @return it alone
     * @throws IllegalArgumentException if half of a surrogate pair stands alone in it
     */
    public static Regular literal(String text) {
        int[] codePoints = text.codePoints().toArray();
        Regular all = EMPTY;
        for (int i = codePoints.length - 1; i >= 0; i--) {
            CodePoints one = CodePoints.of(codePoints[i]);
            if (one.isEmpty()) {
                throw new IllegalArgumentException("half of a surrogate pair stands alone in the text");
            }
            all = Algebra.sequence(chars(one), all);
        }
        return all;
    }

    /**
     * Some texts. What they begin with alike stands there once, so that many of them are read as quickly as a few.
     *
     * @param texts of whole code points
     * @return they alone
     * @throws IllegalArgumentException if half of a surrogate pair stands alone in one of them
     */
    public static Regular literals(Collection<String> texts) {
        return texts.size() == 1
                ? literal(texts.iterator().next())
                : literals(
                        texts.stream().map(text -> text.codePoints().toArray()).toList(), 0);
    }

    private static Regular literals(List<int[]> texts, int from) {
        if (texts.size() == 1) {
            return literal(new String(texts.getFirst(), from, texts.getFirst().length - from));
        }
        Map<Integer, List<int[]>> groups = new LinkedHashMap<>();
        List<Regular> all = new ArrayList<>();
        for (int[] text : texts) {
            if (text.length == from) {
                all.add(EMPTY);
            } else {
                groups.computeIfAbsent(text[from], _ -> new ArrayList<>()).add(text);
            }
        }
        groups.forEach((codePoint, group) ->
                all.add(Algebra.sequence(literal(Character.toString(codePoint)), literals(group, from + 1))));
        return Algebra.choice(all);
    }

    /**
     * All texts of some lengths, in code points.
     *
     * @param min at least so many
     * @param max at most so many, or {@link #NO_BOUND}
     * @return them; {@link #NOTHING} if there is no number between the bounds
     */
    public static Regular length(int min, int max) {
        return max != NO_BOUND && max < min ? NOTHING : Algebra.repeat(ANY_CHARACTER, min, max);
    }

    /**
     * One behind the other.
     *
     * @param parts in their order; none: the empty text
     * @return the texts of that
     */
    public static Regular sequence(Regular... parts) {
        Regular all = EMPTY;
        for (int i = parts.length - 1; i >= 0; i--) {
            all = Algebra.sequence(parts[i], all);
        }
        return all;
    }

    /**
     * Any of several.
     *
     * @param alternatives none: no text
     * @return their texts together
     */
    public static Regular choice(Collection<Regular> alternatives) {
        return Algebra.choice(alternatives);
    }

    /**
     * The same several times.
     *
     * @param body each time a text of it
     * @param min times, at least 0
     * @param max times, at least {@code min}, or {@link #NO_BOUND}
     * @return the texts of that
     */
    public static Regular repeat(Regular body, int min, int max) {
        return Algebra.repeat(body, min, max);
    }

    /**
     * Keeps what another has too.
     *
     * @param other the other
     * @return the texts that are in both
     */
    public Regular and(Regular other) {
        if (Lengths.isLength(other)) {
            return Lengths.bound(this, other.shortest, other.longest);
        }
        return Lengths.isLength(this) ? Lengths.bound(other, shortest, longest) : Algebra.and(List.of(this, other));
    }

    /**
     * Adds another.
     *
     * @param other the other
     * @return the texts that are in one of them
     */
    public Regular or(Regular other) {
        return Algebra.choice(List.of(this, other));
    }

    /** {@return all texts that are not in it} */
    public Regular not() {
        return Algebra.not(this);
    }

    /** {@return whether the empty text is in it} */
    public boolean isNullable() {
        return nullable;
    }

    /**
     * {@return whether there is no text in it}
     *
     * @throws GrammarLimitException if that takes too much to find out
     */
    public boolean isEmpty() {
        return Determinizer.isEmpty(this);
    }

    /**
     * Tells whether a text is in it.
     *
     * @param text any
     * @return whether it is
     * @throws GrammarLimitException if that takes too much to find out
     */
    public boolean contains(String text) {
        return Determinizer.contains(this, text);
    }

    /**
     * Makes a deterministic machine. From each of its states an accepting one can be reached; state 0 alone may have no way on.
     *
     * @return it, with {@link Expression.Chars} on its edges
     * @throws GrammarLimitException if it has too many states, or takes too much work
     */
    public Expression.Machine machine() {
        return Determinizer.machine(this);
    }

    /**
     * Turns it into an expression: structure stays what it is, and an intersection or a complement becomes a machine.
     *
     * @param spelling how one character of a set, which is not empty, is written
     * @return the texts of it, written so
     * @throws GrammarLimitException if a machine has too many states, or takes too much work
     */
    public Expression expression(Function<CodePoints, Expression> spelling) {
        return Expressions.of(this, spelling);
    }
}
