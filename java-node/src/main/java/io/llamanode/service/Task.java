package io.llamanode.service;

import io.llamanode.account.Holding;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.model.AdapterSet;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.Reply;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.GenerationResult;
import io.llamanode.service.contract.task.SessionConfig;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.TaskSink;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

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

    final long id;
    final Session session;
    final boolean isChat;
    /** Of its input, bytes. */
    final long weight;

    /** Where it is done: the model of its session, or the fallback of that. */
    ServedModel model;
    /** Those that could not, in their order. */
    final List<ServedModel> refusing = new ArrayList<>();
    /** Complete, by what holds for its model. */
    GenerationOptions options;
    /** Receives the events; {@code null} if the result is to be collected. */
    final @Nullable TaskSink sink;
    /** The processes without which it is cancelled; the first made it. */
    final List<Owner> owners;
    /** What it is computed with. */
    AdapterSet adapters;
    /** What it has of the node's memory, until it ends. */
    final Holding holding;
    /** That, before anything was made of its input; bytes. */
    final long heldAtFirst;
    /** {@link System#nanoTime()} at creation. */
    final long created;
    /** {@link System#currentTimeMillis()} then. */
    final long startedAt = System.currentTimeMillis();
    /** {@link System#nanoTime()} of its deadline, or {@link GenerationRequest#NO_DEADLINE}. */
    final long deadline;

    State state = State.QUEUED;
    /** Written by the thread that prepares it, before an engine has it. */
    GenerationResult.Structure structure = GenerationResult.Structure.NONE;
    /**
     * {@code null} once it is prepared, unless another model may do it yet: the texts of thousands of waiting tasks would fill
     * the heap.
     */
    @Nullable
    TaskInput input;
    /** {@link System#nanoTime()} when the engine took it. */
    long submitted;

    /** Ends it at its deadline until an engine does; {@code null} where it has none, or an engine has it. */
    @Nullable
    Future<?> expiry;

    /** What an engine does for it; {@code null} until one was asked. */
    @Nullable
    Job job;
    /** Waits for what a server is asked before it; interrupted by who gives it up. {@code null} where nobody does. */
    @Nullable
    Thread asking;

    /** Why nobody wants it any more though its server is still being asked. */
    @Nullable
    Failure givenUp;
    /** Told once it has ended, because somebody cancelled it. */
    final List<Runnable> cancellations = new ArrayList<>();

    final SequencedSet<Waiters.Waiter> waiters = new LinkedHashSet<>();
    /** Told its id once it is accepted; {@code null} when that is done, or nobody waits for it. */
    @Nullable
    Reply<Long> creation;
    /** What it is told when it is cancelled. */
    String whyCancelled = "the task was cancelled";
    /** Somebody cancelled it while it was submitted. */
    boolean cancelled;
    /** It had its terminal event. For the thread that prepares it, which asks often. */
    volatile boolean ended;
    /** Nobody is left who could collect its result. For any thread. */
    volatile boolean abandoned;

    Task(
            long id,
            Session session,
            List<Owner> owners,
            TaskInput input,
            long weight,
            GenerationOptions options,
            @Nullable TaskSink sink,
            AdapterSet adapters,
            Holding holding,
            long created,
            long deadline) {
        this.id = id;
        this.session = session;
        this.model = session.model;
        this.owners = List.copyOf(owners);
        this.input = input;
        this.weight = weight;
        this.isChat = input instanceof TaskInput.Chat;
        this.options = options;
        this.sink = sink;
        this.adapters = adapters;
        this.holding = holding;
        this.heldAtFirst = holding.bytes();
        this.created = created;
        this.deadline = deadline;
    }

    /** {@return what holds for the conversation that it is of, where it is done} */
    SessionConfig config() {
        return model == session.model ? session.config : model.completed(session.given);
    }
}
