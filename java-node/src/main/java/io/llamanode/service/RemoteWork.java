package io.llamanode.service;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llamanode.account.Weight;
import io.llamanode.chat.tools.answer.Answer;
import io.llamanode.chat.tools.answer.ToolCall;
import io.llamanode.engine.contract.EngineSnapshot;
import io.llamanode.engine.contract.EngineSnapshot.SlotState;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.contract.StepTimes;
import io.llamanode.engine.model.AdapterSet;
import io.llamanode.remote.RemoteListener;
import io.llamanode.remote.RemoteModel;
import io.llamanode.remote.RemoteRequest;
import io.llamanode.remote.answer.RemoteAnswer;
import io.llamanode.remote.line.ServerLine.SlotView;
import io.llamanode.remote.probe.ServerFacts;
import io.llamanode.remote.request.ServerKind;
import io.llamanode.service.contract.Capability;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Origin;
import io.llamanode.service.contract.ServerReport;
import io.llamanode.service.contract.Setting;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.ModelDefaults;
import io.llamanode.service.contract.model.ModelHeader;
import io.llamanode.service.contract.model.ModelInfo;
import io.llamanode.service.contract.model.ServerConfig;
import io.llamanode.service.contract.task.AdapterScale;
import io.llamanode.service.contract.task.ChatTemplating;
import io.llamanode.service.contract.task.GenerationResult;
import io.llamanode.service.contract.task.TaskEvent;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.TaskResult;
import io.llamanode.service.contract.task.TokenPiece;
import io.llamanode.service.contract.task.TokenText;
import io.llamanode.service.model.LoadedModel;
import io.llamanode.service.prompt.AnswerCollector;
import io.llamanode.service.prompt.GenerationDefaults;
import io.llamanode.service.prompt.InForce;
import io.llamanode.service.prompt.InputParts;
import io.llamanode.service.prompt.RemotePrompt;
import io.llamanode.service.prompt.RemotePrompts;
import io.llamanode.service.prompt.RemoteVectors;
import io.llamanode.service.prompt.Transcript;
import io.llamanode.service.threads.PrepareThreads;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The work of a model that a server runs. */
final class RemoteWork implements ModelWork {
    private static final Logger LOG = LoggerFactory.getLogger(RemoteWork.class);

    private static final int MAX_QUEUE = 1_024;
    private static final double NANOS_PER_MILLI = 1e6;
    /** What is held at once, bytes, so that not every part asks the account. */
    private static final long PORTION = 16 << 10;

    private final String id;
    private final ModelConfig config;
    private final ServerConfig server;
    private final RemoteModel model;
    private final RemotePrompts prompts;
    private final PrepareThreads threads = PrepareThreads.ofServer();
    private final AtomicLong passedOn = new AtomicLong();
    /** Whether the last task was, of which the log has told. */
    private final AtomicBoolean passing = new AtomicBoolean();

    private RemoteWork(String id, ModelConfig config, ServerConfig server, RemoteModel model) {
        this.id = id;
        this.config = config;
        this.server = server;
        this.model = model;
        this.prompts = new RemotePrompts(model, config.nCtx());
    }

    /**
     * Finds out what a server is. Slow.
     *
     * @throws FailureException {@code model_load_failed}, {@code unauthorized}, {@code invalid_argument}
     */
    static RemoteWork open(ModelConfig config, ServerConfig server) {
        RemoteModel model = RemoteModel.open(server, config.nParallel());
        ServerFacts known = model.known();
        String id = config.id() != null
                ? config.id()
                : server.model() != null
                        ? server.model()
                        : known == null ? "default" : Objects.requireNonNull(model.shown(known.model()));
        return new RemoteWork(id, config, server, model);
    }

    @Override
    public ModelInfo info() {
        ServerFacts known = model.known();
        Integer nCtx = config.nCtx() != null ? config.nCtx() : known == null ? null : known.nCtx();
        return new ModelInfo(
                id,
                model.url(),
                "",
                "",
                0,
                0,
                nCtx == null ? 0 : nCtx,
                0,
                model.state().slots().size(),
                config.maxQueue() == null ? MAX_QUEUE : config.maxQueue(),
                0,
                TaskInput.Pooling.NONE,
                true,
                known == null ? Set.of(Capability.values()) : known.capabilities());
    }

    @Override
    public @Nullable ModelHeader header() {
        return null;
    }

    @Override
    public ModelDefaults ofFile() {
        return ModelDefaults.NONE;
    }

    @Override
    public void refuseUnfit(ModelDefaults defaults) {
        prompts.refuseUnfit(defaults);
    }

    @Override
    public Map<String, Setting> settings(ModelDefaults defaults, Map<String, Origin> from) {
        return InForce.of(info(), sendsDefaults(), config, defaults, from);
    }

    @Override
    public boolean sendsDefaults() {
        ServerFacts known = model.known();
        return known != null && known.kind() == ServerKind.LLAMA_SERVER;
    }

