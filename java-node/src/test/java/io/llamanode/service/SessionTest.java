package io.llamanode.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.task.ChatOptions;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.GenerationResult;
import io.llamanode.service.contract.task.SessionConfig;
import io.llamanode.service.contract.task.TaskEvent;
import io.llamanode.service.contract.task.TaskInput;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Sessions and their conversations. */
class SessionTest extends ServiceFixture {
    @Test
    void aChatGrowsTheTranscriptAndReusesTheCache() {
        model.model.answer("user:Hi\u0100assistant:", "Hello");
        long session = session();
        GenerationResult first = result(
                        create(session, turn("Hi", options(5, null))).value(), -1)
                .value();
        assertEquals(5, first.content().length());
        assertEquals(2, service.sessions().info(session).messages());
        GenerationResult second = result(
                        create(session, turn("Again", options(3, null))).value(), -1)
                .value();
        // All but the last sampled token, which is not in the KV cache until it is decoded.
        assertEquals(first.usage().promptTokens() + 4, second.usage().cachedTokens());
        assertEquals(4, service.sessions().info(session).messages());
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
        assertEquals(6, service.sessions().info(session).messages());
    }

    @Test
    void aCancelledChatLeavesTheTranscriptAsItWas() {
        long session = session();
        long endless = create(session, turn("one", ENDLESS)).value();
        long next = create(session, turn("two", options(1, null))).value();
        cancel(endless).value();
        result(next, -1).value();
        assertEquals(2, service.sessions().info(session).messages());
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
    void theSystemPromptComesFirst() {
        long plain = session();
        long systematic = service.sessions().create(me, new SessionConfig("fake", "Be kind.", GenerationOptions.NONE));
        int without = result(create(plain, turn("Hi", options(1, null))).value(), -1)
                .value()
                .usage()
                .promptTokens();
        int with = result(create(systematic, turn("Hi", options(1, null))).value(), -1)
                .value()
                .usage()
                .promptTokens();
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
        List<Answer<GenerationResult>> results =
                ids.stream().map(id -> result(id, -1)).toList();
        Answer<Void> closed = new Answer<>();
        service.sessions().close(session, closed);
        closed.value();
        results.forEach(result -> assertEquals(ErrorCode.CANCELLED, result.error()));
        assertEquals(0, service.status().tasksRunning());
        Answer<Void> again = new Answer<>();
        service.sessions().close(session, again);
        assertEquals(ErrorCode.SESSION_NOT_FOUND, again.error());
    }

    @Test
    void aDeadOwnerLosesItsSessionsAndTasks() throws InterruptedException {
        long session = session();
        stream(session, completion("a", ENDLESS));
        nextEvent();
        watched.remove(me).run();
        TaskEvent event = nextEvent();
        while (event instanceof TaskEvent.Chunk) {
            event = nextEvent();
        }
        assertEquals(ErrorCode.CANCELLED, ((TaskEvent.Failed) event).failure().code());
        // The owner's end is handled by one thread, which answers this in turn.
        Answer<Void> closed = new Answer<>();
        service.sessions().close(session, closed);
        assertEquals(ErrorCode.SESSION_NOT_FOUND, closed.error());
        assertFalse(watched.containsKey(me));
    }

    @Test
    void anAcceptedChatIsNeverRefusedLater() {
        long session = session();
        List<Long> chats = new ArrayList<>();
        // As many as there are results kept: all may have ended before the first is collected.
        for (int i = 0; i < 3; i++) {
            chats.add(create(session, turn("hi", options(1, null))).value());
        }
        Process flood = new Process("flood");
        for (int i = 0; i < 20; i++) {
            service.run(flood, completion("a", options(3, null)), new Answer<>());
        }
        for (long chat : chats) {
            assertEquals(1, result(chat, -1).value().usage().completionTokens());
        }
    }

    @Test
    void aConversationThatOutgrowsTheContextLosesItsOldestTurns() {
        long session = service.sessions().create(me, new SessionConfig("fake", "sys", GenerationOptions.NONE));
        int most = 0;
        for (int i = 0; i < 20; i++) {
            GenerationResult answer = result(
                            create(session, turn("0123456789".repeat(3), options(20, null)))
                                    .value(),
                            -1)
                    .value();
            assertEquals(20, answer.usage().completionTokens());
            most = Math.max(most, answer.usage().promptTokens());
        }
        assertTrue(most > 128 && most < 256, () -> "not shortened in time");
    }

    @Test
    void withoutContextShiftALongConversationIsRefusedAndGoesOnAnew() {
        long session = service.sessions().create(me, new SessionConfig("fake", null, noShift()));
        Answer<GenerationResult> last;
        do {
            Answer<Long> created = create(session, turn("0123456789".repeat(6), options(1, null)));
            if (created.failedWith(ErrorCode.INVALID_ARGUMENT)) {
                assertTrue(created.message().startsWith("content:"));
                break;
            }
            last = result(created.value(), -1);
            assertEquals(1, last.value().usage().completionTokens());
        } while (true);
        List<Map<String, Object>> anew = List.of(Map.of("role", "user", "content", "Hi"));
        TaskInput fresh = new TaskInput.Chat(null, anew, null, null, ChatOptions.NONE, options(1, null));
        result(create(session, fresh).value(), -1).value();
        assertEquals(2, service.sessions().info(session).messages());
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
    void runsATaskWithoutASession() {
        model.model.answer("a", "b");
        Answer<GenerationResult> result = new Answer<>();
        service.run(me, completion("a", GREEDY), generated(result));
        assertEquals("b", result.value().content());
        Answer<GenerationResult> refused = new Answer<>();
        service.run(me, completion("", GREEDY), generated(refused));
        assertEquals(ErrorCode.INVALID_ARGUMENT, refused.error());
        assertTrue(watched.isEmpty());
    }
}
