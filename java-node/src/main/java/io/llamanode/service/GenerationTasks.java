package io.llamanode.service;

import static io.llamanode.service.prompt.GenerationDefaults.given;

import io.llamanode.account.Weight;
import io.llamanode.engine.Engine;
import io.llamanode.engine.contract.CacheUse;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.sampling.Sampler;
import io.llamanode.engine.sampling.SamplingParams;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.prompt.Constraints;
import io.llamanode.service.prompt.GenerationDefaults;
import io.llamanode.service.prompt.InputParts;
import io.llamanode.service.prompt.PreparedPrompt;
import io.llamanode.service.prompt.Transcript;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Makes requests for text of the inputs of completion, chat and infill tasks. */
final class GenerationTasks {
    private GenerationTasks() {}

    /**
     * Slow: renders, tokenizes, and makes the sampler of a grammar.
     *
     * @param transcript of the session, which a chat goes on from
     * @throws FailureException if there is no prompt to be made of the input
     */
    static Job prepare(Task task, TaskInput.Generating input, Transcript transcript, Tasks tasks) {
        ServedModel model = task.model;
        model.requireGeneration();
        SamplingParams sampling =
                GenerationDefaults.sampling(task.options, model.loaded().vocabulary());
        PreparedPrompt prepared = model.prompts().prepare(input, task.config(), transcript, task.options);
        Admission.hold(
                task.holding,
                Weight.of(prepared.tokens())
                        + Weight.of(prepared.text())
                        + sampling.remembered(
                                prepared.tokens().length,
                                model.loaded().vocabulary().size()),
                () -> InputParts.largest(input));
        Engine engine = Objects.requireNonNull(model.loaded().engine());
        TaskListener listener = new TaskListener(task, prepared, sampling.seed(), tasks);
        Sampler sampler = Constraints.sampler(prepared, task.options, sampling, model.loaded(), task.holding);
        GenerationRequest request;
        try {
            request = request(task, prepared, sampling, sampler);
        } catch (RuntimeException | Error e) {
            if (sampler != null) {
                sampler.close();
            }
            throw e;
        }
        return new Job() {
            @Override
            public boolean submit(Runnable accepted) {
                return engine.submit(request, listener, accepted);
            }

            @Override
            public void cancel() {
                engine.cancel(task.id, () -> {});
            }

            @Override
            public void discard() {
                if (sampler != null) {
                    sampler.close();
                }
            }
        };
    }

    /** {@return what the engine is asked for} */
    static GenerationRequest request(
            Task task, PreparedPrompt prepared, SamplingParams sampling, @Nullable Sampler sampler) {
        GenerationOptions options = task.options;
        Session session = task.session;
        return new GenerationRequest(
                task.id,
                session.cacheKey(),
                task.owners.getFirst(),
                prepared.tokens(),
                given(options.maxTokens()),
                sampling,
                given(options.stop()),
                options.nKeep() != null ? options.nKeep() : prepared.nKeep(),
                given(options.contextShift()),
                cacheUse(task.model, options),
                task.deadline,
                given(options.priority()),
                task.adapters,
                given(options.alternatives()),
                sampler);
    }

    private static CacheUse cacheUse(ServedModel model, GenerationOptions options) {
        if (!given(options.cachePrompt()) || !model.loaded().info().reusesPrompts()) {
            return CacheUse.NOTHING;
        }
        return switch (model.sharing(options)) {
            case NODE -> CacheUse.ALL;
            case OWNER -> CacheUse.CUSTOMER;
            case NONE -> CacheUse.KEY;
        };
    }
}
