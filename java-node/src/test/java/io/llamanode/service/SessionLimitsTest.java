package io.llamanode.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.GenerationResult;
import io.llamanode.service.contract.task.SessionConfig;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What all sessions together may hold. */
class SessionLimitsTest extends ServiceFixture {
    @Override
    int maxSessions() {
        return 65;
    }

    private static Failure refusal(Executable call) {
        return assertThrows(FailureException.class, call).failure();
    }

    private void close(long session) {
        Answer<Void> closed = new Answer<>();
        service.sessions().close(session, closed);
        closed.value();
    }

    @Test
    void sessionsAndForksHaveALimit() {
        List<Long> open = new ArrayList<>();
        for (int i = 0; i < 65; i++) {
            open.add(session());
        }
        Failure full = new Failure(ErrorCode.SERVER_BUSY, "65 sessions are open, which is the limit");
        assertEquals(full, refusal(this::session));
        assertEquals(full, refusal(() -> service.sessions().fork(me, open.getFirst())));
        close(open.getLast());
        service.sessions().fork(me, open.getFirst());
    }

    @Test
    void checkpointsHaveALimitEachAndTogether() {
        List<Long> open = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            long session = session();
            open.add(session);
            for (int j = 0; j < 16; j++) {
                service.sessions().checkpoint(session);
            }
        }
        long last = session();
        String together =
                "session %d has %d checkpoints, of at most 16; all sessions together have %d, of at most 1024";
        assertEquals(
                new Failure(ErrorCode.SERVER_BUSY, together.formatted(last, 0, 1024)),
                refusal(() -> service.sessions().checkpoint(last)));
        close(open.removeLast());
        service.sessions().checkpoint(last);
        assertEquals(
                together.formatted(open.getFirst(), 16, 1009),
                refusal(() -> service.sessions().checkpoint(open.getFirst())).message());
        for (int j = 1; j < 16; j++) {
            service.sessions().checkpoint(last);
        }
        service.sessions().rewind(open.getFirst(), 0);
        for (int j = 0; j < 16; j++) {
            service.sessions().checkpoint(open.getFirst());
        }
        long another = session();
        assertEquals(
                together.formatted(another, 0, 1024),
                refusal(() -> service.sessions().checkpoint(another)).message());
    }

    @Test
    void aCheckpointIsKnownToItsSessionOnly() {
        long session = session();
        long other = session();
        long checkpoint = service.sessions().checkpoint(session);
        service.sessions().rewind(session, checkpoint);
        assertEquals(
                "checkpoint: session %d has no checkpoint %d".formatted(other, checkpoint),
                refusal(() -> service.sessions().rewind(other, checkpoint)).message());
    }

    @Test
    void aSystemPromptMustFitIntoTheContext() {
        String fits = "x".repeat(256 * 128);
        service.sessions().create(me, new SessionConfig(null, fits, GenerationOptions.NONE));
        assertEquals(
                "system_prompt: 32769 characters do not fit into a context of 256 tokens (n_ctx)",
                refusal(() -> service.sessions()
                                .create(me, new SessionConfig(null, fits + "x", GenerationOptions.NONE)))
                        .message());
    }

    @Test
    void aForkHasTheSettingsOfItsSession() {
        long session = service.sessions().create(me, new SessionConfig(null, "sys", options(2, null)));
        long fork = service.sessions().fork(me, session);
        Answer<GenerationResult> result =
                result(create(fork, turn("q", GenerationOptions.NONE)).value(), -1);
        assertEquals(2, result.value().usage().completionTokens());
        assertEquals(
                "system:sys_user:q_assistant:".length(), result.value().usage().promptTokens());
        assertEquals(true, service.sessions().info(fork).systemPrompt());
    }

    @Test
    void aSessionWithoutASystemPromptKeepsNothing() {
        long session = session();
        result(create(session, turn("q", options(1, null))).value(), -1).value();
        Answer<Void> cleared = new Answer<>();
        service.caches().clear(me, session, true, cleared);
        cleared.value();
        assertEquals(0, service.sessions().info(session).cachedTokens());
    }

    @Test
    void aClosedSessionIsNamed() {
        long session = session();
        close(session);
        assertEquals(
                new Failure(ErrorCode.SESSION_NOT_FOUND, "there is no session " + session),
                refusal(() -> service.sessions().info(session)));
        Answer<Void> again = new Answer<>();
        service.sessions().close(session, again);
        assertEquals("there is no session " + session, again.message());
    }
}
