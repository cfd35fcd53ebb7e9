package io.llamanode.service;

import io.llamanode.engine.contract.EngineSnapshot;
import io.llamanode.engine.model.AdapterSet;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Origin;
import io.llamanode.service.contract.ServerReport;
import io.llamanode.service.contract.Setting;
import io.llamanode.service.contract.model.ModelDefaults;
import io.llamanode.service.contract.model.ModelHeader;
import io.llamanode.service.contract.model.ModelInfo;
import io.llamanode.service.contract.task.AdapterScale;
import io.llamanode.service.contract.task.ChatTemplating;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.TokenPiece;
import io.llamanode.service.contract.task.TokenText;
import io.llamanode.service.model.LoadedModel;
import io.llamanode.service.prompt.Transcript;
import io.llamanode.service.threads.PrepareThreads;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a served model does, whether this process has loaded it or a server runs it: the one place where the kinds differ.
 *
 * <p>For any thread, except what says that it is slow: that is for the threads that load and prepare.
 */
interface ModelWork extends AutoCloseable {
    /** {@return facts; what nobody tells is 0} */
    ModelInfo info();

    /** {@return what its file tells, or {@code null} if a server has it} */
    @Nullable
    ModelHeader header();

    /** {@return the server that runs it, or {@code null}} */
    @Nullable
    ServerReport server();

    /** {@return the id of the model that does what its server refuses, or {@code null}} */
    @Nullable
    String fallback();

    /**
     * A task that its server refused is done by another model.
     *
     * @param failure why
     */
    void passesOn(Failure failure);

    /** {@return what its file wishes its tasks to get that do not say} */
    ModelDefaults ofFile();

    /**
     * Refuses what every task would be refused for later. Slow.
     *
     * @param defaults of its tasks
     * @throws FailureException naming the key
     */
    void refuseUnfit(ModelDefaults defaults);

    /**
     * Tells what is in force, by the keys of docs/protocol.md.
     *
     * @param defaults of its tasks
     * @param from where what its configuration says was given, by its keys
     */
    Map<String, Setting> settings(ModelDefaults defaults, Map<String, Origin> from);

    /** {@return whether the node's defaults hold for tasks that do not say; else the server's do, which nobody tells} */
    boolean sendsDefaults();

    /**
     * Makes what is left to do of a task. Slow.
     *
     * @param transcript of the session, which a chat goes on from
     * @throws FailureException if the task can not be done
     */
    Job prepare(Task task, TaskInput input, Transcript transcript, Tasks tasks);

    /** {@return the threads that what is slow here runs on, or {@code null} for those of the node} */
    default @Nullable PrepareThreads threads() {
        return null;
    }

    /** {@return the adapters that a task computes with, of those that the node has loaded} */
    AdapterSet adapters(List<AdapterScale> wanted, Supplier<LoadedAdapters> loaded);

    /** Slow. {@return token ids} */
    int[] tokenize(TokenText text);

    /** Slow. {@return tokens and what they stand for} */
    List<TokenPiece> pieces(TokenText text);

    /** {@return tokens of the vocabulary, or {@code null} if nobody tells} */
    @Nullable
    Integer vocabularySize();

    /** Slow. {@return the text of tokens} */
    String detokenize(int[] tokens, boolean special);

    /** Slow. {@return the prompt of a conversation} */
    String render(ChatTemplating request);

    /** {@return slots and counts} */
    EngineSnapshot snapshot();

    /** {@return bytes of a KV cache that a token takes, or {@code null} if nobody tells} */
    @Nullable
    Long cacheBytesPerToken();

    /** Nothing of a session comes any more. */
    void left(long cacheKey);

    /**
     * The model itself, for what only one that this process has loaded can do.
     *
     * @param what that is, for a message
     * @throws FailureException {@code unsupported} if a server runs it
     */
    LoadedModel loaded(String what);

    /** Ends what runs, and gives everything back. */
    @Override
    void close();
}
