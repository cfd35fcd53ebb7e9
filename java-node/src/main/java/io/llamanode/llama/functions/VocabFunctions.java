package io.llamanode.llama.functions;

import java.lang.foreign.MemorySegment;

/** The functions of llama.h on vocabularies. All of them are safe to call from several threads. */
public interface VocabFunctions {

    /**
     * {@code llama_vocab_type}.
     *
     * @param vocab asked
     * @return {@code enum llama_vocab_type}; 0: the model has no tokenizer
     */
    @CFunction(value = "llama_vocab_type", returnsAtOnce = true)
    int type(MemorySegment vocab);

    /**
     * {@code llama_vocab_n_tokens}.
     *
     * @param vocab asked
     * @return how many tokens it has; ids are from 0
     */
    @CFunction(value = "llama_vocab_n_tokens", returnsAtOnce = true)
    int nTokens(MemorySegment vocab);

    /**
     * {@code llama_vocab_get_attr}.
     *
     * @param vocab asked
     * @param token an id that exists: it is not checked
     * @return bits of {@code enum llama_token_attr}
     */
    @CFunction(value = "llama_vocab_get_attr", returnsAtOnce = true)
    int attr(MemorySegment vocab, int token);

    /**
     * {@code llama_vocab_get_score}.
     *
     * @param vocab asked
     * @param token an id that exists: it is not checked
     * @return the score of a SentencePiece or Unigram token, which orders its merges
     */
    @CFunction(value = "llama_vocab_get_score", returnsAtOnce = true)
    float score(MemorySegment vocab, int token);

    /**
     * {@code llama_vocab_get_text}.
     *
     * @param vocab asked
     * @param token an id that exists: it is not checked
     * @return the token as the file spells it, terminated; belongs to the vocabulary
     */
    @CFunction(value = "llama_vocab_get_text", returnsAtOnce = true)
    MemorySegment text(MemorySegment vocab, int token);

    /**
     * {@code llama_vocab_is_eog}.
     *
     * @param vocab asked
     * @param token an id
     * @return whether it ends a generation
     */
    @CFunction(value = "llama_vocab_is_eog", returnsAtOnce = true)
    boolean isEog(MemorySegment vocab, int token);

    /**
     * {@code llama_vocab_is_control}.
     *
     * @param vocab asked
     * @param token an id that exists
     * @return whether it is a control token, which stands for no text
     */
    @CFunction(value = "llama_vocab_is_control", returnsAtOnce = true)
    boolean isControl(MemorySegment vocab, int token);

    /**
     * {@code llama_vocab_bos}.
     *
     * @param vocab asked
     * @return the token that begins a text, or -1
     */
    @CFunction(value = "llama_vocab_bos", returnsAtOnce = true)
    int bos(MemorySegment vocab);

    /**
     * {@code llama_vocab_eos}.
     *
     * @param vocab asked
     * @return the token that ends a text, or -1
     */
    @CFunction(value = "llama_vocab_eos", returnsAtOnce = true)
    int eos(MemorySegment vocab);

    /**
     * {@code llama_vocab_eot}.
     *
     * @param vocab asked
     * @return the token that ends a turn, or -1
     */
    @CFunction(value = "llama_vocab_eot", returnsAtOnce = true)
    int eot(MemorySegment vocab);

    /**
     * {@code llama_vocab_sep}.
     *
     * @param vocab asked
     * @return the token between two sentences, or -1
     */
    @CFunction(value = "llama_vocab_sep", returnsAtOnce = true)
    int sep(MemorySegment vocab);

    /**
     * {@code llama_vocab_nl}.
     *
     * @param vocab asked
     * @return the token of a line's end, or -1
     */
    @CFunction(value = "llama_vocab_nl", returnsAtOnce = true)
    int nl(MemorySegment vocab);

