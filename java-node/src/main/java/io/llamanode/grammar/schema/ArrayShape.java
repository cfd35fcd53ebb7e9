package io.llamanode.grammar.schema;

import java.util.ArrayList;
import java.util.List;

/**
 * Arrays of one kind.
 *
 * @param prefix what the first items are
 * @param rest what each further one is
 * @param min items
 * @param max items, {@link #NO_BOUND} for any number
 * @param contains what there must be among the items
 * @param unique whether no two are equal
 */
record ArrayShape(List<Term> prefix, Term rest, int min, int max, List<Contains> contains, boolean unique) {
    static final int NO_BOUND = Integer.MAX_VALUE;

    /**
     * Items of a kind are so many.
     *
     * @param from the first place that counts
     * @param term the kind
     * @param min of them
     * @param max of them, or {@link #NO_BOUND}
     */
    record Contains(int from, Term term, int min, int max) {}

    /** Leaves out what can not come to be. */
    ArrayShape {
        int most = max;
        if (rest instanceof Term.False) {
            most = Math.min(most, prefix.size());
        }
        for (int i = 0; i < prefix.size(); i++) {
            if (prefix.get(i) instanceof Term.False) {
                most = Math.min(most, i);
            }
        }
        max = most;
        prefix = List.copyOf(prefix.subList(0, Math.min(prefix.size(), most)));
        contains = List.copyOf(contains);
    }

    static ArrayShape any(Terms terms) {
        return new ArrayShape(List.of(), terms.all, 0, NO_BOUND, List.of(), false);
    }

    boolean isAny() {
        return prefix.stream().allMatch(Term.True.class::isInstance)
                && rest instanceof Term.True
                && min == 0
                && max == NO_BOUND
                && contains.isEmpty()
                && !unique;
    }

    /** {@return what an item is, by its place} */
    Term item(int index) {
        return index < prefix.size() ? prefix.get(index) : rest;
    }

    ArrayShape and(ArrayShape other, Terms terms) {
        List<Term> both = new ArrayList<>();
        int most = Math.min(max, other.max);
        for (int i = 0; i < Math.min(most, Math.max(prefix.size(), other.prefix.size())); i++) {
            both.add(terms.and(item(i), other.item(i)));
        }
        List<Contains> all = new ArrayList<>(contains);
        other.contains.stream().filter(each -> !all.contains(each)).forEach(all::add);
        return new ArrayShape(
                both, terms.and(rest, other.rest), Math.max(min, other.min), most, all, unique || other.unique);
    }

    /** {@return all other arrays} */
    List<ArrayShape> not(Terms terms) {
        if (unique) {
            throw new UndecidableException("uniqueItems", "what has it can not be excluded");
        }
        List<ArrayShape> others = new ArrayList<>();
        Term all = terms.all;
        if (min > 0) {
            others.add(new ArrayShape(List.of(), all, 0, min - 1, List.of(), false));
        }
        if (max < NO_BOUND) {
            others.add(new ArrayShape(List.of(), all, max + 1, NO_BOUND, List.of(), false));
        }
        for (int i = 0; i < prefix.size(); i++) {
            if (!(prefix.get(i) instanceof Term.True)) {
                List<Term> before = new ArrayList<>();
                for (int k = 0; k < i; k++) {
                    before.add(all);
                }
                before.add(terms.not(prefix.get(i)));
                others.add(new ArrayShape(before, all, i + 1, NO_BOUND, List.of(), false));
            }
        }
        if (!(rest instanceof Term.True) && max > prefix.size()) {
            Contains other = new Contains(prefix.size(), terms.not(rest), 1, NO_BOUND);
            others.add(new ArrayShape(List.of(), all, prefix.size() + 1, NO_BOUND, List.of(other), false));
        }
        for (Contains each : contains) {
            if (each.min > 0) {
                others.add(new ArrayShape(
                        List.of(),
                        all,
                        0,
                        NO_BOUND,
                        List.of(new Contains(each.from, each.term, 0, each.min - 1)),
                        false));
            }
            if (each.max < NO_BOUND) {
                others.add(new ArrayShape(
                        List.of(),
                        all,
                        0,
                        NO_BOUND,
                        List.of(new Contains(each.from, each.term, each.max + 1, NO_BOUND)),
                        false));
            }
        }
        return others;
    }
}
