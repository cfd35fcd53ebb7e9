package io.llamanode.service;

import io.llamanode.account.MemoryAccount;
import io.llamanode.account.Weight;
import io.llamanode.engine.contract.GenerationListener.FailureKind;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.grammar.rule.Patience;
import io.llamanode.llama.UnsupportedException;
import io.llamanode.service.Task.State;
import io.llamanode.service.contract.AwayException;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.Reply;
import io.llamanode.service.contract.model.NodeConfig;
import io.llamanode.service.contract.task.GenerationResult.Usage;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.TaskResult;
import io.llamanode.service.contract.task.TaskSink;
import io.llamanode.service.prompt.AnswerFormats;
import io.llamanode.service.prompt.Transcript;
import io.llamanode.service.threads.InTurns;
import io.llamanode.service.threads.PrepareThreads;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The life of tasks: acceptance, preparation, hand-over to the engine, and the one terminal event.
 *
 * <p>Package-private methods take the service's lock, private ones are called with it. Replies and events are told while it
 * is held, so that their order is that of what happened; whoever is told makes nothing of them there. What takes as long as
 * an input, a result or a list is long is done before or after it, or some at a time.
 */
final class Tasks {
    private static final Logger LOG = LoggerFactory.getLogger(Tasks.class);

    static final Failure CLOSING = new Failure(ErrorCode.CANCELLED, "the model is being closed");

    /** From which on a result is not put together by an engine: probabilities of tokens, about a millisecond of them. */
    private static final int MANY_PARTS = 4096;

    private final Object lock;
    private final IdSource ids;
    private final Owners owners;
    private final ScheduledExecutorService timer;
    private final Admission admission;
    private final Waiters results;
    private final PrepareThreads preparation;
    private final InTurns inTurns;
    /** Changed under the lock; looked through by any thread. */
    private final Map<Long, Task> running = new ConcurrentHashMap<>();

    private boolean draining;
    private long created;
    private long done;
    private long failed;
    private long cancelled;
    /** Told when the last task has ended. */
    private final List<Runnable> noneIsLeft = new ArrayList<>();

    /**
     * @param lock of the service
     * @param models that others fall back to
     * @param preparation makes prompts; closed by {@link #close}
     */
    Tasks(
            Object lock,
            NodeConfig config,
            IdSource ids,
            Owners owners,
            ModelRegistry models,
            PrepareThreads preparation,
            ScheduledExecutorService timer,
            MemoryAccount account) {
        this.lock = lock;
        this.preparation = preparation;
        this.admission = new Admission(config, account, models);
        this.ids = ids;
        this.owners = owners;
        this.timer = timer;
        this.inTurns = new InTurns(lock, timer);
        this.results = new Waiters(lock, config, owners, timer, account);
    }

    /**
     * What {@link #create} makes.
     *
     * @param weight of the input, bytes
     * @param owners the processes without which it is cancelled, the one that makes it first
     * @param sink receives the events, or {@code null} if the result is to be collected
     */
    record Order(
            Session session,
            TaskInput input,
            long weight,
            List<Owner> owners,
            @Nullable TaskSink sink) {}

    /**
     * Makes a task.
     *
     * @param reply told its id when its prompt is ready and the engine took it, or at once behind another chat
     */
    void create(Order order, Reply<Long> reply) {
        Admission.Checked checked = check(order, reply);
        if (checked == null) {
            return;
        }
        synchronized (lock) {
            Task task = accept(order, checked, reply);
            if (task != null) {
                task.creation = reply;
                if (task.sink != null) {
                    // Nobody would know whose events these are.
                    reply.whenGivenUp(() -> cancel(task, () -> {}));
                }
                begin(task);
            }
        }
    }

    /** Makes a task whose result goes to the reply. */
    void run(Order order, Reply<TaskResult> reply) {
        Admission.Checked checked = check(order, reply);
        if (checked == null) {
            return;
        }
        synchronized (lock) {
            Task task = accept(order, checked, reply);
            if (task != null) {
                created++;
                results.wait(task, order.owners().getFirst(), -1, reply);
                reply.whenGivenUp(() -> cancel(task, () -> {}));
                begin(task);
            }
        }
    }

