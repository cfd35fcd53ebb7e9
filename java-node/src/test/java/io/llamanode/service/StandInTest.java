package io.llamanode.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.account.MemoryAccount;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Given;
import io.llamanode.service.contract.NodeStatus;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.ModelReport;
import io.llamanode.service.contract.model.NodeConfig;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.Prompt;
import io.llamanode.service.contract.task.SessionConfig;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.TaskResult;
import io.llamanode.service.model.FakeLoadedModel;
import io.llamanode.service.model.LoadedModel;
import io.llamanode.service.model.ModelLoader;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A model that stands in until another one is loaded. */
class StandInTest {
    private record Process(String name) implements Owner {}

    private static final Process ME = new Process("me");
    private static final GenerationOptions ENDLESS = ServiceFixture.options(1_000_000_000, null);

    private final Map<String, FakeLoadedModel> loaded = new ConcurrentHashMap<>();
    private final ModelLoader loader = new ModelLoader() {
        @Override
        public LoadedModel load(ModelConfig config, LoadProgress progress) {
            if (config.path().toString().contains("bad")) {
                throw new FailureException(ErrorCode.MODEL_LOAD_FAILED, "path: it is bad");
            }
            FakeLoadedModel model = new FakeLoadedModel(config.effectiveId(), 2, 8);
            loaded.put(config.effectiveId(), model);
            return model;
        }

        @Override
        public Preview preview(ModelConfig config) {
            throw new UnsupportedOperationException();
        }

        @Override
        public NodeStatus.Library library() {
            return new NodeStatus.Library("fake", "0", "");
        }
    };
    private final MemoryAccount account = MemoryAccount.ofHeap(100);
    private final LlamaService service = new LlamaService(
            new NodeConfig(List.of(), 60_000, 10, 10, 100, 100), loader, (owner, down) -> () -> {}, account);

    @BeforeEach
    void start() {
        load("path", Path.of("/demo.gguf"), "standIn", true).value();
        service.ready();
    }

    @AfterEach
    void stop() {
        service.close();
        assertTrue(loaded.values().stream().allMatch(model -> model.model.closed), "a model stays open");
    }

    private Answer<Void> load(Object... config) {
        Answer<Void> reply = new Answer<>();
        service.loadModel(null, Given.model(config), fraction -> {}, reply);
        return reply;
    }

    private List<String> models() {
        return service.models().list().stream().map(ModelReport::id).toList();
    }

    private long session() {
        return service.sessions().create(ME, new SessionConfig(null, null, GenerationOptions.NONE));
    }

    private Answer<Long> create(long session, GenerationOptions options) {
        Answer<Long> reply = new Answer<>();
        service.createTask(ME, session, new TaskInput.Completion(null, new Prompt.Text("a"), true, options), reply);
        return reply;
    }

    private Failure refusal(long session) {
        return assertThrows(FailureException.class, () -> service.sessions().info(session))
                .failure();
    }

    @Test
    void theModelThatIsLoadedAnswersAndTheOtherGivesItsMemoryBack() {
        long before = session();
        long held = account.balance().held();
        load("path", Path.of("/mine.gguf")).value();
        assertEquals(List.of("mine"), models());
        assertTrue(loaded.get("demo").model.closed);
        assertEquals("mine", service.sessions().info(session()).model());
        assertEquals(
                new Failure(
                        ErrorCode.SESSION_NOT_FOUND,
                        "session %d ended with the model 'demo', which stood in until another one was loaded; open a new"
                                        .formatted(before)
                                + " one"),
                refusal(before));
        assertEquals("there is no session 1", refusal(1).message());
        assertEquals(held, account.balance().held(), "one session took the place of the other");
        assertEquals(
                "model: 'demo' stood in until another model was loaded; loaded are [mine]",
                assertThrows(
                                FailureException.class,
                                () -> service.sessions()
                                        .create(ME, new SessionConfig("demo", null, GenerationOptions.NONE)))
                        .failure()
                        .message());
        load("path", Path.of("/third.gguf")).value();
        assertEquals(List.of("mine", "third"), models());
    }

    @Test
    void aLoadThatFailsChangesNothing() {
        long session = session();
        assertTrue(load("path", Path.of("/bad.gguf")).failedWith(ErrorCode.MODEL_LOAD_FAILED));
        assertEquals(List.of("demo"), models());
        assertEquals("demo", service.sessions().info(session).model());
        create(session, ServiceFixture.options(1, null)).value();
    }

    @Test
    void itsTasksEndFirst() throws Exception {
        long session = session();
        long running = create(session, ENDLESS).value();
        long waiting = create(session, ServiceFixture.options(2, null)).value();
        CountDownLatch closed = new CountDownLatch(1);
        loaded.get("demo").model.whenClosed = closed::countDown;
        load("path", Path.of("/mine.gguf")).value();
        assertEquals(List.of("mine"), models());
        assertFalse(loaded.get("demo").model.closed);
        assertTrue(create(session, GenerationOptions.NONE).failedWith(ErrorCode.SESSION_NOT_FOUND));
        Answer<TaskResult> result = new Answer<>();
        service.getResult(ME, waiting, -1, result);
        result.value();
        Answer<Void> cancelled = new Answer<>();
        service.cancelTask(running, cancelled);
        cancelled.value();
        assertTrue(closed.await(1, TimeUnit.MINUTES));
        // Behind the end of the other model, as loads and ends are made in turn.
        load("path", Path.of("/third.gguf")).value();
        assertEquals(
                0,
                account.balance().kinds().getOrDefault(MemoryAccount.Kind.SESSION, 0L),
                "what its session held is given back");
    }

    @Test
    void whoAsksForItByNameKeepsIt() {
        load("path", Path.of("/demo.gguf")).value();
        load("path", Path.of("/mine.gguf")).value();
        assertEquals(List.of("demo", "mine"), models());
    }

    @Test
    void oneOfItsNameTakesItsPlace() {
        FakeLoadedModel first = loaded.get("demo");
        load("path", Path.of("/other/demo.gguf")).value();
        assertEquals(List.of("demo"), models());
        assertTrue(first.model.closed);
        assertFalse(loaded.get("demo").model.closed);
    }

    @Test
    void aModelThatIsLoadedAsItIsAskedForIsKept() {
        load("path", Path.of("/mine.gguf"), "nCtx", 64).value();
        FakeLoadedModel mine = loaded.get("mine");
        load("path", Path.of("/x/../mine.gguf"), "nCtx", 64, "id", "mine").value();
        assertEquals(mine, loaded.get("mine"));
        assertEquals(
                "id: a model named 'mine' is loaded already, with another n_ctx, flash_attn; unload it first, or give another"
                        + " id",
                load("path", Path.of("/mine.gguf"), "flashAttn", io.llamanode.service.contract.model.FlashAttention.ON)
                        .message());
        assertEquals(
                "id: a model named 'mine' is loaded already, with another path; unload it first, or give another id",
                load("path", Path.of("/y/mine.gguf"), "nCtx", 64).message());
        load("path", Path.of("/second.gguf")).value();
        load("path", Path.of("/second.gguf"), "asDefault", true).value();
        assertEquals("second", service.sessions().info(session()).model());
    }
}
