package io.llamanode.service.contract.task;

import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.Setting;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The state of a session; the shape on the wire is in docs/protocol.md, section 5.
 *
 * <p>Never changes: for any thread.
 *
 * @param id the session
 * @param model id of its model
 * @param owner the process that made it
 * @param createdMsAgo age in milliseconds
 * @param messages in the transcript
 * @param transcriptTokens tokens of the conversation after its last finished chat task; {@code null}: a server has them
 * @param cachedTokens of it in a slot's KV cache; {@code null} as above
 * @param cacheBytes of memory that these take, about; {@code null} as above
 * @param slot that holds the cache, or {@code null}
 * @param tasksRunning on a slot
 * @param tasksWaiting without one
 * @param tasksDone finished, in any way
 * @param promptTokens of all its tasks
 * @param completionTokens of all its tasks
 * @param systemPrompt whether it has one
 * @param config what its tasks get that do not say, by the keys of docs/protocol.md
 */
public record SessionInfo(
        long id,
        String model,
        Owner owner,
        long createdMsAgo,
        int messages,
        @Nullable Integer transcriptTokens,
        @Nullable Integer cachedTokens,
        @Nullable Long cacheBytes,
        @Nullable Integer slot,
        int tasksRunning,
        int tasksWaiting,
        int tasksDone,
        long promptTokens,
        long completionTokens,
        boolean systemPrompt,
        Map<String, Setting> config) {}
