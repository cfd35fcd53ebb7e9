package io.llamanode.service;

import static io.llamanode.service.prompt.GenerationDefaults.given;

import io.llamanode.account.Holding;
import io.llamanode.account.MemoryAccount;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.model.AdapterSet;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.model.NodeConfig;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.prompt.AnswerFormats;
import io.llamanode.service.prompt.Constraints;
import io.llamanode.service.prompt.GenerationDefaults;
import io.llamanode.service.prompt.InputParts;
import io.llamanode.service.prompt.InputSize;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Which tasks are accepted: what is checked before anything is done for one, and what the accepted ones hold. Guarded
 * by the service's lock, all but what takes as long as the input is long.
 */
final class Admission {
    /** A task besides its input: itself, its session, its places in queues and maps, its timer; bytes. */
    private static final long TASK = 3 << 10;

    private final NodeConfig config;
    private final MemoryAccount account;
    private final ModelRegistry models;

    /** @param models among which those are that others fall back to */
    Admission(NodeConfig config, MemoryAccount account, ModelRegistry models) {
        this.config = config;
        this.account = account;
        this.models = models;
    }

    /**
     * What has been found out of a task before it is accepted.
     *
     * @param options complete
     * @param holding to be released if it is not
     */
    record Checked(GenerationOptions options, Holding holding) {}

    /**
     * Looks at an input, and holds what it takes; without the lock.
     *
     * @throws FailureException if there is no such task to be made, or it may not hold so much
     */
    Checked check(Tasks.Order order) {
        Session session = order.session();
        GenerationOptions options = fitting(order.input(), session, session.model);
        Owner owner = order.owners().getFirst();
        Holding holding = account.open(MemoryAccount.Kind.TASK, owner, owner.peer());
        hold(holding, TASK + order.weight(), () -> InputParts.largest(order.input()));
        return new Checked(options, holding);
    }

    private static GenerationOptions fitting(TaskInput input, Session session, ServedModel model) {
        InputSize.refuseHopelessLength(input, model.nCtx());
        GenerationOptions options = options(input, session, model);
        if (input instanceof TaskInput.Generating generating) {
            AnswerFormats.refuseWithoutEffect(generating.options(), options);
        }
        Constraints.refuseContradictions(options);
        return options;
    }

    /**
     * @param id of the task
     * @param running tasks that have not ended
     * @return the task, counted in
     * @throws FailureException if there is no such task to be made, or no room for it
     */
    Task accept(long id, Tasks.Order order, Checked checked, int running) {
        Session session = order.session();
        GenerationOptions options = checked.options();
        if (running >= config.maxTasks()) {
            throw FailureException.busy("%d tasks are waiting or running".formatted(running));
        }
        AdapterSet adapters = accept(session.model, order.owners().getFirst(), options);
        long now = System.nanoTime();
        Long timeout = order.input().timeoutMs() != null ? order.input().timeoutMs() : options.timeoutMs();
        long deadline = timeout == null || timeout < 0
                ? GenerationRequest.NO_DEADLINE
                : now + TimeUnit.MILLISECONDS.toNanos(timeout);
        return new Task(
                id,
                session,
                order.owners(),
                order.input(),
                order.weight(),
                options,
                order.sink(),
                adapters,
                checked.holding(),
                now,
                deadline);
    }

    private static AdapterSet accept(ServedModel model, Owner owner, GenerationOptions options) {
        AdapterSet adapters = model.work.adapters(given(options.lora()), () -> model.adapters);
        String full = model.accept(owner);
        if (full != null) {
            throw FailureException.busy(full);
        }
        model.used();
        model.adapters.count(adapters, 1);
        return adapters;
    }

    /**
     * Another model for a task.
     *
     * @param options complete, by what holds for that one
     */
    record Move(ServedModel model, GenerationOptions options) {}

    /**
     * Looks for the model that does what a task's own refuses; without the lock.
     *
     * @param failure of its own
     * @return {@code null} if none is configured, or all were asked
     * @throws FailureException if it is not loaded, or refuses as well
     */
    @Nullable
    Move elsewhere(Task task, TaskInput input, Failure failure) {
        String id = task.model.work.fallback();
        if (id == null) {
            return null;
        }
        ServedModel model = models.loaded(id);
        if (model == null) {
            throw new FailureException(
                    failure.code(), "%s; its fallback '%s' is not loaded".formatted(failure.message(), id));
        }
        if (model == task.model || task.refusing.contains(model)) {
            return null;
        }
        try {
            return new Move(model, fitting(input, task.session, model));
        } catch (FailureException e) {
            throw of(model, task, e.failure());
        }
    }

    /**
     * Counts a task in at another model, and out at its own.
     *
     * @throws FailureException if there is no room for it there; then it stays where it is
     */
    void move(Task task, Move move, Failure failure) {
        ServedModel model = move.model();
        if (models.loaded(model.id()) != model) {
            throw new FailureException(
                    failure.code(), "%s; its fallback '%s' was unloaded".formatted(failure.message(), model.id()));
        }
        AdapterSet adapters;
        try {
            adapters = accept(model, task.owners.getFirst(), move.options());
        } catch (FailureException e) {
            throw of(model, task, e.failure());
        }
        leave(task);
        task.model.work.passesOn(failure);
        task.refusing.add(task.model);
        task.model = model;
        task.options = move.options();
        task.adapters = adapters;
        task.job = null;
        task.holding.set(task.heldAtFirst);
        if (!task.session.temporary) {
            task.session.elsewhere.add(model);
        }
    }

    /** {@return a refusal by a model that the caller may not have asked for} */
    static FailureException of(ServedModel model, Task task, Failure failure) {
        return new FailureException(
                failure.code(),
                "%s (by '%s', the fallback of '%s')".formatted(failure.message(), model.id(), task.session.model.id()));
    }

    /**
     * Holds memory for something that has produced nothing yet.
     *
     * @param key of the input that takes most, asked for if it is refused
     * @throws FailureException {@code out_of_memory} naming the key if one thing may not hold so much, {@code
     *     server_busy} if its owner holds too much
     */
    static void hold(Holding holding, long bytes, Supplier<String> key) {
        if (holding.isTooMuch(bytes)) {
            throw new FailureException(
                    ErrorCode.OUT_OF_MEMORY,
                    "%s: the request takes %d bytes of the node's memory, and one may take %d"
                            .formatted(key.get(), holding.bytes() + bytes, holding.most()));
        }
        String why = holding.grow(bytes);
        if (why != null) {
            throw FailureException.busy(why);
        }
    }

    /**
     * {@return the options of a task, complete}
     *
     * @throws FailureException {@code invalid_argument} if they are to share more than its model does
     */
    static GenerationOptions options(TaskInput input, Session session) {
        return options(input, session, session.model);
    }

    private static GenerationOptions options(TaskInput input, Session session, ServedModel model) {
        GenerationOptions own =
                input instanceof TaskInput.Generating generating ? generating.options() : GenerationOptions.NONE;
        model.refuseWiderSharing(own);
        return GenerationDefaults.complete(own.orElse(session.given.defaults()), model.defaults.options());
    }

    /** The task has ended. */
    static void left(Task task) {
        task.holding.release();
        task.input = null;
        leave(task);
    }

    private static void leave(Task task) {
        task.model.adapters.count(task.adapters, -1);
        task.model.ended(task.owners.getFirst());
    }
}
