package io.llamanode.llama.functions;

import static io.llamanode.llama.functions.NativeFunctions.unexpected;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.llamanode.llama.ContextException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;

/** The functions of llama.h on LoRA adapters. */
public final class AdapterFunctions {

    private final NativeFunction init;
    private final NativeFunction free;
    /** Of v0.5, which sets all adapters of a context at once; b4916 has the other two. */
    private final NativeFunction setAll;

    private final NativeFunction clear;
    private final NativeFunction add;

    public AdapterFunctions(NativeFunctions f, ReleaseApi generation) {
        init = f.function("llama_adapter_lora_init", FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS));
        free = f.function("llama_adapter_lora_free", FunctionDescriptor.ofVoid(ADDRESS));
        if (generation.setsAllAdapters()) {
            setAll = f.function(
                    "llama_set_adapters_lora", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS));
            clear = null;
            add = null;
        } else {
            setAll = null;
            clear = f.function("llama_clear_adapter_lora", FunctionDescriptor.ofVoid(ADDRESS));
            add = f.function("llama_set_adapter_lora", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_FLOAT));
        }
    }

    public MemorySegment init(MemorySegment model, MemorySegment path) {
        try {
            return (MemorySegment) init.handle().invokeExact(model, path);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public void free(MemorySegment adapter) {
        try {
            free.handle().invokeExact(adapter);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /** Makes these the adapters of a context, and no others. */
    public void set(MemorySegment context, MemorySegment[] adapters, float[] scales) {
        try (Arena arena = Arena.ofConfined()) {
            if (setAll != null) {
                MemorySegment pointers = arena.allocate(ADDRESS, Math.max(1, adapters.length));
                MemorySegment factors = arena.allocate(JAVA_FLOAT, Math.max(1, adapters.length));
                for (int i = 0; i < adapters.length; i++) {
                    pointers.setAtIndex(ADDRESS, i, adapters[i]);
                    factors.setAtIndex(JAVA_FLOAT, i, scales[i]);
                }
                require((int) setAll.handle().invokeExact(context, pointers, (long) adapters.length, factors));
                return;
            }
            clear.handle().invokeExact(context);
            for (int i = 0; i < adapters.length; i++) {
                require((int) add.handle().invokeExact(context, adapters[i], scales[i]));
            }
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    private static void require(int code) {
        if (code != 0) {
            throw new ContextException("The adapters of the context cannot be set: " + code);
        }
    }
}
