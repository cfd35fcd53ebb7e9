package io.llamanode.protocol;

import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangRef;
import io.llamanode.service.contract.model.AdapterConfig;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.task.ChatTemplating;
import io.llamanode.service.contract.task.SessionConfig;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.TokenText;

/** A checked request; the terms are in docs/protocol.md, section 1. */
public sealed interface Request {
    /** Is anybody there? */
    record Ping() implements Request {}

    /** The node's state. */
    record GetStatus() implements Request {}

    /**
     * @param config what to load and how
     * @param progress hears how far it has come, or {@code null}
     */
    record LoadModel(ModelConfig config, OtpErlangPid progress) implements Request {}

    /** @param id of a loaded model */
    record UnloadModel(String id) implements Request {}

    /** The loaded models. */
    record ListModels() implements Request {}

    /** @param config the file, and how it would be loaded */
    record InspectModel(ModelConfig config) implements Request {}

    /** @param config how the session is made */
    record CreateSession(SessionConfig config) implements Request {}

    /** @param sessionId the session */
    record CloseSession(long sessionId) implements Request {}

    /** @param sessionId the session */
    record GetSessionInfo(long sessionId) implements Request {}

    /**
     * @param sessionId the session
     * @param input what to do
     */
    record CreateTask(long sessionId, TaskInput input) implements Request {}

    /**
     * @param taskId the task
     * @param timeoutMs how long to wait, in milliseconds; -1: for ever
     */
    record GetResult(long taskId, long timeoutMs) implements Request {}

    /**
     * @param sessionId the session
     * @param input what to do
     * @param sink receives the events
     * @param end where the terminal event goes instead, or {@code null} for the sink as well
     * @param delivery how fast the events come
     */
    record Stream(long sessionId, TaskInput input, OtpErlangPid sink, StreamEnd end, Delivery delivery)
            implements Request {}

    /**
     * Where a stream's terminal event goes.
     *
     * @param alias of the sink, which takes one message
     * @param watcher told of the alias once the event is on its way
     */
    record StreamEnd(OtpErlangRef alias, OtpErlangPid watcher) {}

    /**
     * @param taskId the streamed task
     * @param demand what its process asks for now
     */
    record Active(long taskId, Demand demand) implements Request {}

    /** @param taskId the task */
    record CancelTask(long taskId) implements Request {}

    /** @param input what to do in a session of its own */
    record Run(TaskInput input) implements Request {}

    /**
     * @param text what and how
     * @param withPieces whether to tell what each token stands for
     */
    record Tokenize(TokenText text, boolean withPieces) implements Request {}

    /** @param text what and how */
    record CountTokens(TokenText text) implements Request {}

    /**
     * @param model model id or {@code null}
     * @param tokens token ids
     * @param special whether control tokens are spelled; else they are left out
     */
    record Detokenize(String model, int[] tokens, boolean special) implements Request {}

    /** @param templating what to render */
    record ApplyTemplate(ChatTemplating templating) implements Request {}

    /** @param config what to load */
    record LoadAdapter(AdapterConfig config) implements Request {}

    /**
     * @param id the adapter
     * @param model model id or {@code null}
     */
    record UnloadAdapter(String id, String model) implements Request {}

    /** Every loaded adapter. */
    record ListAdapters() implements Request {}

    /** @param sessionId the session to continue in another one */
    record ForkSession(long sessionId) implements Request {}

    /** @param sessionId the session to remember */
    record CheckpointSession(long sessionId) implements Request {}

    /**
     * @param sessionId the session to take back
     * @param checkpoint of it; 0: before its first message
     */
    record RewindSession(long sessionId, long checkpoint) implements Request {}

    /**
     * @param sessionId the session whose KV cache is dropped
     * @param keepSystemPrompt whether its system prompt stays
     */
    record ClearCache(long sessionId, boolean keepSystemPrompt) implements Request {}

    /**
     * @param sessionId the session
     * @param input what would be done
     */
    record EstimateTask(long sessionId, TaskInput input) implements Request {}
}