    /** Without the lock. {@return {@code null} if the reply was told why there is no task} */
    private Admission.@Nullable Checked check(Order order, Reply<?> reply) {
        try {
            return admission.check(order);
        } catch (FailureException e) {
            reply.failed(e.failure());
            return null;
        }
    }

    /** {@return the task, or {@code null} if the reply was told why there is none} */
    private @Nullable Task accept(Order order, Admission.Checked checked, Reply<?> reply) {
        try {
            return accept(order, checked);
        } catch (FailureException e) {
            checked.holding().release();
            reply.failed(e.failure());
            return null;
        }
    }

    private Task accept(Order order, Admission.Checked checked) {
        if (draining) {
            throw Sessions.DRAINING.asException();
        }
        if (order.session().closed) {
            throw Sessions.notFound(order.session().id).asException();
        }
        Task task = admission.accept(ids.next(), order, checked, running.size());
        task.owners.forEach(owner -> owners.add(owner, task));
        running.put(task.id, task);
        task.session.tasks().add(task);
        return task;
    }

    private void begin(Task task) {
        expireBeforeTheEngine(task);
        if (task.isChat) {
            task.session.chats.addLast(task);
            if (task.session.chats.size() > 1) {
                tellId(task);
                return;
            }
        }
        prepare(task);
    }

    private void tellId(Task task) {
        if (task.creation != null) {
            created++;
            task.creation.ok(task.id);
            task.creation = null;
        }
    }

    /** The engine looks at the deadlines of what it has; until then a task may wait for another, or for a thread. */
    private void expireBeforeTheEngine(Task task) {
        if (task.deadline != GenerationRequest.NO_DEADLINE) {
            task.expiry = timer.schedule(
                    () -> {
                        synchronized (lock) {
                            if (task.state == State.QUEUED || task.state == State.PREPARING) {
                                giveUp(task, new Failure(ErrorCode.TIMEOUT, "the task's deadline passed"));
                            }
                        }
                    },
                    task.deadline - System.nanoTime(),
                    TimeUnit.NANOSECONDS);
        }
    }

    private static void neverExpires(Task task) {
        if (task.expiry != null) {
            task.expiry.cancel(false);
            task.expiry = null;
        }
    }

    private void prepare(Task task) {
        task.state = State.PREPARING;
        TaskInput input = task.input;
        Transcript transcript = task.session.transcript;
        PrepareThreads own = task.session.model.work.threads();
        PrepareThreads threads = own == null ? preparation : own;
        boolean taken = threads.submit(task.owners.getFirst(), task.weight, () -> {
            // Nobody pays for the prompt of a task that was cancelled, or whose deadline passed, while it waited.
            if (!hasEnded(task)) {
                prepare(task, input, transcript);
            }
        });
        if (!taken) {
            boolean isUnloaded = task.session.model.isClosed();
            refuse(task, isUnloaded ? CLOSING : new Failure(ErrorCode.CANCELLED, "the node is stopping"));
        }
    }

    private boolean hasEnded(Task task) {
        synchronized (lock) {
            return task.state == State.ENDED;
        }
    }

    /** Runs on a preparing thread, without the lock. */
    private void prepare(Task task, @Nullable TaskInput input, Transcript transcript) {
        try {
            TaskInput given = Objects.requireNonNull(input);
            Job job = Patience.whileWanted(() -> !task.ended, () -> {
                task.structure = AnswerFormats.structure(task.options);
                return job(task, given, transcript);
            });
            long spared = task.weight - kept(task, given);
            boolean taken;
            synchronized (lock) {
                taken = submit(task, job, spared);
            }
            if (!taken) {
                job.discard();
            }
        } catch (CancellationException e) {
            // What ended the task has told its caller.
            refuse(task, new Failure(ErrorCode.CANCELLED, task.whyCancelled));
        } catch (AwayException e) {
            refused(task, e.failure());
        } catch (FailureException e) {
            refuse(task, ofFallback(task, e.failure()));
        } catch (RuntimeException | Error e) {
            refuse(task, task.model.isClosed() ? CLOSING : unknown(e));
        }
    }

