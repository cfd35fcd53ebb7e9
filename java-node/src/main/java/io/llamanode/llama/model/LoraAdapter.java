package io.llamanode.llama.model;

import io.llamanode.gguf.GgufException;
import io.llamanode.gguf.GgufFile;
import io.llamanode.gguf.check.AdapterCheck;
import io.llamanode.llama.ModelLoadException;
import io.llamanode.llama.ModelLoadException.Reason;
import io.llamanode.llama.context.LlamaContext;
import io.llamanode.llama.library.LlamaLibrary;
import io.llamanode.llama.memory.NativeHandle;
import io.llamanode.llama.watch.WatchedCalls;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * A LoRA adapter of a model ({@code llama_adapter_lora_init}), for {@link LlamaContext#setAdapters}. It must not be
 * closed while a context uses it. Keeps its model in memory until it is closed.
 */
public final class LoraAdapter implements AutoCloseable {

    private final LlamaModel model;
    private final NativeHandle handle;

    private LoraAdapter(LlamaModel model, Path path, MemorySegment pointer) {
        this.model = model;
        this.handle = new NativeHandle("The adapter " + path, pointer, () -> {
            model.library().adapters.free(pointer);
            model.handle().release();
        });
    }

    /**
     * Loads an adapter. It is checked first, header and weights, so that native code meets no file that is none.
     *
     * @param model the model it belongs to
     * @param path a GGUF file
     * @return the adapter, to be closed by the caller
     * @throws ModelLoadException when the file is unfit, or of another model
     * @throws IllegalStateException when the model is closed
     */
    public static LoraAdapter load(LlamaModel model, Path path) {
        check(model, path);
        MemorySegment pointer = model.handle().acquire(); // Released when the adapter is freed.
        boolean done = false;
        try (Arena arena = Arena.ofConfined();
                WatchedCalls calls = model.library().watch.calls(path.toString())) {
            LlamaLibrary library = model.library();
            library.log.startCapture();
            MemorySegment adapter = MemorySegment.NULL;
            String reason;
            calls.begin("llama_adapter_lora_init");
            try {
                adapter = library.adapters.init(
                        pointer, arena.allocateFrom(path.toAbsolutePath().toString()));
            } finally {
                calls.end();
                reason = library.log.endCapture();
            }
            if (adapter.equals(MemorySegment.NULL)) {
                throw Refusals.wantOfMemory(reason)
                        ? new ModelLoadException(
                                Reason.OUT_OF_MEMORY,
                                path + " cannot be loaded as an adapter, because there is no memory for it: " + reason)
                        : new ModelLoadException(Reason.REFUSED, path + " cannot be loaded as an adapter: " + reason);
            }
            LoraAdapter loaded = new LoraAdapter(model, path, adapter);
            done = true;
            return loaded;
        } finally {
            if (!done) {
                model.handle().release();
            }
        }
    }

    private static void check(LlamaModel model, Path path) {
        try {
            AdapterCheck.check(GgufFile.read(path), model.file());
        } catch (GgufException e) {
            throw new ModelLoadException(ModelFileCheck.reason(e.reason()), e.getMessage(), e);
        }
    }

    /** {@return the model it was loaded for} */
    public LlamaModel model() {
        return model;
    }

    /** {@return the native adapter, for the calls that take it} */
    public NativeHandle handle() {
        return handle;
    }

    /** Frees the adapter; does nothing when it is freed already. */
    @Override
    public void close() {
        handle.close();
    }
}
