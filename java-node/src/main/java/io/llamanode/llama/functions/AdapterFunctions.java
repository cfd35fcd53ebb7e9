package io.llamanode.llama.functions;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import io.llamanode.llama.ContextException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The functions of llama.h on LoRA adapters. */
public interface AdapterFunctions {

    /**
     * {@code llama_adapter_lora_init}: reads a LoRA adapter and keeps its tensors where the model has its own.
     *
     * @param model that the adapter was made for
     * @param path of the GGUF file, terminated
     * @return the adapter, or null if it cannot be loaded; the log has the reason
     */
    @CFunction("llama_adapter_lora_init")
    MemorySegment init(MemorySegment model, MemorySegment path);

    /**
     * {@code llama_adapter_lora_free}.
     *
     * @param adapter that no context uses any more
     */
    @CFunction("llama_adapter_lora_free")
    void free(MemorySegment adapter);

    /**
     * Makes these the adapters of a context, and no others.
     *
     * @param context whose next computations use them
     * @param adapters of the context's model
     * @param scales strength of each, 1 as trained; as many as adapters
     * @throws ContextException if llama.cpp refuses one
     */
    void set(MemorySegment context, MemorySegment[] adapters, float[] scales);

    private static void require(int code) {
        if (code != 0) {
            throw new ContextException("The adapters of the context cannot be set: " + code);
        }
    }

    /** b4916 sets one adapter after the other. */
    interface B4916 extends AdapterFunctions {

        /**
         * {@code llama_clear_adapter_lora}: the context uses none from here on.
         *
         * @param context changed
         */
        @CFunction("llama_clear_adapter_lora")
        void clear(MemorySegment context);

        /**
         * {@code llama_set_adapter_lora}: adds one adapter, or gives it another strength.
         *
         * @param context changed
         * @param adapter of the context's model
         * @param scale strength, 1 as trained
         * @return 0, or below 0 for an error
         */
        @CFunction("llama_set_adapter_lora")
        int add(MemorySegment context, MemorySegment adapter, float scale);

        @Override
        default void set(MemorySegment context, MemorySegment[] adapters, float[] scales) {
            clear(context);
            for (int i = 0; i < adapters.length; i++) {
                require(add(context, adapters[i], scales[i]));
            }
        }
    }

    /** v0.5 and later set all adapters at once. */
    interface V0 extends AdapterFunctions {

        /**
         * {@code llama_set_adapters_lora}: puts these in place of those before.
         *
         * @param context changed
         * @param adapters an array of {@code count} pointers
         * @param count how many; 0: none from here on
         * @param scales an array of {@code count} floats, 1 as trained
         * @return 0, or below 0 for an error
         */
        @CFunction("llama_set_adapters_lora")
        int setAll(MemorySegment context, MemorySegment adapters, long count, MemorySegment scales);

        @Override
        default void set(MemorySegment context, MemorySegment[] adapters, float[] scales) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment pointers = arena.allocate(ADDRESS, Math.max(1, adapters.length));
                MemorySegment factors = arena.allocate(JAVA_FLOAT, Math.max(1, adapters.length));
                for (int i = 0; i < adapters.length; i++) {
                    pointers.setAtIndex(ADDRESS, i, adapters[i]);
                    factors.setAtIndex(JAVA_FLOAT, i, scales[i]);
                }
                require(setAll(context, pointers, adapters.length, factors));
            }
        }
    }
}
