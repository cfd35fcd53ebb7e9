package io.llamanode.transport.bridge;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Where a {@link Bridge} listens, who may come, and what its clients may cost. For any thread.
 *
 * @param socket path of the socket; its directory must exist
 * @param node full name of the node, for the status
 * @param maxClients connections at a time
 * @param maxLineBytes longest line, without its end
 * @param maxQueuedChars characters of a stream that wait for a client; beyond that the stream is cancelled
 * @param readTimeout in which a client must finish a line that it began
 * @param writeTimeout in which a client must take some of what is written to it
 * @param access who may come
 * @param quitEndsNode whether {@code QUIT} ends the node rather than the connection
 */
public record BridgeConfig(
        Path socket,
        String node,
        int maxClients,
        int maxLineBytes,
        int maxQueuedChars,
        Duration readTimeout,
        Duration writeTimeout,
        BridgeAccess access,
        boolean quitEndsNode) {
    private static final Duration TIMEOUT = Duration.ofSeconds(15);

    /**
     * Refuses limits that nothing could work with.
     *
     * @throws IllegalArgumentException if one is too small
     */
    public BridgeConfig {
        Objects.requireNonNull(socket);
        Objects.requireNonNull(node);
        Objects.requireNonNull(access);
        if (maxClients < 1
                || maxLineBytes < 64
                || maxQueuedChars < 64
                || !readTimeout.isPositive()
                || !writeTimeout.isPositive()) {
            throw new IllegalArgumentException("limit too small");
        }
    }

    /**
     * A bridge with the default limits, for the node's user: 32 clients, lines of 1 MiB, a million waiting characters, 15
     * seconds to finish a line and to take an answer.
     *
     * @param socket path of the socket
     * @param node full name of the node
     * @return the configuration
     */
    public static BridgeConfig of(Path socket, String node) {
        return new BridgeConfig(socket, node, 32, 1 << 20, 1 << 20, TIMEOUT, TIMEOUT, BridgeAccess.OWNER, false);
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
        return new BridgeConfig(
                socket, node, clients, lineBytes, queuedChars, readTimeout, writeTimeout, access, quitEndsNode);
    }

    /**
     * Sets how long clients may keep the bridge waiting.
     *
     * @param read to finish a line
     * @param write to take some of an answer
     * @return a changed copy
     */
    public BridgeConfig withTimeouts(Duration read, Duration write) {
        return new BridgeConfig(
                socket, node, maxClients, maxLineBytes, maxQueuedChars, read, write, access, quitEndsNode);
    }

    /**
     * Sets who may come, and what they may end.
     *
     * @param who may come
     * @param quit whether {@code QUIT} ends the node
     * @return a changed copy
     */
    public BridgeConfig withAccess(BridgeAccess who, boolean quit) {
        return new BridgeConfig(
                socket, node, maxClients, maxLineBytes, maxQueuedChars, readTimeout, writeTimeout, who, quit);
    }

    /**
     * Looks whether a file can be the secret of a bridge.
     *
     * @param file the file, or {@code null} for no secret
     * @throws IOException if it cannot; the message says why
     */
    public static void checkSecret(@Nullable Path file) throws IOException {
        Secret.read(file);
    }
}
