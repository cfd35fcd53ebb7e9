package io.llamanode.service;

import io.llamanode.engine.GenerationListener;
import io.llamanode.engine.GenerationRequest;
import io.llamanode.engine.sampling.SamplingParams;
import io.llamanode.service.PromptBuilder.Prepared;
import io.llamanode.service.Task.State;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The life of tasks: admission, preparation on a thread of its own, hand-over to the engine, the
 * one terminal event, and results that wait to be collected.
 *
 * <p>Every method takes the service's lock itself. Replies and events are given while it is held,
 * so that their order is that of what happened; neither may block.
 */
final class Tasks {
    private static final Logger LOG = LoggerFactory.getLogger(Tasks.class);

    private final Object lock;
    private final NodeConfig config;
    private final IdSource ids;
    private final Owners owners;
    private final ScheduledExecutorService timer;
    /** One thread: tokenizing is quick, and tasks reach the engine in the order of their creation. */
    private final ExecutorService preparation =
            Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("prepare").factory());
    private final Map<Long, Task> running = new HashMap<>();
    private final KeptResults results;
    private boolean expiryPlanned;
    private long created;
    private long done;
    private long failed;
    private long cancelled;

    /** @param lock of the service */
    Tasks(
            Object lock,
            NodeConfig config,
            IdSource ids,
            Owners owners,
            ScheduledExecutorService timer) {
        this.lock = lock;
        this.config = config;
        this.ids = ids;
        this.owners = owners;
        this.timer = timer;
        this.results = new KeptResults(config.maxResults(), TimeUnit.MILLISECONDS.toNanos(config.resultTtlMs()));
    }

    /** What {@link #create} makes. */
    record Order(Session session, TaskInput input, List<Owner> owners, TaskSink sink, Reply<TaskResult> waiter) {}

    /** Makes a task; the reply comes when its prompt is ready and the engine took it, or at once behind another chat. */
    void create(Order order, Reply<Long> reply) {
        synchronized (lock) {
            Session session = order.session();
            int mostChats = session.model.engine().config().maxQueue() + 1;
            if (running.size() >= config.maxTasks() || session.chats.size() >= mostChats) {
                reply.failed(new Failure(ErrorCode.SERVER_BUSY, "%d tasks are waiting or running".formatted(running.size())));
                return;
            }
            GenerationOptions options = GenerationDefaults.complete(options(order.input()), session.config.defaults());
            long now = System.nanoTime();
            long deadline = options.timeoutMs() == null
                    ? GenerationRequest.NO_DEADLINE
                    : now + TimeUnit.MILLISECONDS.toNanos(options.timeoutMs());
            Task task = new Task(ids.next(), session, order.input(), options, order.sink(), now, deadline);
            if (order.waiter() != null) {
                task.waiters.add(new Task.Waiter(order.waiter(), null));
            }
            task.owners.addAll(order.owners());
            task.owners.forEach(owner -> owners.add(owner, task));
            running.put(task.id, task);
            session.tasks.add(task);
            created++;
            if (task.isChat()) {
                session.chats.addLast(task);
                if (session.chats.size() > 1) {
                    reply.ok(task.id);
                    expireInQueue(task);
                    return;
                }
            }
            prepare(task, reply);
        }
    }

    private static GenerationOptions options(TaskInput input) {
        return switch (input) {
            case TaskInput.Completion completion -> completion.options();
            case TaskInput.Chat chat -> chat.options();
            case TaskInput.Unsupported other -> GenerationOptions.NONE;
        };
    }

    private void expireInQueue(Task task) {
        if (task.deadline != GenerationRequest.NO_DEADLINE) {
            timer.schedule(
                    () -> {
                        synchronized (lock) {
                            if (task.state == State.QUEUED) {
                                end(task, failure(ErrorCode.TIMEOUT, "the deadline passed"));
                            }
                        }
                    },
                    task.deadline - System.nanoTime(),
                    TimeUnit.NANOSECONDS);
        }
    }

    /** @param reply told whether the engine took the task; {@code null} if the caller knows its id already */
    private void prepare(Task task, Reply<Long> reply) {
        task.state = State.PREPARING;
        Transcript transcript = task.session.transcript;
        preparation.execute(() -> {
            try {
                PromptBuilder builder = new PromptBuilder(task.session.model);
                Prepared prepared = builder.prepare(
                        task.input, task.session.config.systemPrompt(), transcript, task.options.maxTokens());
                SamplingParams sampling = GenerationDefaults.sampling(task.options, task.session.model.vocabulary());
                submit(task, prepared, sampling, builder, reply);
            } catch (FailureException e) {
                refuse(task, e.failure(), reply);
            } catch (RuntimeException | Error e) {
                refuse(task, unknown(e), reply);
            }
        });
    }

    private void submit(
            Task task, Prepared prepared, SamplingParams sampling, PromptBuilder builder, Reply<Long> reply) {
        synchronized (lock) {
            if (!task.cancellations.isEmpty()) {
                refuse(task, new Failure(ErrorCode.CANCELLED, "cancelled"), reply);
                return;
            }
            task.prepared = prepared;
            task.seed = sampling.seed();
            task.submitted = System.nanoTime();
            GenerationRequest request = request(task, prepared, sampling);
            boolean taken = task.session.model.engine().submit(request, new Listener(task, builder), () -> {
                task.state = State.SUBMITTED;
                if (reply != null) {
                    reply.ok(task.id);
                }
            });
            if (!taken) {
                refuse(task, new Failure(ErrorCode.SERVER_BUSY, "every slot is taken and the queue is full"), reply);
            }
        }
    }

    private static GenerationRequest request(Task task, Prepared prepared, SamplingParams sampling) {
        GenerationOptions options = task.options;
        return new GenerationRequest(
                task.id,
                task.session.cacheKey(),
                prepared.tokens(),
                options.maxTokens(),
                sampling,
                options.stop(),
                options.nKeep() != null ? options.nKeep() : prepared.nKeep(),
                options.contextShift(),
                options.cachePrompt(),
                task.deadline);
    }

    /** Ends a task that never ran: its creator is told in the reply, if it still waits for it. */
    private void refuse(Task task, Failure failure, Reply<Long> reply) {
        synchronized (lock) {
            if (reply == null) {
                end(task, new TaskOutcome.Failed(failure));
                return;
            }
            leave(task);
            reply.failed(failure);
            task.cancellations.forEach(Runnable::run);
            afterwards(task);
        }
    }

    private static Failure unknown(Throwable e) {
        String id = UUID.randomUUID().toString();
        LOG.error("defect {}", id, e);
        return new Failure(ErrorCode.UNKNOWN, "a defect of the node; the log has it under " + id);
    }

    /** Hears the engine, on its loop thread. */
    private final class Listener implements GenerationListener {
        private final Task task;
        private final PromptBuilder builder;

        Listener(Task task, PromptBuilder builder) {
            this.task = task;
            this.builder = builder;
        }

        @Override
        public void text(String text) {
            task.content.append(text);
            if (task.sink != null) {
                task.sink.accept(task.id, new TaskEvent.Chunk(text, task.nextIndex++));
            }
        }

        @Override
        public void finished(Outcome outcome) {
            TaskResult result = Results.of(task, outcome);
            Transcript transcript =
                    task.isChat() ? builder.answered(task.prepared, result.content(), outcome) : null;
            synchronized (lock) {
                Session session = task.session;
                session.promptTokens += outcome.promptTokens();
                session.completionTokens += outcome.completion().length;
                if (transcript != null) {
                    session.transcript = transcript;
                }
                end(task, new TaskOutcome.Success(result));
            }
        }

        @Override
        public void failed(FailureKind kind, String message) {
            synchronized (lock) {
                end(task, switch (kind) {
                    case CANCELLED -> failure(ErrorCode.CANCELLED, "the task was cancelled");
                    case TIMEOUT -> failure(ErrorCode.TIMEOUT, "the task's deadline passed");
                    case DECODE_FAILED -> failure(ErrorCode.INFERENCE_FAILED, message);
                    case INTERNAL -> new TaskOutcome.Failed(unknown(new IllegalStateException(message)));
                });
            }
        }
    }

    private static TaskOutcome failure(ErrorCode code, String message) {
        return new TaskOutcome.Failed(new Failure(code, message));
    }

    /** The one terminal event of a task whose id its creator knows. */
    private void end(Task task, TaskOutcome outcome) {
        leave(task);
        task.session.tasksDone++;
        count(outcome);
        if (task.sink != null) {
            task.sink.accept(task.id, outcome.event());
        } else if (task.waiters.isEmpty()) {
            results.keep(task.id, outcome, System.nanoTime());
            planExpiry();
        }
        for (Task.Waiter waiter : task.waiters) {
            if (waiter.timeout() != null) {
                waiter.timeout().cancel(false);
            }
            outcome.answer(waiter.reply());
        }
        task.cancellations.forEach(Runnable::run);
        afterwards(task);
    }

    private void leave(Task task) {
        task.state = State.ENDED;
        running.remove(task.id);
        task.session.tasks.remove(task);
        task.owners.forEach(owner -> owners.remove(owner, task));
    }

    private void afterwards(Task task) {
        Session session = task.session;
        boolean first = session.chats.peekFirst() == task;
        session.chats.remove(task);
        if (first && !session.chats.isEmpty()) {
            if (preparation.isShutdown()) {
                end(session.chats.peekFirst(), failure(ErrorCode.CANCELLED, "the node is stopping"));
            } else {
                prepare(session.chats.peekFirst(), null);
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

    private void planExpiry() {
        if (!expiryPlanned) {
            expiryPlanned = true;
            timer.schedule(this::expire, config.resultTtlMs(), TimeUnit.MILLISECONDS);
        }
    }

    private void expire() {
        synchronized (lock) {
            long next = results.expire(System.nanoTime());
            expiryPlanned = next >= 0;
            if (expiryPlanned) {
                timer.schedule(this::expire, next, TimeUnit.NANOSECONDS);
            }
        }
    }

    /** @param timeoutMs negative: for ever */
    void getResult(long taskId, long timeoutMs, Reply<TaskResult> reply) {
        synchronized (lock) {
            TaskOutcome outcome = results.take(taskId);
            Task task = running.get(taskId);
            if (outcome != null) {
                outcome.answer(reply);
            } else if (task == null) {
                reply.failed(notFound(taskId));
            } else if (timeoutMs == 0) {
                reply.failed(stillRunning(task));
            } else {
                Future<?> timeout = timeoutMs < 0
                        ? null
                        : timer.schedule(() -> giveUp(task, reply), timeoutMs, TimeUnit.MILLISECONDS);
                task.waiters.add(new Task.Waiter(reply, timeout));
            }
        }
    }

    private void giveUp(Task task, Reply<TaskResult> reply) {
        synchronized (lock) {
            if (task.waiters.removeIf(waiter -> waiter.reply() == reply) && task.state != State.ENDED) {
                reply.failed(stillRunning(task));
            }
        }
    }

    private static Failure stillRunning(Task task) {
        return new Failure(ErrorCode.TIMEOUT, "task %d has not ended yet; it goes on".formatted(task.id));
    }

    private static Failure notFound(long taskId) {
        return new Failure(ErrorCode.TASK_NOT_FOUND, "there is no task %d".formatted(taskId));
    }

    /** Ends a task; {@code done} runs once it holds no slot. */
    void cancel(Task task, Runnable whenEnded) {
        synchronized (lock) {
            switch (task.state) {
                case ENDED -> whenEnded.run();
                case QUEUED -> {
                    task.cancellations.add(whenEnded);
                    end(task, failure(ErrorCode.CANCELLED, "the task was cancelled"));
                }
                case PREPARING -> task.cancellations.add(whenEnded);
                case SUBMITTED -> {
                    task.cancellations.add(whenEnded);
                    task.session.model.engine().cancel(task.id, () -> {});
                }
            }
        }
    }

    void cancel(long taskId, Reply<Void> reply) {
        synchronized (lock) {
            Task task = running.get(taskId);
            if (task != null) {
                cancel(task, () -> reply.ok(null));
            } else if (results.contains(taskId)) {
                reply.ok(null);
            } else {
                reply.failed(notFound(taskId));
            }
        }
    }

    /** Numbers for the status. */
    record Totals(int running, int kept, long created, long done, long failed, long cancelled) {}

    Totals totals() {
        synchronized (lock) {
            return new Totals(running.size(), results.size(), created, done, failed, cancelled);
        }
    }

    /** Runs something slow that needs no task, such as tokenizing, in turn with preparations. */
    <T> void aside(Supplier<T> work, Reply<T> reply) {
        preparation.execute(() -> {
            T value;
            try {
                value = work.get();
            } catch (FailureException e) {
                reply.failed(e.failure());
                return;
            } catch (RuntimeException | Error e) {
                reply.failed(unknown(e));
                return;
            }
            reply.ok(value);
        });
    }

    /** Takes no more tasks; what is being prepared goes on to the engine. */
    void close() {
        synchronized (lock) {
            preparation.shutdown();
        }
    }
}
