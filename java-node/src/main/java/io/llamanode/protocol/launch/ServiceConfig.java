package io.llamanode.protocol.launch;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What a node is started with that runs as a service of its own; docs/operations.md.
 *
 * @param launch the node itself
 * @param bridge path of the line bridge's socket, or {@code null} for none
 * @param bridgeMaxClients connections to it at a time
 * @param bridgeMaxLineBytes longest line it reads
 * @param drainTimeoutMs how long running tasks may go on once the node is told to stop, in milliseconds
 */
public record ServiceConfig(
        LaunchConfig launch,
        @Nullable Path bridge,
        int bridgeMaxClients,
        int bridgeMaxLineBytes,
        long drainTimeoutMs) {}