    /** What asks a server waits for it: whoever gives the task up meanwhile ends that. */
    private Job job(Task task, TaskInput input, Transcript transcript) {
        ModelWork work = task.model.work;
        if (work.threads() == null) {
            return work.prepare(task, input, transcript, this);
        }
        synchronized (lock) {
            task.asking = Thread.currentThread();
        }
        try {
            return work.prepare(task, input, transcript, this);
        } finally {
            synchronized (lock) {
                task.asking = null;
            }
            // Meant for the question alone, which is over.
            Thread.interrupted();
        }
    }

    /**
     * Ends a task that no engine has. What a server is asked for it is ended before that, by the thread that waits for the
     * answer.
     */
    private void giveUp(Task task, Failure why) {
        if (task.asking == null) {
            refuse(task, why);
            return;
        }
        if (task.givenUp == null) {
            task.givenUp = why;
        }
        task.asking.interrupt();
    }

    private static Failure ofFallback(Task task, Failure failure) {
        return task.model == task.session.model
                ? failure
                : Admission.of(task.model, task, failure).failure();
    }

    /**
     * The server of its model can not do a task now, and told nothing of an answer: another model does it, if one is configured.
     * Without the lock.
     */
    void refused(Task task, Failure failure) {
        TaskInput input = task.input;
        if (input == null) {
            // It has ended, or nobody can do it but this one.
            refuse(task, ofFallback(task, failure));
            return;
        }
        Admission.Move move;
        try {
            move = admission.elsewhere(task, input, failure);
        } catch (FailureException e) {
            refuse(task, e.failure());
            return;
        }
        synchronized (lock) {
            if (task.cancelled) {
                refuse(task, new Failure(ErrorCode.CANCELLED, task.whyCancelled));
            } else if (move == null || task.givenUp != null) {
                refuse(task, ofFallback(task, failure));
            } else if (task.state != State.ENDED) {
                move(task, move, failure);
            }
        }
    }

    private void move(Task task, Admission.Move move, Failure failure) {
        try {
            admission.move(task, move, failure);
        } catch (FailureException e) {
            refuse(task, e.failure());
            return;
        }
        if (task.expiry == null) {
            expireBeforeTheEngine(task);
        }
        prepare(task);
    }

    /** {@return bytes of an input that stay until the task ends, once its prompt is made} */
    private static long kept(Task task, TaskInput input) {
        return switch (input) {
            // The conversation goes on from its messages.
            case TaskInput.Chat _ -> task.weight;
            case TaskInput.Generating text -> Weight.of(text.options());
            case TaskInput.Vectors _ -> 0;
        };
    }

    /** @param spared bytes that the input took and its prompt does not. {@return whether the engine has it now} */
    private boolean submit(Task task, Job job, long spared) {
        if (task.state == State.ENDED) {
            return false;
        }
        if (task.givenUp != null) {
            refuse(task, task.givenUp);
            return false;
        }
        if (task.model.work.fallback() == null) {
            task.input = null;
            task.holding.set(task.holding.bytes() - spared);
        }
        task.job = job;
        task.submitted = System.nanoTime();
        boolean taken = job.submit(() -> {
            task.state = State.SUBMITTED;
            neverExpires(task);
            tellId(task);
        });
        if (!taken) {
            refuse(task, CLOSING);
        }
        return taken;
    }

    /** Ends a task before the engine had it: its creator is told in the reply, if it still waits for that. */
    private void refuse(Task task, Failure why) {
        synchronized (lock) {
            if (task.state == State.ENDED) {
                return;
            }
            Failure failure = task.givenUp == null ? why : task.givenUp;
            if (task.creation == null) {
                end(task, new TaskOutcome.Failed(failure));
                return;
            }
            leave(task);
            task.creation.failed(failure);
            // Nobody was told the id, but it can be guessed, and every call is answered.
            results.answer(task, new TaskOutcome.Failed(failure));
            afterwards(task);
        }
    }

