package io.llamanode.service;

import io.llamanode.engine.loop.StepOutput;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.NodeStatus;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.OwnerMonitor;
import io.llamanode.service.contract.Reply;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.NodeConfig;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.SessionConfig;
import io.llamanode.service.contract.task.SessionInfo;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.TaskResult;
import io.llamanode.service.contract.task.TaskSink;
import io.llamanode.service.model.ModelLoader;
import io.llamanode.service.prompt.InputSize;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Models, sessions and tasks of one node: everything a request can ask for, in Java terms. Safe for
 * use by any thread; no method blocks on inference, and answers that take time come through a
 * {@link Reply}.
 */
public final class LlamaService implements AutoCloseable {
    private static final Failure DRAINING = new Failure(ErrorCode.SERVER_BUSY, "the node is draining");

    private final Object lock = new Object();
    private final NodeConfig config;
    private final ModelLoader loader;
    private final IdSource ids = new IdSource(new SecureRandom());
    private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("timer").factory());
    private final Owners owners;
    private final Tasks tasks;
    private final Conversations conversations;
    private final AdapterService adapters;
    private final ModelRegistry models;
    private final ModelService modelService;
    private final Map<Long, Session> sessions = new HashMap<>();
    private final long started = System.nanoTime();
    private NodeStatus.State state = NodeStatus.State.STARTING;

    /**
     * A service without models, in state {@code starting}.
     *
     * @param config limits; its models are loaded by {@link #loadModel}, not here
     * @param loader loads models
     * @param monitor watches owners
     */
    public LlamaService(NodeConfig config, ModelLoader loader, OwnerMonitor monitor) {
        this.config = config;
        this.loader = loader;
        this.models = new ModelRegistry(lock, loader);
        this.adapters = new AdapterService(lock, models);
        timer.setRemoveOnCancelPolicy(true);
        this.owners = new Owners(monitor, owner -> timer.execute(() -> ownerDown(owner)));
        this.tasks = new Tasks(lock, config, ids, owners, timer);
        this.conversations = new Conversations(lock, sessions, tasks, this::createSession);
        this.modelService = new ModelService(models, loader, tasks);
    }

    /** {@return what requests ask of models rather than of sessions and tasks} */
    public ModelService models() {
        return modelService;
    }

    /** Ends state {@code starting}. */
    public void ready() {
        synchronized (lock) {
            if (state == NodeStatus.State.STARTING) {
                state = NodeStatus.State.READY;
            }
        }
    }

    /**
     * Loads a model, in turn with other loads.
     *
     * @param modelConfig what and how
     * @param progress hears how far it has come
     * @param reply told when it can be used
     */
    public void loadModel(ModelConfig modelConfig, ModelLoader.LoadProgress progress, Reply<Void> reply) {
        synchronized (lock) {
            if (state == NodeStatus.State.DRAINING) {
                reply.failed(DRAINING);
                return;
            }
        }
        models.load(modelConfig, progress, reply);
    }

    /**
     * Unloads a model, in turn with loads: its tasks are cancelled and its sessions closed.
     *
     * @param modelId the model
     * @param reply told once its memory is given back; {@code invalid_argument} if there is no such model
     */
    public void unloadModel(String modelId, Reply<Void> reply) {
        models.unload(modelId, this::closeSessions, reply);
    }

    private void closeSessions(ServedModel model) {
        synchronized (lock) {
            tasks.unloaded(model);
            for (Session session : new ArrayList<>(sessions.values())) {
                if (session.model == model) {
                    closeSession(session.id, Ignored.INSTANCE);
                }
            }
        }
    }

    /**
     * Opens a session.
     *
     * @param owner without whom it is closed
     * @param sessionConfig how
     * @return its id
     */
    public long createSession(Owner owner, SessionConfig sessionConfig) {
        synchronized (lock) {
            if (sessions.size() >= config.maxSessions()) {
                throw new FailureException(
                        ErrorCode.SERVER_BUSY, "%d sessions are open, which is the limit".formatted(sessions.size()));
            }
            Session session = newSession(owner, sessionConfig, false);
            refuseHopelessSystemPrompt(session);
            sessions.put(session.id, session);
            owners.add(owner, session);
            return session.id;
        }
    }

    /** The prompts and grammars of all sessions together may take an eighth of the heap. */
    private void refuseHopelessSystemPrompt(Session session) {
        String prompt = session.config.systemPrompt();
        if (prompt != null) {
            InputSize.refuseHopelessLength(
                    "system_prompt",
                    prompt.length(),
                    session.model.loaded.info().nCtx());
        }
        long own = session.config.length();
        if (own == 0) {
            return;
        }
        long held = own;
        for (Session other : sessions.values()) {
            held += other.config.length();
        }
        if (held > Runtime.getRuntime().maxMemory() / 16) {
            throw new FailureException(
                    ErrorCode.SERVER_BUSY,
                    "the system prompts and grammars of all sessions have %d characters".formatted(held));
        }
    }

    private Session newSession(Owner owner, SessionConfig sessionConfig, boolean temporary) {
        if (state == NodeStatus.State.DRAINING) {
            throw DRAINING.asException();
        }
        return new Session(
                ids.next(), owner, models.find(sessionConfig.model()), sessionConfig, System.nanoTime(), temporary);
    }

    /**
     * Closes a session and cancels its tasks.
     *
     * @param sessionId the session
     * @param reply told once none of its tasks holds a slot
     */
    public void closeSession(long sessionId, Reply<Void> reply) {
        synchronized (lock) {
            Session session = sessions.remove(sessionId);
            if (session == null) {
                reply.failed(noSession(sessionId));
                return;
            }
            owners.remove(session.owner, session);
            AtomicInteger left = new AtomicInteger(1);
            Runnable ended = () -> {
                if (left.decrementAndGet() == 0) {
                    session.model.forget(session);
                    reply.ok(null);
                }
            };
            // The last first: a chat that ends would only start the next one.
            for (Task task : new ArrayList<>(session.tasks).reversed()) {
                left.incrementAndGet();
                tasks.cancel(task, ended);
            }
            ended.run();
        }
    }

    private static Failure noSession(long sessionId) {
        return new Failure(ErrorCode.SESSION_NOT_FOUND, "there is no session %d".formatted(sessionId));
    }

    /**
     * Creates a task.
     *
     * @param owner without whom it is cancelled
     * @param sessionId its session
     * @param input what to do
     * @param reply told its id, before any of its events
     */
    public void createTask(Owner owner, long sessionId, TaskInput input, Reply<Long> reply) {
        create(sessionId, input, List.of(owner), null, reply);
    }

    /**
     * Creates a task whose events go to a sink.
     *
     * @param owner without whom it is cancelled
     * @param sinkOwner the process behind the sink, without whom it is cancelled as well
     * @param sink receives the events
     * @param sessionId its session
     * @param input what to do
     * @param reply told its id, before any of its events
     */
    public void stream(
            Owner owner, Owner sinkOwner, TaskSink sink, long sessionId, TaskInput input, Reply<Long> reply) {
        create(sessionId, input, List.of(owner, sinkOwner), sink, reply);
    }

    private void create(long sessionId, TaskInput input, List<Owner> taskOwners, TaskSink sink, Reply<Long> reply) {
        synchronized (lock) {
            Session session = sessions.get(sessionId);
            if (session == null) {
                reply.failed(noSession(sessionId));
                return;
            }
            session.refuseOtherModel(input);
            if (state == NodeStatus.State.DRAINING) {
                reply.failed(DRAINING);
                return;
            }
            tasks.create(new Tasks.Order(session, input, taskOwners, sink), reply);
        }
    }

    /**
     * Runs one task in a session of its own.
     *
     * @param owner without whom it is cancelled
     * @param input what to do
     * @param reply told the result
     */
    public void run(Owner owner, TaskInput input, Reply<TaskResult> reply) {
        synchronized (lock) {
            Session session = newSession(owner, new SessionConfig(input.model(), null, GenerationOptions.NONE), true);
            tasks.run(new Tasks.Order(session, input, List.of(owner), null), reply);
        }
    }

    /**
     * Runs one task in a session of its own and tells a sink its events.
     *
     * @param owner without whom it is cancelled
     * @param input what to do
     * @param sink receives the events
     * @param reply told its id, before any of its events
     */
    public void runStream(Owner owner, TaskInput input, TaskSink sink, Reply<Long> reply) {
        synchronized (lock) {
            Session session = newSession(owner, new SessionConfig(input.model(), null, GenerationOptions.NONE), true);
            tasks.create(new Tasks.Order(session, input, List.of(owner), sink), reply);
        }
    }

    /**
     * Runs an action once for all events that are handed out together: after the last of them, or at once on a thread
     * that hands out none. For any thread, but of use to those only that a {@link TaskSink} is called by.
     *
     * @param action must not throw; the same object is run once
     */
    public static void afterEvents(Runnable action) {
        StepOutput.afterwards(action);
    }

    /** {@return what can be done with LoRA adapters} */
    public AdapterService adapters() {
        return adapters;
    }

    /** {@return what can be done with sessions besides running tasks} */
    public Conversations conversations() {
        return conversations;
    }

    /**
     * Collects a result.
     *
     * @param caller without whom nobody waits
     * @param taskId the task
     * @param timeoutMs how long to wait for it, in milliseconds; negative: for ever
     * @param reply told the result, or {@code timeout}, which leaves the task running
     */
    public void getResult(Owner caller, long taskId, long timeoutMs, Reply<TaskResult> reply) {
        tasks.getResult(caller, taskId, timeoutMs, reply);
    }

    /**
     * Cancels a task.
     *
     * @param taskId the task
     * @param reply told once it holds no slot
     */
    public void cancelTask(long taskId, Reply<Void> reply) {
        tasks.cancel(taskId, reply);
    }

    /**
     * @param sessionId a session
     * @return its state
     */
    public SessionInfo sessionInfo(long sessionId) {
        synchronized (lock) {
            Session session = sessions.get(sessionId);
            if (session == null) {
                throw noSession(sessionId).asException();
            }
            return StatusReport.session(session);
        }
    }

    /** {@return the state of the node} */
    public NodeStatus status() {
        // Read before the lock is taken, which the engines' threads need as well.
        NodeStatus.Memory memory = StatusReport.memory();
        synchronized (lock) {
            return StatusReport.node(
                    memory,
                    state,
                    (System.nanoTime() - started) / 1_000_000,
                    loader.library(),
                    sessions,
                    models.all(),
                    tasks.totals());
        }
    }

    private void ownerDown(Owner owner) {
        synchronized (lock) {
            Set<Object> things = owners.takeAll(owner);
            for (Object thing : things) {
                if (thing instanceof Waiters.Waiter waiter) {
                    waiter.leave();
                }
            }
            for (Object thing : things) {
                switch (thing) {
                    case Session session -> {
                        session.tasks.forEach(task -> task.abandoned = true);
                        closeSession(session.id, Ignored.INSTANCE);
                    }
                    case Task task -> {
                        task.abandoned = true;
                        tasks.cancel(task, () -> {});
                    }
                    case Waiters.Waiter waiter -> {
                        // Left above, before any task could answer it.
                    }
                    default -> throw new IllegalStateException("owned: " + thing);
                }
            }
        }
    }

    /** Nobody waits for this answer. */
    private enum Ignored implements Reply<Void> {
        INSTANCE;

        @Override
        public void ok(Void value) {}

        @Override
        public void failed(Failure failure) {}
    }

    /**
     * Takes no new sessions, tasks or models from here on; what was accepted goes on.
     *
     * @param drained run once no task is waiting or running: at once, or on any thread
     */
    public void drain(Runnable drained) {
        synchronized (lock) {
            state = NodeStatus.State.DRAINING;
            tasks.whenNoneIsLeft(drained);
        }
    }

    /** Cancels every task, closes every model, and takes no more work. */
    @Override
    public void close() {
        synchronized (lock) {
            state = NodeStatus.State.DRAINING;
        }
        tasks.close();
        models.close();
        timer.shutdownNow();
    }
}
