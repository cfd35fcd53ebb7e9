package io.llamanode.llama.functions;

import static io.llamanode.llama.functions.NativeFunctions.unexpected;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;

/**
 * Parses a grammar to see whether it is one. {@code llama_sampler_init_grammar} of b4916 does not tell: after a
 * syntax error it returns a sampler that lets everything pass. The C++ function beneath it returns null instead.
 */
public final class GrammarFunctions {

    private final NativeFunction init;
    private final NativeFunction free;

    public GrammarFunctions(NativeFunctions f) {
        init = f.function(
                "_Z23llama_grammar_init_implPK11llama_vocabPKcS3_bPS3_mPKim",
                FunctionDescriptor.of(
                        ADDRESS, ADDRESS, ADDRESS, ADDRESS, JAVA_BOOLEAN, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG));
        free = f.function("_Z23llama_grammar_free_implP13llama_grammar", FunctionDescriptor.ofVoid(ADDRESS));
    }

    public boolean parses(MemorySegment vocab, MemorySegment grammar, MemorySegment root) {
        MemorySegment none = MemorySegment.NULL;
        try {
            MemorySegment parsed =
                    (MemorySegment) init.handle().invokeExact(vocab, grammar, root, false, none, 0L, none, 0L);
            if (parsed.equals(MemorySegment.NULL)) {
                return false;
            }
            free.handle().invokeExact(parsed);
            return true;
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }
}
