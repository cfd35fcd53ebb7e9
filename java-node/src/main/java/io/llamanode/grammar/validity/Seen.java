package io.llamanode.grammar.validity;

import java.util.BitSet;
import java.util.HashSet;
import java.util.Set;

/**
 * Which members of one value the schemas at one place have spoken of, for {@code unevaluatedProperties} and
 * {@code unevaluatedItems}. Keeps nothing if neither stands in the schema.
 *
 * <p>For one thread.
 */
final class Seen {
    private final boolean kept;
    private final Set<String> names = new HashSet<>();
    private final BitSet items = new BitSet();
    private boolean uncertain;

    Seen(boolean kept) {
        this.kept = kept;
    }

    boolean isKept() {
        return kept;
    }

    /** {@return nothing seen yet, of the same kind} */
    Seen fresh() {
        return kept ? new Seen(true) : this;
    }

    void name(String name) {
        if (kept) {
            names.add(name);
        }
    }

    void items(int from, int to) {
        if (kept && from < to) {
            items.set(from, to);
        }
    }

    /** Adds what a schema has seen, unless it says that the value is not valid. */
    void add(Seen other, Verdict verdict) {
        if (!kept || verdict instanceof Verdict.Fault) {
            return;
        }
        names.addAll(other.names);
        items.or(other.items);
        uncertain |= other.uncertain || !verdict.isValid();
    }

    /** {@return about how much it takes to add it to another} */
    int size() {
        return names.size() + items.length() / Long.SIZE;
    }

    boolean has(String name) {
        return names.contains(name);
    }

    boolean has(int item) {
        return items.get(item);
    }

    /** {@return a verdict on what was not seen, which is none if something else might have seen it} */
    Verdict sure(Verdict verdict) {
        return uncertain && verdict instanceof Verdict.Fault
                ? new Verdict.Unjudged("what else speaks of it is not known")
                : verdict;
    }
}
