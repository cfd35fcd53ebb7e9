package io.llamanode.service.contract.model;

import java.util.List;

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
 */
public record NodeConfig(
        List<ModelConfig> models, long resultTtlMs, int maxResults, int maxSessions, int maxTasks, int ownerShare) {}
