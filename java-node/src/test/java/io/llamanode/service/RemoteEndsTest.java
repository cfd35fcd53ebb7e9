package io.llamanode.service;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.llamanode.remote.FullPort;
import io.llamanode.remote.ScriptedServer;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.Given;
import io.llamanode.service.contract.NodeStatus;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.NodeConfig;
import io.llamanode.service.contract.model.ServerConfig;
import io.llamanode.service.contract.task.ChatOptions;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.GenerationResult;
import io.llamanode.service.contract.task.SessionConfig;
import io.llamanode.service.contract.task.TaskEvent;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.TaskResult;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever ends a task ends it at its server too, wherever it stands: the connection is closed, and the slot is free again. */
class RemoteEndsTest {
    private record Process(String name) implements Owner {}

    private static final Process ME = new Process("me");
    private static final Process OTHER = new Process("other");
    private static final String CHAT = "/v1/chat/completions";
    private static final String HELLO = "{\"choices\":[{\"delta\":{\"content\":\"Hello\"}}]}";
    private static final String STOP = "{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}";

    /** Where a task stands. */
    private enum Stage {
        TOKENIZING,
        BEFORE_THE_ANSWER,
        IN_THE_MIDDLE
    }

    /** What ends it. */
    private enum End {
        CANCEL,
        CLOSED_SESSION,
        DEAD_OWNER
    }

    private final ScriptedServer server = new ScriptedServer().likeLlamaServer(1, 10_000);
    private final Map<Owner, Runnable> watched = new ConcurrentHashMap<>();
    private final LlamaService service = new LlamaService(
            new NodeConfig(List.of(), 60_000, 10, 10, 1000, 100, null, null, List.of()),
            new NoFiles(),
            (owner, down) -> {
                watched.put(owner, down);
                return () -> watched.remove(owner, down);
            });
    private final BlockingQueue<TaskEvent> events = new LinkedBlockingQueue<>();
    private final Answer<Long> created = new Answer<>();
    private long session;

    @AfterEach
    void close() {
        service.close();
        server.close();
    }

    private void load(boolean trusts, ServerConfig.Timeouts timeouts) {
        ServerConfig config = new ServerConfig(
                server.url(),
                null,
                null,
                true,
                false,
                trusts,
                Map.of(),
                null,
                ServerConfig.Tls.SYSTEM,
                timeouts,
                null,
                null,
                null);
        Answer<Void> loaded = new Answer<>();
        service.loadModel(null, ModelConfig.of(config, null, null, null, null, null, null), fraction -> {}, loaded);
        loaded.value();
        service.ready();
    }

    private void load() {
        load(false, ServerConfig.Timeouts.DEFAULTS);
    }

    private void answers() {
        server.on("/tokenize", (request, connection) -> connection.json("{\"tokens\":[1]}"));
        server.on(CHAT, (request, connection) -> connection.events(HELLO, STOP, "[DONE]"));
    }

    private static TaskInput.Chat turn(GenerationOptions options) {
        return new TaskInput.Chat(null, null, "Hi", null, ChatOptions.NONE, options);
    }

    private void stream(GenerationOptions options) {
        session = service.sessions().create(OTHER, new SessionConfig(null, null, GenerationOptions.NONE));
        service.stream(OTHER, OTHER, (task, event) -> events.add(event), session, turn(options), created);
    }

    /** Nobody else is asked for anything until the answer is there. */
    private void nextTaskIsDone() {
        answers();
        Answer<TaskResult> next = new Answer<>();
        service.run(ME, turn(GenerationOptions.NONE), next);
        assertEquals("Hello", ((GenerationResult) next.value()).content());
        NodeStatus status = service.status();
        assertEquals(0, status.tasksRunning() + status.tasksWaiting());
        assertEquals(
                NodeStatus.SlotState.IDLE,
                status.models().getFirst().slots().getFirst().state());
    }

    /** Ends the task of {@link #stream}, and waits until that is acknowledged where somebody is told. */
    private void end(End how) {
        switch (how) {
            case CANCEL -> {
                Answer<Void> cancelled = new Answer<>();
                // One source gives all ids, and nobody was told this one while its prompt is made.
                service.cancelTask(session + 1, cancelled);
                cancelled.value();
            }
            case CLOSED_SESSION -> {
                Answer<Void> closed = new Answer<>();
                service.sessions().close(session, closed);
                closed.value();
            }
            case DEAD_OWNER -> watched.get(OTHER).run();
        }
    }