    static Failure unknown(Throwable e) {
        if (e instanceof UnsupportedException unsupported) {
            return new Failure(ErrorCode.UNSUPPORTED, unsupported.getMessage());
        }
        String id = UUID.randomUUID().toString();
        LOG.error("defect {}", id, e);
        return new Failure(ErrorCode.UNKNOWN, "a defect of the node; the log has it under " + id);
    }

    /**
     * Puts a result together, on the engine's thread if that is a matter of microseconds.
     *
     * @param parts that it is put together of
     */
    void assemble(Task task, long parts, Runnable assembly) {
        boolean elsewhere = parts > MANY_PARTS
                && preparation.submit(task.owners.getFirst(), PrepareThreads.LARGE + 1, () -> {
                    try {
                        assembly.run();
                    } catch (RuntimeException | Error e) {
                        refuse(task, task.model.isClosed() ? CLOSING : unknown(e));
                    }
                });
        if (!elsewhere) {
            assembly.run();
        }
    }

    /** @param transcript of a chat, with the answer; {@code null} for another task */
    void finished(Task task, TaskResult result, @Nullable Transcript transcript) {
        // Both take as long as they are; nobody waits for the lock meanwhile.
        long weight = Weight.of(result);
        // The tokens of another model mean nothing to the session's own.
        Transcript next =
                transcript == null || task.model == task.session.model ? transcript : transcript.withoutTokens();
        long transcriptWeight = Weight.of(next);
        synchronized (lock) {
            Usage usage = result.usage();
            if (usage != null) {
                task.session.promptTokens += usage.promptTokens();
                task.session.completionTokens += usage.completionTokens();
            }
            if (next != null) {
                task.session.continues(next, transcriptWeight);
            }
            end(task, new TaskOutcome.Success(result, weight));
        }
    }

    void failed(Task task, FailureKind kind, String message) {
        Failure failure = switch (kind) {
            case CANCELLED -> new Failure(ErrorCode.CANCELLED, task.whyCancelled);
            case TIMEOUT -> new Failure(ErrorCode.TIMEOUT, "the task's deadline passed");
            case DECODE_FAILED -> new Failure(ErrorCode.INFERENCE_FAILED, message);
            case OUT_OF_MEMORY -> new Failure(ErrorCode.OUT_OF_MEMORY, message);
            case INTERNAL -> unknown(new IllegalStateException(message));
        };
        synchronized (lock) {
            end(task, new TaskOutcome.Failed(failure));
        }
    }

    /** A task that a server ran has no result. */
    void failed(Task task, Failure failure) {
        synchronized (lock) {
            end(task, new TaskOutcome.Failed(failure));
        }
    }

    private static TaskOutcome failure(ErrorCode code, String message) {
        return new TaskOutcome.Failed(new Failure(code, message));
    }

    /** The one terminal event of an accepted task. */
    private void end(Task task, TaskOutcome outcome) {
        leave(task);
        task.session.tasksDone++;
        count(outcome);
        boolean collected = results.answer(task, outcome);
        if (task.sink != null) {
            task.sink.accept(task.id, outcome.event());
        } else if (!collected && !task.abandoned && !task.session.abandoned) {
            results.keep(task, outcome);
        }
        afterwards(task);
    }

    private void leave(Task task) {
        Admission.left(task);
        task.state = State.ENDED;
        task.ended = true;
        neverExpires(task);
        running.remove(task.id);
        task.session.tasks().remove(task);
        task.owners.forEach(owner -> owners.remove(owner, task));
    }

