package io.llamanode.llama.sampler;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import io.llamanode.llama.DecodeException;
import io.llamanode.llama.GrammarException;
import io.llamanode.llama.context.LlamaContext;
import io.llamanode.llama.functions.SamplerFunctions;
import io.llamanode.llama.memory.NativeHandle;
import io.llamanode.llama.model.LlamaModel;
import io.llamanode.llama.watch.WatchedCalls;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A chain of llama.cpp's samplers, made by {@link SamplerBuilder}. For use by one thread at a time.
 *
 * <p>A grammar is kept beside the chain, as llama.cpp's own programs do: the chain chooses freely first, and only
 * when the grammar forbids its choice are all candidates filtered and the choice made again. A token is never
 * accepted that the grammar forbids, since that would end the process.
 */
public final class NativeSampler implements AutoCloseable {

    private final LlamaModel model;
    private final SamplerFunctions f;
    private final NativeHandle handle;
    /** {@code null}: everything is allowed. */
    private final @Nullable NativeGrammar grammar;

    private final WatchedCalls calls;
    /** Made when first needed: a sampler of which only {@link #choose} is called works on its caller's. */
    private @Nullable TokenCandidates own;

    NativeSampler(LlamaModel model, MemorySegment chain, @Nullable NativeGrammar grammar) {
        this.model = model;
        this.f = model.library().samplers;
        this.grammar = grammar;
        this.calls = model.library().watch.calls("a chain of samplers");
        this.handle = new NativeHandle("The sampler", chain, () -> {
            calls.close();
            f.free(chain);
            if (grammar != null) {
                grammar.close();
            }
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

    private TokenCandidates scratch() {
        if (own == null) {
            own = new TokenCandidates(model.vocab().nTokens());
        }
        return own;
    }

    /**
     * Chooses a token from the logits at an index and accepts it.
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
        float[] logits = context.logits(index).toArray(JAVA_FLOAT);
        int token = choose(logits, scratch());
        if (grammar != null && !grammar.allows(token, scratch())) {
            grammar.mask(logits, scratch());
            token = pick(logits, scratch());
            if (token < 0 || !grammar.allows(token, scratch())) {
                throw new GrammarException("No token of the vocabulary can continue the grammar");
            }
        }
        accept(token);
        return token;
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
        return Math.max(0, pick(logits, scratch));
    }

    /** {@return the chosen token, or -1 if every one is ruled out} */
    private int pick(float[] logits, TokenCandidates scratch) {
        MemorySegment chain = handle.acquire();
        calls.begin("llama_sampler_apply");
        try {
            if (scratch.fill(logits) == 0) {
                return -1;
            }
            f.apply(chain, scratch.array());
            return scratch.selected();
        } finally {
            calls.end();
            handle.release();
        }
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
            if (grammar != null) {
                grammar.accept(token, scratch());
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
            if (grammar != null) {
                grammar.reset();
            }
        } finally {
            handle.release();
        }
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
