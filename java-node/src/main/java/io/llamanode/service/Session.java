package io.llamanode.service;

import io.llamanode.account.Holding;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.task.SessionConfig;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.prompt.Transcript;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.SequencedSet;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A conversation or a series of completions of one owner. Guarded by the service's lock. */
final class Session {
    /**
     * A conversation to go back to.
     *
     * @param weight of it, bytes
     */
    record Checkpoint(Transcript transcript, long weight) {
        /** Before the first message. */
        static final Checkpoint START = new Checkpoint(Transcript.EMPTY, 0);
    }

    final long id;
    final Owner owner;
    final ServedModel model;
    /** What its owner said. Changed under the lock, for any thread to read. */
    volatile SessionConfig given;
    /** That, and what its model says where it does not. Likewise. */
    volatile SessionConfig config;
    /** {@link System#nanoTime()} at creation. */
    final long created;
    /** Made for one task and gone with it. */
    final boolean temporary;
    /** What it has of the node's memory; {@code null} for a temporary one, whose task has it. */
    final @Nullable Holding holding;

    Transcript transcript = Transcript.EMPTY;
    /** Conversations to go back to, oldest first. */
    final TreeMap<Long, Checkpoint> checkpoints = new TreeMap<>();
    /** Chat tasks that have not ended, in order; only the first is prepared or runs. */
    final SequencedSet<Task> chats = new LinkedHashSet<>();
    /** All tasks that have not ended, in order. */
    private SequencedSet<Task> tasks = new LinkedHashSet<>();
    /** Other models that did tasks of it, and may have a KV cache of it. */
    final Set<ServedModel> elsewhere = new LinkedHashSet<>();
    /** Nobody finds it any more, and it gets no more tasks. */
    boolean closed;
    /** Nobody is left who could collect the results of its tasks. For any thread. */
    volatile boolean abandoned;

    /** Of its configuration, bytes. */
    long configWeight;
    /** Of all but the transcript, bytes. */
    long kept;
    /** Of the transcript, bytes. */
    long transcriptWeight;

    int tasksDone;
    long promptTokens;
    long completionTokens;

    /** @param holding {@code null} for one that is made for one task, and gone with it */
    Session(long id, Owner owner, ServedModel model, SessionConfig config, long created, @Nullable Holding holding) {
        this.id = id;
        this.owner = owner;
        this.model = model;
        this.given = config;
        this.config = model.completed(config);
        this.created = created;
        this.temporary = holding == null;
        this.holding = holding;
    }

    /**
     * The conversation stands somewhere else now, which nobody can refuse any more.
     *
     * @param weight of the transcript, bytes
     */
    void continues(Transcript next, long weight) {
        transcript = next;
        transcriptWeight = weight;
        if (holding != null) {
            holding.set(kept + weight);
        }
    }

    /**
     * Its owner says something else from here on.
     *
     * @param next what
     * @param weight of it, bytes
     */
    void configure(SessionConfig next, long weight) {
        given = next;
        config = model.completed(next);
        kept += weight - configWeight;
        configWeight = weight;
        if (holding != null) {
            holding.set(kept + transcriptWeight);
        }
    }

    /** {@return the tasks that have not ended} */
    Set<Task> tasks() {
        return tasks;
    }

    /** Has no more tasks. {@return those that it had, to be ended; the last first, as one that ends starts the next} */
    Iterator<Task> leaveTasks() {
        SequencedSet<Task> had = tasks;
        tasks = new LinkedHashSet<>();
        return had.reversed().iterator();
    }

    /** @throws FailureException {@code invalid_argument} if the input asks for another model than the session's */
    void refuseOtherModel(TaskInput input) {
        if (input.model() != null && !input.model().equals(model.id())) {
            throw FailureException.invalid("model: session %d works with '%s'".formatted(id, model.id()));
        }
    }

    /** {@return whose KV cache its requests use; 0, nobody's, where no second request can come} */
    long cacheKey() {
        return temporary ? 0 : id;
    }
}
