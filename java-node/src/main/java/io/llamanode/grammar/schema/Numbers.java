package io.llamanode.grammar.schema;

import io.llamanode.grammar.json.NumberRange;
import java.util.ArrayList;
import java.util.List;

/**
 * A set of numbers.
 *
 * @param ranges that are in it
 */
record Numbers(List<NumberRange> ranges) {
    private static final int MOST_RANGES = 2_000;

    static final Numbers ALL = new Numbers(List.of(NumberRange.ANY));
    static final Numbers NONE = new Numbers(List.of());

    /** Leaves out what is empty, and what is in another range. */
    Numbers {
        List<NumberRange> kept = new ArrayList<>();
        for (NumberRange range : ranges) {
            if (!range.isEmpty() && kept.stream().noneMatch(other -> other.covers(range))) {
                kept.removeIf(range::covers);
                kept.add(range);
            }
            if (kept.size() > MOST_RANGES) {
                throw new UndecidableException("", "its numbers lie in more than %d ranges".formatted(MOST_RANGES));
            }
        }
        ranges = List.copyOf(kept);
    }

    static Numbers of(NumberRange range) {
        return new Numbers(List.of(range));
    }

    boolean isEmpty() {
        return ranges.isEmpty();
    }

    Numbers and(Numbers other) {
        if (equals(ALL)) {
            return other;
        }
        if (other.equals(ALL)) {
            return this;
        }
        List<NumberRange> both = new ArrayList<>();
        for (NumberRange one : ranges) {
            for (NumberRange two : other.ranges) {
                both.add(one.and(two));
            }
        }
        return new Numbers(both);
    }

    Numbers or(Numbers other) {
        List<NumberRange> both = new ArrayList<>(ranges);
        both.addAll(other.ranges);
        return new Numbers(both);
    }

    Numbers not() {
        Numbers others = ALL;
        for (NumberRange range : ranges) {
            others = others.and(new Numbers(range.not()));
        }
        return others;
    }

    Numbers minus(Numbers other) {
        return other.isEmpty() ? this : and(other.not());
    }
}
