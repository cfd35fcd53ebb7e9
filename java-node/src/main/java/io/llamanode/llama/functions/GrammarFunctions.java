package io.llamanode.llama.functions;

import java.lang.foreign.MemorySegment;

/**
 * Parses a grammar to see whether it is one. {@code llama_sampler_init_grammar} of b4916 does not tell: after a
 * syntax error it returns a sampler that lets everything pass. The C++ function beneath it returns null instead.
 */
public interface GrammarFunctions {

    /**
     * {@code llama_grammar_init_impl} of C++, under its mangled name.
     *
     * @param vocab of the model; null: the grammar is only parsed
     * @param grammar in GBNF, terminated
     * @param root name of its first rule, terminated
     * @param lazy whether it holds only behind a trigger
     * @param triggerPatterns an array of pointers to terminated patterns
     * @param nTriggerPatterns how many
     * @param triggerTokens an array of token ids
     * @param nTriggerTokens how many
     * @return the grammar, to be freed, or null if it is none
     */
    @CFunction("_Z23llama_grammar_init_implPK11llama_vocabPKcS3_bPS3_mPKim")
    MemorySegment init(
            MemorySegment vocab,
            MemorySegment grammar,
            MemorySegment root,
            boolean lazy,
            MemorySegment triggerPatterns,
            long nTriggerPatterns,
            MemorySegment triggerTokens,
            long nTriggerTokens);

    /**
     * {@code llama_grammar_free_impl} of C++, under its mangled name.
     *
     * @param grammar of {@link #init}
     */
    @CFunction("_Z23llama_grammar_free_implP13llama_grammar")
    void free(MemorySegment grammar);

    /**
     * {@return whether a terminated text is a grammar with such a root}
     *
     * @param vocab of the model
     * @param grammar in GBNF, terminated
     * @param root name of its first rule, terminated
     */
    default boolean parses(MemorySegment vocab, MemorySegment grammar, MemorySegment root) {
        MemorySegment none = MemorySegment.NULL;
        MemorySegment parsed = init(vocab, grammar, root, false, none, 0, none, 0);
        if (parsed.equals(none)) {
            return false;
        }
        free(parsed);
        return true;
    }
}
