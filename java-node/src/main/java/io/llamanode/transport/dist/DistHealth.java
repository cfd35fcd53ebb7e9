package io.llamanode.transport.dist;

/**
 * A snapshot of a {@link DistNode}.
 *
 * <p>Never changes: for any thread.
 *
 * @param listening whether connections are accepted
 * @param registered whether epmd knows the node; {@code true} when epmd is not used
 * @param peers connected nodes
 * @param handshaking connections in their handshake
 * @param monitors monitors on processes of connected nodes
 * @param queuedInBytes received bytes that wait for the dispatcher
 * @param queuedOutBytes bytes that wait for peers
 * @param refused handshakes that failed since the start
 * @param framesIn frames received, ticks not counted
 * @param framesOut frames queued for peers, ticks not counted
 * @param dropped messages to names or processes that do not exist here
 * @param stalled peers given up because they took nothing of what waited for them
 */
record DistHealth(
        boolean listening,
        boolean registered,
        int peers,
        int handshaking,
        int monitors,
        long queuedInBytes,
        long queuedOutBytes,
        long refused,
        long framesIn,
        long framesOut,
        long dropped,
        long stalled) {}
