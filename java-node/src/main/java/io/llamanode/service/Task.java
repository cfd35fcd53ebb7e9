package io.llamanode.service;

import io.llamanode.service.PromptBuilder.Prepared;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Future;

/** One unit of work. Guarded by the service's lock, except where a field says otherwise. */
final class Task {
    /** Where a task stands. */
    enum State {
        /** Behind another chat task of its session. */
        QUEUED,
        /** Its prompt is being made. */
        PREPARING,
        /** The engine has it. */
        SUBMITTED,
        /** It had its terminal event. */
        ENDED
    }

    /** A caller that waits for the result. */
    record Waiter(Reply<TaskResult> reply, Future<?> timeout) {}

    final long id;
    final Session session;
    final TaskInput input;
    final GenerationOptions options;
    /** Receives the events; {@code null} if the result is to be collected. */
    final TaskSink sink;
    /** The processes without which it is cancelled. */
    final Set<Owner> owners = new LinkedHashSet<>();
    /** {@link System#nanoTime()} at creation. */
    final long created;
    /** {@link System#nanoTime()} of its deadline, or {@link io.llamanode.engine.GenerationRequest#NO_DEADLINE}. */
    final long deadline;

    State state = State.QUEUED;
    /** {@link System#nanoTime()} when the engine took it. */
    long submitted;
    Prepared prepared;
    long seed;
    /** Told once it has ended, because somebody cancelled it; not empty: it is to be cancelled. */
    final List<Runnable> cancellations = new ArrayList<>();
    final List<Waiter> waiters = new ArrayList<>();

    /** What was generated so far; used by the loop thread only. */
    final StringBuilder content = new StringBuilder();
    /** Index of the next chunk; used by the loop thread only. */
    int nextIndex;

    Task(long id, Session session, TaskInput input, GenerationOptions options, TaskSink sink, long created, long deadline) {
        this.id = id;
        this.session = session;
        this.input = input;
        this.options = options;
        this.sink = sink;
        this.created = created;
        this.deadline = deadline;
    }

    boolean isChat() {
        return input instanceof TaskInput.Chat;
    }
}
