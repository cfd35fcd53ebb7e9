package io.llamanode.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.llamanode.account.MemoryAccount;
import io.llamanode.engine.vector.VectorRunner;
import io.llamanode.remote.ScriptedServer;
import io.llamanode.remote.answer.Trees;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.Given;
import io.llamanode.service.contract.NodeStatus;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.ServerReport;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.ModelReport;
import io.llamanode.service.contract.model.NodeConfig;
import io.llamanode.service.contract.model.ServerConfig;
import io.llamanode.service.contract.task.ChatOptions;
import io.llamanode.service.contract.task.EmbeddingResult;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.GenerationResult;
import io.llamanode.service.contract.task.Prompt;
import io.llamanode.service.contract.task.RankingResult;
import io.llamanode.service.contract.task.SessionConfig;
import io.llamanode.service.contract.task.TaskEvent;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.TaskResult;
import io.llamanode.service.model.FakeLoadedModel;
import io.llamanode.service.model.LoadedModel;
import io.llamanode.service.model.ModelLoader;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tasks of a model whose server refuses them, or is down, which another model of the node does. */
class FallbackTest {
    private record Process(String name) implements Owner {}

    private static final Process ME = new Process("me");
    private static final String CHAT = "/v1/chat/completions";
    private static final String COMPLETIONS = "/v1/completions";
    private static final String FINISH = "{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}";

    private final Map<String, FakeLoadedModel> loaded = new ConcurrentHashMap<>();
    private final ModelLoader loader = new ModelLoader() {
        @Override
        public LoadedModel load(ModelConfig config, LoadProgress progress) {
            FakeLoadedModel model = new FakeLoadedModel(config.effectiveId(), 1, 1);
            model.model.answer("Hello", " there");
            loaded.put(config.effectiveId(), model);
            return model;
        }

        @Override
        public Preview preview(ModelConfig config) {
            throw new UnsupportedOperationException();
        }

        @Override
        public NodeStatus.Library library() {
            return NodeStatus.Library.NONE;
        }
    };

    private final ScriptedServer server = new ScriptedServer().likeLlamaServer(2, 4096);
    private final MemoryAccount account = MemoryAccount.ofHeap(100);
    private final LlamaService service = new LlamaService(
            new NodeConfig(List.of(), 60_000, 10, 10, 1000, 100), loader, (owner, down) -> () -> {}, account);

    @AfterEach
    void close() {
        Long held = account.balance().kinds().getOrDefault(MemoryAccount.Kind.TASK, 0L);
        service.close();
        server.close();
        assertEquals(0, held, "memory is held for tasks that have ended");
    }

    private static ModelConfig model(URI url, String id, String fallback, ServerConfig.Timeouts timeouts) {
        return ModelConfig.of(
                new ServerConfig(
                        url,
                        null,
                        null,
                        true,
                        true,
                        true,
                        Map.of(),
                        null,
                        ServerConfig.Tls.SYSTEM,
                        timeouts,
                        null,
                        fallback,
                        null),
                id,
                null,
                null,
                null,
                null,
                null);
    }

    private Answer<Void> load(ModelConfig config) {
        Answer<Void> reply = new Answer<>();
        service.loadModel(null, config, fraction -> {}, reply);
        return reply;
    }

    private void big(String fallback) {
        load(model(server.url(), "big", fallback, ServerConfig.Timeouts.DEFAULTS))
                .value();
    }

    private FakeLoadedModel small() {
        load(ModelConfig.of(Path.of("small.gguf"))).value();
        return loaded.get("small");
    }

    private void bigAndSmall() {
        big("small");
        small();
    }

    private static TaskInput.Completion hello(GenerationOptions options) {
        return new TaskInput.Completion("big", new Prompt.Text("Hello"), true, options);
    }

    private static TaskInput.Chat turn(String content) {
        return new TaskInput.Chat(null, null, content, null, ChatOptions.NONE, Given.options("maxTokens", 3));
    }

    private Answer<TaskResult> run(TaskInput input) {
        Answer<TaskResult> result = new Answer<>();
        service.run(ME, input, result);
        return result;
    }

