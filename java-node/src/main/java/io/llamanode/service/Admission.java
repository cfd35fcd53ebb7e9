package io.llamanode.service;

import static io.llamanode.service.prompt.GenerationDefaults.given;

import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.model.AdapterSet;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.model.NodeConfig;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.prompt.Constraints;
import io.llamanode.service.prompt.GenerationDefaults;
import io.llamanode.service.prompt.InputSize;
import java.util.concurrent.TimeUnit;

/**
 * Which tasks are accepted: what is checked before anything is done for one, and what the accepted ones hold. Guarded
 * by the service's lock.
 */
final class Admission {
    /** Characters, of at most two bytes each: an eighth of the heap. */
    private static final long MOST_TEXT = Runtime.getRuntime().maxMemory() / 16;

    private final NodeConfig config;
    /** Characters of the inputs of all tasks that are not prepared yet, and of the grammars of all tasks. */
    private long text;

    Admission(NodeConfig config) {
        this.config = config;
    }

    /**
     * @param id of the task
     * @param running tasks that have not ended
     * @return the task, counted in
     * @throws FailureException if there is no such task to be made, or no room for it
     */
    Task accept(long id, Tasks.Order order, int running) {
        Session session = order.session();
        long length = InputSize.length(order.input());
        if (running >= config.maxTasks()) {
            throw busy("%d tasks are waiting or running".formatted(running));
        }
        InputSize.refuseHopelessLength(
                order.input(), session.model.loaded.info().nCtx());
        GenerationOptions options = options(order.input(), session);
        Constraints.refuseContradictions(options);
        if (text + length + given(options.format()).length() > MOST_TEXT) {
            throw busy("%d characters of prompts and grammars wait for their turn".formatted(text));
        }
        AdapterSet adapters = session.model.adapters.set(given(options.lora()));
        String full = session.model.accept(order.owners().getFirst());
        if (full != null) {
            throw busy(full);
        }
        session.model.used();
        session.model.adapters.count(adapters, 1);
        text += length + given(options.format()).length();
        long now = System.nanoTime();
        Long timeout = order.input().timeoutMs() != null ? order.input().timeoutMs() : options.timeoutMs();
        long deadline = timeout == null || timeout < 0
                ? GenerationRequest.NO_DEADLINE
                : now + TimeUnit.MILLISECONDS.toNanos(timeout);
        return new Task(id, session, order.owners(), order.input(), options, order.sink(), adapters, now, deadline);
    }

    private static FailureException busy(String why) {
        return new FailureException(ErrorCode.SERVER_BUSY, why);
    }

    /** {@return the options of a task, complete} */
    static GenerationOptions options(TaskInput input, Session session) {
        GenerationOptions own =
                input instanceof TaskInput.Generating generating ? generating.options() : GenerationOptions.NONE;
        return GenerationDefaults.complete(own, session.config.defaults());
    }

    /** The task's input is not needed any more. */
    void prepared(Task task) {
        if (task.input != null) {
            task.input = null;
            text -= task.inputLength;
        }
    }

    /** The task has ended. */
    void left(Task task) {
        prepared(task);
        text -= given(task.options.format()).length();
        task.session.model.adapters.count(task.adapters, -1);
        task.session.model.ended(task.owners.getFirst());
    }
}
