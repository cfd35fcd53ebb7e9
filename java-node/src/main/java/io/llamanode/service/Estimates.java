package io.llamanode.service;

import io.llamanode.account.MemoryAccount;
import io.llamanode.account.Weight;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.sampling.SamplingParams;
import io.llamanode.service.contract.Continued;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.Reply;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.TaskEstimate;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.prompt.GenerationDefaults;
import io.llamanode.service.prompt.InputParts;
import io.llamanode.service.prompt.InputSize;
import io.llamanode.service.prompt.PreparedPrompt;
import io.llamanode.service.prompt.Transcript;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Tells what tasks would cost, without running them. Safe for use by any thread. */
public final class Estimates {
    private final Object lock;
    private final Sessions sessions;
    private final Asides asides;
    private final MemoryAccount account;

    /** @param lock of the service */
    Estimates(Object lock, Sessions sessions, Asides asides, MemoryAccount account) {
        this.account = account;
        this.lock = lock;
        this.sessions = sessions;
        this.asides = asides;
    }

    /**
     * Asks for an estimate.
     *
     * @param owner who would create the task
     * @param sessionId its session
     * @param input what it would do
     * @param reply told the estimate, or why there would be no task
     * @throws FailureException {@code session_not_found}; {@code unsupported} for a task that generates no text
     */
    public void ask(Owner owner, long sessionId, TaskInput input, Reply<TaskEstimate> reply) {
        long weight = Weight.of(input);
        Session session = sessions.find(sessionId);
        session.refuseOtherModel(input);
        if (session.model.work.loaded("estimates").engine() == null
                || !(input instanceof TaskInput.Generating generating)) {
            throw new FailureException(ErrorCode.UNSUPPORTED, "estimates of tasks that generate no text");
        }
        InputSize.refuseHopelessLength(input, session.model.nCtx());
        GenerationOptions options = Admission.options(input, session);
        Task task;
        Transcript transcript;
        int behind;
        synchronized (lock) {
            task = new Task(
                    0,
                    session,
                    List.of(owner),
                    input,
                    weight,
                    options,
                    null,
                    session.model.adapters.set(GenerationDefaults.given(options.lora())),
                    account.open(MemoryAccount.Kind.CALL, owner, owner.peer()),
                    System.nanoTime(),
                    GenerationRequest.NO_DEADLINE);
            transcript = session.transcript;
            behind = task.isChat ? session.chats.size() : 0;
        }
        asides.run(
                owner,
                session.model,
                weight,
                () -> InputParts.largest(input),
                () -> session.model.prompts().prepare(generating, session.config, transcript, options),
                new Continued<PreparedPrompt>(reply) {
                    @Override
                    public void ok(@Nullable PreparedPrompt prepared) {
                        forecast(task, Objects.requireNonNull(prepared), behind, reply);
                    }
                });
    }

    private static void forecast(Task task, PreparedPrompt prepared, int behind, Reply<TaskEstimate> reply) {
        GenerationRequest request = GenerationTasks.request(task, prepared, SamplingParams.GREEDY, null);
        boolean asked = Objects.requireNonNull(task.session.model.loaded().engine())
                .forecast(
                        request,
                        forecast -> reply.ok(new TaskEstimate(
                                prepared.tokens().length, forecast.cached(), forecast.ahead() + behind)));
        if (!asked) {
            reply.failed(new Failure(ErrorCode.CANCELLED, "the model is being closed"));
        }
    }
}
