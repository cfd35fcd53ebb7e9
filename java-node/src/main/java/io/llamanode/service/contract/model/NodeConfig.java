package io.llamanode.service.contract.model;

import io.llamanode.service.contract.Origin;
import java.net.URI;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Limits of the service and the models it starts with.
 *
 * <p>Never changes: for any thread.
 *
 * @param models loaded at start, in order; the first is the default
 * @param resultTtlMs how long an uncollected result is kept, in milliseconds
 * @param maxResults uncollected results kept at most
 * @param maxSessions sessions open at most
 * @param maxTasks tasks waiting or running at most
 * @param ownerShare how much one owner may hold of what no other can have then, in percent
 * @param defaults what holds for every model whose own configuration does not say, or {@code null}; its path means nothing
 * @param origins where the models and these defaults were given, or {@code null}: by options of a start
 * @param remoteModels where servers may be that requests name; anywhere else needs the node's own configuration
 */
public record NodeConfig(
        List<ModelConfig> models,
        long resultTtlMs,
        int maxResults,
        int maxSessions,
        int maxTasks,
        int ownerShare,
        @Nullable ModelConfig defaults,
        @Nullable Origins origins,
        List<URI> remoteModels) {
    /**
     * A node that leaves everything to its models.
     *
     * @param models loaded at start, in order; the first is the default
     * @param resultTtlMs how long an uncollected result is kept, in milliseconds
     * @param maxResults uncollected results kept at most
     * @param maxSessions sessions open at most
     * @param maxTasks tasks waiting or running at most
     * @param ownerShare how much one owner may hold of what no other can have then, in percent
     */
    public NodeConfig(
            List<ModelConfig> models, long resultTtlMs, int maxResults, int maxSessions, int maxTasks, int ownerShare) {
        this(models, resultTtlMs, maxResults, maxSessions, maxTasks, ownerShare, null, null, List.of());
    }

    /**
     * Refuses what would make every load fail.
     *
     * @throws io.llamanode.service.contract.FailureException {@code invalid_argument} for sizes that exclude each other
     */
    public void refuseContradictions() {
        if (defaults != null) {
            defaults.refuseContradictions();
        }
    }

    /**
     * Fills in what holds for every model.
     *
     * @param own configuration of a model
     * @return how it is loaded
     */
    public ModelConfig completed(ModelConfig own) {
        return defaults == null ? own : own.orElse(defaults);
    }

    /** {@return where the models and the defaults were given} */
    public Origins given() {
        return origins == null ? new Origins(Map.of(), Origin.OPTION) : origins;
    }
}