    private void isTold(ErrorCode code) throws InterruptedException {
        if (created.await() instanceof Failure refused) {
            assertEquals(code, refused.code());
            return;
        }
        TaskEvent last = events.poll(30, TimeUnit.SECONDS);
        while (last instanceof TaskEvent.Chunk) {
            last = events.poll(30, TimeUnit.SECONDS);
        }
        assertEquals(code, last instanceof TaskEvent.Failed(Failure failure) ? failure.code() : null);
    }

    private static Stream<Arguments> stagesAndEnds() {
        return Stream.of(Stage.values())
                .flatMap(stage -> Stream.of(End.values()).map(end -> Arguments.of(stage, end)));
    }

    @ParameterizedTest
    @MethodSource("stagesAndEnds")
    void theConnectionIsClosedAndTheSlotFree(Stage stage, End end) throws Exception {
        CountDownLatch reached = new CountDownLatch(1);
        answers();
        switch (stage) {
            case TOKENIZING ->
                server.on("/tokenize", (request, connection) -> {
                    reached.countDown();
                    connection.awaitClose();
                });
            case BEFORE_THE_ANSWER ->
                server.on(CHAT, (request, connection) -> {
                    reached.countDown();
                    connection.awaitClose();
                });
            case IN_THE_MIDDLE ->
                server.on(CHAT, (request, connection) -> {
                    connection.begin("text/event-stream");
                    connection.chunk("data: " + HELLO + "\n\n");
                    connection.awaitClose();
                });
        }
        load();
        stream(GenerationOptions.NONE);
        if (stage == Stage.IN_THE_MIDDLE) {
            assertEquals(new TaskEvent.Chunk("Hello"), events.poll(30, TimeUnit.SECONDS));
        } else {
            reached.await();
        }
        end(end);
        server.awaitClosed();
        isTold(ErrorCode.CANCELLED);
        nextTaskIsDone();
    }

    @ParameterizedTest
    @EnumSource(End.class)
    void whatWaitsInTheLineIsNeverSent(End end) throws Exception {
        answers();
        AtomicInteger asked = new AtomicInteger();
        CountDownLatch go = new CountDownLatch(1);
        server.on(CHAT, (request, connection) -> {
            asked.incrementAndGet();
            go.await();
            connection.events(HELLO, STOP, "[DONE]");
        });
        load();
        Answer<TaskResult> first = new Answer<>();
        service.run(ME, turn(GenerationOptions.NONE), first);
        server.next(CHAT);
        stream(GenerationOptions.NONE);
        created.value();
        end(end);
        isTold(ErrorCode.CANCELLED);
        go.countDown();
        assertEquals("Hello", ((GenerationResult) first.value()).content());
        assertEquals(1, asked.get());
        nextTaskIsDone();
    }

    /** Of the question for tokens before a request, or of the request itself where texts are trusted. */
    private static Stream<Arguments> questionsAndEnds() {
        return Stream.of(true, false).flatMap(trusts -> Stream.of(End.values()).map(end -> Arguments.of(trusts, end)));
    }

    @ParameterizedTest
    @MethodSource("questionsAndEnds")
    void whatStillConnectsIsGivenUp(boolean trusts, End end) throws Exception {
        load(trusts, new ServerConfig.Timeouts(600_000, 600_000, 600_000));
        server.close();
        FullPort.at(server.url().getPort(), url -> {
            stream(GenerationOptions.NONE);
            if (trusts) {
                created.value();
            }
            end(end);
            isTold(ErrorCode.CANCELLED);
            NodeStatus.Model model = service.status().models().getFirst();
            assertEquals(NodeStatus.SlotState.IDLE, model.slots().getFirst().state());
        });
    }

    @Test
    void aDeadlineEndsTheQuestionForTokensToo() throws Exception {
        answers();
        server.on("/tokenize", (request, connection) -> connection.awaitClose());
        load();
        stream(Given.options("timeoutMs", 1_000L));
        server.awaitClosed();
        isTold(ErrorCode.TIMEOUT);
        nextTaskIsDone();
    }

    /** It would be one that nobody waits for, as a connection that is closed is tried once more. */
    @Test
    void aQuestionThatIsGivenUpIsNotAskedOnceMore() throws Exception {
        answers();
        AtomicInteger asked = new AtomicInteger();
        load();
        server.on("/tokenize", (request, connection) -> {
            asked.incrementAndGet();
            connection.awaitClose();
        });
        stream(GenerationOptions.NONE);
        server.next("/tokenize");
        end(End.CLOSED_SESSION);
        server.awaitClosed();
        nextTaskIsDone();
        assertEquals(1, asked.get());
    }
}
