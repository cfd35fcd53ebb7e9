package io.llamanode.transport.bridge;

import java.nio.file.Path;
import java.util.Objects;

/**
 * Where a {@link Bridge} listens and what its clients may cost. For any thread.
 *
 * @param socket path of the socket; its directory must exist
 * @param node full name of the node, for the status
 * @param maxClients connections at a time
 * @param maxLineBytes longest line, without its end
 * @param maxQueuedChars characters of a stream that wait for a client; beyond that the stream is cancelled
 */
public record BridgeConfig(Path socket, String node, int maxClients, int maxLineBytes, int maxQueuedChars) {
    /**
     * Refuses limits that nothing could work with.
     *
     * @throws IllegalArgumentException if one is too small
     */
    public BridgeConfig {
        Objects.requireNonNull(socket);
        Objects.requireNonNull(node);
        if (maxClients < 1 || maxLineBytes < 64 || maxQueuedChars < 64) {
            throw new IllegalArgumentException("limit too small");
        }
    }

    /**
     * A bridge with the default limits: 32 clients, lines of 1 MiB, a million waiting characters.
     *
     * @param socket path of the socket
     * @param node full name of the node
     * @return the configuration
     */
    public static BridgeConfig of(Path socket, String node) {
        return new BridgeConfig(socket, node, 32, 1 << 20, 1 << 20);
    }

    /**
     * Sets the bounds of what clients may take up.
     *
     * @param clients connections at a time
     * @param lineBytes longest line
     * @param queuedChars characters that wait for a client
     * @return a changed copy
     */
    public BridgeConfig withLimits(int clients, int lineBytes, int queuedChars) {
        return new BridgeConfig(socket, node, clients, lineBytes, queuedChars);
    }
}
