package io.llamanode.llama.sampler;

import io.llamanode.llama.functions.SamplerFunctions;
import io.llamanode.llama.memory.NativeHandle;
import io.llamanode.llama.model.LlamaModel;
import io.llamanode.llama.model.Vocab;
import io.llamanode.llama.watch.WatchedCalls;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * llama.cpp's own grammar, for comparisons with the node's ({@code llama_sampler_init_grammar}). For use by one thread at a time.
 * Keeps its model in memory until it is closed.
 */
public final class NativeGrammar implements AutoCloseable {

    private final SamplerFunctions f;
    private final Vocab vocab;
    private final NativeHandle handle;
    private final WatchedCalls calls;

    private NativeGrammar(LlamaModel model, MemorySegment sampler) {
        this.f = model.library().samplers;
        this.vocab = model.vocab();
        this.calls = model.library().watch.calls("a grammar");
        this.handle = new NativeHandle("The grammar", sampler, () -> {
            calls.close();
            f.free(sampler);
            model.handle().release();
        });
    }

    /**
     * Parses a grammar.
     *
     * @param model whose tokens it is for
     * @param gbnf the grammar in GBNF, with a rule named {@code root}
     * @return the grammar at its beginning, to be closed by the caller
     * @throws GrammarException when it is malformed or too large
     * @throws IllegalStateException when the model has no tokenizer, or is closed
     */
    public static NativeGrammar parse(LlamaModel model, String gbnf) {
        check(model, gbnf);
        model.handle().acquire(); // Released when the grammar is freed.
        boolean done = false;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment sampler = model.library()
                    .samplers
                    .grammar(model.vocab().pointer(), arena.allocateFrom(gbnf), arena.allocateFrom("root"));
            NativeGrammar grammar = new NativeGrammar(model, sampler);
            done = true;
            return grammar;
        } finally {
            if (!done) {
                model.handle().release();
            }
        }
    }

    /** @throws GrammarException when it is malformed or too large */
    static void check(LlamaModel model, String gbnf) {
        model.vocab().requireTokenizer();
        model.handle().acquire();
        try {
            GrammarCheck.check(model.library(), model.vocab(), gbnf);
        } finally {
            model.handle().release();
        }
    }

    /**
     * Asks for one token, which is far cheaper than asking for all.
     *
     * @param token the token
     * @param scratch of the model's vocabulary
     * @return whether the grammar goes on, or ends, with it
     */
    public boolean allows(int token, TokenCandidates scratch) {
        vocab.check(token);
        MemorySegment grammar = handle.acquire();
        calls.begin("llama_sampler_apply");
        try {
            f.apply(grammar, scratch.only(token));
            return scratch.firstStays();
        } finally {
            calls.end();
            handle.release();
        }
    }

    /**
     * Rules out every token that cannot come next.
     *
     * @param logits one a token; those ruled out become negative infinity
     * @param scratch of the model's vocabulary
     * @return how many tokens are left
     */
    public int mask(float[] logits, TokenCandidates scratch) {
        MemorySegment grammar = handle.acquire();
        calls.begin("llama_sampler_apply");
        try {
            if (scratch.fill(logits) == 0) {
                return 0;
            }
            f.apply(grammar, scratch.array());
            return scratch.ruleOut(logits);
        } finally {
            calls.end();
            handle.release();
        }
    }

    /**
     * Goes on by a token.
     *
     * @param token one that {@link #allows} is true for
     * @param scratch of the model's vocabulary
     * @throws IllegalArgumentException when the grammar forbids it, which would end the process
     */
    public void accept(int token, TokenCandidates scratch) {
        if (!allows(token, scratch)) {
            throw new IllegalArgumentException("The grammar forbids the token " + token + " here");
        }
        MemorySegment grammar = handle.acquire();
        try {
            f.accept(grammar, token);
        } finally {
            handle.release();
        }
    }

    /** Starts the text anew. */
    public void reset() {
        MemorySegment grammar = handle.acquire();
        try {
            f.reset(grammar);
        } finally {
            handle.release();
        }
    }

    /** Frees the grammar; does nothing when it is freed already. */
    @Override
    public void close() {
        handle.close();
    }
}
