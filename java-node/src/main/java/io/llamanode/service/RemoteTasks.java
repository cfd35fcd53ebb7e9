package io.llamanode.service;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llamanode.account.Portions;
import io.llamanode.account.Weight;
import io.llamanode.chat.tools.answer.Answer;
import io.llamanode.chat.tools.answer.ToolCall;
import io.llamanode.engine.contract.EngineSnapshot;
import io.llamanode.engine.contract.EngineSnapshot.SlotState;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.contract.StepTimes;
import io.llamanode.remote.RemoteListener;
import io.llamanode.remote.RemoteModel;
import io.llamanode.remote.RemoteRequest;
import io.llamanode.remote.answer.RemoteAnswer;
import io.llamanode.remote.line.ServerLine.SlotView;
import io.llamanode.remote.probe.ServerFacts;
import io.llamanode.remote.request.ServerKind;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.task.ChatOptions;
import io.llamanode.service.contract.task.GenerationResult;
import io.llamanode.service.contract.task.TaskEvent;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.TaskResult;
import io.llamanode.service.match.AnswerCheck;
import io.llamanode.service.match.AnswerChecks;
import io.llamanode.service.prompt.AnswerCollector;
import io.llamanode.service.prompt.GenerationDefaults;
import io.llamanode.service.prompt.InputParts;
import io.llamanode.service.prompt.RemotePrompt;
import io.llamanode.service.prompt.RemotePrompts;
import io.llamanode.service.prompt.RemoteVectors;
import io.llamanode.service.prompt.Transcript;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The tasks of a model that a server runs: what is asked for them, and what becomes of the answers. */
final class RemoteTasks {
    private static final double NANOS_PER_MILLI = 1e6;

    private final String id;
    private final RemoteModel model;
    private final RemotePrompts prompts;
    private final Runnable answered;
    private final AnswerChecks checks = new AnswerChecks();
    /** Of answers that are whole. */
    private final LongAdder promptTokens = new LongAdder();

    private final LongAdder cachedTokens = new LongAdder();
    private final LongAdder completionTokens = new LongAdder();

    /**
     * @param id of the model
     * @param model at its server
     * @param prompts makes its requests
     * @param answered run when the server has answered a task
     */
    RemoteTasks(String id, RemoteModel model, RemotePrompts prompts, Runnable answered) {
        this.id = id;
        this.model = model;
        this.prompts = prompts;
        this.answered = answered;
    }

    /**
     * Makes what is left to do of a task. Slow.
     *
     * @param transcript of the session, which a chat goes on from
     * @throws FailureException if the task can not be done
     */
    Job prepare(Task task, TaskInput input, Transcript transcript, Tasks tasks) {
        return switch (input) {
            case TaskInput.Generating text -> text(task, text, transcript, tasks);
            case TaskInput.Embedding embedding -> {
                var request = RemoteVectors.embedding(model.facts(), embedding);
                yield value(
                        task,
                        tasks,
                        request,
                        (value, times) -> request.embeddings(value, embedding, about(task, times)));
            }
            case TaskInput.Rerank rerank -> {
                var request = RemoteVectors.rerank(model.facts(), rerank);
                yield value(task, tasks, request, (value, times) -> request.ranking(value, rerank, about(task, times)));
            }
        };
    }

    private RemoteVectors.About about(Task task, RemoteListener.Times times) {
        return new RemoteVectors.About(task.id, id, queued(task, times), millis(times.answered()), task.startedAt);
    }

    private static double millis(long nanos) {
        return nanos / NANOS_PER_MILLI;
    }

    private static double queued(Task task, RemoteListener.Times times) {
        return millis(task.submitted - task.created + times.queued());
    }

    /** Takes no more answers to check; those that wait are checked. */
    void close() {
        checks.close();
    }

    /** {@return what the answer is checked by, or {@code null} if it is free} */
    private @Nullable AnswerCheck check(Task task, TaskInput.Generating input) {
        if (isPromptOnly(task)) {
            return null;
        }
        ChatOptions chat = input instanceof TaskInput.Chat own
                ? own.chat().orElse(task.config().chat())
                : ChatOptions.NONE;
        boolean lenient = Boolean.TRUE.equals(
                GenerationDefaults.given(task.options.structure()).lenient());
        return checks.of(task.owners.getFirst(), GenerationDefaults.given(task.options.format()), lenient, chat);
    }

