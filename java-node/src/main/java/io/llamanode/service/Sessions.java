package io.llamanode.service;

import io.llamanode.account.Holding;
import io.llamanode.account.MemoryAccount;
import io.llamanode.account.Weight;
import io.llamanode.service.contract.Capability;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.Reply;
import io.llamanode.service.contract.model.NodeConfig;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.SessionConfig;
import io.llamanode.service.contract.task.SessionInfo;
import io.llamanode.service.prompt.InputParts;
import io.llamanode.service.prompt.InputSize;
import io.llamanode.service.prompt.Transcript;
import io.llamanode.service.threads.InTurns;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The sessions of a node: open, close, change, fork and describe them, go back in one. Safe for use by any thread.
 */
public final class Sessions {
    static final Failure DRAINING = new Failure(ErrorCode.SERVER_BUSY, "the node is draining");

    /** Checkpoints of one session, and of all together: each keeps a conversation and its tokens. */
    private static final int MOST_CHECKPOINTS = 16;

    private static final int MOST_CHECKPOINTS_OF_ALL = 1024;

    /** A session besides its texts: itself, its collections, its places in maps; bytes. */
    private static final long SESSION = 2 << 10;

    private final Object lock;
    private final int most;
    /** Of them, that one owner may have. */
    private final int mostOfOne;

    private final MemoryAccount account;
    private final IdSource ids;
    private final Owners owners;
    private final ModelRegistry models;
    private final Tasks tasks;
    private final InTurns inTurns;
    /** Changed under the lock; looked at by any thread. */
    private final Map<Long, Session> sessions = new ConcurrentHashMap<>();

    private final Map<Owner, Integer> byOwner = new HashMap<>();
    /** Those of the model that last gave its place, with its id. */
    private final Map<Long, String> replaced = new ConcurrentHashMap<>();
    /** Of models that gave their place and have tasks yet. */
    private final List<Session> leaving = new ArrayList<>();

    private long lastCheckpoint;
    /** Checkpoints of all open sessions. */
    private int checkpoints;

    private volatile boolean draining;

    /**
     * @param lock of the service
     * @param account that they are charged to
     */
    Sessions(
            Object lock,
            NodeConfig config,
            MemoryAccount account,
            IdSource ids,
            Owners owners,
            ModelRegistry models,
            Tasks tasks,
            InTurns inTurns) {
        this.lock = lock;
        this.most = config.maxSessions();
        this.mostOfOne = (int) Math.ceilDiv((long) most * config.ownerShare(), 100);
        this.account = account;
        this.ids = ids;
        this.owners = owners;
        this.models = models;
        this.tasks = tasks;
        this.inTurns = inTurns;
    }

    /** Opens no more sessions from here on. */
    void drain() {
        draining = true;
    }

    /** {@return whether it is so; the node is draining then} */
    boolean draining() {
        return draining;
    }

    /** @throws FailureException {@code server_busy} if the node is draining */
    void refuseWhileDraining() {
        if (draining) {
            throw DRAINING.asException();
        }
    }

    /** {@return every open session by id, for any thread to look at} */
    Map<Long, Session> all() {
        return sessions;
    }

    /**
     * With the lock or without: then the session may be closed meanwhile.
     *
     * @throws FailureException {@code session_not_found}
     */
    Session find(long sessionId) {
        Session session = sessions.get(sessionId);
        if (session == null) {
            throw missing(sessionId).asException();
        }
        return session;
    }

    /** {@return what is said of a session that is none any more, or never was} */
    static Failure notFound(long sessionId) {
        return new Failure(ErrorCode.SESSION_NOT_FOUND, "there is no session %d".formatted(sessionId));
    }

    private Failure missing(long sessionId) {
        String gone = replaced.get(sessionId);
        return gone == null
                ? notFound(sessionId)
                : new Failure(
                        ErrorCode.SESSION_NOT_FOUND,
                        "session %d ended with the model '%s', which stood in until another one was loaded; open a new one"
                                .formatted(sessionId, gone));
    }

    /**
     * Opens a session.
     *
     * @param owner without whom it is closed
     * @param sessionConfig how
     * @return its id
     * @throws FailureException {@code server_busy} if the node is draining, or too many are open, or the owner has too
     *     many, or holds too much; {@code out_of_memory} if it alone takes too much; {@code unsupported} if there is no
     *     model; {@code invalid_argument} if not the one asked for, or a system prompt that cannot fit
     */
    public long create(Owner owner, SessionConfig sessionConfig) {
        return open(owner, sessionConfig, Weight.of(sessionConfig), Transcript.EMPTY, 0);
    }

    private void refuseTooMany(Owner owner) {
        if (sessions.size() >= most) {
            throw FailureException.busy("%d sessions are open, which is the limit".formatted(sessions.size()));
        }
        int own = byOwner.getOrDefault(owner, 0);
        if (own >= mostOfOne) {
            throw FailureException.busy(
                    "the process has %d sessions; the rest are for others (owner_share)".formatted(own));
        }
    }

