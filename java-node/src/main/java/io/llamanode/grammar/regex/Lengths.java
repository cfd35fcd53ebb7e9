package io.llamanode.grammar.regex;

import static io.llamanode.grammar.regex.Regular.ENDLESS;
import static io.llamanode.grammar.regex.Regular.EVERYTHING;
import static io.llamanode.grammar.regex.Regular.NOTHING;
import static io.llamanode.grammar.regex.Regular.NO_BOUND;

import io.llamanode.grammar.regex.Regular.Choice;
import io.llamanode.grammar.regex.Regular.Repeat;
import io.llamanode.grammar.regex.Regular.Sequence;
import java.util.ArrayList;
import java.util.List;

/**
 * Bounds of a length that become bounds of a repetition inside: {@code ^https?://.+$} of up to 2000 characters is a repetition of
 * up to 1993 or 1992, where a machine would have thousands of states. What has no part of a fixed length in front or at its end
 * stays an intersection.
 *
 * <p>Keeps no state: for any thread.
 */
final class Lengths {
    /** A part that may be absent makes two cases; more than a few are not told apart. */
    private static final int MOST_CASES = 4;

    private Lengths() {}

    static Regular bound(Regular one, long min, long max) {
        return bound(one, min, max, MOST_CASES);
    }

    private static Regular bound(Regular one, long min, long max, int cases) {
        if (one.shortest > max || one.longest < min) {
            return NOTHING;
        }
        if (one.shortest >= min && one.longest <= max) {
            return one;
        }
        return switch (one) {
            case Choice choice ->
                Regular.choice(choice.all.stream()
                        .map(each -> bound(each, min, max, cases))
                        .toList());
            case Repeat repeat when isFixed(repeat.body) && repeat.body.longest > 0 -> bound(repeat, min, max);
            case Sequence sequence -> bound(sequence, min, max, cases);
            default -> meet(one, min, max);
        };
    }

    private static boolean isFixed(Regular one) {
        return one.shortest == one.longest && one.longest != ENDLESS;
    }

    private static Regular meet(Regular one, long min, long max) {
        int most = max >= Integer.MAX_VALUE ? NO_BOUND : (int) max;
        int least = Math.clamp(min, 0, Integer.MAX_VALUE);
        return Algebra.and(List.of(one, Regular.length(least, most)));
    }

    private static Regular bound(Repeat repeat, long min, long max) {
        long length = repeat.body.longest;
        long least = Math.max(repeat.min, Math.ceilDiv(Math.max(0, min), length));
        long most = max == ENDLESS ? ENDLESS : max / length;
        if (repeat.max != NO_BOUND) {
            most = Math.min(most, repeat.max);
        }
        if (least > most || least > Integer.MAX_VALUE) {
            return NOTHING;
        }
        return Algebra.repeat(repeat.body, (int) least, most >= Integer.MAX_VALUE ? NO_BOUND : (int) most);
    }

    private static Regular bound(Sequence sequence, long min, long max, int cases) {
        Regular first = sequence.first;
        if (isFixed(first)) {
            return Algebra.sequence(first, bound(sequence.rest, min - first.longest, less(max, first.longest), cases));
        }
        List<Regular> parts = new ArrayList<>();
        Regular rest = sequence;
        while (rest instanceof Sequence more) {
            parts.add(more.first);
            rest = more.rest;
        }
        if (isFixed(rest)) {
            Regular front = Regular.sequence(parts.toArray(Regular[]::new));
            return Algebra.sequence(bound(front, min - rest.longest, less(max, rest.longest), cases), rest);
        }
        if (cases > 0 && first instanceof Repeat repeat && repeat.max == 1 && isFixed(repeat.body)) {
            Regular with = Algebra.sequence(repeat.body, sequence.rest);
            return Algebra.choice(List.of(bound(with, min, max, cases - 1), bound(sequence.rest, min, max, cases - 1)));
        }
        if (cases > 0
                && first instanceof Choice choice
                && choice.all.size() <= MOST_CASES
                && choice.all.stream().allMatch(Lengths::isFixed)) {
            return Regular.choice(choice.all.stream()
                    .map(each -> bound(Algebra.sequence(each, sequence.rest), min, max, cases - 1))
                    .toList());
        }
        return meet(sequence, min, max);
    }

    private static long less(long max, long length) {
        return max == ENDLESS ? ENDLESS : max - length;
    }

    /** {@return whether a language is all texts of some lengths} */
    static boolean isLength(Regular one) {
        return one.equals(Regular.ANY_CHARACTER)
                || one instanceof Repeat repeat && repeat.body.equals(Regular.ANY_CHARACTER) && one != EVERYTHING;
    }
}
