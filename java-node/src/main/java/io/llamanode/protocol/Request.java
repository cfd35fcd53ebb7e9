package io.llamanode.protocol;

import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangRef;
import io.llamanode.service.contract.model.AdapterConfig;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.task.ChatTemplating;
import io.llamanode.service.contract.task.OutputFormat;
import io.llamanode.service.contract.task.SessionConfig;
import io.llamanode.service.contract.task.StructureOptions;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.TokenText;
import org.jspecify.annotations.Nullable;

/** A checked request; the terms are in docs/protocol.md, section 1. */
public sealed interface Request {
    /** Is anybody there? */
    record Ping() implements Request {}

    /** The node's state. */
    record GetStatus() implements Request {}

    /**
     * Loads a model; answered once it is loaded.
     *
     * @param config what to load and how
     * @param progress hears how far it has come, or {@code null}
     */
    record LoadModel(ModelConfig config, @Nullable OtpErlangPid progress) implements Request {}

    /**
     * Frees a model; answered once its memory is given back.
     *
     * @param id of a loaded model
     */
    record UnloadModel(String id) implements Request {}

    /** The loaded models. */
    record ListModels() implements Request {}

    /**
     * Tells what a file holds and what its load would need, without loading it.
     *
     * @param config the file, and how it would be loaded
     */
    record InspectModel(ModelConfig config) implements Request {}

    /**
     * Makes a session, which belongs to the caller.
     *
     * @param config how the session is made
     */
    record CreateSession(SessionConfig config) implements Request {}

    /**
     * Changes what a session was created with.
     *
     * @param sessionId the session
     * @param config what is given replaces what was; of no model
     */
    record UpdateSession(long sessionId, SessionConfig config) implements Request {}

    /**
     * Ends a session and cancels its tasks.
     *
     * @param sessionId the session
     */
    record CloseSession(long sessionId) implements Request {}

    /**
     * Asks for a session's state.
     *
     * @param sessionId the session
     */
    record GetSessionInfo(long sessionId) implements Request {}

    /**
     * Queues a task; its result waits to be asked for with {@link GetResult}.
     *
     * @param sessionId the session
     * @param input what to do
     */
    record CreateTask(long sessionId, TaskInput input) implements Request {}

    /**
     * Queues a task whose parts are sent to the caller as they come.
     *
     * @param sessionId the session
     * @param input what to do
     * @param delivery how fast the events come
     */
    record StreamToCaller(long sessionId, TaskInput input, Delivery delivery) implements Request {}

    /**
     * Waits for a task's result. When the time is over the task goes on.
     *
     * @param taskId the task
     * @param timeoutMs how long to wait, in milliseconds; -1: for ever
     */
    record GetResult(long taskId, long timeoutMs) implements Request {}

    /**
     * Queues a task whose parts are sent as they come.
     *
     * @param sessionId the session
     * @param input what to do
     * @param sink receives the events
     * @param end where the terminal event goes instead, or {@code null} for the sink as well
     * @param delivery how fast the events come
     */
    record Stream(
            long sessionId,
            TaskInput input,
            OtpErlangPid sink,
            @Nullable StreamEnd end,
            Delivery delivery) implements Request {}

    /**
     * Where a stream's terminal event goes.
     *
     * @param alias of the sink, which takes one message
     * @param watcher told of the alias once the event is on its way
     */
    record StreamEnd(OtpErlangRef alias, OtpErlangPid watcher) {}

    /**
     * Asks for more of a stream whose consumer sets the pace.
     *
     * @param taskId the streamed task
     * @param demand what its process asks for now
     */
    record Active(long taskId, Demand demand) implements Request {}

    /**
     * Cancels a task; answered once its slot is free.
     *
     * @param taskId the task
     */
    record CancelTask(long taskId) implements Request {}

    /**
     * Does one task in a session that lives no longer than the task; answered with its result.
     *
     * @param input what to do in a session of its own
     */
    record Run(TaskInput input) implements Request {}

    /**
     * Splits a text into tokens.
     *
     * @param text what and how
     * @param withPieces whether to tell what each token stands for
     */
    record Tokenize(TokenText text, boolean withPieces) implements Request {}

    /**
     * Tells how many tokens a text, or a chat, comes to.
     *
     * @param text what and how
     */
    record CountTokens(TokenText text) implements Request {}

    /**
     * Tells the text of tokens.
     *
     * @param model model id or {@code null}
     * @param tokens token ids
     * @param special whether control tokens are spelled; else they are left out
     */
    record Detokenize(@Nullable String model, int[] tokens, boolean special) implements Request {}

    /**
     * Renders messages as the model would be shown them, without running it.
     *
     * @param templating what to render
     */
    record ApplyTemplate(ChatTemplating templating) implements Request {}

    /**
     * Tells whether a JSON schema is honoured, and what of it is not.
     *
     * @param schema a JSON document
     */
    record CheckSchema(String schema) implements Request {}

    /**
     * Tells whether a text keeps to what an answer could be kept to.
     *
     * @param format what it is to keep to
     * @param structure how a schema is taken, or {@code null}
     * @param text any
     */
    record Match(OutputFormat format, @Nullable StructureOptions structure, String text) implements Request {}

    /**
     * Loads a LoRA adapter onto a loaded model.
     *
     * @param config what to load
     */
    record LoadAdapter(AdapterConfig config) implements Request {}

    /**
     * Frees an adapter, unless somebody uses it.
     *
     * @param id the adapter
     * @param model model id or {@code null}
     */
    record UnloadAdapter(String id, @Nullable String model) implements Request {}

    /** Every loaded adapter. */
    record ListAdapters() implements Request {}

    /**
     * Makes a session that begins with the conversation, and the KV cache, of another one.
     *
     * @param sessionId the session to continue in another one
     */
    record ForkSession(long sessionId) implements Request {}

    /**
     * Remembers where a conversation stands, for {@link RewindSession}.
     *
     * @param sessionId the session to remember
     */
    record CheckpointSession(long sessionId) implements Request {}

    /**
     * Takes a conversation back to a checkpoint; what came after it is forgotten.
     *
     * @param sessionId the session to take back
     * @param checkpoint of it; 0: before its first message
     */
    record RewindSession(long sessionId, long checkpoint) implements Request {}

    /**
     * Drops what a session holds of the KV cache, or all of it; conversations stay.
     *
     * @param sessionId the session whose KV cache is dropped; 0: that of all models
     * @param keepSystemPrompt whether system prompts stay
     */
    record ClearCache(long sessionId, boolean keepSystemPrompt) implements Request {}

    /**
     * Tells what a task would cost and how long it would wait, without queueing it.
     *
     * @param sessionId the session
     * @param input what would be done
     */
    record EstimateTask(long sessionId, TaskInput input) implements Request {}
}
