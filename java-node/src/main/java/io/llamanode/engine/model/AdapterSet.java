package io.llamanode.engine.model;

import java.util.List;

/**
 * The adapters that a request is computed with. Sets are equal that hold the same adapters at the same scales in the
 * same order; a step computes requests of equal sets only, and a KV cache is of use to its own set only.
 *
 * <p>Immutable: any thread.
 *
 * @param uses in any order that the caller keeps to
 */
public record AdapterSet(List<Use> uses) {
    /** The model as it is. */
    public static final AdapterSet NONE = new AdapterSet(List.of());

    /**
     * One adapter and its strength.
     *
     * @param adapter of the engine's model
     * @param scale how strong
     */
    public record Use(Adapter adapter, float scale) {}

    /** Copies the list. */
    public AdapterSet {
        uses = List.copyOf(uses);
    }

    /**
     * {@return whether an adapter is in it, at whatever scale}
     *
     * @param adapter compared by identity
     */
    public boolean contains(Adapter adapter) {
        return uses.stream().anyMatch(use -> use.adapter() == adapter);
    }
}
