package io.llamanode.service;

import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.task.SessionConfig;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.prompt.Transcript;
import java.util.LinkedHashSet;
import java.util.SequencedSet;
import java.util.Set;
import java.util.TreeMap;

/** A conversation or a series of completions of one owner. Guarded by the service's lock. */
final class Session {
    final long id;
    final Owner owner;
    final ServedModel model;
    final SessionConfig config;
    /** {@link System#nanoTime()} at creation. */
    final long created;
    /** Made for one task and gone with it. */
    final boolean temporary;

    Transcript transcript = Transcript.EMPTY;
    /** Conversations to go back to, oldest first. */
    final TreeMap<Long, Transcript> checkpoints = new TreeMap<>();
    /** Chat tasks that have not ended, in order; only the first is prepared or runs. */
    final SequencedSet<Task> chats = new LinkedHashSet<>();
    /** All tasks that have not ended. */
    final Set<Task> tasks = new LinkedHashSet<>();

    int tasksDone;
    long promptTokens;
    long completionTokens;

    Session(long id, Owner owner, ServedModel model, SessionConfig config, long created, boolean temporary) {
        this.id = id;
        this.owner = owner;
        this.model = model;
        this.config = config;
        this.created = created;
        this.temporary = temporary;
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
