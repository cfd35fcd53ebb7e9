package io.llamanode.service.contract.model;

import io.llamanode.service.contract.ServerReport;
import io.llamanode.service.contract.Setting;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A loaded model in the list of models.
 *
 * <p>Never changes: for any thread.
 *
 * @param id in requests
 * @param isDefault whether requests that name no model get it
 * @param header what its file tells; {@code null}: a server has it
 * @param nCtx tokens of context of each slot, or of a text to embed
 * @param nParallel slots, or texts computed together
 * @param maxQueue tasks that may wait
 * @param tasks accepted and not ended
 * @param useCount requests that worked with it since it was loaded
 * @param loadedMsAgo milliseconds since it was loaded
 * @param lastUsedMsAgo milliseconds since the last of these requests, or {@code null}
 * @param settings what is in force, by the keys of docs/protocol.md
 * @param server that runs it, as it told of itself, or {@code null}
 */
public record ModelReport(
        String id,
        boolean isDefault,
        @Nullable ModelHeader header,
        int nCtx,
        int nParallel,
        int maxQueue,
        int tasks,
        long useCount,
        long loadedMsAgo,
        @Nullable Long lastUsedMsAgo,
        Map<String, Setting> settings,
        @Nullable ServerReport server) {}
