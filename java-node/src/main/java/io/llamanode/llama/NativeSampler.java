package io.llamanode.llama;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A chain of llama.cpp's samplers, made by {@link SamplerBuilder}. For use by one thread at a time.
 *
 * <p>A grammar is kept beside the chain, as llama.cpp's own programs do: the chain chooses freely first, and only
 * when the grammar forbids its choice are all candidates filtered and the choice made again. A token is never
 * accepted that the grammar forbids, since that would end the process.
 */
public final class NativeSampler implements AutoCloseable {

    // llama_token_data: id, logit, p. llama_token_data_array: data, size, selected, sorted.
    private static final long CANDIDATE = 12;
    private static final long LOGIT = 4;
    private static final long ARRAY = 32;
    private static final long ARRAY_SIZE = 8;
    private static final long ARRAY_SELECTED = 16;
    private static final long ARRAY_SORTED = 24;

    private final LlamaModel model;
    private final SamplerFunctions f;
    private final NativeHandle handle;
    private final MemorySegment grammar;
    private final MemorySegment array;
    private final MemorySegment candidates;
    private final int nVocab;

    NativeSampler(LlamaModel model, MemorySegment chain, MemorySegment grammar) {
        this.model = model;
        this.f = model.library().samplers;
        this.grammar = grammar;
        this.nVocab = model.vocab().nTokens();
        Arena arena = Arena.ofShared();
        this.array = arena.allocate(ARRAY, Long.BYTES);
        this.candidates = arena.allocate(hasGrammar() ? nVocab * CANDIDATE : CANDIDATE, Integer.BYTES);
        this.handle = new NativeHandle("The sampler", chain, () -> {
            f.free(chain);
            f.free(grammar); // Does nothing with a null pointer.
            arena.close();
            model.handle().release();
        });
    }

    /**
     * Starts a chain.
     *
     * @param model the model it will sample for
     * @return a builder without samplers
     */
    public static SamplerBuilder chain(LlamaModel model) {
        return new SamplerBuilder(model);
    }

    /**
     * Chooses a token from the logits at an index and accepts it ({@code llama_sampler_sample}).
     *
     * @param context a context of the sampler's model
     * @param index index of a token of the last batch whose output was asked for
     * @return the token
     * @throws IllegalArgumentException when there is no output at this index, or the context is of another model
     * @throws GrammarException when no token of the vocabulary can continue the grammar
     * @throws DecodeException when the logits are not numbers
     * @throws IllegalStateException when the sampler or the context is closed
     */
    public int sample(LlamaContext context, int index) {
        if (context.model() != model) {
            throw new IllegalArgumentException("The context is of another model than the sampler");
        }
        MemorySegment chain = handle.acquire();
        try {
            MemorySegment logits = context.logits(index);
            requireNumbers(logits);
            return hasGrammar() ? sampleWithGrammar(chain, logits) : sampleFreely(chain, context, index);
        } finally {
            handle.release();
        }
    }

    /**
     * Chooses a token from logits, without a word of a grammar of the chain. Does not call {@link #accept}.
     *
     * @param logits one a token of the vocabulary
     * @param scratch of the model's vocabulary
     * @return the token; the first if negative infinity rules out every one
     * @throws DecodeException when the logits are not numbers
     * @throws IllegalStateException when the sampler is closed
     */
    public int choose(float[] logits, TokenCandidates scratch) {
        MemorySegment chain = handle.acquire();
        try {
            if (scratch.fill(logits) == 0) {
                return 0;
            }
            f.apply(chain, scratch.array());
            return scratch.selected();
        } finally {
            handle.release();
        }
    }

    private int sampleFreely(MemorySegment chain, LlamaContext context, int index) {
        MemorySegment pointer = context.handle().acquire();
        try {
            return f.sample(chain, pointer, index);
        } finally {
            context.handle().release();
        }
    }

    private int sampleWithGrammar(MemorySegment chain, MemorySegment logits) {
        fill(logits);
        int token = choose(chain);
        if (!grammarAllows(token)) {
            fill(logits);
            f.apply(grammar, array);
            token = choose(chain);
            if (!grammarAllows(token)) {
                throw new GrammarException("No token of the vocabulary can continue the grammar");
            }
        }
        f.accept(grammar, token);
        f.accept(chain, token);
        return token;
    }

    /** Sorting NaN would read beyond the candidates. */
    private void requireNumbers(MemorySegment logits) {
        boolean numbers = true;
        for (int i = 0; i < nVocab; i++) {
            numbers &= !Float.isNaN(logits.getAtIndex(JAVA_FLOAT, i));
        }
        if (!numbers) {
            throw new DecodeException(DecodeException.Kind.FAILED, 0, "The model's logits are not numbers");
        }
    }

    private void fill(MemorySegment logits) {
        for (int i = 0; i < nVocab; i++) {
            long at = i * CANDIDATE;
            candidates.set(JAVA_INT, at, i);
            candidates.set(JAVA_FLOAT, at + LOGIT, logits.getAtIndex(JAVA_FLOAT, i));
        }
        arrayOf(nVocab);
    }

    private void arrayOf(int size) {
        array.set(ADDRESS, 0, candidates);
        array.set(JAVA_LONG, ARRAY_SIZE, size);
        array.set(JAVA_LONG, ARRAY_SELECTED, -1);
        array.set(JAVA_BYTE, ARRAY_SORTED, (byte) 0);
    }

    private int choose(MemorySegment chain) {
        f.apply(chain, array);
        long selected = array.get(JAVA_LONG, ARRAY_SELECTED);
        if (selected < 0 || selected >= array.get(JAVA_LONG, ARRAY_SIZE)) {
            throw new IllegalStateException("The chain chose no token");
        }
        // The samplers may have moved the start of the array.
        return array.get(ADDRESS, 0).reinterpret(nVocab * CANDIDATE).get(JAVA_INT, selected * CANDIDATE);
    }

    private boolean grammarAllows(int token) {
        candidates.set(JAVA_INT, 0, token);
        candidates.set(JAVA_FLOAT, LOGIT, 0f);
        arrayOf(1);
        f.apply(grammar, array);
        return candidates.get(JAVA_FLOAT, LOGIT) != Float.NEGATIVE_INFINITY;
    }

    /**
     * Tells the samplers of a token that was not sampled here, such as one of the prompt for the penalties.
     *
     * @param token token
     * @throws IllegalArgumentException when it is none, or the grammar forbids it here
     * @throws IllegalStateException when the sampler is closed
     */
    public void accept(int token) {
        model.vocab().check(token);
        MemorySegment chain = handle.acquire();
        try {
            if (hasGrammar()) {
                if (!grammarAllows(token)) {
                    throw new IllegalArgumentException("The grammar forbids the token " + token + " here");
                }
                f.accept(grammar, token);
            }
            f.accept(chain, token);
        } finally {
            handle.release();
        }
    }

    /** Forgets all accepted tokens and starts the random sequences and the grammar anew. */
    public void reset() {
        MemorySegment chain = handle.acquire();
        try {
            f.reset(chain);
            if (hasGrammar()) {
                f.reset(grammar);
            }
        } finally {
            handle.release();
        }
    }

    private boolean hasGrammar() {
        return !grammar.equals(MemorySegment.NULL);
    }

    /** {@return whether {@link #close} was called} */
    public boolean isClosed() {
        return handle.isClosed();
    }

    /** Frees the samplers; does nothing when they are freed already. */
    @Override
    public void close() {
        handle.close();
    }
}
