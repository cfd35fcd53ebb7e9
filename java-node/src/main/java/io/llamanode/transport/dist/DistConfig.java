package io.llamanode.transport.dist;

import io.llamanode.term.TermLimits;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link DistNode} is named, reached and bounded. Start from {@link #of}.
 *
 * @param nodeName full node name, {@code alive@host}; the BEAM resolves the host to connect
 * @param cookie shared secret of the nodes that may connect
 * @param mailbox the registered name that messages are accepted for
 * @param bind address of the listener; {@code null} binds all interfaces
 * @param port port of the listener; 0 lets the system choose
 * @param epmd whether the node is registered in epmd; without it peers must know the port
 * @param epmdPort port of epmd on the loopback interface
 * @param maxFrameBytes longest frame that is read; a call in a longer one is refused
 * @param maxUnauthenticated connections that may be in their handshake; the oldest yields to a new one
 * @param maxQueuedBytes bytes waiting for one peer before it is given up; one frame may exceed it
 * @param handshakeDeadline time for a whole handshake
 * @param stallDeadline time a write may make no progress before the peer is given up
 * @param tickTime silence after which a peer is given up
 * @param tickInterval longest own silence; peers give up a node that is silent for their {@code net_ticktime}
 * @param terms limits of received terms
 * @param allowed which node names may connect; called on handshake threads
 * @param wrapper what stands between the TCP connection and the handshake, for example TLS
 */
public record DistConfig(
        String nodeName,
        String cookie,
        String mailbox,
        @Nullable InetAddress bind,
        int port,
        boolean epmd,
        int epmdPort,
        int maxFrameBytes,
        int maxUnauthenticated,
        int maxQueuedBytes,
        Duration handshakeDeadline,
        Duration stallDeadline,
        Duration tickTime,
        Duration tickInterval,
        TermLimits terms,
        Predicate<String> allowed,
        ChannelWrapper wrapper) {
    /** Seconds, the default of the kernel application's {@code net_ticktime}. */
    private static final int DEFAULT_NET_TICKTIME = 60;

    /**
     * Checks what can be checked before anything is opened.
     *
     * @throws IllegalArgumentException naming what is malformed or out of range
     */
    public DistConfig {
        if (!isNodeName(nodeName)) {
            throw new IllegalArgumentException("not a node name of the form alive@host: " + nodeName);
        }
        Objects.requireNonNull(cookie, "cookie");
        Objects.requireNonNull(mailbox, "mailbox");
        Objects.requireNonNull(terms, "terms");
        Objects.requireNonNull(allowed, "allowed");
        Objects.requireNonNull(wrapper, "wrapper");
        if (port < 0 || port > 65535 || epmdPort < 1 || epmdPort > 65535) {
            throw new IllegalArgumentException("port out of range");
        }
        if (maxFrameBytes < 1024 || maxUnauthenticated < 1 || maxQueuedBytes < 1024) {
            throw new IllegalArgumentException("limit too small");
        }
        if (handshakeDeadline.toMillis() < 1
                || stallDeadline.toMillis() < 1
                || tickTime.toMillis() < 1
                || tickInterval.toMillis() < 1) {
            throw new IllegalArgumentException("deadline too short");
        }
    }

    /**
     * A node on the loopback interface, registered in the epmd of this machine.
     *
     * @param nodeName full node name, {@code alive@host}
     * @param cookie shared secret
     * @return the configuration with every default
     */
    public static DistConfig of(String nodeName, String cookie) {
        return new DistConfig(
                nodeName,
                cookie,
                "llama_node",
                InetAddress.getLoopbackAddress(),
                0,
                true,
                Epmd.defaultPort(),
                16 << 20,
                64,
                8 << 20,
                Duration.ofSeconds(5),
                Duration.ofSeconds(15),
                Duration.ofSeconds(75),
                Duration.ofSeconds(15),
                TermLimits.DEFAULT,
                node -> true,
                ChannelWrapper.PLAIN);
    }

    /**
     * Changes the registered name.
     *
     * @param name the registered name
     * @return a changed copy
     */
    public DistConfig withMailbox(String name) {
        return new DistConfig(
                nodeName,
                cookie,
                name,
                bind,
                port,
                epmd,
                epmdPort,
                maxFrameBytes,
                maxUnauthenticated,
                maxQueuedBytes,
                handshakeDeadline,
                stallDeadline,
                tickTime,
                tickInterval,
                terms,
                allowed,
                wrapper);
    }

    /**
     * Changes where the node listens.
     *
     * @param address address of the listener; {@code null} binds all interfaces
     * @param fixedPort its port; 0 lets the system choose
     * @return a changed copy
     */
    public DistConfig withListener(@Nullable InetAddress address, int fixedPort) {
        return new DistConfig(
                nodeName,
                cookie,
                mailbox,
                address,
                fixedPort,
                epmd,
                epmdPort,
                maxFrameBytes,
                maxUnauthenticated,
                maxQueuedBytes,
                handshakeDeadline,
                stallDeadline,
                tickTime,
                tickInterval,
                terms,
                allowed,
                wrapper);
    }

    /**
     * Changes the use of epmd.
     *
     * @param use whether the node is registered
     * @param atPort port of epmd
     * @return a changed copy
     */
    public DistConfig withEpmd(boolean use, int atPort) {
        return new DistConfig(
                nodeName,
                cookie,
                mailbox,
                bind,
                port,
                use,
                atPort,
                maxFrameBytes,
                maxUnauthenticated,
                maxQueuedBytes,
                handshakeDeadline,
                stallDeadline,
                tickTime,
                tickInterval,
                terms,
                allowed,
                wrapper);
    }

    /**
     * Changes what one peer may cost.
     *
     * @param frameBytes longest accepted frame
     * @param unauthenticated connections in their handshake
     * @param queuedBytes bytes waiting for one peer
     * @param limits limits of received terms
     * @return a changed copy
     */
    public DistConfig withLimits(int frameBytes, int unauthenticated, int queuedBytes, TermLimits limits) {
        return new DistConfig(
                nodeName,
                cookie,
                mailbox,
                bind,
                port,
                epmd,
                epmdPort,
                frameBytes,
                unauthenticated,
                queuedBytes,
                handshakeDeadline,
                stallDeadline,
                tickTime,
                tickInterval,
                limits,
                allowed,
                wrapper);
    }

    /**
     * Changes the deadlines.
     *
     * @param handshake time for a whole handshake
     * @param stall time a write may make no progress
     * @param tick silence after which a peer is given up; a quarter of it is the longest own silence
     * @return a changed copy
     */
    DistConfig withDeadlines(Duration handshake, Duration stall, Duration tick) {
        return new DistConfig(
                nodeName,
                cookie,
                mailbox,
                bind,
                port,
                epmd,
                epmdPort,
                maxFrameBytes,
                maxUnauthenticated,
                maxQueuedBytes,
                handshake,
                stall,
                tick,
                tick.dividedBy(4),
                terms,
                allowed,
                wrapper);
    }

    /**
     * Fits the ticks to peers with this {@code net_ticktime} and to those with the default one: both are silent
     * for no longer than the larger of the two, plus what their clocks are coarse by, and give up a node that is
     * silent for the smaller one.
     *
     * @param seconds the {@code net_ticktime} of a peer, from 1
     * @return a changed copy
     */
    public DistConfig withNetTicktime(int seconds) {
        long patience = Math.max(seconds, DEFAULT_NET_TICKTIME) * 1250L;
        long interval = Math.min(seconds, DEFAULT_NET_TICKTIME) * 250L;
        // A socket's time-out is an int.
        Duration tick = Duration.ofMillis(Math.min(patience, Integer.MAX_VALUE));
        return new DistConfig(
                nodeName,
                cookie,
                mailbox,
                bind,
                port,
                epmd,
                epmdPort,
                maxFrameBytes,
                maxUnauthenticated,
                maxQueuedBytes,
                handshakeDeadline,
                stallDeadline,
                tick,
                Duration.ofMillis(interval),
                terms,
                allowed,
                wrapper);
    }

    /**
     * Changes who may connect.
     *
     * @param who accepts the names of permitted nodes
     * @return a changed copy
     */
    public DistConfig withAllowed(Predicate<String> who) {
        return new DistConfig(
                nodeName,
                cookie,
                mailbox,
                bind,
                port,
                epmd,
                epmdPort,
                maxFrameBytes,
                maxUnauthenticated,
                maxQueuedBytes,
                handshakeDeadline,
                stallDeadline,
                tickTime,
                tickInterval,
                terms,
                who,
                wrapper);
    }

    /**
     * Changes what stands between the TCP connection and the handshake.
     *
     * @param channel wraps accepted sockets
     * @return a changed copy
     */
    public DistConfig withWrapper(ChannelWrapper channel) {
        return new DistConfig(
                nodeName,
                cookie,
                mailbox,
                bind,
                port,
                epmd,
                epmdPort,
                maxFrameBytes,
                maxUnauthenticated,
                maxQueuedBytes,
                handshakeDeadline,
                stallDeadline,
                tickTime,
                tickInterval,
                terms,
                allowed,
                channel);
    }

    /** The cookie stays out of logs. */
    @Override
    public String toString() {
        return "DistConfig[" + nodeName + ", " + (bind == null ? "*" : bind.getHostAddress()) + ":" + port
                + (epmd ? ", epmd " + epmdPort : ", no epmd") + "]";
    }

    /** Whether this is {@code alive@host}, both parts present, and short enough to be an atom. */
    static boolean isNodeName(@Nullable String name) {
        if (name == null) {
            return false;
        }
        int at = name.indexOf('@');
        return at > 0
                && at == name.lastIndexOf('@')
                && at < name.length() - 1
                && name.codePointCount(0, name.length()) <= 255
                && name.codePoints().noneMatch(c -> c <= ' ' || c == 127 || c == 0xfffd)
                && StandardCharsets.UTF_8.newEncoder().canEncode(name);
    }
}
