package io.llamanode.llama.functions;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import io.llamanode.llama.ContextException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The functions of llama.h on LoRA adapters. */
public interface AdapterFunctions {

    @CFunction("llama_adapter_lora_init")
    MemorySegment init(MemorySegment model, MemorySegment path);

    @CFunction("llama_adapter_lora_free")
    void free(MemorySegment adapter);

    /** Makes these the adapters of a context, and no others. */
    void set(MemorySegment context, MemorySegment[] adapters, float[] scales);

    private static void require(int code) {
        if (code != 0) {
            throw new ContextException("The adapters of the context cannot be set: " + code);
        }
    }

    /** b4916 sets one adapter after the other. */
    interface B4916 extends AdapterFunctions {

        @CFunction("llama_clear_adapter_lora")
        void clear(MemorySegment context);

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