    private GenerationResult done() {
        return (GenerationResult) run(hello(GenerationOptions.NONE)).value();
    }

    private Failure failed() {
        return (Failure) run(hello(GenerationOptions.NONE)).await();
    }

    private long session() {
        return service.sessions().create(ME, new SessionConfig("big", null, GenerationOptions.NONE));
    }

    private GenerationResult chat(long session, String content) {
        Answer<Long> id = new Answer<>();
        service.createTask(ME, session, turn(content), id);
        Answer<TaskResult> result = new Answer<>();
        service.getResult(ME, id.value(), -1, result);
        return (GenerationResult) result.value();
    }

    private ServerReport.Fallback counted() {
        return service.models().list().stream()
                .filter(report -> report.id().equals("big"))
                .map(ModelReport::server)
                .map(Objects::requireNonNull)
                .map(ServerReport::fallback)
                .findFirst()
                .orElseThrow();
    }

    private void answers(int status) {
        ScriptedServer.Script script = (request, connection) ->
                connection.whole(status, "application/json", "{\"error\":{\"message\":\"not now\"}}");
        server.on(COMPLETIONS, script).on(CHAT, script).on("/v1/embeddings", script);
        server.on("/v1/rerank", script).on("/infill", script);
    }

    @ParameterizedTest
    @ValueSource(ints = {401, 403, 408, 425, 429, 500, 502, 504})
    void anotherModelDoesWhatTheServerCanNotDoNow(int status) {
        bigAndSmall();
        answers(status);
        GenerationResult result = done();
        assertEquals(" there", result.content());
        assertEquals("small", result.model());
        assertEquals(new ServerReport.Fallback("small", 1), counted());
    }

    @ParameterizedTest
    @ValueSource(ints = {302, 400, 404, 413, 422, 501})
    void whatSpeaksAgainstTheRequestOrTheConfigurationIsTheAnswer(int status) {
        bigAndSmall();
        answers(status);
        assertTrue(failed().message().contains("it "), failed().message());
        assertEquals(new ServerReport.Fallback("small", 0), counted());
    }

    @Test
    void aServerThatLoadsIsWaitedForBeforeAnotherModelDoesIt() {
        AtomicInteger asked = new AtomicInteger();
        load(model(server.url(), "big", "small", new ServerConfig.Timeouts(5_000, 60_000, 600)))
                .value();
        small();
        server.on(COMPLETIONS, (request, connection) -> {
            asked.incrementAndGet();
            connection.whole(503, "application/json", "{\"error\":{\"message\":\"Loading model\"}}");
        });
        assertEquals("small", done().model());
        assertTrue(asked.get() > 1, "it was asked once only");
    }

    @Test
    void anotherModelDoesItWhileTheServerIsDown() {
        server.close();
        bigAndSmall();
        assertEquals("small", done().model());
        assertEquals("small", done().model());
        assertEquals(new ServerReport.Fallback("small", 2), counted());
    }

    @Test
    void theServerDoesItAgainOnceItAnswers() {
        bigAndSmall();
        answers(500);
        assertEquals("small", done().model());
        server.on(
                COMPLETIONS,
                (request, connection) ->
                        connection.events("{\"choices\":[{\"text\":\" you\",\"finish_reason\":\"stop\"}]}", "[DONE]"));
        GenerationResult result = done();
        assertEquals("big", result.model());
        assertEquals(" you", result.content());
    }

    @Test
    void aConnectionThatIsClosedBeforeTheFirstPartIsARefusal() {
        bigAndSmall();
        server.on(COMPLETIONS, (request, connection) -> connection.begin("text/event-stream"));
        assertEquals("small", done().model());
    }

    @Test
    void anAnswerThatBeganIsNeverGivenTwice() throws Exception {
        bigAndSmall();
        server.on(CHAT, (request, connection) -> {
            connection.begin("text/event-stream");
            connection.chunk("data: {\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]}\n\n");
        });
        BlockingQueue<TaskEvent> events = new LinkedBlockingQueue<>();
        Answer<Long> id = new Answer<>();
        service.stream(ME, ME, (task, event) -> events.add(event), session(), turn("Hi"), id);
        id.value();
        assertEquals(new TaskEvent.Chunk("Hel"), events.poll(20, TimeUnit.SECONDS));
        TaskEvent end = events.poll(20, TimeUnit.SECONDS);
        assertTrue(end instanceof TaskEvent.Failed(Failure why) && why.code() == ErrorCode.INFERENCE_FAILED, "" + end);
        assertEquals(new ServerReport.Fallback("small", 0), counted());
    }

