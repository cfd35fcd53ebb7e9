package io.llamanode.engine.model;

import java.util.List;

/**
 * What one step of the engine does: changes of the KV cache, then one batch of tokens from any
 * number of sequences.
 *
 * <p>For the loop thread: the arrays of its spans are those of the requests, and are not to be changed.
 *
 * @param kv in order, before the batch
 * @param adapters what the batch is computed with
 * @param spans consecutive tokens of one slot each; at most one span a slot
 */
public record BatchPlan(List<KvOperation> kv, AdapterSet adapters, List<Span> spans) {
    /**
     * Tokens of one slot.
     *
     * @param slot the slot, which is also the sequence id
     * @param tokens array that holds them
     * @param offset of the first of them in {@code tokens}
     * @param count how many
     * @param position of the first of them in the sequence
     * @param output whether the logits after the last of them are wanted
     */
    public record Span(int slot, int[] tokens, int offset, int count, int position, boolean output) {}

    /** {@return whether there is nothing to do} */
    public boolean isEmpty() {
        return kv.isEmpty() && spans.isEmpty();
    }

    /** {@return tokens of all spans} */
    public int tokenCount() {
        int count = 0;
        for (Span span : spans) {
            count += span.count();
        }
        return count;
    }

    /** {@return tokens that generating slots have sampled, or that cost the same: the last one of a prompt, alone} */
    public int decodes() {
        int count = 0;
        for (Span span : spans) {
            count += span.output() && span.count() == 1 ? 1 : 0;
        }
        return count;
    }
}
