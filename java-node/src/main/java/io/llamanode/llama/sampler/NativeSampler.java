package io.llamanode.llama.sampler;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import io.llamanode.llama.DecodeException;
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
 */
public final class NativeSampler implements AutoCloseable {

    private final LlamaModel model;
    private final SamplerFunctions f;
    private final NativeHandle handle;
    private final WatchedCalls calls;
    /** Made when first needed: a sampler of which only {@link #choose} is called works on its caller's. */
    private @Nullable TokenCandidates own;

    NativeSampler(LlamaModel model, MemorySegment chain) {
        this.model = model;
        this.f = model.library().samplers;
        this.calls = model.library().watch.calls("a chain of samplers");
        this.handle = new NativeHandle("The sampler", chain, () -> {
            calls.close();
            f.free(chain);
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
     * @throws DecodeException when the logits are not numbers
     * @throws IllegalStateException when the sampler or the context is closed
     */
    public int sample(LlamaContext context, int index) {
        if (context.model() != model) {
            throw new IllegalArgumentException("The context is of another model than the sampler");
        }
        float[] logits = context.logits(index).toArray(JAVA_FLOAT);
        int token = choose(logits, scratch());
        accept(token);
        return token;
    }

    /**
     * Chooses a token from logits. Does not call {@link #accept}.
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
     * @throws IllegalArgumentException when it is none
     * @throws IllegalStateException when the sampler is closed
     */
    public void accept(int token) {
        model.vocab().check(token);
        MemorySegment chain = handle.acquire();
        try {
            f.accept(chain, token);
        } finally {
            handle.release();
        }
    }

    /** Forgets all accepted tokens and starts the random sequences anew. */
    public void reset() {
        MemorySegment chain = handle.acquire();
        try {
            f.reset(chain);
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