    private void checked(Task task, AnswerCheck check, GenerationResult result, Consumer<@Nullable String> told) {
        boolean stops = !GenerationDefaults.given(task.options.stop()).isEmpty();
        checks.check(task.owners.getFirst(), check, result, stops, told);
    }

    private Job text(Task task, TaskInput.Generating input, Transcript transcript, Tasks tasks) {
        AnswerCheck check = check(task, input);
        RemotePrompt prompt = prompts.prepare(input, task.config(), transcript, task.options);
        Admission.hold(task.holding, Weight.of(prompt.body().toString()), () -> InputParts.largest(input));
        return job(task, prompt.path(), prompt.body(), true, new Listener(task, tasks) {
            private final @Nullable AnswerCollector collector =
                    prompt.reader() == null ? null : new AnswerCollector(prompt.reader(), this::tell);
            private @Nullable Double firstMs;

            @Override
            public void part(TaskEvent part) {
                if (isPromptOnly(task)) {
                    return;
                }
                if (collector != null && part instanceof TaskEvent.Chunk(String text)) {
                    collector.take(text);
                } else {
                    tell(part);
                }
            }

            private void tell(TaskEvent part) {
                if (firstMs == null) {
                    firstMs = millis(System.nanoTime() - task.created);
                }
                if (task.sink != null) {
                    task.sink.accept(task.id, part);
                }
            }

            @Override
            boolean hasBegun() {
                return firstMs != null;
            }

            @Override
            public void finished(RemoteAnswer whole, Times times) {
                answered.run();
                RemoteAnswer answer = isPromptOnly(task) ? whole.withoutText() : collected(whole);
                Transcript next =
                        prompt.messages() == null ? null : Transcript.answered(prompt.messages(), whole(answer));
                GenerationResult result = result(task, prompt, answer, times, firstMs);
                if (check == null) {
                    tasks.finished(task, result, next);
                    return;
                }
                checked(task, check, result, fault -> {
                    if (fault == null) {
                        tasks.finished(task, result, next);
                    } else {
                        failed(new Failure(ErrorCode.INFERENCE_FAILED, "%s: %s".formatted(model.url(), fault)));
                    }
                });
            }

            private RemoteAnswer collected(RemoteAnswer whole) {
                if (collector == null) {
                    return whole;
                }
                Answer read = collector.finish();
                return whole.withText(read.content(), read.reasoning());
            }
        });
    }

    /** Nothing is to be generated; a llama-server generates a token all the same. */
    private static boolean isPromptOnly(Task task) {
        return GenerationDefaults.given(task.options.maxTokens()) == 0;
    }

    private static Answer whole(RemoteAnswer answer) {
        return new Answer(
                answer.content(),
                answer.reasoning(),
                answer.calls().stream()
                        .map(call -> new ToolCall(call.id(), call.name(), call.arguments()))
                        .toList());
    }

    private GenerationResult result(
            Task task, RemotePrompt prompt, RemoteAnswer told, RemoteListener.Times times, @Nullable Double firstMs) {
        ServerFacts known = model.known();
        RemoteAnswer counted = known == null || known.kind() == ServerKind.OPENAI
                ? told
                : told.ofLlamaCpp(!prompt.body().path("stop").isEmpty());
        RemoteAnswer answer = counted.limitedTo(GenerationDefaults.given(task.options.maxTokens()));
        count(answer.usage());
        RemoteAnswer.Timing timing = answer.timing();
        return new GenerationResult(
                task.id,
                id,
                answer.content(),
                answer.reasoning(),
                answer.calls(),
                answer.finishReason(),
                answer.stoppedBy(),
                answer.stop(),
                answer.seed() != null ? answer.seed() : prompt.seed(),
                answer.usage(),
                new GenerationResult.Timings(
                        queued(task, times),
                        timing.promptMs(),
                        timing.predictedMs(),
                        timing.promptPerSecond(),
                        timing.predictedPerSecond(),
                        task.startedAt,
                        queued(task, times) + millis(times.answered()),
                        firstMs),
                logprobs(answer, GenerationDefaults.given(task.options.alternatives())),
                task.structure);
    }

