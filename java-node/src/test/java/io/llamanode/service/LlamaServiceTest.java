package io.llamanode.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LlamaServiceTest {
    private static final GenerationOptions GREEDY = options(-1, null);
    private static final GenerationOptions ENDLESS = options(1_000_000_000, null);

    private record Process(String name) implements Owner {}

    private record Event(long task, TaskEvent event) {}

    private final Process me = new Process("me");
    private final Map<Owner, Runnable> watched = new ConcurrentHashMap<>();
    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private final FakeLoadedModel model = new FakeLoadedModel("fake", 2, 8);
    private LlamaService service;

    private static GenerationOptions options(int maxTokens, Long timeoutMs) {
        return new GenerationOptions(
                maxTokens, 0f, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
                null, timeoutMs);
    }

    @BeforeEach
    void start() {
        service = service(100, 60_000);
    }

    private LlamaService service(int maxTasks, long resultTtlMs) {
        ModelLoader loader = new ModelLoader() {
            @Override
            public LoadedModel load(ModelConfig config, LoadProgress progress) {
                return model;
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
        LlamaService made = new LlamaService(new NodeConfig(List.of(), resultTtlMs, 3, 5, maxTasks), loader, monitor);
        Answer<Void> loaded = new Answer<>();
        made.loadModel(
                new ModelConfig(Path.of("fake.gguf"), null, null, null, null, null, null, null, null, null, null),
                fraction -> {},
                loaded);
        loaded.value();
        made.ready();
        return made;
    }

    @AfterEach
    void stop() {
        service.close();
    }

    private long session() {
        return service.createSession(me, new SessionConfig(null, null, GenerationOptions.NONE));
    }

    private static TaskInput completion(String prompt, GenerationOptions options) {
        return new TaskInput.Completion(null, new Prompt.Text(prompt), true, options);
    }

    private static TaskInput turn(String content, GenerationOptions options) {
        return new TaskInput.Chat(null, null, content, null, Map.of(), options);
    }

    private Answer<Long> create(long session, TaskInput input) {
        Answer<Long> created = new Answer<>();
        service.createTask(me, session, input, created);
        return created;
    }

    private Answer<TaskResult> result(long task, long timeoutMs) {
        Answer<TaskResult> result = new Answer<>();
        service.getResult(task, timeoutMs, result);
        return result;
    }

    private Answer<Void> cancel(long task) {
        Answer<Void> cancelled = new Answer<>();
        service.cancelTask(task, cancelled);
        return cancelled;
    }

    private long stream(long session, TaskInput input) {
        Answer<Long> created = new Answer<>();
        service.stream(me, me, (task, event) -> events.add(new Event(task, event)), session, input, created);
        return created.value();
    }

    private TaskEvent nextEvent() throws InterruptedException {
        return events.poll(30, TimeUnit.SECONDS).event();
    }

    @Test
    void completesAPrompt() {
        model.model.answer("2+2=", "4");
        TaskResult result = result(create(session(), completion("2+2=", GREEDY)).value(), -1).value();
        assertEquals("4", result.content());
        assertEquals(TaskResult.FinishReason.STOP, result.finishReason());
        assertEquals(new TaskResult.Usage(4, 1, 0), result.usage());
    }

    @Test
    void aResultIsCollectedOnce() {
        model.model.answer("a", "b");
        long task = create(session(), completion("a", GREEDY)).value();
        result(task, -1).value();
        assertEquals(ErrorCode.TASK_NOT_FOUND, result(task, -1).error());
    }

    @Test
    void everybodyWhoWaitsIsAnswered() {
        long task = create(session(), completion("a", ENDLESS)).value();
        Answer<TaskResult> first = result(task, -1);
        Answer<TaskResult> second = result(task, 60_000);
        cancel(task).value();
        assertEquals(ErrorCode.CANCELLED, first.error());
        assertEquals(ErrorCode.CANCELLED, second.error());
        assertEquals(ErrorCode.TASK_NOT_FOUND, result(task, 0).error());
    }

    @Test
    void aTimeoutLeavesTheTaskRunning() {
        long task = create(session(), completion("a", ENDLESS)).value();
        assertEquals(ErrorCode.TIMEOUT, result(task, 0).error());
        assertEquals(ErrorCode.TIMEOUT, result(task, 1).error());
        cancel(task).value();
        assertEquals(ErrorCode.CANCELLED, result(task, -1).error());
    }

    @Test
    void aCancelledTaskCanBeCancelledAgainUntilItIsCollected() {
        long task = create(session(), completion("a", ENDLESS)).value();
        cancel(task).value();
        cancel(task).value();
        result(task, 0).error();
        assertEquals(ErrorCode.TASK_NOT_FOUND, cancel(task).error());
    }

    @Test
    void streamsChunksThenOneTerminalEvent() throws InterruptedException {
        model.model.answer("a", "xyz");
        stream(session(), completion("a", GREEDY));
        assertEquals(new TaskEvent.Chunk("x", 0), nextEvent());
        assertEquals(new TaskEvent.Chunk("y", 1), nextEvent());
        assertEquals(new TaskEvent.Chunk("z", 2), nextEvent());
        assertEquals("xyz", ((TaskEvent.Done) nextEvent()).result().content());
        service.close();
        assertTrue(events.isEmpty());
    }

    @Test
    void aChatGrowsTheTranscriptAndReusesTheCache() {
        model.model.answer("user:Hi\u0100assistant:", "Hello");
        long session = session();
        TaskResult first = result(create(session, turn("Hi", options(5, null))).value(), -1).value();
        assertEquals(5, first.content().length());
        assertEquals(2, service.sessionInfo(session).messages());
        TaskResult second = result(create(session, turn("Again", options(3, null))).value(), -1).value();
        // All but the last sampled token, which is not in the KV cache until it is decoded.
        assertEquals(first.usage().promptTokens() + 4, second.usage().cachedTokens());
        assertEquals(4, service.sessionInfo(session).messages());
    }

    @Test
    void chatsOfASessionRunInOrderAndBuildOnEachOther() {
        long session = session();
        long first = create(session, turn("one", options(2, null))).value();
        long second = create(session, turn("two", options(2, null))).value();
        long third = create(session, turn("three", options(2, null))).value();
        int tokens = result(first, -1).value().usage().promptTokens();
        int more = result(second, -1).value().usage().promptTokens();
        int most = result(third, -1).value().usage().promptTokens();
        assertTrue(tokens < more && more < most, tokens + " " + more + " " + most);
        assertEquals(6, service.sessionInfo(session).messages());
    }

    @Test
    void aCancelledChatLeavesTheTranscriptAsItWas() {
        long session = session();
        long endless = create(session, turn("one", ENDLESS)).value();
        long next = create(session, turn("two", options(1, null))).value();
        cancel(endless).value();
        result(next, -1).value();
        assertEquals(2, service.sessionInfo(session).messages());
    }

    @Test
    void aWaitingChatCanTimeOutAndBeCancelled() {
        long session = session();
        long endless = create(session, turn("one", ENDLESS)).value();
        long late = create(session, turn("two", options(1, 1L))).value();
        long unwanted = create(session, turn("three", options(1, null))).value();
        assertEquals(ErrorCode.TIMEOUT, result(late, -1).error());
        cancel(unwanted).value();
        assertEquals(ErrorCode.CANCELLED, result(unwanted, -1).error());
        cancel(endless).value();
    }

    @Test
    void aDeadlineEndsARunningTask() {
        long task = create(session(), completion("a", options(1_000_000_000, 20L))).value();
        assertEquals(ErrorCode.TIMEOUT, result(task, -1).error());
    }

    @Test
    void theSystemPromptComesFirst() {
        long plain = session();
        long systematic = service.createSession(me, new SessionConfig("fake", "Be kind.", GenerationOptions.NONE));
        int without = result(create(plain, turn("Hi", options(1, null))).value(), -1).value().usage().promptTokens();
        int with = result(create(systematic, turn("Hi", options(1, null))).value(), -1).value().usage().promptTokens();
        assertEquals("system:Be kind.".length() + 1, with - without);
    }

    @Test
    void closingASessionCancelsItsTasksFirst() {
        long session = session();
        List<Long> ids = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            ids.add(create(session, completion("a", ENDLESS)).value());
            ids.add(create(session, turn("b", ENDLESS)).value());
        }
        List<Answer<TaskResult>> results = ids.stream().map(id -> result(id, -1)).toList();
        Answer<Void> closed = new Answer<>();
        service.closeSession(session, closed);
        closed.value();
        results.forEach(result -> assertEquals(ErrorCode.CANCELLED, result.error()));
        assertEquals(0, service.status().tasksRunning());
        Answer<Void> again = new Answer<>();
        service.closeSession(session, again);
        assertEquals(ErrorCode.SESSION_NOT_FOUND, again.error());
    }

    @Test
    void aDeadOwnerLosesItsSessionsAndTasks() throws InterruptedException {
        long session = session();
        stream(session, completion("a", ENDLESS));
        nextEvent();
        watched.get(me).run();
        TaskEvent event = nextEvent();
        while (event instanceof TaskEvent.Chunk) {
            event = nextEvent();
        }
        assertEquals(ErrorCode.CANCELLED, ((TaskEvent.Failed) event).failure().code());
        // The owner's end is handled by one thread, which answers this in turn.
        Answer<Void> closed = new Answer<>();
        service.closeSession(session, closed);
        assertEquals(ErrorCode.SESSION_NOT_FOUND, closed.error());
        assertFalse(watched.containsKey(me));
    }

    @Test
    void aProcessIsWatchedOnlyWhileItOwnsSomething() {
        long session = session();
        assertTrue(watched.containsKey(me));
        Answer<Void> closed = new Answer<>();
        service.closeSession(session, closed);
        closed.value();
        assertTrue(watched.isEmpty());
    }

    @Test
    void theQueueHasAnEnd() {
        long session = session();
        List<Answer<Long>> created = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            created.add(create(session, completion("a", ENDLESS)));
        }
        long refused = created.stream().filter(answer -> {
            try {
                return answer.error() == ErrorCode.SERVER_BUSY;
            } catch (ClassCastException e) {
                return false;
            }
        }).count();
        assertEquals(20, refused);
    }

    @Test
    void sessionsHaveALimit() {
        for (int i = 0; i < 5; i++) {
            session();
        }
        FailureException e = assertThrows(FailureException.class, this::session);
        assertEquals(ErrorCode.SERVER_BUSY, e.failure().code());
    }

    @Test
    void onlySoManyResultsAreKept() {
        model.model.answer("a", "b");
        long session = session();
        List<Long> ids = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            long id = create(session, completion("a", GREEDY)).value();
            // A chat after it proves that it has ended without collecting it.
            result(create(session, turn("x", options(1, null))).value(), -1).value();
            result(create(session, completion("a", GREEDY)).value(), -1).value();
            ids.add(id);
        }
        assertEquals(ErrorCode.TASK_NOT_FOUND, result(ids.getFirst(), 0).error());
        assertEquals("b", result(ids.getLast(), -1).value().content());
    }

    @Test
    void resultsExpire() throws InterruptedException {
        service.close();
        KeptResults kept = new KeptResults(10, 100);
        kept.keep(1, new TaskOutcome.Failed(new Failure(ErrorCode.CANCELLED, "")), 0);
        kept.keep(2, new TaskOutcome.Failed(new Failure(ErrorCode.CANCELLED, "")), 60);
        assertEquals(60, kept.expire(100));
        assertFalse(kept.contains(1));
        assertTrue(kept.contains(2));
        assertEquals(-1, kept.expire(160));
        assertEquals(0, kept.size());
    }

    @Test
    void runsATaskWithoutASession() {
        model.model.answer("a", "b");
        Answer<TaskResult> result = new Answer<>();
        service.run(me, completion("a", GREEDY), result);
        assertEquals("b", result.value().content());
        Answer<TaskResult> refused = new Answer<>();
        service.run(me, completion("", GREEDY), refused);
        assertEquals(ErrorCode.INVALID_ARGUMENT, refused.error());
        assertTrue(watched.isEmpty());
    }

    @Test
    void badInputNamesItsKeyAndLosesNothing() {
        long session = session();
        assertTrue(create(session, completion("", GREEDY)).message().startsWith("prompt:"));
        assertTrue(create(session, completion("a".repeat(256), GREEDY)).message().contains("256 tokens"));
        assertTrue(create(session, completion("a".repeat(5_000_000), GREEDY)).message().contains("characters"));
        assertTrue(create(session, turn("a".repeat(300), GREEDY)).message().startsWith("content:"));
        assertTrue(create(session, new TaskInput.Completion(
                        null, new Prompt.Tokens(new int[] {1, 999}), true, GREEDY))
                .message().contains("no token 999"));
        assertEquals(
                ErrorCode.UNSUPPORTED,
                create(session, new TaskInput.Unsupported(null, TaskType.RERANK)).error());
        assertEquals(ErrorCode.SESSION_NOT_FOUND, create(1, completion("a", GREEDY)).error());
        assertEquals(ErrorCode.TASK_NOT_FOUND, cancel(1).error());
        model.model.answer("a", "b");
        assertEquals("b", result(create(session, completion("a", GREEDY)).value(), -1).value().content());
    }

    @Test
    void statusCountsWhatHappened() {
        model.model.answer("a", "b");
        long session = session();
        result(create(session, completion("a", GREEDY)).value(), -1).value();
        long endless = create(session, completion("a", ENDLESS)).value();
        cancel(endless).value();
        NodeStatus status = service.status();
        assertEquals(NodeStatus.State.READY, status.state());
        assertEquals(1, status.sessions());
        assertEquals(2, status.counters().tasksCreated());
        assertEquals(1, status.counters().tasksDone());
        assertEquals(1, status.counters().tasksCancelled());
        assertEquals(1, status.resultsKept());
        assertEquals(2, status.models().getFirst().slots().size());
        assertTrue(status.memory().rssBytes() > 0);
    }

    @Test
    void closingTheServiceAnswersEverybody() {
        long session = session();
        Answer<TaskResult> running = result(create(session, completion("a", ENDLESS)).value(), -1);
        long chat = create(session, turn("a", ENDLESS)).value();
        Answer<TaskResult> chatResult = result(chat, -1);
        Answer<TaskResult> behind = result(create(session, turn("b", ENDLESS)).value(), -1);
        service.close();
        assertEquals(ErrorCode.CANCELLED, running.error());
        assertEquals(ErrorCode.CANCELLED, chatResult.error());
        assertEquals(ErrorCode.CANCELLED, behind.error());
        assertThrows(FailureException.class, this::session);
    }

    @Test
    void idsGrowAcrossIncarnations() {
        IdSource first = new IdSource(1_800_000_000_000L);
        IdSource second = new IdSource(1_800_000_000_001L);
        long last = 0;
        for (int i = 0; i < 1024; i++) {
            last = first.next();
        }
        assertTrue(last < second.next());
    }
}
