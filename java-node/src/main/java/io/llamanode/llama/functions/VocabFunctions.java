package io.llamanode.llama.functions;

import java.lang.foreign.MemorySegment;

/** The functions of llama.h on vocabularies. All of them are safe to call from several threads. */
public interface VocabFunctions {

    @CFunction(value = "llama_vocab_type", returnsAtOnce = true)
    int type(MemorySegment vocab);

    @CFunction(value = "llama_vocab_n_tokens", returnsAtOnce = true)
    int nTokens(MemorySegment vocab);

    @CFunction(value = "llama_vocab_get_attr", returnsAtOnce = true)
    int attr(MemorySegment vocab, int token);

    @CFunction(value = "llama_vocab_get_score", returnsAtOnce = true)
    float score(MemorySegment vocab, int token);

    @CFunction(value = "llama_vocab_get_text", returnsAtOnce = true)
    MemorySegment text(MemorySegment vocab, int token);

    @CFunction(value = "llama_vocab_is_eog", returnsAtOnce = true)
    boolean isEog(MemorySegment vocab, int token);

    @CFunction(value = "llama_vocab_is_control", returnsAtOnce = true)
    boolean isControl(MemorySegment vocab, int token);

    @CFunction(value = "llama_vocab_bos", returnsAtOnce = true)
    int bos(MemorySegment vocab);

    @CFunction(value = "llama_vocab_eos", returnsAtOnce = true)
    int eos(MemorySegment vocab);

    @CFunction(value = "llama_vocab_eot", returnsAtOnce = true)
    int eot(MemorySegment vocab);

    @CFunction(value = "llama_vocab_sep", returnsAtOnce = true)
    int sep(MemorySegment vocab);

    @CFunction(value = "llama_vocab_nl", returnsAtOnce = true)
    int nl(MemorySegment vocab);

    @CFunction(value = "llama_vocab_pad", returnsAtOnce = true)
    int pad(MemorySegment vocab);

    @CFunction(value = "llama_vocab_fim_pre", returnsAtOnce = true)
    int fimPrefix(MemorySegment vocab);

    @CFunction(value = "llama_vocab_fim_suf", returnsAtOnce = true)
    int fimSuffix(MemorySegment vocab);

    @CFunction(value = "llama_vocab_fim_mid", returnsAtOnce = true)
    int fimMiddle(MemorySegment vocab);

    @CFunction(value = "llama_vocab_fim_rep", returnsAtOnce = true)
    int fimRepository(MemorySegment vocab);

    @CFunction(value = "llama_vocab_fim_sep", returnsAtOnce = true)
    int fimFile(MemorySegment vocab);

    @CFunction(value = "llama_vocab_get_add_bos", returnsAtOnce = true)
    boolean addBos(MemorySegment vocab);

    @CFunction(value = "llama_vocab_get_add_eos", returnsAtOnce = true)
    boolean addEos(MemorySegment vocab);

    @CFunction("llama_tokenize")
    int tokenize(
            MemorySegment vocab,
            MemorySegment text,
            int textBytes,
            MemorySegment tokens,
            int maxTokens,
            boolean addSpecial,
            boolean parseSpecial);

    @CFunction("llama_token_to_piece")
    int piece(MemorySegment vocab, int token, MemorySegment buffer, int size, int strip, boolean special);

    @CFunction("llama_detokenize")
    int detokenize(
            MemorySegment vocab,
            MemorySegment tokens,
            int nTokens,
            MemorySegment buffer,
            int size,
            boolean removeSpecial,
            boolean unparseSpecial);
}