    private void count(GenerationResult.@Nullable Usage usage) {
        if (usage != null) {
            promptTokens.add(usage.promptTokens());
            completionTokens.add(usage.completionTokens());
            cachedTokens.add(usage.cachedTokens() == null ? 0 : usage.cachedTokens());
        }
    }

    /** {@return the state of the line and the slots, and what was counted of answers whose server tells tokens} */
    EngineSnapshot snapshot() {
        return new EngineSnapshot(
                model.state().slots().stream().map(RemoteTasks::slot).toList(),
                model.state().waiting(),
                0,
                StepTimes.NONE,
                promptTokens.sum(),
                cachedTokens.sum(),
                completionTokens.sum(),
                0);
    }

    private static SlotState slot(SlotView slot) {
        return new SlotState(
                slot.id(),
                slot.task() == 0 ? EngineSnapshot.Phase.IDLE : EngineSnapshot.Phase.DECODE,
                slot.cacheKey(),
                slot.task(),
                0);
    }

    /** A server may have to be asked for one alternative where none is wanted. */
    private static @Nullable List<GenerationResult.Logprob> logprobs(RemoteAnswer answer, int alternatives) {
        if (answer.logprobs() == null || alternatives == GenerationRequest.NO_PROBABILITIES) {
            return null;
        }
        return answer.logprobs().stream()
                .map(entry -> new GenerationResult.Logprob(
                        entry.id(),
                        entry.token(),
                        entry.logprob(),
                        entry.top()
                                .subList(0, Math.min(alternatives, entry.top().size()))))
                .toList();
    }

    private Job value(
            Task task,
            Tasks tasks,
            RemoteVectors request,
            BiFunction<JsonNode, RemoteListener.Times, TaskResult> result) {
        return job(task, request.path(), request.body(), false, new Listener(task, tasks) {
            @Override
            public void finished(JsonNode value, Times times) {
                answered.run();
                TaskResult whole;
                try {
                    whole = result.apply(value, times);
                } catch (FailureException e) {
                    tasks.failed(task, e.failure());
                    return;
                }
                tasks.finished(task, whole, null);
            }
        });
    }

    /** Hears the server of one task: the end goes to {@link Tasks}. */
    private abstract static class Listener implements RemoteListener {
        private final Task task;
        private final Tasks tasks;
        private final Portions portions;

        Listener(Task task, Tasks tasks) {
            this.task = task;
            this.tasks = tasks;
            this.portions = new Portions(task.holding);
        }

        @Override
        public boolean holds(long bytes) {
            return portions.take(bytes);
        }

        /** {@return whether a part of the answer was told, so that there is no going elsewhere} */
        boolean hasBegun() {
            return false;
        }

        @Override
        public void refused(Failure failure) {
            if (hasBegun()) {
                failed(failure);
            } else {
                tasks.refused(task, failure);
            }
        }

        @Override
        public void failed(Failure failure) {
            tasks.failed(
                    task,
                    failure.code() == ErrorCode.CANCELLED
                            ? new Failure(ErrorCode.CANCELLED, task.whyCancelled)
                            : failure);
        }
    }

    private Job job(Task task, String path, ObjectNode body, boolean isText, RemoteListener listener) {
        RemoteRequest request = new RemoteRequest(
                task.id,
                task.owners.getFirst(),
                GenerationDefaults.given(task.options.priority()),
                task.session.cacheKey(),
                task.deadline == GenerationRequest.NO_DEADLINE ? RemoteRequest.NO_DEADLINE : task.deadline,
                path,
                body,
                isText);
        return new Job() {
            @Override
            public boolean submit(Runnable accepted) {
                return model.submit(request, listener, accepted);
            }

            @Override
            public void cancel() {
                model.cancel(request.id());
            }

            @Override
            public void discard() {
                // Holds nothing but memory.
            }
        };
    }
}
