package io.llamanode.transport.dist;

import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link DistNode} is named, reached and bounded. Start from {@link #named}.
 *
 * @param nodeName full node name, {@code alive@host}; the BEAM resolves the host to connect
 * @param cookie shared secret of the nodes that may connect
 * @param mailbox the registered name that messages are accepted for
 * @param bind address of the listener; {@code null} binds all interfaces
 * @param port port of the listener; 0 lets the system choose
 * @param epmd whether the node is registered in epmd; without it peers must know the port
 * @param epmdPort port of epmd on the loopback interface
 * @param maxFrameBytes longest frame that is read; a call in a longer one is refused
 * @param maxUnauthenticated connections that may be in their handshake; beyond them one yields to each new one
 * @param maxConnections peers that may be connected; a further one is refused
 * @param handshakeDeadline time for a whole handshake
 * @param readDeadline time in which a peer must finish a message that it has begun to send
 * @param stallDeadline time in which a peer must take some of what is written to it before it is given up
 * @param tickTime silence after which a peer is given up
 * @param tickInterval longest own silence; peers give up a node that is silent for their {@code net_ticktime}
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
        int maxConnections,
        Duration handshakeDeadline,
        Duration readDeadline,
        Duration stallDeadline,
        Duration tickTime,
        Duration tickInterval,
        Predicate<String> allowed,
        ChannelWrapper wrapper) {
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
        Objects.requireNonNull(allowed, "allowed");
        Objects.requireNonNull(wrapper, "wrapper");
        if (port < 0 || port > 65535 || epmdPort < 1 || epmdPort > 65535) {
            throw new IllegalArgumentException("port out of range");
        }
        if (maxFrameBytes < 1024 || maxUnauthenticated < 1 || maxConnections < 1) {
            throw new IllegalArgumentException("limit too small");
        }
        if (handshakeDeadline.toMillis() < 1
                || readDeadline.toMillis() < 1
                || stallDeadline.toMillis() < 1
                || tickTime.toMillis() < 1
                || tickInterval.toMillis() < 1) {
            throw new IllegalArgumentException("deadline too short");
        }
    }

    /**
     * Begins with the defaults: a node on the loopback interface, registered in the epmd of this machine.
     *
     * @param nodeName full node name, {@code alive@host}
     * @param cookie shared secret
     * @return to be changed, then built
     */
    public static Builder named(String nodeName, String cookie) {
        return new Builder(nodeName, cookie);
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

    /** A configuration in the making, for one thread. What is not changed has its default. */
    public static final class Builder {
        /** Seconds, the default of the kernel application's {@code net_ticktime}. */
        private static final int DEFAULT_NET_TICKTIME = 60;

        private static final int DEFAULT_CONNECTIONS = 256;

        private final String nodeName;
        private final String cookie;
        private String mailbox = "llama_node";
        private @Nullable InetAddress bind = InetAddress.getLoopbackAddress();
        private int port;
        private boolean epmd = true;
        private int epmdPort = Epmd.defaultPort();
        private int maxFrameBytes = 16 << 20;
        private int maxUnauthenticated = 256;
        private int maxConnections = DEFAULT_CONNECTIONS;
        private Duration handshakeDeadline = Duration.ofSeconds(5);
        private Duration readDeadline = Duration.ofSeconds(600);
        private Duration stallDeadline = Duration.ofSeconds(15);
        private Duration tickTime = Duration.ofSeconds(75);
        private Duration tickInterval = Duration.ofSeconds(15);
        private Predicate<String> allowed = node -> true;
        private ChannelWrapper wrapper = ChannelWrapper.PLAIN;

        private Builder(String nodeName, String cookie) {
            this.nodeName = nodeName;
            this.cookie = cookie;
        }

        /**
         * Changes the registered name.
         *
         * @param name the registered name
         * @return this
         */
        public Builder mailbox(String name) {
            mailbox = name;
            return this;
        }

        /**
         * Changes where the node listens.
         *
         * @param address address of the listener; {@code null} binds all interfaces
         * @return this
         */
        public Builder bind(@Nullable InetAddress address) {
            bind = address;
            return this;
        }

        /**
         * Changes where the node listens.
         *
         * @param fixed port of the listener; 0 lets the system choose
         * @return this
         */
        public Builder port(int fixed) {
            port = fixed;
            return this;
        }

        /**
         * Changes the use of epmd.
         *
         * @param use whether the node is registered
         * @return this
         */
        public Builder epmd(boolean use) {
            epmd = use;
            return this;
        }

        /** Registers the node in an epmd on this port. */
        Builder epmdPort(int at) {
            epmdPort = at;
            return epmd(true);
        }

        /**
         * Changes what one peer may cost.
         *
         * @param frameBytes longest accepted frame
         * @param unauthenticated connections in their handshake
         * @param connections peers that may be connected
         */
        Builder limits(int frameBytes, int unauthenticated, int connections) {
            maxFrameBytes = frameBytes;
            maxUnauthenticated = unauthenticated;
            maxConnections = connections;
            return this;
        }

        /**
         * Changes the deadlines.
         *
         * @param handshake time for a whole handshake
         * @param stall time a write may make no progress
         * @param tick silence after which a peer is given up; a quarter of it is the longest own silence
         */
        Builder deadlines(Duration handshake, Duration stall, Duration tick) {
            handshakeDeadline = handshake;
            stallDeadline = stall;
            tickTime = tick;
            tickInterval = tick.dividedBy(4);
            return this;
        }

        /**
         * Fits the ticks to peers with this {@code net_ticktime} and to those with the default one: both are silent
         * for no longer than the larger of the two, plus what their clocks are coarse by, and give up a node that is
         * silent for the smaller one.
         *
         * @param seconds the {@code net_ticktime} of a peer, from 1
         * @return this
         */
        public Builder netTicktime(int seconds) {
            long patience = Math.max(seconds, DEFAULT_NET_TICKTIME) * 1250L;
            // A socket's time-out is an int.
            tickTime = Duration.ofMillis(Math.min(patience, Integer.MAX_VALUE));
            tickInterval = Duration.ofMillis(Math.min(seconds, DEFAULT_NET_TICKTIME) * 250L);
            return this;
        }

        /**
         * Changes how long a peer may take to finish a message that it has begun to send.
         *
         * @param time longer than nothing
         * @return this
         */
        public Builder timeoutRead(Duration time) {
            readDeadline = time;
            return this;
        }

        /**
         * Changes how long a peer may take nothing of what is written to it.
         *
         * @param seconds from 1
         * @return this
         */
        public Builder timeoutWrite(int seconds) {
            stallDeadline = Duration.ofSeconds(seconds);
            return this;
        }

        /**
         * Changes how many peers may be connected.
         *
         * @param connections from 1
         * @return this
         */
        public Builder maxConnections(int connections) {
            maxConnections = connections;
            return this;
        }

        /**
         * Changes who may connect.
         *
         * @param who accepts the names of permitted nodes
         * @return this
         */
        public Builder allowed(Predicate<String> who) {
            allowed = who;
            return this;
        }

        /**
         * Changes what stands between the TCP connection and the handshake.
         *
         * @param channel wraps accepted sockets
         * @return this
         */
        public Builder wrapper(ChannelWrapper channel) {
            wrapper = channel;
            return this;
        }

        /**
         * Checks what was given.
         *
         * @return the configuration
         * @throws IllegalArgumentException naming what is malformed or out of range
         */
        public DistConfig build() {
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
                    maxConnections,
                    handshakeDeadline,
                    readDeadline,
                    stallDeadline,
                    tickTime,
                    tickInterval,
                    allowed,
                    wrapper);
        }
    }
}
