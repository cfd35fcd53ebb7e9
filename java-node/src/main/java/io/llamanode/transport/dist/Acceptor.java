package io.llamanode.transport.dist;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.security.SecureRandom;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Accepts connections and brings each through the handshake on a thread of its own, within a deadline.
 * Nothing that a connection does before it is authenticated can delay another one.
 */
final class Acceptor implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Acceptor.class);
    private static final long PAUSE_MS = 100;
    private static final long WARNING_GAP_NANOS = 1_000_000_000L;

    /** Takes over an authenticated connection and runs it to its end. */
    @FunctionalInterface
    interface Authenticated {
        void run(Handshake.Accepted identity, ChannelWrapper.Channel channel) throws IOException;
    }

    private final ServerSocket server;
    private final DistConfig config;
    private final int creation;
    private final ScheduledExecutorService timer;
    private final LongAdder refused;
    private final Authenticated authenticated;
    private final SecureRandom random = new SecureRandom();
    private final LinkedHashSet<Pending> handshaking = new LinkedHashSet<>();
    private final AtomicLong nextWarning = new AtomicLong(System.nanoTime());
    private final Thread thread;
    private volatile boolean closed;

    Acceptor(
            ServerSocket server,
            DistConfig config,
            int creation,
            ScheduledExecutorService timer,
            LongAdder refused,
            Authenticated authenticated) {
        this.server = server;
        this.config = config;
        this.creation = creation;
        this.timer = timer;
        this.refused = refused;
        this.authenticated = authenticated;
        // Not a virtual one, which would wait for its turn behind those of all connections.
        this.thread = Thread.ofPlatform().daemon().name("dist-accept").unstarted(this::accept);
    }

    void start() {
        thread.start();
    }

    boolean listening() {
        return thread.isAlive() && !server.isClosed();
    }

    int handshaking() {
        synchronized (handshaking) {
            return handshaking.size();
        }
    }

    private void accept() {
        while (!closed) {
            try {
                admit(server.accept());
            } catch (IOException | RuntimeException | OutOfMemoryError e) {
                if (closed) {
                    return;
                }
                // Out of descriptors, for example: it may pass, and must not end the node.
                LOG.error("accepting a connection", e);
                try {
                    Thread.sleep(PAUSE_MS);
                } catch (InterruptedException closing) {
                    return;
                }
            }
        }
    }

    private void admit(Socket socket) {
        Pending newcomer = new Pending(socket);
        Pending evicted = null;
        synchronized (handshaking) {
            if (handshaking.size() >= config.maxUnauthenticated()) {
                evicted = Objects.requireNonNull(Places.yields(handshaking, System.nanoTime()));
                handshaking.remove(evicted);
            }
            handshaking.add(newcomer);
        }
        if (evicted != null) {
            evicted.giveUp(
                    evicted.hasNamed()
                            ? "it has not answered its challenge, and newer connections wanted its place"
                            : "it has not sent its name, and newer connections wanted its place");
        }
        Thread.ofVirtual().name("dist-read").start(() -> serve(newcomer));
    }

    /** A connection whose peer is not known yet. */
    private static final class Pending implements Places.Holder {
        private final Socket socket;
        private final long since = System.nanoTime();
        private volatile boolean spoken;
        private volatile boolean named;
        private volatile @Nullable String givenUp;

        Pending(Socket socket) {
            this.socket = socket;
        }

        /** What it sent may be there while its thread had no time to read it, as under an attack. */
        @Override
        public boolean hasSpoken() {
            if (!spoken) {
                try {
                    spoken = socket.getInputStream().available() > 0;
                } catch (IOException closed) {
                    LOG.trace("looking at a connection", closed);
                }
            }
            return spoken;
        }

        @Override
        public boolean hasNamed() {
            return named;
        }

        @Override
        public long since() {
            return since;
        }

        /** Some of what it sent was read. */
        void heard() {
            spoken = true;
        }

        /** Ends the wait for the peer; that its socket is closed then is no reason to tell. */
        void giveUp(String reason) {
            givenUp = reason;
            close(socket);
        }

        String reason(Exception e) {
            return givenUp != null ? givenUp : Reasons.of(e);
        }
    }

    private void serve(Pending pending) {
        Socket socket = pending.socket;
        try (socket) {
            ChannelWrapper.Channel channel = null;
            Handshake.Accepted identity = null;
            ScheduledFuture<?> deadline = timer.schedule(
                    () -> pending.giveUp(
                            "no handshake within " + config.handshakeDeadline().toMillis() + " ms"),
                    config.handshakeDeadline().toNanos(),
                    TimeUnit.NANOSECONDS);
            try {
                socket.setTcpNoDelay(true);
                socket.setKeepAlive(true);
                channel = config.wrapper().wrap(socket, pending::heard);
                identity = handshake(channel, pending);
            } finally {
                deadline.cancel(false);
                leave(pending);
            }
            authenticated.run(identity, channel);
        } catch (IOException | RuntimeException e) {
            refused.increment();
            if (!closed) {
                logRefusal(socket, pending.reason(e));
            }
        }
    }

    private void leave(Pending pending) {
        synchronized (handshaking) {
            handshaking.remove(pending);
        }
    }

    /** One warning a second: strangers must not be able to fill the log. */
    private void logRefusal(Socket socket, String reason) {
        long now = System.nanoTime();
        long next = nextWarning.get();
        if (now - next >= 0 && nextWarning.compareAndSet(next, now + WARNING_GAP_NANOS)) {
            LOG.warn(
                    "connection from {} refused: {} ({} so far)",
                    socket.getRemoteSocketAddress(),
                    reason,
                    refused.sum());
        } else {
            LOG.debug("connection from {} refused: {}", socket.getRemoteSocketAddress(), reason);
        }
    }

    private Handshake.Accepted handshake(ChannelWrapper.Channel channel, Pending pending) throws IOException {
        Handshake handshake =
                new Handshake(config.nodeName(), creation, config.cookie(), random.nextInt(), config.allowed());
        while (true) {
            byte[] packet = readPacket(channel.in(), channel.handshakePrefix(), pending);
            switch (handshake.receive(packet)) {
                case Handshake.Continue step -> {
                    pending.named = true;
                    reply(channel, step.replies());
                }
                case Handshake.Refused step -> {
                    reply(channel, step.replies());
                    throw new IOException(step.reason());
                }
                case Handshake.Accepted step -> {
                    // Before it can know: from here on its place is no longer one of these.
                    leave(pending);
                    reply(channel, step.replies());
                    return step;
                }
            }
        }
    }

    private static byte[] readPacket(InputStream in, int prefix, Pending pending) throws IOException {
        int first = in.read();
        if (first < 0) {
            throw new EOFException("closed within the handshake");
        }
        pending.heard();
        byte[] head = new byte[prefix];
        head[0] = (byte) first;
        int more = in.readNBytes(head, 1, prefix - 1);
        long length = 0;
        for (byte b : head) {
            length = length << 8 | b & 0xff;
        }
        if (more == prefix - 1 && length > Handshake.MAX_PACKET) {
            throw new IOException("a handshake packet of " + length + " bytes");
        }
        byte[] packet = more < prefix - 1 ? head : in.readNBytes((int) length);
        if (more < prefix - 1 || packet.length < length) {
            throw new EOFException("closed within the handshake");
        }
        return packet;
    }

    private static void reply(ChannelWrapper.Channel channel, List<byte[]> packets) throws IOException {
        OutputStream out = channel.out();
        for (byte[] packet : packets) {
            int prefix = channel.handshakePrefix();
            byte[] framed = new byte[prefix + packet.length];
            for (int i = 0; i < prefix; i++) {
                framed[i] = (byte) (packet.length >>> 8 * (prefix - 1 - i));
            }
            System.arraycopy(packet, 0, framed, prefix, packet.length);
            out.write(framed);
        }
        out.flush();
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            LOG.debug("closing a connection: {}", e.getMessage());
        }
    }

    /** Stops listening and ends every handshake. */
    @Override
    public void close() {
        closed = true;
        try {
            server.close();
        } catch (IOException e) {
            LOG.debug("closing the listener: {}", e.getMessage());
        }
        List<Pending> open;
        synchronized (handshaking) {
            open = List.copyOf(handshaking);
        }
        open.forEach(pending -> pending.giveUp(Reasons.ENDING));
        thread.interrupt();
    }
}