    @Test
    void aSessionKeepsItsHistoryHereAndThere() throws Exception {
        bigAndSmall();
        server.on(
                CHAT,
                (request, connection) ->
                        connection.events("{\"choices\":[{\"delta\":{\"content\":\"one\"}}]}", FINISH, "[DONE]"));
        long session = session();
        assertEquals("big", chat(session, "1").model());
        answers(429);
        assertEquals("small", chat(session, "2").model());
        assertEquals(4, service.sessions().info(session).messages());
        server.on(
                CHAT,
                (request, connection) ->
                        connection.events("{\"choices\":[{\"delta\":{\"content\":\"three\"}}]}", FINISH, "[DONE]"));
        assertEquals("big", chat(session, "3").model());
        server.next(CHAT);
        server.next(CHAT);
        JsonNode messages =
                Objects.requireNonNull(Trees.parse(server.next(CHAT).body())).path("messages");
        assertEquals(List.of("1", "one", "2", "!!!", "3"), messages.findValuesAsText("content"));
        Answer<Void> closed = new Answer<>();
        service.sessions().close(session, closed);
        closed.value();
    }

    @Test
    void theOtherModelsRefusalIsTheAnswer() {
        FakeLoadedModel small = small();
        small.nCtx = 2;
        big("small");
        answers(500);
        Failure failure = failed();
        assertEquals(ErrorCode.INVALID_ARGUMENT, failure.code());
        assertTrue(failure.message().endsWith("(by 'small', the fallback of 'big')"), failure.message());
    }

    @Test
    void theOtherModelsQueueHolds() {
        FakeLoadedModel small = small();
        CountDownLatch go = new CountDownLatch(1);
        small.model.whileExecuting = plan -> await(go);
        big("small");
        answers(500);
        List<Answer<TaskResult>> own = List.of(run(ofSmall()), run(ofSmall()));
        Failure busy = failed();
        assertEquals(ErrorCode.SERVER_BUSY, busy.code());
        assertTrue(busy.message().endsWith("(by 'small', the fallback of 'big')"), busy.message());
        go.countDown();
        own.forEach(Answer::value);
    }

