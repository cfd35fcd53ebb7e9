package io.llamanode.grammar.regex;

import static io.llamanode.grammar.regex.Regular.EMPTY;
import static io.llamanode.grammar.regex.Regular.ENDLESS;
import static io.llamanode.grammar.regex.Regular.EVERYTHING;
import static io.llamanode.grammar.regex.Regular.NOTHING;
import static io.llamanode.grammar.regex.Regular.NO_BOUND;

import io.llamanode.grammar.regex.Regular.And;
import io.llamanode.grammar.regex.Regular.Chars;
import io.llamanode.grammar.regex.Regular.Choice;
import io.llamanode.grammar.regex.Regular.Not;
import io.llamanode.grammar.regex.Regular.Repeat;
import io.llamanode.grammar.regex.Regular.Sequence;
import io.llamanode.grammar.rule.CodePoints;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Builds languages in a simple form. The laws that are applied are those which keep the number of derivatives finite
 * (associativity, commutativity and idempotence of choice and intersection) and those that spare whole machines: repetitions of
 * the same join, and bounds of a length join with the repetition that they bound.
 */
final class Algebra {
    private Algebra() {}

    static Regular sequence(Regular first, Regular rest) {
        if (first.equals(NOTHING) || rest.equals(NOTHING)) {
            return NOTHING;
        }
        if (first == EMPTY) {
            return rest;
        }
        if (rest == EMPTY) {
            return first;
        }
        if (first instanceof Sequence sequence) {
            return sequence(sequence.first, sequence(sequence.rest, rest));
        }
        Regular next = rest instanceof Sequence sequence ? sequence.first : rest;
        Regular behind = rest instanceof Sequence sequence ? sequence.rest : EMPTY;
        if (next.equals(EVERYTHING)) {
            if (first.nullable) {
                return rest;
            }
            if (first instanceof Repeat repeat && repeat.max != repeat.min) {
                return sequence(repeat(repeat.body, repeat.min, repeat.min), rest);
            }
        }
        if (first.equals(EVERYTHING)) {
            if (next.nullable) {
                return sequence(first, behind);
            }
            if (next instanceof Repeat repeat && repeat.max != repeat.min) {
                return sequence(first, sequence(repeat(repeat.body, repeat.min, repeat.min), behind));
            }
        }
        boolean repeats = first instanceof Repeat || next instanceof Repeat;
        if (repeats && body(first).equals(body(next)) && canAdd(first, next)) {
            boolean bounded = max(first) != NO_BOUND && max(next) != NO_BOUND;
            int max = bounded ? max(first) + max(next) : NO_BOUND;
            return sequence(repeat(body(first), min(first) + min(next), max), behind);
        }
        return new Sequence(first, rest);
    }

    private static Regular body(Regular one) {
        return one instanceof Repeat repeat ? repeat.body : one;
    }

    private static int min(Regular one) {
        return one instanceof Repeat repeat ? repeat.min : 1;
    }

    private static int max(Regular one) {
        return one instanceof Repeat repeat ? repeat.max : 1;
    }

    private static boolean canAdd(Regular one, Regular two) {
        return (long) min(one) + min(two) <= Integer.MAX_VALUE && (long) max(one) + max(two) <= Integer.MAX_VALUE;
    }

    static Regular choice(Collection<Regular> alternatives) {
        Set<Regular> all = new LinkedHashSet<>();
        List<CodePoints.Range> ranges = new ArrayList<>();
        Map<Regular, Repeat> repeats = new LinkedHashMap<>();
        for (Regular alternative : alternatives) {
            if (alternative instanceof Choice choice) {
                choice.all.forEach(each -> collect(each, all, ranges, repeats));
            } else {
                collect(alternative, all, ranges, repeats);
            }
        }
        all.addAll(repeats.values());
        Regular chars = Regular.chars(new CodePoints(ranges));
        if (!chars.equals(NOTHING)) {
            all.add(chars);
        }
        if (all.contains(EVERYTHING)) {
            return EVERYTHING;
        }
        if (all.contains(EMPTY) && all.stream().anyMatch(each -> each != EMPTY && each.nullable)) {
            all.remove(EMPTY);
        }
        return switch (all.size()) {
            case 0 -> NOTHING;
            case 1 -> all.iterator().next();
            default -> new Choice(all);
        };
    }

    private static void collect(
            Regular one, Set<Regular> all, List<CodePoints.Range> ranges, Map<Regular, Repeat> repeats) {
        if (one instanceof Chars chars) {
            ranges.addAll(chars.set.ranges());
        } else if (one instanceof Repeat repeat) {
            Repeat known = repeats.get(repeat.body);
            if (known == null) {
                repeats.put(repeat.body, repeat);
            } else {
                Repeat joined = joined(known, repeat);
                if (joined == null) {
                    all.add(repeat);
                } else {
                    repeats.put(repeat.body, joined);
                }
            }
        } else {
            all.add(one);
        }
    }

