package io.llamanode.engine.llama;

import io.llamanode.account.Holding;
import io.llamanode.engine.grammar.GrammarFilter;
import io.llamanode.engine.grammar.Grammars;
import io.llamanode.engine.model.Vocabulary;
import io.llamanode.engine.sampling.Candidates;
import io.llamanode.engine.sampling.ChainParams;
import io.llamanode.engine.sampling.ConstrainedSampler;
import io.llamanode.engine.sampling.Grammar;
import io.llamanode.engine.sampling.Sampler;
import io.llamanode.engine.sampling.SamplingParams;
import io.llamanode.engine.sampling.TokenSampler;
import io.llamanode.llama.model.LlamaModel;
import io.llamanode.llama.sampler.TokenCandidates;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * Makes the samplers of one engine that need native code or a grammar. They are made by any thread, since parsing takes time, and
 * used by the engine's loop thread alone, whose scratch space they share: an array of the vocabulary for each of a
 * thousand waiting requests would fill the memory.
 */
public final class SamplerFactory {
    private final LlamaModel model;
    private final Vocabulary vocabulary;
    private final Grammars grammars;
    private final BitSet controls = new BitSet();
    private final int[] ends;
    private final int nCtx;
    // For the loop thread.
    private final Candidates best = new Candidates();
    private final TokenCandidates candidates;
    private final float[] logits;

    /**
     * Makes the samplers of one model's requests.
     *
     * @param model of the engine
     * @param vocabulary of the model
     * @param nCtx tokens of context of each slot
     */
    public SamplerFactory(LlamaModel model, Vocabulary vocabulary, int nCtx) {
        this.nCtx = nCtx;
        this.model = model;
        this.vocabulary = vocabulary;
        this.grammars = new Grammars(vocabulary);
        this.ends = vocabulary.endOfGenerationTokens();
        vocabulary.controlTokens().values().forEach(controls::set);
        for (int end : ends) {
            controls.clear(end);
        }
        this.candidates = new TokenCandidates(vocabulary.size());
        this.logits = new float[vocabulary.size()];
    }

    /**
     * Makes a sampler.
     *
     * @param params how to choose
     * @param more what else llama.cpp's samplers are to do, or {@code null}
     * @param grammar what answers keep to, or {@code null}
     * @param holding of the request, whose owner is charged with the grammar; {@code null} if it is only tried
     * @return the sampler, to be closed
     * @throws io.llamanode.grammar.language.LanguageException if the grammar is none
     * @throws io.llamanode.grammar.automaton.GrammarLimitException if it is too large, or no text keeps to it
     * @throws io.llamanode.account.NoRoomException if its owner may not hold the grammar
     * @throws java.util.concurrent.CancellationException if it is not wanted any more
     * @throws IllegalStateException when the model has no tokenizer, or is closed
     */
    public Sampler sampler(
            SamplingParams params, @Nullable ChainParams more, @Nullable Grammar grammar, @Nullable Holding holding) {
        if (grammar == null) {
            return free(params, more);
        }
        BitSet forbidden = (BitSet) controls.clone();
        grammar.controls().forEach(forbidden::clear);
        GrammarFilter filter = new GrammarFilter(grammars, grammar, holding, vocabulary, forbidden);
        try {
            return new ConstrainedSampler(free(params, more), filter, ends, logits);
        } catch (RuntimeException | Error e) {
            filter.close();
            throw e;
        }
    }

    /**
     * Makes a sampler whose grammar is charged to nobody, and not kept.
     *
     * @param params how to choose
     * @param more what else llama.cpp's samplers are to do, or {@code null}
     * @param grammar what answers keep to, or {@code null}
     * @return the sampler, to be closed
     */
    public Sampler sampler(SamplingParams params, @Nullable ChainParams more, @Nullable Grammar grammar) {
        return sampler(params, more, grammar, null);
    }

    private Sampler free(SamplingParams params, @Nullable ChainParams more) {
        return more == null
                ? new TokenSampler(params, best)
                : new ChainSampler(ChainFactory.make(model, params, more, nCtx), params.logitBias(), candidates);
    }
}
