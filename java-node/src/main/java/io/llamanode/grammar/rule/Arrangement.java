package io.llamanode.grammar.rule;

import java.util.BitSet;
import java.util.List;

/**
 * In which order, and which of them, members may come: each once at most, some of them for sure, so many of all.
 *
 * <p>Never changes: for any thread.
 *
 * @param slots ways in which something may come
 * @param required numbers of members that must come; not to be changed
 * @param wants a bit for each demand that at least one slot must meet
 * @param min members, at least 0
 * @param max members, or {@link Expression.Repeat#NO_BOUND}
 */
public record Arrangement(List<Slot> slots, BitSet required, int wants, int min, int max) {
    /** What may come again and again is no member. */
    public static final int NO_MEMBER = -1;

    /** Choices of slots for the demands that are looked at before one more member is let in, and at first. */
    private static final int MOST_CHOICES = 256;

    private static final int MOST_CHOICES_AT_FIRST = 100_000;

    /**
     * A way in which something may come.
     *
     * @param member that it is, from 0 on; {@link #NO_MEMBER} for what may come as often as one likes
     * @param meets bits of the demands that it meets
     */
    public record Slot(int member, int meets) {}

    /** Keeps copies. */
    public Arrangement {
        slots = List.copyOf(slots);
        required = (BitSet) required.clone();
    }

    /** {@return the demands that can be met whatever has come} */
    private int always() {
        return slots.stream()
                .filter(slot -> slot.member == NO_MEMBER)
                .mapToInt(Slot::meets)
                .reduce(0, (one, two) -> one | two);
    }

    /** {@return what has come before anything has} */
    public Arrived begin() {
        int members = slots.stream().mapToInt(Slot::member).max().orElse(NO_MEMBER) + 1;
        return new Arrived(new long[(Math.max(members, required.length()) + Long.SIZE - 1) / Long.SIZE], 0, 0, false);
    }

    /**
     * {@return whether nothing need come any more}
     *
     * @param arrived so far
     */
    public boolean mayEnd(Arrived arrived) {
        return arrived.met() == wants && arrived.count() >= min && missing(arrived) == 0;
    }

    /**
     * {@return whether a slot may come next, such that all can come to an end}
     *
     * @param arrived so far
     * @param slot its number
     */
    public boolean mayCome(Arrived arrived, int slot) {
        return isFree(arrived, slot)
                && (max == Expression.Repeat.NO_BOUND || arrived.count() < max)
                && canEnd(with(arrived, slot), new int[] {MOST_CHOICES});
    }

    private boolean isFree(Arrived arrived, int slot) {
        int member = slots.get(slot).member;
        return member == NO_MEMBER || !arrived.has(member);
    }

    /**
     * {@return what has come when a slot has come, too}
     *
     * @param arrived before it
     * @param slot its number
     */
    public Arrived with(Arrived arrived, int slot) {
        int most = max == Expression.Repeat.NO_BOUND ? min : max;
        Slot next = slots.get(slot);
        return arrived.with(next.member, next.meets & wants, Math.min(arrived.count() + 1, most));
    }

    /** {@return whether there is a slot for every member that must come, and all can come to an end} */
    public boolean isPossible() {
        BitSet wanted = (BitSet) required.clone();
        slots.stream().filter(slot -> slot.member != NO_MEMBER).forEach(slot -> wanted.clear(slot.member));
        return wanted.isEmpty() && canEnd(begin(), new int[] {MOST_CHOICES_AT_FIRST});
    }

    /** Where it would have to look at too many choices, it says no: better a text too few than one without an end. */
    private boolean canEnd(Arrived arrived, int[] choices) {
        boolean bounded = max != Expression.Repeat.NO_BOUND;
        int room = bounded ? max - arrived.count() : Integer.MAX_VALUE;
        int unmet = wants & ~arrived.met();
        if (bounded && (missing(arrived) > room || unmet != 0 && room == 0)) {
            return false;
        }
        if (unmet != 0 && !bounded) {
            unmet &= ~always();
        }
        if (unmet == 0) {
            return arrived.count() >= min || left(arrived, min - arrived.count()) >= min - arrived.count();
        }
        int next = Integer.lowestOneBit(unmet);
        for (int slot = 0; slot < slots.size(); slot++) {
            if ((slots.get(slot).meets & next) != 0
                    && isFree(arrived, slot)
                    && --choices[0] > 0
                    && canEnd(with(arrived, slot), choices)) {
                return true;
            }
        }
        return false;
    }

    private int missing(Arrived arrived) {
        int count = 0;
        for (int member = required.nextSetBit(0); member >= 0; member = required.nextSetBit(member + 1)) {
            count += arrived.has(member) ? 0 : 1;
        }
        return count;
    }

    /** {@return how many may still come, not counted further than {@code enough}} */
    private int left(Arrived arrived, int enough) {
        BitSet members = new BitSet();
        for (Slot slot : slots) {
            if (slot.member == NO_MEMBER) {
                return enough;
            }
            if (!arrived.has(slot.member)) {
                members.set(slot.member);
            }
        }
        return members.cardinality();
    }
}
