package io.llamanode.service;

import static io.llamanode.service.prompt.GenerationDefaults.given;

import io.llamanode.account.Holding;
import io.llamanode.account.MemoryAccount;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.model.AdapterSet;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.model.NodeConfig;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.prompt.Constraints;
import io.llamanode.service.prompt.GenerationDefaults;
import io.llamanode.service.prompt.InputParts;
import io.llamanode.service.prompt.InputSize;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Which tasks are accepted: what is checked before anything is done for one, and what the accepted ones hold. Guarded
 * by the service's lock, all but what takes as long as the input is long.
 */
final class Admission {
    /** A task besides its input: itself, its session, its places in queues and maps, its timer; bytes. */
    private static final long TASK = 3 << 10;

    private final NodeConfig config;
    private final MemoryAccount account;

    Admission(NodeConfig config, MemoryAccount account) {
        this.config = config;
        this.account = account;
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
        InputSize.refuseHopelessLength(order.input(), session.model.nCtx());
        GenerationOptions options = options(order.input(), session);
        Constraints.refuseContradictions(options);
        Owner owner = order.owners().getFirst();
        Holding holding = account.open(MemoryAccount.Kind.TASK, owner, owner.peer());
        hold(holding, TASK + order.weight(), () -> InputParts.largest(order.input()));
        return new Checked(options, holding);
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
        AdapterSet adapters = session.model.work.adapters(given(options.lora()), () -> session.model.adapters);
        Owner owner = order.owners().getFirst();
        String full = session.model.accept(owner);
        if (full != null) {
            throw FailureException.busy(full);
        }
        session.model.used();
        session.model.adapters.count(adapters, 1);
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
        GenerationOptions own =
                input instanceof TaskInput.Generating generating ? generating.options() : GenerationOptions.NONE;
        session.model.refuseWiderSharing(own);
        return GenerationDefaults.complete(own.orElse(session.given.defaults()), session.model.defaults.options());
    }

    /** The task has ended. */
    static void left(Task task) {
        task.holding.release();
        task.input = null;
        task.session.model.adapters.count(task.adapters, -1);
        task.session.model.ended(task.owners.getFirst());
    }
}
