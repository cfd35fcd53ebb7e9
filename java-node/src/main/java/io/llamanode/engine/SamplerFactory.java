package io.llamanode.engine;

import io.llamanode.engine.sampling.Candidates;
import io.llamanode.engine.sampling.ConstrainedSampler;
import io.llamanode.engine.sampling.Grammar;
import io.llamanode.engine.sampling.Sampler;
import io.llamanode.engine.sampling.SamplingParams;
import io.llamanode.engine.sampling.TokenSampler;
import io.llamanode.llama.LlamaModel;
import io.llamanode.llama.NativeGrammar;
import io.llamanode.llama.TokenCandidates;
import java.util.BitSet;

/**
 * Makes the samplers of one engine that need native code. They are made by any thread, since parsing takes time, and
 * used by the engine's loop thread alone, whose scratch space they share: an array of the vocabulary for each of a
 * thousand waiting requests would fill the memory.
 */
public final class SamplerFactory {
    private final LlamaModel model;
    private final Vocabulary vocabulary;
    private final BitSet controls = new BitSet();
    private final int[] ends;
    // For the loop thread.
    private final Candidates best = new Candidates();
    private final TokenCandidates candidates;
    private final float[] logits;

    /**
     * @param model of the engine
     * @param vocabulary of the model
     */
    public SamplerFactory(LlamaModel model, Vocabulary vocabulary) {
        this.model = model;
        this.vocabulary = vocabulary;
        this.ends = vocabulary.endOfGenerationTokens();
        vocabulary.controlTokens().values().forEach(controls::set);
        for (int end : ends) {
            controls.clear(end);
        }
        this.candidates = new TokenCandidates(vocabulary.size());
        this.logits = new float[vocabulary.size()];
    }

    /**
     * Makes a sampler of answers that keep to a grammar.
     *
     * @param params how to choose among the tokens that the grammar allows
     * @param grammar what to keep to
     * @return the sampler, to be closed
     * @throws io.llamanode.llama.GrammarException when the grammar is malformed or too large
     * @throws IllegalStateException when the model has no tokenizer, or is closed
     */
    public Sampler sampler(SamplingParams params, Grammar grammar) {
        GrammarFilter filter = new GrammarFilter(
                NativeGrammar.parse(model, grammar.gbnf()), candidates, vocabulary, controls, grammar.triggers());
        return new ConstrainedSampler(new TokenSampler(params, best), filter, ends, logits);
    }
}
