package io.llamanode.grammar.rule;

import java.util.Arrays;

/**
 * Which members of an {@link Arrangement} have come.
 *
 * <p>Never changes: for any thread.
 */
public final class Arrived implements Comparable<Arrived> {
    private final long[] members;
    private final int met;
    private final int count;
    private final boolean separated;
    private final int hash;

    Arrived(long[] members, int met, int count, boolean separated) {
        this.members = members;
        this.met = met;
        this.count = count;
        this.separated = separated;
        this.hash = (Arrays.hashCode(members) * 31 + met) * 31 + 2 * count + (separated ? 1 : 0);
    }

    boolean has(int member) {
        return (members[member / Long.SIZE] & 1L << member) != 0;
    }

    int met() {
        return met;
    }

    int count() {
        return count;
    }

    Arrived with(int member, int more, int newCount) {
        long[] all = members;
        if (member >= 0) {
            all = all.clone();
            all[member / Long.SIZE] |= 1L << member;
        }
        return new Arrived(all, met | more, newCount, false);
    }

    /** {@return whether what separates members has come behind the last one} */
    public boolean isSeparated() {
        return separated;
    }

    /** {@return the same with what separates members behind it} */
    public Arrived separate() {
        return new Arrived(members, met, count, true);
    }

    @Override
    public int compareTo(Arrived other) {
        int order = Arrays.compare(members, other.members);
        if (order == 0) {
            order = Integer.compare(met, other.met);
        }
        if (order == 0) {
            order = Integer.compare(count, other.count);
        }
        return order == 0 ? Boolean.compare(separated, other.separated) : order;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Arrived arrived && hash == arrived.hash && compareTo(arrived) == 0;
    }

    @Override
    public int hashCode() {
        return hash;
    }
}
