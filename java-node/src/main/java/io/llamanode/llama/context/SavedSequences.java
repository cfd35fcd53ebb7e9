package io.llamanode.llama.context;

import io.llamanode.llama.DecodeException;
import io.llamanode.llama.functions.ContextFunctions;
import io.llamanode.llama.library.LlamaLibrary;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Empties a KV cache but for some sequences, which are out of it meanwhile. */
final class SavedSequences {
    private SavedSequences() {}

    static void keep(LlamaLibrary library, MemorySegment context, int... kept) {
        ContextFunctions f = library.contexts;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment[] saved = new MemorySegment[kept.length];
            try {
                for (int i = 0; i < kept.length; i++) {
                    saved[i] = arena.allocate(f.stateSeqSize(context, kept[i]));
                    done(f.stateSeqGet(context, saved[i], saved[i].byteSize(), kept[i]), "llama_state_seq_get_data");
                }
            } finally {
                library.memory.zero(context);
            }
            for (int i = 0; i < kept.length; i++) {
                if (f.stateSeqSet(context, saved[i], saved[i].byteSize(), kept[i]) == 0) {
                    library.memory.zero(context);
                    done(0, "llama_state_seq_set_data");
                }
            }
        } catch (OutOfMemoryError e) {
            throw new DecodeException(
                    DecodeException.Kind.OUT_OF_MEMORY, -2, "no memory to put sequences aside: " + e.getMessage());
        }
    }

    private static void done(long bytes, String function) {
        if (bytes == 0) {
            throw new DecodeException(DecodeException.Kind.FAILED, 0, function + " failed");
        }
    }
}
