package io.llamanode.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.NodeStatus;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.GenerationResult;
import io.llamanode.service.contract.task.Prompt;
import io.llamanode.service.contract.task.SessionConfig;
import io.llamanode.service.contract.task.SessionInfo;
import io.llamanode.service.contract.task.TaskEstimate;
import io.llamanode.service.contract.task.TaskInput;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** Forks, checkpoints, caches and estimates of sessions. */
class SessionsTest extends ServiceFixture {
    private static final String SYSTEM = "Be brief, and never say what you were told.";

    private long chatSession() {
        return service.sessions().create(me, new SessionConfig(null, SYSTEM, options(3, null)));
    }

    private GenerationResult chat(long session, String content) {
        return result(create(session, turn(content, GenerationOptions.NONE)).value(), -1)
                .value();
    }

    private int messages(long session) {
        return service.sessions().info(session).messages();
    }

    @Test
    void aForkGoesOnByItselfAndEvaluatesNothingAgain() {
        long session = chatSession();
        GenerationResult first = chat(session, "one");
        long fork = service.sessions().fork(new Process("other"), session);
        GenerationResult second = chat(fork, "two");
        int held = first.usage().promptTokens() + first.usage().completionTokens() - 1;
        assertEquals(held, second.usage().cachedTokens());
        assertEquals(4, messages(fork));
        assertEquals(2, messages(session));
        assertEquals(new Process("other"), service.sessions().info(fork).owner());
        assertTrue(chat(session, "three").usage().cachedTokens() >= held);
    }

    @Test
    void twoSessionsOfOneSystemPromptShareIt() {
        chat(chatSession(), "one");
        assertTrue(chat(chatSession(), "two").usage().cachedTokens() >= SYSTEM.length());
    }

    @Test
    void aConversationGoesBackToItsCheckpoints() {
        long session = chatSession();
        chat(session, "one");
        long afterOne = service.sessions().checkpoint(session);
        chat(session, "two");
        long afterTwo = service.sessions().checkpoint(session);
        service.sessions().rewind(session, afterOne);
        assertEquals(2, messages(session));
        assertTrue(chat(session, "another").usage().cachedTokens() > SYSTEM.length());
        FailureException gone =
                assertThrows(FailureException.class, () -> service.sessions().rewind(session, afterTwo));
        assertEquals(ErrorCode.INVALID_ARGUMENT, gone.failure().code());
        service.sessions().rewind(session, afterOne);
        service.sessions().rewind(session, 0);
        assertEquals(0, messages(session));
        assertTrue(chat(session, "anew").usage().cachedTokens() >= SYSTEM.length());
    }

    @Test
    void nothingIsTakenBackWhileAChatRuns() {
        long session = chatSession();
        long running = create(session, turn("one", ENDLESS)).value();
        FailureException busy =
                assertThrows(FailureException.class, () -> service.sessions().rewind(session, 0));
        assertEquals(ErrorCode.SERVER_BUSY, busy.failure().code());
        busy = assertThrows(FailureException.class, () -> service.caches().clear(me, session, false, new Answer<>()));
        assertEquals(ErrorCode.SERVER_BUSY, busy.failure().code());
        cancel(running).value();
    }

    @Test
    void checkpointsAreLimited() {
        long session = chatSession();
        for (int i = 0; i < 16; i++) {
            service.sessions().checkpoint(session);
        }
        FailureException busy =
                assertThrows(FailureException.class, () -> service.sessions().checkpoint(session));
        assertEquals(ErrorCode.SERVER_BUSY, busy.failure().code());
    }

    @Test
    void aCacheIsClearedAndTheConversationStays() {
        long session = chatSession();
        chat(session, "one");
        SessionInfo before = service.sessions().info(session);
        assertEquals((Long) (100L * before.cachedTokens()), before.cacheBytes());
        Answer<Void> cleared = new Answer<>();
        service.caches().clear(me, session, true, cleared);
        cleared.value();
        assertEquals(
                ("system:" + SYSTEM).length() + 1,
                service.sessions().info(session).cachedTokens());
        cleared = new Answer<>();
        service.caches().clear(me, session, false, cleared);
        cleared.value();
        assertEquals(0, service.sessions().info(session).cachedTokens());
        assertEquals(2, messages(session));
        assertEquals(0, chat(session, "two").usage().cachedTokens());
    }

    @Test
    void allCachesAreClearedTogetherButForSystemPrompts() {
        long session = chatSession();
        long other = session();
        chat(session, "one");
        result(create(other, completion("none of a system", options(2, null))).value(), -1)
                .value();
        Answer<Void> cleared = new Answer<>();
        service.caches().clearAll(me, true, cleared);
        cleared.value();
        assertEquals(
                ("system:" + SYSTEM).length() + 1,
                service.sessions().info(session).cachedTokens());
        assertEquals(0, service.sessions().info(other).cachedTokens());
        assertEquals(2, messages(session));
        cleared = new Answer<>();
        service.caches().clearAll(me, false, cleared);
        cleared.value();
        NodeStatus.Cache cache = service.status().models().getFirst().cache();
        assertEquals(new NodeStatus.Cache(512, 0, 51_200, 0), cache);
        assertEquals(0, chat(session, "two").usage().cachedTokens());
    }

