package io.llamanode.service;

import io.llamanode.account.HeapGrowth;
import io.llamanode.account.MemoryAccount;
import io.llamanode.account.Weight;
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
import io.llamanode.service.contract.model.ServerConfig;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.TaskResult;
import io.llamanode.service.contract.task.TaskSink;
import io.llamanode.service.match.ConstraintChecks;
import io.llamanode.service.model.ModelLoader;
import io.llamanode.service.threads.InTurns;
import io.llamanode.service.threads.PrepareThreads;
import java.net.URI;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import org.jspecify.annotations.Nullable;

/**
 * Models, sessions and tasks of one node: everything a request can ask for, in Java terms. Safe for
 * use by any thread; no method blocks on inference, and answers that take time come through a
 * {@link Reply}.
 */
public final class LlamaService implements AutoCloseable {
    /** A system property: whether each status compares the account with the heap, which takes full collections. */
    private static final String CHECK = "llamanode.account.check";

    private final Object lock = new Object();
    private final MemoryAccount account;
    /** Looked at for each status where that was asked for. */
    private final @Nullable HeapGrowth heap;

    private final ModelLoader loader;
    private final List<URI> remoteModels;
    private final IdSource ids = new IdSource(new SecureRandom());
    private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("timer").factory());
    private final Owners owners;
    private final Tasks tasks;
    private final Sessions sessions;
    private final Caches caches;
    private final Estimates estimates;
    private final AdapterService adapters;
    private final ModelRegistry models;
    private final ModelService modelService;
    private final PrepareThreads files;
    private final ConstraintChecks checks;
    private final ModelRegistry.Replacement replacement = new ModelRegistry.Replacement() {
        @Override
        public void gone(ServedModel model) {
            sessions.replaced(model);
        }

        @Override
        public void ended(ServedModel model) {
            sessions.releaseReplaced(model);
        }
    };
    private final long started = System.nanoTime();
    private final InTurns inTurns;
    private volatile boolean ready;

    /**
     * A service without models, in state {@code starting}.
     *
     * @param config limits; its models are loaded by {@link #loadModel}, not here
     * @param loader loads models
     * @param monitor watches owners
     * @throws FailureException {@code invalid_argument} for settings of models that exclude each other
     */
    public LlamaService(NodeConfig config, ModelLoader loader, OwnerMonitor monitor) {
        this(config, loader, monitor, MemoryAccount.ofHeap(config.ownerShare()));
    }

    /**
     * A service without models, in state {@code starting}, that charges an account which others charge as well.
     *
     * @param config limits; its models are loaded by {@link #loadModel}, not here
     * @param loader loads models
     * @param monitor watches owners
     * @param account of what requests hold on the heap
     * @throws FailureException {@code invalid_argument} for settings of models that exclude each other
     */
    public LlamaService(NodeConfig config, ModelLoader loader, OwnerMonitor monitor, MemoryAccount account) {
        config.refuseContradictions();
        this.loader = loader;
        this.remoteModels = config.remoteModels();
        this.account = account;
        this.heap = Boolean.getBoolean(CHECK) ? new HeapGrowth(account) : null;
        timer.setRemoveOnCancelPolicy(true);
        this.owners = new Owners(monitor, owner -> timer.execute(() -> ownerDown(owner)));
        this.models = new ModelRegistry(lock, loader, new Probes(lock, owners, loader), config);
        this.adapters = new AdapterService(lock, models);
        PrepareThreads preparation = new PrepareThreads();
        Asides asides = new Asides(lock, owners, preparation, account);
        this.tasks = new Tasks(lock, config, ids, owners, models, preparation, timer, account);
        this.inTurns = new InTurns(lock, timer);
        this.sessions = new Sessions(lock, config, account, ids, owners, models, tasks, inTurns);
        this.caches = new Caches(lock, sessions, models, asides);
        this.estimates = new Estimates(lock, sessions, asides, account);
        this.files = PrepareThreads.ofFiles();
        Asides unhurried = new Asides(lock, owners, files, account);
        this.modelService = new ModelService(models, loader, asides, unhurried);
        this.checks = new ConstraintChecks(unhurried::run);
    }

    /** {@return what requests ask of models rather than of sessions and tasks} */
    public ModelService models() {
        return modelService;
    }

    /** {@return the account of what requests hold on the heap} */
    public MemoryAccount account() {
        return account;
    }

    /** {@return what tells of schemas and texts whether they are honoured} */
    public ConstraintChecks checks() {
        return checks;
    }

    /** {@return what drops the KV cache} */
    public Caches caches() {
        return caches;
    }

    /** {@return what can be done with sessions besides running tasks} */
    public Sessions sessions() {
        return sessions;
    }

    /** {@return what tasks would cost} */
    public Estimates estimates() {
        return estimates;
    }

    /** Ends state {@code starting}. */
    public void ready() {
        ready = true;
    }

    /**
     * Loads a model, in turn with other loads. One that is loaded already in the same way is kept. A model that only stood
     * in gives its place: its tasks go on to their end, its sessions are gone.
     *
     * @param owner who asks: without this one a file is not probed, and then not loaded; {@code null}: the node itself
     * @param modelConfig what and how
     * @param progress hears how far it has come
     * @param reply told when it can be used; {@code server_busy} if the node is draining, {@code model_load_failed},
     *     {@code out_of_memory}, {@code invalid_argument} or {@code unsupported} if the load says so; {@code unauthorized} if
     *     a request names a server that the node does not allow
     */
    public void loadModel(
            @Nullable Owner owner, ModelConfig modelConfig, ModelLoader.LoadProgress progress, Reply<Void> reply) {
        load(owner, owner != null, modelConfig, progress, reply);
    }

    /**
     * As {@link #loadModel}, for a request behind which no process stands: it may name no more than that of a process.
     *
     * @param modelConfig what and how
     * @param reply told when it can be used, or why not
     */
    public void loadRequested(ModelConfig modelConfig, Reply<Void> reply) {
        load(null, true, modelConfig, fraction -> {}, reply);
    }

    private void load(
            @Nullable Owner owner,
            boolean isRequest,
            ModelConfig modelConfig,
            ModelLoader.LoadProgress progress,
            Reply<Void> reply) {
        if (sessions.draining()) {
            reply.failed(Sessions.DRAINING);
            return;
        }
        ServerConfig server = modelConfig.server();
        String why = server == null || !isRequest ? null : server.refusedFor(remoteModels);
        if (why != null) {
            reply.failed(new Failure(ErrorCode.UNAUTHORIZED, why));
            return;
        }
        models.load(owner, modelConfig, progress, replacement, reply);
    }

    /**
     * Unloads a model, in turn with loads: its tasks are cancelled and its sessions closed.
     *
     * @param modelId the model
     * @param reply told once its memory is given back; {@code invalid_argument} if there is no such model
     */
    public void unloadModel(String modelId, Reply<Void> reply) {
        models.unload(modelId, sessions::unloaded, reply);
    }

    /**
     * Creates a task.
     *
     * @param owner without whom it is cancelled
     * @param sessionId its session
     * @param input what to do
     * @param reply told its id, before any of its events; {@code session_not_found}, {@code server_busy}, {@code
     *     invalid_argument} or {@code unsupported} if there is no task
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
     * @param reply told its id, before any of its events; {@code session_not_found}, {@code server_busy}, {@code
     *     invalid_argument} or {@code unsupported} if there is no task
     */
    public void stream(
            Owner owner, Owner sinkOwner, TaskSink sink, long sessionId, TaskInput input, Reply<Long> reply) {
        create(sessionId, input, List.of(owner, sinkOwner), sink, reply);
    }

    private void create(
            long sessionId, TaskInput input, List<Owner> taskOwners, @Nullable TaskSink sink, Reply<Long> reply) {
        Session session;
        try {
            session = sessions.find(sessionId);
            session.refuseOtherModel(input);
            sessions.refuseWhileDraining();
        } catch (FailureException e) {
            reply.failed(e.failure());
            return;
        }
        tasks.create(new Tasks.Order(session, input, Weight.of(input), taskOwners, sink), reply);
    }

    /**
     * Runs one task in a session of its own.
     *
     * @param owner without whom it is cancelled
     * @param input what to do
     * @param reply told the result, or why there is none
     * @throws FailureException {@code server_busy} if the node is draining, {@code unsupported} if it has no model,
     *     {@code invalid_argument} if not the one asked for
     */
    public void run(Owner owner, TaskInput input, Reply<TaskResult> reply) {
        Session session = sessions.temporary(owner, input.model());
        tasks.run(new Tasks.Order(session, input, Weight.of(input), List.of(owner), null), reply);
    }

    /**
     * Runs one task in a session of its own and tells a sink its events.
     *
     * @param owner without whom it is cancelled
     * @param input what to do
     * @param sink receives the events
     * @param reply told its id, before any of its events, or why there is no task
     * @throws FailureException {@code server_busy} if the node is draining, {@code unsupported} if it has no model,
     *     {@code invalid_argument} if not the one asked for
     */
    public void runStream(Owner owner, TaskInput input, TaskSink sink, Reply<Long> reply) {
        Session session = sessions.temporary(owner, input.model());
        tasks.create(new Tasks.Order(session, input, Weight.of(input), List.of(owner), sink), reply);
    }

    /**
     * Creates a task in a session of its own, whose result is to be collected.
     *
     * @param owner without whom it is cancelled
     * @param input what to do
     * @param reply told its id, or why there is no task
     * @throws FailureException {@code server_busy} if the node is draining, {@code unsupported} if it has no model,
     *     {@code invalid_argument} if not the one asked for
     */
    public void createTask(Owner owner, TaskInput input, Reply<Long> reply) {
        long weight = Weight.of(input);
        synchronized (lock) {
            Session session = sessions.temporary(owner, input.model());
            tasks.create(new Tasks.Order(session, input, weight, List.of(owner), null), reply);
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

    /**
     * Collects a result.
     *
     * @param caller without whom nobody waits
     * @param taskId the task
     * @param timeoutMs how long to wait for it, in milliseconds; negative: for ever
     * @param reply told the result, the task's failure, {@code task_not_found}, or {@code timeout}, which leaves the
     *     task running
     */
    public void getResult(Owner caller, long taskId, long timeoutMs, Reply<TaskResult> reply) {
        tasks.getResult(caller, taskId, timeoutMs, reply);
    }

    /**
     * Cancels a task.
     *
     * @param taskId the task
     * @param reply told once it holds no slot, or at once if it had ended; {@code task_not_found}
     */
    public void cancelTask(long taskId, Reply<Void> reply) {
        tasks.cancel(taskId, reply);
    }

    /** {@return the state of the node} */
    public NodeStatus status() {
        NodeStatus.Memory memory = StatusReport.memory();
        Long growth = heap == null ? null : heap.look();
        NodeStatus.Account held = StatusReport.account(account.balance(), growth);
        return StatusReport.node(
                memory,
                held,
                state(),
                (System.nanoTime() - started) / 1_000_000,
                loader.library(),
                sessions.all(),
                models.all(),
                tasks.totals());
    }

    private NodeStatus.State state() {
        if (sessions.draining()) {
            return NodeStatus.State.DRAINING;
        }
        return ready ? NodeStatus.State.READY : NodeStatus.State.STARTING;
    }

    /** {@return whether this thread has the lock, for tests} */
    boolean isDecidedHere() {
        return Thread.holdsLock(lock);
    }

    /** {@return what waits for a moment to come, for tests} */
    int timers() {
        return timer.getQueue().size();
    }

    private void ownerDown(Owner owner) {
        Set<Object> things;
        synchronized (lock) {
            things = owners.takeAll(owner);
        }
        List<Task> tasksLeft = new ArrayList<>();
        List<Session> sessionsLeft = new ArrayList<>();
        List<Object> waiting = new ArrayList<>();
        for (Object thing : things) {
            switch (thing) {
                case Task task -> {
                    task.abandoned = true;
                    tasksLeft.add(task);
                }
                case Session session -> {
                    session.abandoned = true;
                    sessionsLeft.add(session);
                }
                default -> waiting.add(thing);
            }
        }
        // The last chat first, as one that ends would only start the next; then the sessions, which have none left.
        tasksLeft.sort(Comparator.comparingLong((Task task) -> task.id).reversed());
        inTurns.begin(
                waiting.iterator(),
                LlamaService::drop,
                () -> inTurns.begin(
                        tasksLeft.iterator(),
                        task -> tasks.cancel(task, () -> {}),
                        () -> inTurns.begin(sessionsLeft.iterator(), sessions::closeIfOpen, () -> {})));
    }

    private static void drop(Object thing) {
        switch (thing) {
            case Waiters.Waiter waiter -> Waiters.abandoned(waiter);
            case Asides.Aside aside -> aside.drop();
            case Probes.Probe probe -> probe.drop();
            default -> throw new IllegalStateException("owned: " + thing);
        }
    }

    /**
     * Takes no new sessions, tasks or models from here on; what was accepted goes on.
     *
     * @param drained run once no task is waiting or running: at once, or on any thread
     */
    public void drain(Runnable drained) {
        synchronized (lock) {
            sessions.drain();
            tasks.drain(drained);
        }
    }

    /** Cancels every task, closes every model, and takes no more work. */
    @Override
    public void close() {
        synchronized (lock) {
            sessions.drain();
        }
        tasks.close();
        files.close();
        models.close();
        timer.shutdownNow();
    }
}
