package io.llamanode.service;

import io.llamanode.engine.Engine;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.model.AdapterSet;
import io.llamanode.engine.sampling.SamplingParams;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.Reply;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.SessionConfig;
import io.llamanode.service.contract.task.TaskEstimate;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.prompt.InputSize;
import io.llamanode.service.prompt.PreparedPrompt;
import io.llamanode.service.prompt.Transcript;
import java.util.Map;
import java.util.function.BiFunction;

/**
 * What can be done with a session besides running tasks: fork it, go back in it, drop its KV cache, and ask what a
 * task would cost. Safe for use by any thread.
 */
public final class Conversations {
    /** Checkpoints of one session, and of all together: each keeps a conversation and its tokens. */
    private static final int MOST_CHECKPOINTS = 16;

    private static final int MOST_CHECKPOINTS_OF_ALL = 1024;

    private final Object lock;
    private final Map<Long, Session> sessions;
    private final Tasks tasks;
    private final BiFunction<Owner, SessionConfig, Long> create;
    private long lastCheckpoint;

    /**
     * @param lock of the service
     * @param sessions guarded by it
     * @param create opens a session and gives its id
     */
    Conversations(
            Object lock, Map<Long, Session> sessions, Tasks tasks, BiFunction<Owner, SessionConfig, Long> create) {
        this.lock = lock;
        this.sessions = sessions;
        this.tasks = tasks;
        this.create = create;
    }

    private Session find(long sessionId) {
        Session session = sessions.get(sessionId);
        if (session == null) {
            throw new FailureException(ErrorCode.SESSION_NOT_FOUND, "there is no session %d".formatted(sessionId));
        }
        return session;
    }

    /**
     * Opens a session that continues another one's conversation on its own. What the other one has in the KV cache is
     * copied when the new one's first task gets a slot, as far as the prompts agree.
     *
     * @param owner without whom it is closed
     * @param sessionId the session to continue; it goes on unchanged
     * @return the new session's id
     */
    public long fork(Owner owner, long sessionId) {
        synchronized (lock) {
            Session source = find(sessionId);
            long id = create.apply(
                    owner,
                    new SessionConfig(
                            source.model.id(),
                            source.config.systemPrompt(),
                            source.config.defaults(),
                            source.config.chat()));
            find(id).transcript = source.transcript;
            return id;
        }
    }

    /**
     * Remembers where a conversation stands.
     *
     * @param sessionId the session
     * @return what to give to {@link #rewind}
     */
    public long checkpoint(long sessionId) {
        synchronized (lock) {
            Session session = find(sessionId);
            int all = sessions.values().stream()
                    .mapToInt(other -> other.checkpoints.size())
                    .sum();
            if (session.checkpoints.size() >= MOST_CHECKPOINTS || all >= MOST_CHECKPOINTS_OF_ALL) {
                throw new FailureException(
                        ErrorCode.SERVER_BUSY,
                        "session %d has %d checkpoints, of at most %d; all sessions together have %d, of at most %d"
                                .formatted(
                                        sessionId,
                                        session.checkpoints.size(),
                                        MOST_CHECKPOINTS,
                                        all,
                                        MOST_CHECKPOINTS_OF_ALL));
            }
            session.checkpoints.put(++lastCheckpoint, session.transcript);
            return lastCheckpoint;
        }
    }

    /**
     * Takes a conversation back to where it stood. Later checkpoints are forgotten. The KV cache is kept as far as the
     * next prompt agrees with it.
     *
     * @param sessionId the session, which must have no chat that waits or runs
     * @param checkpoint of it; 0: before its first message
     */
    public void rewind(long sessionId, long checkpoint) {
        synchronized (lock) {
            Session session = find(sessionId);
            if (!session.chats.isEmpty()) {
                throw new FailureException(
                        ErrorCode.SERVER_BUSY, "session %d has a chat that has not ended".formatted(sessionId));
            }
            Transcript then = checkpoint == 0 ? Transcript.EMPTY : session.checkpoints.get(checkpoint);
            if (then == null) {
                throw FailureException.invalid(
                        "checkpoint: session %d has no checkpoint %d".formatted(sessionId, checkpoint));
            }
            session.transcript = then;
            session.checkpoints.tailMap(checkpoint, false).clear();
        }
    }