    /** {@return either of two repetitions of the same as one; {@code null} if there is a gap between their bounds} */
    private static @Nullable Repeat joined(Repeat one, Repeat two) {
        Repeat low = one.min <= two.min ? one : two;
        Repeat high = one.min <= two.min ? two : one;
        if (low.max != NO_BOUND && low.max < high.min - 1) {
            return null;
        }
        int max = low.max == NO_BOUND || high.max == NO_BOUND ? NO_BOUND : Math.max(low.max, high.max);
        return new Repeat(low.body, low.min, max);
    }

    static Regular repeat(Regular body, int least, int max) {
        int min = body.nullable ? 0 : least;
        if (max == 0 || body == EMPTY) {
            return EMPTY;
        }
        if (body.equals(NOTHING)) {
            return min == 0 ? EMPTY : NOTHING;
        }
        if (min == 1 && max == 1) {
            return body;
        }
        if (body instanceof Choice choice && choice.all.contains(EMPTY)) {
            Set<Regular> others = new LinkedHashSet<>(choice.all);
            others.remove(EMPTY);
            return repeat(choice(others), 0, max);
        }
        if (body instanceof Repeat inner) {
            if (inner.max == NO_BOUND && inner.min <= 1) {
                return repeat(inner.body, inner.min == 0 ? 0 : min, NO_BOUND);
            }
            if (inner.min == 0) {
                long most = max == NO_BOUND ? ENDLESS : (long) inner.max * max;
                if (most <= Integer.MAX_VALUE || max == NO_BOUND) {
                    return repeat(inner.body, 0, max == NO_BOUND ? NO_BOUND : (int) most);
                }
            }
        }
        if (body.nullable && min == 0 && max == 1) {
            return body;
        }
        return new Repeat(body, min, max);
    }

    static Regular and(Collection<Regular> given) {
        Set<Regular> all = new LinkedHashSet<>();
        for (Regular one : given) {
            if (one instanceof And and) {
                all.addAll(and.all);
            } else {
                all.add(one);
            }
        }
        all.remove(EVERYTHING);
        if (all.isEmpty()) {
            return EVERYTHING;
        }
        if (all.contains(NOTHING) || all.stream().anyMatch(one -> one instanceof Not not && all.contains(not.one))) {
            return NOTHING;
        }
        joinRepeats(all);
        long shortest = all.stream().mapToLong(each -> each.shortest).max().orElse(0);
        long longest = all.stream().mapToLong(each -> each.longest).min().orElse(ENDLESS);
        if (all.contains(NOTHING) || shortest > longest) {
            return NOTHING;
        }
        if (longest == 0) {
            return all.stream().allMatch(each -> each.nullable) ? EMPTY : NOTHING;
        }
        dropLengths(all);
        return switch (all.size()) {
            case 0 -> EVERYTHING;
            case 1 -> all.iterator().next();
            default -> new And(all);
        };
    }

    /** What repeats one character, with all others of that kind: one repetition of the characters that they have in common. */
    private static void joinRepeats(Set<Regular> all) {
        Regular joined = null;
        List<Regular> gone = new ArrayList<>();
        for (Regular one : all) {
            if (body(one) instanceof Chars chars) {
                gone.add(one);
                joined = joined == null ? one : meet(joined, one, chars);
            }
        }
        if (joined != null && gone.size() > 1) {
            gone.forEach(all::remove);
            all.add(joined);
        }
    }

    private static Regular meet(Regular one, Regular two, Chars ofTwo) {
        if (!(body(one) instanceof Chars chars)) {
            // Nothing is left but the empty text, or not even that.
            return one == EMPTY && two.nullable ? EMPTY : NOTHING;
        }
        int min = Math.max(min(one), min(two));
        int max = max(one) == NO_BOUND ? max(two) : max(two) == NO_BOUND ? max(one) : Math.min(max(one), max(two));
        if (max != NO_BOUND && max < min) {
            return NOTHING;
        }
        return repeat(Regular.chars(chars.set.and(ofTwo.set)), min, max);
    }

    /** A bound of the length that the others keep anyhow says nothing. */
    private static void dropLengths(Set<Regular> all) {
        for (Regular one : List.copyOf(all)) {
            if (body(one) instanceof Chars chars && chars.set.equals(CodePoints.ALL)) {
                boolean kept = all.stream()
                        .filter(other -> other != one)
                        .anyMatch(other -> other.shortest >= one.shortest && other.longest <= one.longest);
                if (kept) {
                    all.remove(one);
                }
            }
        }
    }

    static Regular not(Regular one) {
        if (one instanceof Not not) {
            return not.one;
        }
        if (one.equals(NOTHING)) {
            return EVERYTHING;
        }
        if (one == EMPTY) {
            return Regular.NOT_EMPTY;
        }
        if (body(one) instanceof Chars chars && chars.set.equals(CodePoints.ALL)) {
            Regular shorter = min(one) == 0 ? NOTHING : Regular.length(0, min(one) - 1);
            int max = max(one);
            Regular longer = max == NO_BOUND || max == Integer.MAX_VALUE ? NOTHING : Regular.length(max + 1, NO_BOUND);
            return choice(List.of(shorter, longer));
        }
        return new Not(one);
    }
}
