package io.llamanode.grammar.automaton;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What may come behind the bytes that were read: nodes, each with what comes when its rule is over. Made by a
 * {@link Recognizer}, for one thread at a time with it.
 */
public final class State {
    final int[] nodes;
    final Stack[] stacks;
    final boolean complete;
    /** By class of bytes, as far as somebody has asked. */
    @Nullable
    State @Nullable [] next;
    /** What who asks for states has found out about this one. */
    private int @Nullable [] notes;

    /** What a state is known by: its places, sorted. */
    final long[] places;

    final int epoch;
    private final int hash;

    State(int[] nodes, Stack[] stacks, long[] places, boolean complete, int epoch) {
        this.nodes = nodes;
        this.stacks = stacks;
        this.places = places;
        this.complete = complete;
        this.hash = 31 * Arrays.hashCode(places) + Boolean.hashCode(complete);
        this.epoch = epoch;
    }

    /** {@return whether what was read may be all} */
    public boolean isComplete() {
        return complete;
    }

    /** {@return whether nothing can come any more} */
    public boolean isOver() {
        return nodes.length == 0;
    }

    /**
     * {@return what has been noted about it: forgotten together with the state}
     *
     * @param most notes that there may be
     */
    public int[] notes(int most) {
        int[] known = notes;
        if (known == null) {
            known = new int[most];
            notes = known;
        }
        return known;
    }

    /** {@return bytes that it takes, if only about} */
    long weight(int classes) {
        return 192 + 20L * nodes.length + 4L * classes;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof State state
                && hash == state.hash
                && complete == state.complete
                && Arrays.equals(places, state.places);
    }

    @Override
    public int hashCode() {
        return hash;
    }
}
