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
    final @Nullable State[] next;
    /** What a state is known by: its places, sorted. */
    final long[] places;

    final int epoch;

    State(int[] nodes, Stack[] stacks, long[] places, boolean complete, int classes, int epoch) {
        this.nodes = nodes;
        this.stacks = stacks;
        this.places = places;
        this.complete = complete;
        this.next = new State[classes];
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

    /** {@return bytes that it takes, if only about} */
    long weight() {
        return 96 + 20L * nodes.length + 4L * next.length;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof State state && complete == state.complete && Arrays.equals(places, state.places);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(places) + Boolean.hashCode(complete);
    }
}