    /**
     * Without the lock, as a refusal looks for what is largest.
     *
     * @param weight of the configuration, bytes
     * @param transcriptWeight bytes
     * @return its id
     */
    private long open(Owner owner, SessionConfig config, long weight, Transcript transcript, long transcriptWeight) {
        Holding holding = account.open(MemoryAccount.Kind.SESSION, owner, owner.peer());
        Session session = newSession(owner, config, holding);
        refuseHopelessSystemPrompt(session.config, session.model);
        session.model.refuseWiderSharing(config.defaults());
        synchronized (lock) {
            refuseTooMany(owner);
        }
        Admission.hold(holding, SESSION + weight + transcriptWeight, () -> InputParts.largest(config));
        session.configWeight = weight;
        session.kept = SESSION + weight;
        session.continues(transcript, transcriptWeight);
        try {
            synchronized (lock) {
                add(owner, session);
            }
        } catch (FailureException e) {
            holding.release();
            throw e;
        }
        return session.id;
    }

    /** Opens a session, unless others were opened or its model was unloaded since that was looked at. */
    private void add(Owner owner, Session session) {
        refuseWhileDraining();
        refuseTooMany(owner);
        if (models.find(session.model.id()) != session.model) {
            throw FailureException.invalid("model: '%s' was unloaded".formatted(session.model.id()));
        }
        sessions.put(session.id, session);
        byOwner.merge(owner, 1, Integer::sum);
        owners.add(owner, session);
    }

    /** {@return a session for one task, which nobody finds} */
    Session temporary(Owner owner, @Nullable String modelId) {
        return newSession(owner, new SessionConfig(modelId, null, GenerationOptions.NONE), null);
    }

    private Session newSession(Owner owner, SessionConfig sessionConfig, @Nullable Holding holding) {
        refuseWhileDraining();
        return new Session(
                ids.next(), owner, models.find(sessionConfig.model()), sessionConfig, System.nanoTime(), holding);
    }

    private static void refuseHopelessSystemPrompt(SessionConfig config, ServedModel model) {
        String prompt = config.systemPrompt();
        if (prompt != null) {
            InputSize.refuseHopelessLength("system_prompt", prompt.length(), model.nCtx());
        }
    }

    private static void refuseWhileChatting(Session session) {
        if (!session.chats.isEmpty()) {
            throw FailureException.busy("session %d has a chat that has not ended".formatted(session.id));
        }
    }

    /**
     * Closes a session and cancels its tasks.
     *
     * @param sessionId the session
     * @param reply told once none of its tasks holds a slot, or {@code session_not_found}
     */
    public void close(long sessionId, Reply<Void> reply) {
        synchronized (lock) {
            Session session = sessions.get(sessionId);
            if (session == null) {
                reply.failed(missing(sessionId));
            } else {
                close(session, () -> reply.ok(null));
            }
        }
    }

    /** Closes a session that nobody is told of, unless it is closed. */
    void closeIfOpen(Session session) {
        if (sessions.containsKey(session.id)) {
            close(session, () -> {});
        }
    }

    private void remove(Session session) {
        sessions.remove(session.id);
        session.closed = true;
        byOwner.computeIfPresent(session.owner, (owner, count) -> count == 1 ? null : count - 1);
        checkpoints -= session.checkpoints.size();
        owners.remove(session.owner, session);
    }

    private void close(Session session, Runnable closed) {
        remove(session);
        AtomicInteger left = new AtomicInteger(1);
        Runnable ended = () -> {
            if (left.decrementAndGet() == 0) {
                session.model.left(session);
                session.elsewhere.forEach(model -> model.left(session));
                // Its tasks had its settings until now.
                Objects.requireNonNull(session.holding).release();
                closed.run();
            }
        };
        inTurns.begin(
                session.leaveTasks(),
                task -> {
                    left.incrementAndGet();
                    tasks.cancel(task, ended);
                },
                ended);
    }

    /** The sessions of a model that gives its place are found no more; their tasks go on. Under the lock. */
    void replaced(ServedModel model) {
        replaced.clear();
        for (Session session : new ArrayList<>(sessions.values())) {
            if (session.model == model) {
                replaced.put(session.id, model.id());
                remove(session);
                leaving.add(session);
            }
        }
    }

    /** Their tasks have ended. */
    void releaseReplaced(ServedModel model) {
        synchronized (lock) {
            leaving.removeIf(session -> {
                if (session.model == model) {
                    Objects.requireNonNull(session.holding).release();
                }
                return session.model == model;
            });
        }
    }

    /** Closes every session of a model that nobody finds any more, and cancels its tasks. */
    void unloaded(ServedModel model) {
        tasks.unloaded(model);
        inTurns.finish(sessions.values().iterator(), session -> {
            session.elsewhere.remove(model);
            if (session.model == model) {
                closeIfOpen(session);
            }
        });
    }

    /**
     * {@return whether a session's model answers its messages with a template}
     *
     * @param sessionId a session
     * @throws FailureException {@code session_not_found}
     */
    public boolean chats(long sessionId) {
        synchronized (lock) {
            Session session = find(sessionId);
            return session.config.chat().template() != null
                    || session.model.work.info().capabilities().contains(Capability.CHAT);
        }
    }