    private void afterwards(Task task) {
        task.cancellations.forEach(Runnable::run);
        Session session = task.session;
        boolean first = !session.chats.isEmpty() && session.chats.getFirst() == task;
        session.chats.remove(task);
        if (first && !session.chats.isEmpty()) {
            prepare(session.chats.getFirst());
        }
        if (running.isEmpty()) {
            noneIsLeft.forEach(Runnable::run);
            noneIsLeft.clear();
        }
    }

    /** Accepts none from here on, and runs something when none is left: now, or at the end of the last. */
    void drain(Runnable then) {
        synchronized (lock) {
            draining = true;
            if (running.isEmpty()) {
                then.run();
            } else {
                noneIsLeft.add(then);
            }
        }
    }

    private void count(TaskOutcome outcome) {
        switch (outcome) {
            case TaskOutcome.Success success -> done++;
            case TaskOutcome.Failed(Failure failure) when failure.code() == ErrorCode.CANCELLED -> cancelled++;
            case TaskOutcome.Failed other -> failed++;
        }
    }

    /** @param timeoutMs negative: for ever */
    void getResult(Owner caller, long taskId, long timeoutMs, Reply<TaskResult> reply) {
        synchronized (lock) {
            TaskOutcome outcome = results.take(taskId);
            Task task = running.get(taskId);
            if (outcome != null) {
                outcome.answer(reply);
            } else if (task == null) {
                reply.failed(notFound(taskId));
            } else if (timeoutMs == 0) {
                reply.failed(Waiters.stillRunning(task));
            } else {
                results.wait(task, caller, timeoutMs, reply);
            }
        }
    }

    private static Failure notFound(long taskId) {
        return new Failure(ErrorCode.TASK_NOT_FOUND, "there is no task %d".formatted(taskId));
    }

    /** Ends a task; {@code whenEnded} runs once it holds no slot. */
    void cancel(Task task, Runnable whenEnded) {
        synchronized (lock) {
            switch (task.state) {
                case ENDED -> whenEnded.run();
                case QUEUED, PREPARING -> {
                    task.cancellations.add(whenEnded);
                    giveUp(task, new Failure(ErrorCode.CANCELLED, task.whyCancelled));
                }
                case SUBMITTED -> {
                    task.cancellations.add(whenEnded);
                    task.cancelled = true;
                    Objects.requireNonNull(task.job).cancel();
                }
            }
        }
    }

    void cancel(long taskId, Reply<Void> reply) {
        synchronized (lock) {
            Task task = running.get(taskId);
            if (task != null) {
                Runnable told = () -> reply.ok(null);
                reply.whenGivenUp(() -> {
                    synchronized (lock) {
                        task.cancellations.remove(told);
                    }
                });
                cancel(task, told);
            } else if (results.keeps(taskId)) {
                reply.ok(null);
            } else {
                reply.failed(notFound(taskId));
            }
        }
    }

    /** Cancels every task of a model that nobody finds any more. */
    void unloaded(ServedModel model) {
        // The last first, as in the end of a session.
        List<Task> affected = running.values().stream()
                .filter(task -> task.model == model)
                .sorted(Comparator.comparingLong((Task task) -> task.id).reversed())
                .toList();
        String why = "model '%s' was unloaded".formatted(model.id());
        inTurns.finish(affected.iterator(), task -> {
            task.whyCancelled = why;
            cancel(task, () -> {});
        });
    }

    /** {@return whether there is such a task of the session; called with the lock} */
    boolean isOf(Session session, long taskId) {
        Task task = running.get(taskId);
        return task != null && task.session == session;
    }

    /** Numbers for the status. */
    record Totals(int running, int kept, long created, long done, long failed, long cancelled) {}

    Totals totals() {
        synchronized (lock) {
            return new Totals(running.size(), results.keptCount(), created, done, failed, cancelled);
        }
    }

    /** Prepares no more tasks, and ends those that wait for it. */
    void close() {
        preparation.close();
        inTurns.finish(running.values().iterator(), task -> {
            if (task.state == State.QUEUED) {
                end(task, failure(ErrorCode.CANCELLED, "the node is stopping"));
            }
        });
    }
}