    @Override
    public ServerReport server() {
        ServerFacts known = model.known();
        String trouble = model.trouble();
        if (known == null) {
            return new ServerReport(
                    model.url(),
                    null,
                    null,
                    null,
                    trouble,
                    model.pid(),
                    model.trustsContent(),
                    config.nCtx(),
                    null,
                    null,
                    null,
                    null,
                    null,
                    Set.of(),
                    elsewhere());
        }
        return new ServerReport(
                model.url(),
                known.kind().wireName(),
                model.shown(known.model()),
                model.shown(known.build()),
                trouble,
                model.pid(),
                model.trustsContent(),
                config.nCtx() != null ? config.nCtx() : known.nCtx(),
                known.nCtxTrain(),
                known.nVocab(),
                known.nEmbd(),
                known.nParams(),
                known.sizeBytes(),
                known.capabilities(),
                elsewhere());
    }

    private ServerReport.@Nullable Fallback elsewhere() {
        return fallback() == null ? null : new ServerReport.Fallback(fallback(), passedOn.get());
    }

    @Override
    public @Nullable String fallback() {
        return server.fallback();
    }

    @Override
    public void passesOn(Failure failure) {
        passedOn.incrementAndGet();
        if (!passing.getAndSet(true)) {
            LOG.warn("tasks of model {} go to {}: {}", id, fallback(), failure.message());
        }
    }

    private void answers() {
        if (passing.get() && passing.getAndSet(false)) {
            LOG.info("tasks of model {} are done by its server again", id);
        }
    }

    @Override
    public Job prepare(Task task, TaskInput input, Transcript transcript, Tasks tasks) {
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

    private Job text(Task task, TaskInput.Generating input, Transcript transcript, Tasks tasks) {
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
                answers();
                RemoteAnswer answer = isPromptOnly(task) ? whole.withoutText() : collected(whole);
                Transcript next =
                        prompt.messages() == null ? null : Transcript.answered(prompt.messages(), whole(answer));
                tasks.finished(task, result(task, prompt, answer, times, firstMs), next);
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
        RemoteAnswer answer = known == null || known.kind() == ServerKind.OPENAI
                ? told
                : told.ofLlamaCpp(!prompt.body().path("stop").isEmpty());
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
                logprobs(answer, GenerationDefaults.given(task.options.alternatives())));
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
                answers();
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
        /** Of what is held, not taken yet. */
        private long left;

        Listener(Task task, Tasks tasks) {
            this.task = task;
            this.tasks = tasks;
        }

        @Override
        public boolean holds(long bytes) {
            if (bytes > left) {
                long more = Math.max(bytes, PORTION);
                if (task.holding.isTooMuch(more) || task.holding.grow(more) != null) {
                    return false;
                }
                left += more;
            }
            left -= bytes;
            return true;
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

    /** A server that does not answer holds up those alone who ask it. */
    @Override
    public PrepareThreads threads() {
        return threads;
    }

    @Override
    public AdapterSet adapters(List<AdapterScale> wanted, Supplier<LoadedAdapters> loaded) {
        // The server has them, and knows them by name when the request is written.
        return AdapterSet.NONE;
    }

    @Override
    public int[] tokenize(TokenText text) {
        return model.questions().tokenize(text.content(), text.addSpecial(), text.parseSpecial());
    }

    @Override
    public List<TokenPiece> pieces(TokenText text) {
        return model.questions().pieces(text.content(), text.addSpecial(), text.parseSpecial());
    }

    @Override
    public @Nullable Integer vocabularySize() {
        ServerFacts known = model.known();
        return known == null ? null : known.nVocab();
    }

    @Override
    public String detokenize(int[] tokens, boolean special) {
        return prompts.detokenize(tokens, special);
    }

    @Override
    public String render(ChatTemplating request) {
        if (request.template() != null) {
            throw new FailureException(
                    ErrorCode.UNSUPPORTED, "chat_template: the server renders with its own template");
        }
        if (!request.addGenerationPrompt()) {
            throw new FailureException(
                    ErrorCode.UNSUPPORTED,
                    "add_generation_prompt: the server always renders the beginning of an answer");
        }
        return model.questions().render(request.messages(), request.toolList(), request.templateKwargs());
    }

    @Override
    public EngineSnapshot snapshot() {
        List<SlotState> slots =
                model.state().slots().stream().map(RemoteWork::slot).toList();
        return new EngineSnapshot(slots, model.state().waiting(), 0, StepTimes.NONE, 0, 0, 0, 0);
    }

    private static SlotState slot(SlotView slot) {
        return new SlotState(
                slot.id(),
                slot.task() == 0 ? EngineSnapshot.Phase.IDLE : EngineSnapshot.Phase.DECODE,
                slot.cacheKey(),
                slot.task(),
                0);
    }

    @Override
    public @Nullable Long cacheBytesPerToken() {
        return null;
    }

    @Override
    public void left(long cacheKey) {
        model.state().forget(cacheKey);
    }

    @Override
    public LoadedModel loaded(String what) {
        throw new FailureException(ErrorCode.UNSUPPORTED, "%s: model '%s' is run by a server".formatted(what, id));
    }

    @Override
    public void close() {
        threads.close();
        model.close();
    }
}
