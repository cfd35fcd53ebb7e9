package io.llamanode.protocol.launch;

/**
 * What a node is started with that runs as a service of its own; docs/operations.md.
 *
 * @param launch the node itself
 * @param bridge the line bridge, if there is one
 * @param drainTimeoutMs how long running tasks may go on once the node is told to stop, in milliseconds
 */
public record ServiceConfig(LaunchConfig launch, BridgeSettings bridge, long drainTimeoutMs) {}