    /**
     * Tells a session's state at this moment.
     *
     * @param sessionId a session
     * @return its state
     * @throws FailureException {@code session_not_found}
     */
    public SessionInfo info(long sessionId) {
        synchronized (lock) {
            Session session = find(sessionId);
            return StatusReport.session(session, task -> tasks.isOf(session, task));
        }
    }

    /**
     * Opens a session that continues another one's conversation on its own. What the other one has in the KV cache is
     * copied when the new one's first task gets a slot, as far as the prompts agree.
     *
     * @param owner without whom it is closed
     * @param sessionId the session to continue; it goes on unchanged
     * @return the new session's id
     * @throws FailureException {@code session_not_found}; {@code server_busy} if the node is draining, or too many are
     *     open, or the owner has too many, or holds too much; {@code out_of_memory} if it alone takes too much
     */
    public long fork(Owner owner, long sessionId) {
        Session source = find(sessionId);
        SessionConfig config = new SessionConfig(
                source.model.id(), source.given.systemPrompt(), source.given.defaults(), source.given.chat());
        Session.Checkpoint now;
        synchronized (lock) {
            now = new Session.Checkpoint(source.transcript, source.transcriptWeight);
        }
        return open(owner, config, source.configWeight, now.transcript(), now.weight());
    }

    /**
     * Changes what a session was created with. Its conversation stays; the KV cache is kept as far as the next prompt
     * agrees with it.
     *
     * @param sessionId the session, which must have no chat that waits or runs
     * @param change what is given replaces what was; its model is not looked at
     * @throws FailureException {@code session_not_found}; {@code server_busy} if a chat waits or runs, or the owner holds
     *     too much; {@code invalid_argument} for a system prompt that cannot fit, or wider sharing than the model's
     */
    public void update(long sessionId, SessionConfig change) {
        Session session = find(sessionId);
        session.model.refuseWiderSharing(change.defaults());
        refuseHopelessSystemPrompt(change, session.model);
        boolean changed = false;
        while (!changed) {
            SessionConfig before = session.given;
            SessionConfig after = new SessionConfig(
                    before.model(),
                    change.systemPrompt() != null ? change.systemPrompt() : before.systemPrompt(),
                    change.defaults().orElse(before.defaults()),
                    change.chat().orElse(before.chat()));
            long weight = Weight.of(after);
            synchronized (lock) {
                find(sessionId);
                refuseWhileChatting(session);
                changed = session.given == before;
                if (changed) {
                    String why =
                            Objects.requireNonNull(session.holding).grow(Math.max(0, weight - session.configWeight));
                    if (why != null) {
                        throw FailureException.busy(why);
                    }
                    session.configure(after, weight);
                }
            }
        }
    }

    /**
     * Remembers where a conversation stands.
     *
     * @param sessionId the session
     * @return what to give to {@link #rewind}
     * @throws FailureException {@code session_not_found}; {@code server_busy} if there are too many checkpoints, or the
     *     session's owner holds too much
     */
    public long checkpoint(long sessionId) {
        synchronized (lock) {
            Session session = find(sessionId);
            if (session.checkpoints.size() >= MOST_CHECKPOINTS || checkpoints >= MOST_CHECKPOINTS_OF_ALL) {
                throw FailureException.busy(
                        "session %d has %d checkpoints, of at most %d; all sessions together have %d, of at most %d"
                                .formatted(
                                        sessionId,
                                        session.checkpoints.size(),
                                        MOST_CHECKPOINTS,
                                        checkpoints,
                                        MOST_CHECKPOINTS_OF_ALL));
            }
            String why = Objects.requireNonNull(session.holding).grow(session.transcriptWeight);
            if (why != null) {
                throw FailureException.busy(why);
            }
            session.kept += session.transcriptWeight;
            session.checkpoints.put(
                    ++lastCheckpoint, new Session.Checkpoint(session.transcript, session.transcriptWeight));
            checkpoints++;
            return lastCheckpoint;
        }
    }

    /**
     * Takes a conversation back to where it stood. Later checkpoints are forgotten. The KV cache is kept as far as the
     * next prompt agrees with it.
     *
     * @param sessionId the session, which must have no chat that waits or runs
     * @param checkpoint of it; 0: before its first message
     * @throws FailureException {@code session_not_found}; {@code server_busy} if a chat waits or runs; {@code
     *     invalid_argument} if there is no such checkpoint
     */
    public void rewind(long sessionId, long checkpoint) {
        synchronized (lock) {
            Session session = find(sessionId);
            refuseWhileChatting(session);
            Session.Checkpoint then = checkpoint == 0 ? Session.Checkpoint.START : session.checkpoints.get(checkpoint);
            if (then == null) {
                throw FailureException.invalid(
                        "checkpoint: session %d has no checkpoint %d".formatted(sessionId, checkpoint));
            }
            Map<Long, Session.Checkpoint> later = session.checkpoints.tailMap(checkpoint, false);
            checkpoints -= later.size();
            session.kept -= later.values().stream()
                    .mapToLong(Session.Checkpoint::weight)
                    .sum();
            later.clear();
            session.continues(then.transcript(), then.weight());
        }
    }
}
