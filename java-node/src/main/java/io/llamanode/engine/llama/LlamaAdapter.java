package io.llamanode.engine.llama;

import io.llamanode.engine.model.Adapter;
import io.llamanode.llama.model.LoraAdapter;

/**
 * A LoRA adapter of a llama.cpp model.
 *
 * <p>Any thread may make and close one; what it holds is read by the loop thread only.
 */
public final class LlamaAdapter implements Adapter {
    private final LoraAdapter adapter;

    /**
     * Makes a native adapter one of the engine's.
     *
     * @param adapter closed by {@link #close}
     */
    public LlamaAdapter(LoraAdapter adapter) {
        this.adapter = adapter;
    }

    LoraAdapter adapter() {
        return adapter;
    }

    @Override
    public void close() {
        adapter.close();
    }
}