    /**
     * {@code llama_vocab_pad}.
     *
     * @param vocab asked
     * @return the token that fills up, or -1
     */
    @CFunction(value = "llama_vocab_pad", returnsAtOnce = true)
    int pad(MemorySegment vocab);

    /**
     * {@code llama_vocab_fim_pre}.
     *
     * @param vocab asked
     * @return the token before the text ahead of a gap, or -1
     */
    @CFunction(value = "llama_vocab_fim_pre", returnsAtOnce = true)
    int fimPrefix(MemorySegment vocab);

    /**
     * {@code llama_vocab_fim_suf}.
     *
     * @param vocab asked
     * @return the token before the text behind a gap, or -1
     */
    @CFunction(value = "llama_vocab_fim_suf", returnsAtOnce = true)
    int fimSuffix(MemorySegment vocab);

    /**
     * {@code llama_vocab_fim_mid}.
     *
     * @param vocab asked
     * @return the token after which the gap is filled, or -1
     */
    @CFunction(value = "llama_vocab_fim_mid", returnsAtOnce = true)
    int fimMiddle(MemorySegment vocab);

    /**
     * {@code llama_vocab_fim_rep}.
     *
     * @param vocab asked
     * @return the token before a repository's name, or -1
     */
    @CFunction(value = "llama_vocab_fim_rep", returnsAtOnce = true)
    int fimRepository(MemorySegment vocab);

    /**
     * {@code llama_vocab_fim_sep}.
     *
     * @param vocab asked
     * @return the token before another file's name, or -1
     */
    @CFunction(value = "llama_vocab_fim_sep", returnsAtOnce = true)
    int fimFile(MemorySegment vocab);

    /**
     * {@code llama_vocab_get_add_bos}.
     *
     * @param vocab asked
     * @return whether a text is to begin with bos
     */
    @CFunction(value = "llama_vocab_get_add_bos", returnsAtOnce = true)
    boolean addBos(MemorySegment vocab);

    /**
     * {@code llama_vocab_get_add_eos}.
     *
     * @param vocab asked
     * @return whether a text is to end with eos
     */
    @CFunction(value = "llama_vocab_get_add_eos", returnsAtOnce = true)
    boolean addEos(MemorySegment vocab);

    /**
     * {@code llama_tokenize}.
     *
     * @param vocab of the model
     * @param text in UTF-8; need not be terminated
     * @param textBytes length of {@code text}
     * @param tokens room for {@code maxTokens} ints
     * @param maxTokens how many fit
     * @param addSpecial whether bos and eos are added where the model says so
     * @param parseSpecial whether control tokens written in the text are read as such
     * @return how many tokens were written; the negative of how many there are if they did not fit; the least int if
     *     there are more than an int can count
     */
    @CFunction("llama_tokenize")
    int tokenize(
            MemorySegment vocab,
            MemorySegment text,
            int textBytes,
            MemorySegment tokens,
            int maxTokens,
            boolean addSpecial,
            boolean parseSpecial);

    /**
     * {@code llama_token_to_piece}.
     *
     * @param vocab of the model
     * @param token an id that exists
     * @param buffer room for {@code size} bytes; what is written is not terminated
     * @param size how many bytes fit
     * @param strip leading spaces left out at most
     * @param special whether a control token is spelled; else it gives nothing
     * @return how many bytes were written, or the negative of how many there are
     */
    @CFunction("llama_token_to_piece")
    int piece(MemorySegment vocab, int token, MemorySegment buffer, int size, int strip, boolean special);

    /**
     * {@code llama_detokenize}.
     *
     * @param vocab of the model
     * @param tokens an array of {@code nTokens} ids that exist
     * @param nTokens how many
     * @param buffer room for {@code size} bytes; what is written is not terminated
     * @param size how many bytes fit
     * @param removeSpecial whether bos and eos are left out
     * @param unparseSpecial whether control tokens are spelled; else they give nothing
     * @return how many bytes were written, or the negative of how many there are
     */
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