    private static TaskInput.Completion ofSmall() {
        return new TaskInput.Completion("small", new Prompt.Text("x"), true, Given.options("maxTokens", 2));
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(30, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void theDeadlineGoesOnCounting() {
        FakeLoadedModel small = small();
        CountDownLatch go = new CountDownLatch(1);
        small.model.whileTokenizing = text -> await(go);
        big("small");
        answers(500);
        Answer<TaskResult> result = run(hello(Given.options("timeoutMs", 300L)));
        assertEquals(ErrorCode.TIMEOUT, result.error());
        go.countDown();
    }

    @Test
    void aTaskThatIsCancelledElsewhereEnds() {
        FakeLoadedModel small = small();
        CountDownLatch begun = new CountDownLatch(1);
        small.model.whileExecuting = plan -> begun.countDown();
        big("small");
        answers(500);
        Answer<Long> id = new Answer<>();
        service.createTask(
                ME,
                session(),
                new TaskInput.Completion(null, new Prompt.Text("x"), true, Given.options("maxTokens", 1_000_000_000)),
                id);
        await(begun);
        Answer<Void> cancelled = new Answer<>();
        service.cancelTask(id.value(), cancelled);
        assertNull(cancelled.value());
        assertEquals(1, service.status().counters().tasksCancelled());
        assertEquals(0, service.status().tasksRunning());
    }

    @Test
    void aFallbackThatIsNotLoadedIsNamed() {
        big("small");
        answers(500);
        Failure failure = failed();
        assertEquals(ErrorCode.INFERENCE_FAILED, failure.code());
        assertTrue(failure.message().endsWith("not now; its fallback 'small' is not loaded"), failure.message());
        small();
        assertEquals("small", done().model());
        Answer<Void> unloaded = new Answer<>();
        service.unloadModel("small", unloaded);
        unloaded.value();
        assertTrue(failed().message().endsWith("is not loaded"), failure.message());
    }

    @Test
    void aFallbackHasItsOwn() {
        try (ScriptedServer middle = new ScriptedServer().likeOpenai("m")) {
            middle.on(
                    COMPLETIONS,
                    (request, connection) -> connection.whole(429, "application/json", "{\"error\":\"full\"}"));
            answers(500);
            load(model(middle.url(), "middle", "small", ServerConfig.Timeouts.DEFAULTS))
                    .value();
            big("middle");
            small();
            assertEquals("small", done().model());
            assertEquals(new ServerReport.Fallback("middle", 1), counted());
        }
    }

    @Test
    void circlesAreRefusedAtTheLoadThatWouldCloseThem() {
        load(model(server.url(), "a", "b", ServerConfig.Timeouts.DEFAULTS)).value();
        load(model(server.url(), "b", "c", ServerConfig.Timeouts.DEFAULTS)).value();
        Answer<Void> closing = load(model(server.url(), "c", "a", ServerConfig.Timeouts.DEFAULTS));
        assertEquals("fallback: would go round in a circle, c, a, b, c", closing.message());
        Answer<Void> own = load(model(server.url(), "d", "d", ServerConfig.Timeouts.DEFAULTS));
        assertEquals(ErrorCode.INVALID_ARGUMENT, own.error());
        assertEquals("fallback: would go round in a circle, d, d", own.message());
    }

    private void scoresAndTextsComeFrom(String model) {
        RankingResult ranking = (RankingResult) run(new TaskInput.Rerank("big", "q", List.of("a", "b"), null, null))
                .value();
        assertEquals(model, ranking.model());
        assertEquals(List.of(1, 0), ranking.best());
        GenerationResult text = (GenerationResult)
                run(new TaskInput.Infill("big", "int a = ", ";", List.of(), "", GenerationOptions.NONE))
                        .value();
        assertEquals(model, text.model());
        assertEquals("1", text.content());
    }

    @Test
    void scoresAndInfillsGoElsewhereToo() {
        try (ScriptedServer other = new ScriptedServer().likeLlamaServer(1, 4096)) {
            other.on(
                    "/v1/rerank",
                    (request, connection) -> connection.json("{\"results\":[{\"index\":1,\"relevance_score\":0.9},"
                            + "{\"index\":0,\"relevance_score\":0.1}]}"));
            other.on(
                    "/infill",
                    (request, connection) ->
                            connection.events("{\"content\":\"1\",\"stop\":true,\"stop_type\":\"eos\"}"));
            load(model(other.url(), "other", null, ServerConfig.Timeouts.DEFAULTS))
                    .value();
            big("other");
            answers(500);
            scoresAndTextsComeFrom("other");
            assertEquals(new ServerReport.Fallback("other", 2), counted());
            server.close();
            scoresAndTextsComeFrom("other");
            assertEquals(new ServerReport.Fallback("other", 4), counted());
        }
    }

    @Test
    void vectorsSayOfWhichModelTheyAre() {
        FakeLoadedModel small = small();
        small.vectors = new VectorRunner() {
            @Override
            public int maxSequences() {
                return 64;
            }

            @Override
            public int maxTokens() {
                return 1000;
            }

            @Override
            public List<float[]> compute(List<Sequence> sequences, BooleanSupplier givenUp) {
                return sequences.stream()
                        .map(sequence -> new float[] {1, sequence.tokens().length})
                        .toList();
            }

            @Override
            public void close() {
                // Holds nothing.
            }
        };
        big("small");
        answers(500);
        EmbeddingResult result = (EmbeddingResult) run(new TaskInput.Embedding(
                        "big",
                        false,
                        List.of(new Prompt.Text("a")),
                        false,
                        true,
                        null,
                        null,
                        TaskInput.Encoding.FLOAT,
                        null))
                .value();
        assertEquals("small", result.model());
    }
}
