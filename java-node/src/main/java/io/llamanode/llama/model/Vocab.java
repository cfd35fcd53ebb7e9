package io.llamanode.llama.model;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.llamanode.llama.UnsupportedException;
import io.llamanode.llama.VocabType;
import io.llamanode.llama.functions.VocabFunctions;
import io.llamanode.llama.library.LlamaLibrary;
import io.llamanode.llama.memory.NativeHandle;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * The tokenizer of a model. Safe for use by several threads. Special tokens are -1 where the model has none. Every
 * method that takes a token throws {@link IllegalArgumentException} outside 0 to {@link #nTokens()}-1, and every
 * method throws {@link IllegalStateException} when the model is closed, but for values read at load.
 */
public final class Vocab {

    /** "No such token" ({@code LLAMA_TOKEN_NULL}). */
    public static final int NONE = -1;

    private static final int ATTR_UNUSED = 1 << 1;
    private static final int ATTR_USER_DEFINED = 1 << 4;
    private static final int ATTR_BYTE = 1 << 5;

    private final VocabFunctions f;
    private final NativeHandle model;
    private final MemorySegment vocab;
    private final VocabType type;
    private final int nTokens;
    private final int bos;
    private final int eos;
    private final int eot;
    private final int sep;
    private final boolean addBos;
    private final boolean addEos;
    private final AtomicReferenceArray<byte[]> plainPieces;
    private final AtomicReferenceArray<byte[]> specialPieces;

    Vocab(LlamaLibrary library, NativeHandle model, MemorySegment vocab) {
        this.f = library.vocabs;
        this.model = model;
        this.vocab = vocab;
        this.type = VocabType.of(f.type(vocab));
        this.nTokens = f.nTokens(vocab);
        this.bos = f.bos(vocab);
        this.eos = f.eos(vocab);
        this.eot = f.eot(vocab);
        this.sep = f.sep(vocab);
        this.addBos = f.addBos(vocab);
        this.addEos = f.addEos(vocab);
        this.plainPieces = new AtomicReferenceArray<>(nTokens);
        this.specialPieces = new AtomicReferenceArray<>(nTokens);
    }

    /** {@return the kind of tokenizer ({@code llama_vocab_type})} */
    public VocabType type() {
        return type;
    }

    /** {@return the number of tokens ({@code llama_vocab_n_tokens}), which is the number of logits too} */
    public int nTokens() {
        return nTokens;
    }

    /** {@return the beginning-of-sequence token, or -1 ({@code llama_vocab_bos})} */
    public int bos() {
        return bos;
    }

    /** {@return the end-of-sequence token, or -1 ({@code llama_vocab_eos})} */
    public int eos() {
        return eos;
    }

    /** {@return the end-of-turn token, or -1 ({@code llama_vocab_eot})} */
    public int eot() {
        return eot;
    }

    /** {@return the separator token, or -1 ({@code llama_vocab_sep})} */
    public int sep() {
        return sep;
    }

    /** {@return whether the model wants {@link #bos()} in front ({@code llama_vocab_get_add_bos})} */
    public boolean addBos() {
        return addBos;
    }

    /** {@return whether the model wants {@link #eos()} at the end ({@code llama_vocab_get_add_eos})} */
    public boolean addEos() {
        return addEos;
    }

    /** {@return the newline token, or -1 ({@code llama_vocab_nl})} */
    public int newline() {
        return call(f::nl);
    }

    /** {@return the padding token, or -1 ({@code llama_vocab_pad})} */
    public int pad() {
        return call(f::pad);
    }

    /** {@return the token before the prefix of a text to be infilled, or -1 ({@code llama_vocab_fim_pre})} */
    public int fimPrefix() {
        return call(f::fimPrefix);
    }

    /** {@return the token before the suffix of a text to be infilled, or -1 ({@code llama_vocab_fim_suf})} */
    public int fimSuffix() {
        return call(f::fimSuffix);
    }

    /** {@return the token after which an infilled text starts, or -1 ({@code llama_vocab_fim_mid})} */
    public int fimMiddle() {
        return call(f::fimMiddle);
    }

    /** {@return the token before the name of a repository, or -1 ({@code llama_vocab_fim_rep})} */
    public int fimRepository() {
        return call(f::fimRepository);
    }

    /** {@return the token before the name of a file, or -1 ({@code llama_vocab_fim_sep})} */
    public int fimFile() {
        return call(f::fimFile);
    }

    /**
     * Whether a token ends the generation ({@code llama_vocab_is_eog}).
     *
     * @param token token
     * @return true for end of sequence, end of turn and their like
     */
    public boolean isEog(int token) {
        check(token);
        return call(v -> f.isEog(v, token));
    }

    /**
     * Whether a token is a control token ({@code llama_vocab_is_control}).
     *
     * @param token token
     * @return true for tokens that steer and have no text of their own
     */
    public boolean isControl(int token) {
        check(token);
        requireTokenizer();
        return call(v -> f.isControl(v, token));
    }

    /**
     * Whether a token stands for one byte.
     *
     * @param token token
     * @return true for byte-fallback tokens
     */
    public boolean isByte(int token) {
        return hasAttribute(token, ATTR_BYTE);
    }

    /**
     * Whether a token was added to the vocabulary by the model's maker.
     *
     * @param token token
     * @return true for user-defined tokens
     */
    public boolean isUserDefined(int token) {
        return hasAttribute(token, ATTR_USER_DEFINED);
    }

    /**
     * Whether a token is a placeholder.
     *
     * @param token token
     * @return true for unused tokens
     */
    public boolean isUnused(int token) {
        return hasAttribute(token, ATTR_UNUSED);
    }

    private boolean hasAttribute(int token, int attribute) {
        check(token);
        requireTokenizer();
        return (call(v -> f.attr(v, token)) & attribute) != 0;
    }

    /**
     * A token as the vocabulary spells it ({@code llama_vocab_get_text}).
     *
     * @param token token
     * @return its spelling, with the tokenizer's own marks for spaces and bytes
     */
    public String text(int token) {
        check(token);
        requireTokenizer();
        return call(v -> Objects.requireNonNull(LlamaLibrary.text(f.text(v, token))));
    }

    /**
     * Splits a text into tokens ({@code llama_tokenize}).
     *
     * @param text any text; an unpaired surrogate becomes a question mark
     * @param addSpecial whether to add the beginning and end tokens the model wants
     * @param parseSpecial whether the spelling of a control token in the text becomes that token
     * @return the tokens
     * @throws IllegalArgumentException when the text has more than 2^30 bytes
     * @throws IllegalStateException when the model has no tokenizer
     * @throws UnsupportedException when its file asks for special tokens and names none
     */
    public int[] tokenize(String text, boolean addSpecial, boolean parseSpecial) {
        byte[] bytes = (type == VocabType.WPM ? Accents.without(text) : text).getBytes(StandardCharsets.UTF_8);
        if (bytes.length > 1 << 30) {
            throw new IllegalArgumentException("A text of " + bytes.length + " bytes is too long");
        }
        requireTokenizer();
        if (addSpecial) {
            requireSpecialTokens();
        }
        return LargeStack.call(bytes.length, type, () -> call(v -> tokenize(v, bytes, addSpecial, parseSpecial)));
    }

    private int[] tokenize(MemorySegment vocab, byte[] bytes, boolean addSpecial, boolean parseSpecial) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocate(Math.max(1, bytes.length));
            MemorySegment.copy(bytes, 0, text, JAVA_BYTE, 0, bytes.length);
            int capacity = bytes.length / 3 + 16;
            while (true) {
                MemorySegment tokens = arena.allocate(JAVA_INT, capacity);
                int n = f.tokenize(vocab, text, bytes.length, tokens, capacity, addSpecial, parseSpecial);
                if (n >= 0) {
                    return tokens.asSlice(0, (long) n * JAVA_INT.byteSize()).toArray(JAVA_INT);
                }
                capacity = -n;
            }
        }
    }

    /**
     * The bytes of a token, which need not be whole code points ({@code llama_token_to_piece}). Kept after the first
     * use; the caller must not change the array.
     *
     * @param token token
     * @param special whether a control token gives its spelling instead of nothing
     * @return its bytes
     */
    public byte[] piece(int token, boolean special) {
        check(token);
        AtomicReferenceArray<byte[]> cache = special ? specialPieces : plainPieces;
        byte[] piece = cache.get(token);
        if (piece == null) {
            requireTokenizer();
            piece = call(v -> bytes((buffer, size) -> f.piece(v, token, buffer, size, 0, special)));
            cache.set(token, piece);
        }
        return piece;
    }

    /**
     * The bytes of a sequence of tokens ({@code llama_detokenize}). Without control tokens, the space that some
     * tokenizers put in front of a text is left out too, be it the first token or follow control tokens. With them, it
     * stays where one comes first, as it stands between two spellings then.
     *
     * @param tokens tokens
     * @param special whether control tokens give their spelling instead of nothing
     * @return their bytes
     */
    public byte[] detokenize(int[] tokens, boolean special) {
        for (int token : tokens) {
            check(token);
        }
        requireTokenizer();
        return call(v -> {
            // llama.cpp takes the space from the first token only, and a control token in front has none.
            int from = 0;
            while (!special && from < tokens.length && f.isControl(v, tokens[from])) {
                from++;
            }
            int[] said = Arrays.copyOfRange(tokens, from, tokens.length);
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment copy = arena.allocateFrom(JAVA_INT, said);
                return bytes((buffer, size) -> f.detokenize(v, copy, said.length, buffer, size, false, special));
            }
        });
    }

    private interface Writer {
        int write(MemorySegment buffer, int size);
    }

    private static byte[] bytes(Writer writer) {
        try (Arena arena = Arena.ofConfined()) {
            int capacity = 64;
            while (true) {
                MemorySegment buffer = arena.allocate(capacity);
                int n = writer.write(buffer, capacity);
                if (n >= 0) {
                    return buffer.asSlice(0, n).toArray(JAVA_BYTE);
                }
                capacity = -n;
            }
        }
    }

    /**
     * Refuses a model without a tokenizer, with which llama.cpp would end the process.
     *
     * @throws IllegalStateException if it has none
     */
    public void requireTokenizer() {
        if (type == VocabType.NONE) {
            throw new IllegalStateException("The model has no tokenizer");
        }
    }

    /** WordPiece puts its two around every text whatever the file asks for, and RWKV none. */
    private void requireSpecialTokens() {
        switch (type) {
            case WPM -> {
                requireNamed(bos, "bos_token_id or tokenizer.ggml.cls_token_id", "a WordPiece vocabulary");
                requireNamed(sep, "seperator_token_id", "a WordPiece vocabulary");
            }
            case RWKV, NONE -> {}
            default -> {
                if (addBos) {
                    requireNamed(bos, "bos_token_id", "tokenizer.ggml.add_bos_token");
                }
                if (addEos) {
                    requireNamed(eos, "eos_token_id", "tokenizer.ggml.add_eos_token");
                }
            }
        }
    }

    private static void requireNamed(int token, String key, String asker) {
        if (token == NONE) {
            throw new UnsupportedException("the model's file has no tokenizer.ggml." + key + ", which " + asker
                    + " needs to add special tokens; ask with add_special false, or mend the file");
        }
    }

    /**
     * Refuses a token that does not exist, with which llama.cpp would read beyond its tables.
     *
     * @param token an id
     * @throws IllegalArgumentException if it is not from 0 to {@link #nTokens()} - 1
     */
    public void check(int token) {
        if (token < 0 || token >= nTokens) {
            throw new IllegalArgumentException("token is " + token + "; the vocabulary has " + nTokens);
        }
    }

    /** {@return the {@code llama_vocab}, which lives as long as the model} */
    public MemorySegment pointer() {
        return vocab;
    }

    private interface Call<T> {
        T on(MemorySegment vocab);
    }

    private <T> T call(Call<T> call) {
        model.acquire();
        try {
            return call.on(vocab);
        } finally {
            model.release();
        }
    }
}
