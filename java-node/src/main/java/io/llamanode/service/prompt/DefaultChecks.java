package io.llamanode.service.prompt;

import io.llamanode.engine.sampling.SamplingParams;
import io.llamanode.service.contract.Capability;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.model.ModelDefaults;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.OutputFormat;
import io.llamanode.service.model.LoadedModel;

/** Whether a model can do what its tasks are to do where they do not say. Keeps no state; slow for a large grammar. */
public final class DefaultChecks {
    private DefaultChecks() {}

    /**
     * Refuses when a model is loaded what every task would be refused for later.
     *
     * @param model that was loaded
     * @param defaults of its tasks
     * @throws FailureException {@code invalid_argument} naming the key
     */
    public static void refuseUnfit(LoadedModel model, ModelDefaults defaults) {
        if (!model.info().capabilities().contains(Capability.COMPLETION) || defaults.equals(ModelDefaults.NONE)) {
            return;
        }
        refuseContradictions(defaults, model.info().nCtx());
        GenerationOptions complete = GenerationDefaults.complete(defaults.options(), GenerationOptions.NONE);
        SamplingParams sampling = GenerationDefaults.sampling(complete, model.vocabulary());
        Constraints.refuseUnfit(complete, sampling, model);
    }

    /**
     * Refuses what no model could do.
     *
     * @param defaults of tasks
     * @param nCtx tokens of a context
     * @throws FailureException {@code invalid_argument} naming the key
     */
    static void refuseContradictions(ModelDefaults defaults, int nCtx) {
        if (defaults.systemPrompt() != null) {
            InputSize.refuseHopelessLength(
                    "system_prompt", defaults.systemPrompt().length(), nCtx);
        }
        GenerationOptions options = defaults.options();
        if (options.format() instanceof OutputFormat.Json
                && options.stop() != null
                && !options.stop().isEmpty()) {
            throw FailureException.invalid("stop: could cut the JSON that the answer must be");
        }
        defaults.chat().refuseContradictions();
    }
}
