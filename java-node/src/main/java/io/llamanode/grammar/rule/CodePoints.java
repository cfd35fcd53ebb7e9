package io.llamanode.grammar.rule;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A set of Unicode code points, surrogates not among them: no text in UTF-8 has these.
 *
 * <p>Never changes: for any thread.
 *
 * @param ranges sorted, apart from each other by at least one code point
 */
public record CodePoints(List<Range> ranges) {
    private static final int FIRST_SURROGATE = Character.MIN_SURROGATE;
    private static final int LAST_SURROGATE = Character.MAX_SURROGATE;

    /** None. */
    public static final CodePoints NONE = new CodePoints(List.of());

    /** All that there are. */
    public static final CodePoints ALL = range(0, Character.MAX_CODE_POINT);

    /**
     * Neighbours.
     *
     * @param first of them
     * @param last of them, at least {@code first}
     */
    public record Range(int first, int last) {}

    /** Sorts and joins the ranges, and leaves out surrogates. */
    public CodePoints {
        ranges = joined(ranges);
    }

    private static List<Range> joined(List<Range> given) {
        List<Range> sorted = new ArrayList<>();
        for (Range range : given) {
            if (range.first <= Math.min(range.last, FIRST_SURROGATE - 1)) {
                sorted.add(new Range(range.first, Math.min(range.last, FIRST_SURROGATE - 1)));
            }
            if (Math.max(range.first, LAST_SURROGATE + 1) <= range.last) {
                sorted.add(new Range(Math.max(range.first, LAST_SURROGATE + 1), range.last));
            }
        }
        sorted.sort(Comparator.comparingInt(Range::first));
        List<Range> joined = new ArrayList<>();
        for (Range range : sorted) {
            Range before = joined.isEmpty() ? null : joined.getLast();
            if (before != null && range.first <= before.last + 1) {
                joined.set(joined.size() - 1, new Range(before.first, Math.max(before.last, range.last)));
            } else {
                joined.add(range);
            }
        }
        return List.copyOf(joined);
    }

    /**
     * One range.
     *
     * @param first code point
     * @param last code point, at least {@code first}
     * @return all from one to the other
     */
    public static CodePoints range(int first, int last) {
        return new CodePoints(List.of(new Range(first, last)));
    }

    /**
     * Some that are few.
     *
     * @param codePoints each of them
     * @return the set
     */
    public static CodePoints of(int... codePoints) {
        return new CodePoints(Arrays.stream(codePoints)
                .mapToObj(each -> new Range(each, each))
                .toList());
    }

    /**
     * All characters of a text.
     *
     * @param text any
     * @return its code points
     */
    public static CodePoints of(String text) {
        return of(text.codePoints().toArray());
    }

    /** {@return whether there is none in it} */
    public boolean isEmpty() {
        return ranges.isEmpty();
    }

    /** {@return how many it has} */
    public int size() {
        return ranges.stream().mapToInt(range -> range.last - range.first + 1).sum();
    }

    /**
     * {@return whether a code point is in it}
     *
     * @param codePoint any
     */
    public boolean contains(int codePoint) {
        return ranges.stream().anyMatch(range -> range.first <= codePoint && codePoint <= range.last);
    }

    /**
     * {@return those of both}
     *
     * @param other whose are added
     */
    public CodePoints or(CodePoints other) {
        List<Range> both = new ArrayList<>(ranges);
        both.addAll(other.ranges);
        return new CodePoints(both);
    }

    /**
     * {@return those that are in each}
     *
     * @param other whose are left
     */
    public CodePoints and(CodePoints other) {
        List<Range> common = new ArrayList<>();
        int i = 0;
        int k = 0;
        while (i < ranges.size() && k < other.ranges.size()) {
            Range one = ranges.get(i);
            Range two = other.ranges.get(k);
            if (Math.max(one.first, two.first) <= Math.min(one.last, two.last)) {
                common.add(new Range(Math.max(one.first, two.first), Math.min(one.last, two.last)));
            }
            if (one.last < two.last) {
                i++;
            } else {
                k++;
            }
        }
        return new CodePoints(common);
    }

    /** {@return all others} */
    public CodePoints not() {
        List<Range> others = new ArrayList<>();
        int next = 0;
        for (Range range : ranges) {
            if (next < range.first) {
                others.add(new Range(next, range.first - 1));
            }
            next = range.last + 1;
        }
        if (next <= Character.MAX_CODE_POINT) {
            others.add(new Range(next, Character.MAX_CODE_POINT));
        }
        return new CodePoints(others);
    }

    /**
     * {@return those that the other has not}
     *
     * @param other whose are left out
     */
    public CodePoints minus(CodePoints other) {
        return and(other.not());
    }

    @Override
    public String toString() {
        return ranges.stream()
                .map(range -> range.first == range.last
                        ? "U+%04X".formatted(range.first)
                        : "U+%04X-U+%04X".formatted(range.first, range.last))
                .collect(Collectors.joining(" ", "[", "]"));
    }
}
