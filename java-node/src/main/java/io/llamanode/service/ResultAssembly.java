package io.llamanode.service;

import io.llamanode.chat.tools.answer.Answer;
import io.llamanode.engine.contract.GenerationListener.Ending;
import io.llamanode.engine.contract.GenerationListener.Outcome;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.model.Vocabulary;
import io.llamanode.engine.sampling.Probabilities;
import io.llamanode.service.contract.task.GenerationResult;
import io.llamanode.service.contract.task.GenerationResult.FinishReason;
import io.llamanode.service.contract.task.GenerationResult.StoppedBy;
import io.llamanode.service.contract.task.GenerationResult.Timings;
import io.llamanode.service.contract.task.GenerationResult.Usage;
import io.llamanode.service.prompt.GenerationDefaults;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Turns the engine's account of a request into a task's result. */
final class ResultAssembly {
    private static final double NANOS_PER_MILLI = 1e6;
    private static final double NANOS_PER_SECOND = 1e9;

    private ResultAssembly() {}

    static GenerationResult of(Task task, long seed, Answer answer, Outcome outcome) {
        return new GenerationResult(
                task.id,
                task.model.id(),
                answer.content(),
                answer.reasoning(),
                answer.calls().stream()
                        .map(call -> new GenerationResult.Call(call.id(), call.name(), call.arguments()))
                        .toList(),
                finishReason(outcome.ending(), answer),
                stoppedBy(outcome.ending()),
                outcome.stop(),
                seed,
                new Usage(outcome.promptTokens(), outcome.completion().length, outcome.cachedTokens()),
                timings(task, outcome),
                logprobs(task, outcome.probabilities()),
                task.structure);
    }

    private static @Nullable List<GenerationResult.Logprob> logprobs(Task task, List<Probabilities.Entry> entries) {
        if (GenerationDefaults.given(task.options.alternatives()) == GenerationRequest.NO_PROBABILITIES) {
            return null;
        }
        Vocabulary vocabulary = task.model.loaded().vocabulary();
        return entries.stream().map(entry -> logprob(vocabulary, entry)).toList();
    }

    private static GenerationResult.Logprob logprob(Vocabulary vocabulary, Probabilities.Entry entry) {
        return new GenerationResult.Logprob(
                entry.token(),
                vocabulary.piece(entry.token()),
                entry.logprob(),
                entry.top().stream().map(other -> logprob(vocabulary, other)).toList());
    }

    private static FinishReason finishReason(Ending ending, Answer answer) {
        return switch (ending) {
            case EOS, STOP_STRING -> answer.calls().isEmpty() ? FinishReason.STOP : FinishReason.TOOL_CALLS;
            case LIMIT, CONTEXT, MEMORY -> FinishReason.LENGTH;
        };
    }

    private static StoppedBy stoppedBy(Ending ending) {
        return switch (ending) {
            case EOS -> StoppedBy.EOS;
            case STOP_STRING -> StoppedBy.STOP_STRING;
            case LIMIT -> StoppedBy.LIMIT;
            case CONTEXT -> StoppedBy.CONTEXT;
            case MEMORY -> StoppedBy.MEMORY;
        };
    }

    private static Timings timings(Task task, Outcome outcome) {
        long prepared = task.submitted - task.created;
        return new Timings(
                (prepared + outcome.queued()) / NANOS_PER_MILLI,
                outcome.prefill() / NANOS_PER_MILLI,
                outcome.decode() / NANOS_PER_MILLI,
                perSecond(outcome.promptTokens() - outcome.cachedTokens(), outcome.prefill()),
                perSecond(Math.max(0, outcome.completion().length - 1), outcome.decode()),
                task.startedAt,
                GenerationDefaults.given(task.options.maxTokens()) == 0
                        ? null
                        : (Double) ((prepared + outcome.toFirst()) / NANOS_PER_MILLI));
    }

    private static double perSecond(int tokens, long nanos) {
        return nanos <= 0 ? 0 : tokens * NANOS_PER_SECOND / nanos;
    }
}