    /**
     * Drops what a session has in the KV cache. Its conversation stays, and is evaluated anew when it goes on.
     *
     * @param owner in turn with whose other work
     * @param sessionId the session, which must have no task that waits or runs
     * @param keepSystemPrompt whether the tokens of its system prompt stay
     * @param reply told when it is done
     */
    public void clearCache(Owner owner, long sessionId, boolean keepSystemPrompt, Reply<Void> reply) {
        synchronized (lock) {
            Session session = find(sessionId);
            SessionConfig config = session.config;
            if (!keepSystemPrompt || config.systemPrompt() == null || session.model.loaded.engine() == null) {
                shortenCache(sessionId, 0, reply);
                return;
            }
            refuseWhileBusy(session);
            tasks.aside(
                    owner,
                    session.model,
                    () -> session.model.prompts.systemTokens(config),
                    new Continued<Integer>(reply) {
                        @Override
                        public void ok(Integer count) {
                            // A task may have come meanwhile, and a busy slot is not shortened.
                            try {
                                shortenCache(sessionId, count, reply);
                            } catch (FailureException e) {
                                reply.failed(e.failure());
                            }
                        }
                    });
        }
    }

    /** Under the lock, so that a task which comes later reaches the engine later. */
    private void shortenCache(long sessionId, int tokens, Reply<Void> reply) {
        synchronized (lock) {
            Session session = find(sessionId);
            refuseWhileBusy(session);
            Engine engine = session.model.loaded.engine();
            if (engine == null) {
                reply.ok(null);
            } else {
                engine.shorten(session.cacheKey(), tokens, () -> reply.ok(null));
            }
        }
    }

    private static void refuseWhileBusy(Session session) {
        if (!session.tasks.isEmpty()) {
            throw new FailureException(
                    ErrorCode.SERVER_BUSY, "session %d has a task that has not ended".formatted(session.id));
        }
    }

    /**
     * Tells what a task would cost. Nothing is run.
     *
     * @param owner who would create it
     * @param sessionId its session
     * @param input what it would do
     * @param reply told the estimate, or why there would be no task
     */
    public void estimate(Owner owner, long sessionId, TaskInput input, Reply<TaskEstimate> reply) {
        synchronized (lock) {
            Session session = find(sessionId);
            session.refuseOtherModel(input);
            if (session.model.loaded.engine() == null
                    || input instanceof TaskInput.Embedding
                    || input instanceof TaskInput.Rerank) {
                throw new FailureException(ErrorCode.UNSUPPORTED, "estimates of tasks that generate no text");
            }
            InputSize.refuseHopelessLength(input, session.model.loaded.info().nCtx());
            GenerationOptions options = Admission.options(input, session);
            AdapterSet adapters = session.model.adapters.set(options.lora());
            Transcript transcript = session.transcript;
            int behind = input instanceof TaskInput.Chat ? session.chats.size() : 0;
            tasks.aside(
                    owner,
                    session.model,
                    () -> session.model.prompts.prepare(input, session.config, transcript, options),
                    new Continued<PreparedPrompt>(reply) {
                        @Override
                        public void ok(PreparedPrompt prepared) {
                            estimate(owner, session, options, adapters, prepared, behind, reply);
                        }
                    });
        }
    }

    private static void estimate(
            Owner owner,
            Session session,
            GenerationOptions options,
            AdapterSet adapters,
            PreparedPrompt prepared,
            int behind,
            Reply<TaskEstimate> reply) {
        GenerationRequest request = new GenerationRequest(
                0,
                session.cacheKey(),
                owner,
                prepared.tokens(),
                options.maxTokens(),
                SamplingParams.GREEDY,
                options.stop(),
                0,
                options.contextShift(),
                options.cachePrompt() && session.model.loaded.info().reusesPrompts(),
                GenerationRequest.NO_DEADLINE,
                options.priority(),
                adapters,
                GenerationRequest.NO_PROBABILITIES,
                null);
        boolean asked = session.model
                .loaded
                .engine()
                .forecast(
                        request,
                        forecast -> reply.ok(new TaskEstimate(
                                prepared.tokens().length, forecast.cached(), forecast.ahead() + behind)));
        if (!asked) {
            reply.failed(new Failure(ErrorCode.CANCELLED, "the model is being closed"));
        }
    }

    /** The first half of work whose second half answers. */
    private abstract static class Continued<T> implements Reply<T> {
        private final Reply<?> whole;

        Continued(Reply<?> whole) {
            this.whole = whole;
        }

        @Override
        public void failed(Failure failure) {
            whole.failed(failure);
        }
    }
}
