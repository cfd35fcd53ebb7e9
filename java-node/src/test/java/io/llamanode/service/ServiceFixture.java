package io.llamanode.service;

import io.llamanode.account.MemoryAccount;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.Given;
import io.llamanode.service.contract.NodeStatus;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.OwnerMonitor;
import io.llamanode.service.contract.Reply;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.NodeConfig;
import io.llamanode.service.contract.task.ChatOptions;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.GenerationResult;
import io.llamanode.service.contract.task.Prompt;
import io.llamanode.service.contract.task.SessionConfig;
import io.llamanode.service.contract.task.TaskEvent;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.TaskResult;
import io.llamanode.service.contract.task.TokenText;
import io.llamanode.service.model.FakeLoadedModel;
import io.llamanode.service.model.LoadedModel;
import io.llamanode.service.model.ModelLoader;
import io.llamanode.service.threads.PrepareThreads;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A service on a fake model, and the calls that its tests make. */
abstract class ServiceFixture {
    static final GenerationOptions GREEDY = options(-1, null);
    static final GenerationOptions ENDLESS = options(1_000_000_000, null);

    record Process(String name) implements Owner {}

    record Event(long task, TaskEvent event) {}

    final Process me = new Process("me");
    final Map<Owner, Runnable> watched = new ConcurrentHashMap<>();
    final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    final FakeLoadedModel model = new FakeLoadedModel("fake", 2, maxQueue());
    /** What the preparation of an owner does at {@code inspect}. */
    volatile Runnable previewed = () -> {};

    /** Adapters that were probed with the model. */
    final List<Path> probedAdapters = new CopyOnWriteArrayList<>();
    /** What a probe does. */
    volatile Runnable probing = () -> {};

    /** What a model's file would come to; without it, looking is a defect. */
    volatile ModelLoader.Preview preview;

    LlamaService service;

    static GenerationOptions options(int maxTokens, Long timeoutMs) {
        return Given.options("maxTokens", maxTokens, "temperature", 0f, "timeoutMs", timeoutMs);
    }

    /** {@return tasks that may wait for the model} */
    int maxQueue() {
        return 8;
    }

    /** {@return sessions that may be open} */
    int maxSessions() {
        return 5;
    }

    /** {@return percent of what can not be shared that one owner may hold} */
    int ownerShare() {
        return 100;
    }

    /** {@return what requests are charged to} */
    MemoryAccount account() {
        return MemoryAccount.ofHeap(100);
    }

    /** {@return tasks that may wait or run} */
    int maxTasks() {
        return 100;
    }

    @BeforeEach
    void start() {
        service = service(maxTasks(), 60_000);
    }

    LlamaService service(int maxTasks, long resultTtlMs) {
        ModelLoader loader = new ModelLoader() {
            @Override
            public LoadedModel load(ModelConfig config, LoadProgress progress) {
                return model;
            }

            @Override
            public void probe(ModelConfig config, Path adapter, CompletableFuture<?> withdrawn) {
                probedAdapters.add(adapter);
                probing.run();
            }

            @Override
            public Preview preview(ModelConfig config) {
                previewed.run();
                if (preview == null) {
                    throw new UnsupportedOperationException();
                }
                return preview;
            }

            @Override
            public NodeStatus.Library library() {
                return new NodeStatus.Library("fake", "0", "");
            }
        };
        OwnerMonitor monitor = (owner, down) -> {
            watched.put(owner, down);
            return () -> watched.remove(owner, down);
        };
        LlamaService made = new LlamaService(
                new NodeConfig(List.of(), resultTtlMs, 3, maxSessions(), maxTasks, ownerShare()),
                loader,
                monitor,
                account());
        Answer<Void> loaded = new Answer<>();
        made.loadModel(null, ModelConfig.of(Path.of("fake.gguf")), fraction -> {}, loaded);
        loaded.value();
        made.ready();
        return made;
    }

    @AfterEach
    void stop() {
        service.close();
    }

    long session() {
        return service.sessions().create(me, new SessionConfig(null, null, GenerationOptions.NONE));
    }

    static TaskInput completion(String prompt, GenerationOptions options) {
        return new TaskInput.Completion(null, new Prompt.Text(prompt), true, options);
    }

    static TaskInput turn(String content, GenerationOptions options) {
        return new TaskInput.Chat(null, null, content, null, ChatOptions.NONE, options);
    }

    Answer<Long> create(long session, TaskInput input) {
        Answer<Long> created = new Answer<>();
        service.createTask(me, session, input, created);
        return created;
    }

    Answer<GenerationResult> result(long task, long timeoutMs) {
        Answer<GenerationResult> result = new Answer<>();
        service.getResult(me, task, timeoutMs, generated(result));
        return result;
    }

    /** {@return a reply for tasks that generate text} */
    static Reply<TaskResult> generated(Answer<GenerationResult> result) {
        return new Reply<>() {
            @Override
            public void ok(TaskResult value) {
                result.ok((GenerationResult) value);
            }

            @Override
            public void failed(Failure failure) {
                result.failed(failure);
            }

            @Override
            public void whenGivenUp(Runnable undo) {
                result.whenGivenUp(undo);
            }
        };
    }

    /**
     * Runs something on both preparing threads at the same time, which must wait for each other in it: the large text comes
     * first, which only one of them takes.
     */
    void onBothPreparingThreads(Runnable action) {
        String mark = "on both threads";
        model.model.whileTokenizing = text -> {
            if (text.startsWith(mark)) {
                action.run();
            }
        };
        for (String text : List.of(mark.repeat((int) PrepareThreads.LARGE / mark.length() + 1), mark)) {
            TokenText content = new TokenText(null, text, false, false);
            service.models().countTokens(new Process("of " + text.length()), content, new Answer<>());
        }
    }

    Answer<Void> cancel(long task) {
        Answer<Void> cancelled = new Answer<>();
        service.cancelTask(task, cancelled);
        return cancelled;
    }

    long stream(long session, TaskInput input) {
        Answer<Long> created = new Answer<>();
        service.stream(me, me, (task, event) -> events.add(new Event(task, event)), session, input, created);
        return created.value();
    }

    TaskEvent nextEvent() throws InterruptedException {
        return events.poll(30, TimeUnit.SECONDS).event();
    }

    static long busy(List<? extends Answer<?>> answers) {
        return answers.stream()
                .filter(answer -> answer.failedWith(ErrorCode.SERVER_BUSY))
                .count();
    }

    static GenerationOptions noShift() {
        return Given.options("contextShift", false);
    }
}