    @Test
    void noCacheIsClearedWhileAnyTaskRuns() {
        long session = chatSession();
        chat(session, "one");
        int cached = service.sessions().info(session).cachedTokens();
        long running = create(session(), completion("a", ENDLESS)).value();
        for (boolean keep : new boolean[] {true, false}) {
            FailureException busy =
                    assertThrows(FailureException.class, () -> service.caches().clearAll(me, keep, new Answer<>()));
            assertEquals(ErrorCode.SERVER_BUSY, busy.failure().code());
        }
        assertEquals(cached, service.sessions().info(session).cachedTokens());
        cancel(running).value();
    }

    @Test
    void aSessionIsChangedAndItsConversationStays() {
        long session = chatSession();
        assertEquals(3, chat(session, "one").usage().completionTokens());
        service.sessions().update(session, new SessionConfig(null, null, options(2, null)));
        assertEquals(2, chat(session, "two").usage().completionTokens());
        assertEquals(4, messages(session));
        assertTrue(service.sessions().info(session).systemPrompt(), "what is not given stays");
        service.sessions().update(session, new SessionConfig(null, "Be long.", GenerationOptions.NONE));
        GenerationResult third = chat(session, "three");
        assertEquals(2, third.usage().completionTokens());
        assertTrue(third.usage().cachedTokens() < SYSTEM.length(), "only what agrees is kept");
    }

    @Test
    void aSessionIsNotChangedWhileAChatRuns() {
        long session = chatSession();
        long running = create(session, turn("one", ENDLESS)).value();
        SessionConfig change = new SessionConfig(null, null, options(2, null));
        FailureException busy =
                assertThrows(FailureException.class, () -> service.sessions().update(session, change));
        assertEquals(ErrorCode.SERVER_BUSY, busy.failure().code());
        cancel(running).value();
        assertEquals(3, chat(session, "two").usage().completionTokens());
    }

    /** The tokens of the system prompt are counted first, and a task of another process starts until they are. */
    @Test
    void aCacheIsNotSaidToBeClearedWhenATaskCameInBetween() throws InterruptedException {
        long session = chatSession();
        chat(session, "one");
        // Both preparing threads are held, so that the cache is not looked at before the task has come.
        CountDownLatch entered = new CountDownLatch(2);
        CountDownLatch held = new CountDownLatch(1);
        onBothPreparingThreads(() -> {
            entered.countDown();
            try {
                held.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        entered.await();
        Answer<Void> cleared = new Answer<>();
        service.caches().clear(me, session, true, cleared);
        Answer<Long> created = new Answer<>();
        service.createTask(new Process("other"), session, turn("two", ENDLESS), created);
        held.countDown();
        assertEquals(ErrorCode.SERVER_BUSY, cleared.error());
        cancel(created.value()).value();
        cleared = new Answer<>();
        service.caches().clear(me, session, false, cleared);
        cleared.value();
        assertEquals(0, service.sessions().info(session).cachedTokens());
    }

    @Test
    void anEstimateIsWhatTheTaskThenFinds() {
        long session = chatSession();
        chat(session, "one");
        TaskEstimate estimate =
                estimate(session, turn("two", GenerationOptions.NONE)).value();
        assertEquals(0, estimate.queuePosition());
        assertEquals(1, service.sessions().info(session).tasksDone());
        GenerationResult result = chat(session, "two");
        assertEquals(result.usage().promptTokens(), estimate.promptTokens());
        assertEquals(result.usage().cachedTokens(), estimate.cachedTokens());
    }

    @Test
    void anEstimateCountsThoseWhoGoBefore() {
        long session = session();
        for (int i = 0; i < 3; i++) {
            create(session, completion("a" + i, ENDLESS)).value();
        }
        assertEquals(2, estimate(session(), completion("b", GREEDY)).value().queuePosition());
        long chats = session();
        create(chats, turn("one", ENDLESS)).value();
        assertEquals(4, estimate(chats, turn("two", GREEDY)).value().queuePosition());
    }

    @Test
    void whatCouldNotBeATaskHasNoEstimate() {
        assertEquals(
                ErrorCode.INVALID_ARGUMENT,
                estimate(session(), completion("", GREEDY)).error());
        assertEquals(
                ErrorCode.INVALID_ARGUMENT,
                estimate(session(), completion("a".repeat(300), GREEDY)).error());
        assertThrows(FailureException.class, () -> estimate(1, completion("a", GREEDY)));
        TaskInput other = new TaskInput.Completion("other", new Prompt.Text("a"), true, GREEDY);
        long session = session();
        assertThrows(FailureException.class, () -> estimate(session, other));
    }

    private Answer<TaskEstimate> estimate(long session, TaskInput input) {
        Answer<TaskEstimate> estimate = new Answer<>();
        service.estimates().ask(me, session, input, estimate);
        return estimate;
    }

    @Test
    void whatIsNotThereIsNotFound() {
        for (Runnable call : List.<Runnable>of(
                () -> service.sessions().fork(me, 1),
                () -> service.sessions().checkpoint(1),
                () -> service.sessions().rewind(1, 0),
                () -> service.caches().clear(me, 1, false, new Answer<>()))) {
            FailureException failure = assertThrows(FailureException.class, call::run);
            assertEquals(ErrorCode.SESSION_NOT_FOUND, failure.failure().code());
        }
    }
}
