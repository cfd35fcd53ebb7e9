package io.llamanode.service.prompt;

import io.llamanode.account.Holding;
import io.llamanode.account.NoRoomException;
import io.llamanode.engine.sampling.ChainParams;
import io.llamanode.engine.sampling.Grammar;
import io.llamanode.engine.sampling.Sampler;
import io.llamanode.engine.sampling.SamplingParams;
import io.llamanode.grammar.automaton.GrammarLimitException;
import io.llamanode.grammar.language.Language;
import io.llamanode.grammar.language.LanguageException;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.OutputFormat;
import io.llamanode.service.model.LoadedModel;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns output formats into grammars, and grammars into samplers.
 *
 * <p>Keeps no state; what is slow is for the preparing threads.
 */
public final class Constraints {
    private static final Logger LOG = LoggerFactory.getLogger(Constraints.class);

    private Constraints() {}

    /**
     * Refuses options that would break each other's promise.
     *
     * @param options complete
     * @throws FailureException {@code invalid_argument} if an answer could be cut where its format does not allow it
     */
    public static void refuseContradictions(GenerationOptions options) {
        if (options.format() instanceof OutputFormat.Json
                && !GenerationDefaults.given(options.stop()).isEmpty()) {
            throw FailureException.invalid("stop: could cut the JSON that the answer must be");
        }
    }

    /**
     * Refuses a format that no answer could be kept to. Slow for a large one.
     *
     * @param options complete
     * @param sampling how answers are sampled
     * @param model that gives them
     * @throws FailureException {@code invalid_argument} naming the key
     */
    static void refuseUnfit(GenerationOptions options, SamplingParams sampling, LoadedModel model) {
        Language language = AnswerFormats.language(options);
        if (language != null) {
            String key = GenerationDefaults.given(options.format()).key();
            make(model, sampling, null, Grammar.strict(language), null, key).close();
        }
    }

    private static Sampler make(
            LoadedModel model,
            SamplingParams sampling,
            @Nullable ChainParams chain,
            @Nullable Grammar grammar,
            @Nullable Holding holding,
            String key) {
        try {
            return model.sampler(sampling, chain, grammar, holding);
        } catch (NoRoomException e) {
            ErrorCode code = e.isForAnybody() ? ErrorCode.OUT_OF_MEMORY : ErrorCode.SERVER_BUSY;
            throw new FailureException(code, key + ": " + e.getMessage());
        } catch (LanguageException | GrammarLimitException e) {
            if (grammar != null && !grammar.triggers().isEmpty()) {
                // Calls that may come are read all the same.
                LOG.info("Calls are not held to the schemas of the tools: {}", e.getMessage());
                return model.sampler(sampling, chain, null, holding);
            }
            throw AnswerFormats.refusal(key, e);
        }
    }

    /**
     * Slow for a large grammar.
     *
     * @param prepared the prompt, which the sampler is told of
     * @param options of the task, complete
     * @param sampling the common settings
     * @param model whose sampler it is
     * @param holding of the task, whose owner is charged with the grammar
     * @return what chooses the tokens, to be closed by the caller or by the engine that takes it; {@code null} if
     *     {@code sampling} says it all
     * @throws FailureException {@code invalid_argument} if the grammar is none; {@code out_of_memory} if no one may hold it, {@code
     *     server_busy} if its owner may not
     * @throws java.util.concurrent.CancellationException if it is not wanted any more
     */
    public static @Nullable Sampler sampler(
            PreparedPrompt prepared,
            GenerationOptions options,
            SamplingParams sampling,
            LoadedModel model,
            Holding holding) {
        OutputFormat format = GenerationDefaults.given(options.format());
        Language language = AnswerFormats.language(options);
        Grammar grammar =
                prepared.grammar() != null ? prepared.grammar() : language == null ? null : Grammar.strict(language);
        ChainParams chain = GenerationDefaults.chain(GenerationDefaults.given(options.samplers()));
        if (grammar == null && chain == null) {
            return null;
        }
        Sampler sampler = make(model, sampling, chain, grammar, holding, language == null ? "tools" : format.key());
        try {
            for (int token : prepared.tokens()) {
                sampler.accept(token);
            }
            return sampler;
        } catch (RuntimeException | Error e) {
            sampler.close();
            throw e;
        }
    }
}
