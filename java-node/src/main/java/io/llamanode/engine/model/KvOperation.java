package io.llamanode.engine.model;

import java.util.List;

/**
 * A change of the KV cache that must happen before a batch is decoded. A sequence is a slot.
 *
 * <p>Immutable: any thread.
 */
public sealed interface KvOperation {
    /**
     * Forgets positions {@code from} (inclusive) to the end of a sequence; everything, if 0.
     *
     * @param sequence the slot
     * @param from first position to forget
     */
    record Truncate(int sequence, int from) implements KvOperation {}

    /**
     * Forgets positions {@code from} to {@code to} (exclusive) and moves what follows to the left.
     *
     * @param sequence the slot
     * @param from first position to forget
     * @param to first position that stays
     * @param end number of positions in the sequence before the operation
     */
    record Discard(int sequence, int from, int to, int end) implements KvOperation {}

    /**
     * Makes a sequence begin as another one does, in place of what it holds.
     *
     * @param source the slot to copy from
     * @param sequence the slot to copy to
     * @param count positions at the front
     */
    record Copy(int source, int sequence, int count) implements KvOperation {}

    /**
     * Forgets all but the beginnings of some sequences, and whatever any cell holds besides: what is not a number there would
     * spoil others, even where it counts for nothing.
     *
     * @param kept what stays, as it is
     */
    record Cleanse(List<Beginning> kept) implements KvOperation {
        /** Copies the list. */
        public Cleanse {
            kept = List.copyOf(kept);
        }
    }

    /**
     * The first positions of a sequence.
     *
     * @param sequence the slot
     * @param count positions at the front; positive
     */
    record Beginning(int sequence, int count) {}
}
