package io.llamanode.transport.bridge;

import io.llamanode.service.LlamaService;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.OwnerMonitor;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Unix socket that answers commands of lines; docs/operations.md has them. All methods are for any thread; those that end it
 * may wait for clients, and so are not for threads of the service.
 */
public final class Bridge implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Bridge.class);
    private static final long PAUSE_MS = 100;
    /** How long a client of a control socket may say nothing before it is let go, and before it must make room for others. */
    private static final Duration SILENCE = Duration.ofSeconds(10);

    private static final Duration ROOM = Duration.ofMillis(100);

    private final BridgeConfig config;
    private final SocketFile socket;
    /** What clients may do on a control socket; {@code null} on a bridge, whose clients may be silent as long as they like. */
    private final @Nullable Control control;

    private final House house;
    private final Set<Connection> connections = new HashSet<>();
    private long clients;
    private volatile boolean closed;

    /**
     * @param silence how long a client may say nothing
     * @param room how long it may say nothing while others wait for its place
     */
    private record Control(Duration silence, Duration room) {}

    private Bridge(BridgeConfig config, LlamaService service, Runnable stop, @Nullable Control control)
            throws IOException {
        this.config = config;
        this.control = control;
        Secret secret = Secret.read(config.access().secret());
        this.socket = SocketFile.listen(
                config.socket(), config.access().mode(), config.access().group());
        Doorkeeper doorkeeper;
        try {
            doorkeeper = control != null
                    ? null
                    : new Doorkeeper(config.socket(), secret, config.access().groups(), System::nanoTime);
        } catch (IOException e) {
            socket.close();
            throw e;
        }
        this.house = new House(service, config, stop, control != null, doorkeeper, this::facts);
    }

    /** Who may use the socket is of no use where its directory cannot be entered. */
    private void warnOfDirectory() throws IOException {
        if (config.access().mode().charAt(4) != 'w') {
            return;
        }
        Path socket = config.socket().toAbsolutePath();
        Path directory = Objects.requireNonNull(socket.getParent());
        PosixFileAttributes place = Files.readAttributes(directory, PosixFileAttributes.class);
        GroupPrincipal group =
                Files.readAttributes(socket, PosixFileAttributes.class).group();
        boolean entered = place.permissions().contains(PosixFilePermission.OTHERS_EXECUTE)
                || place.group().equals(group) && place.permissions().contains(PosixFilePermission.GROUP_EXECUTE);
        if (!entered) {
            LOG.warn("members of the group {} cannot enter {} (chgrp and chmod g+x)", group.getName(), directory);
        }
    }

    private Map<String, Object> facts() {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("socket", config.socket().toString());
        synchronized (connections) {
            facts.put("clients", connections.size());
        }
        facts.put("max_clients", config.maxClients());
        return facts;
    }

    /**
     * Listens, and serves whoever connects. A file that an ended process left behind is replaced.
     *
     * @param config where, and what clients may cost
     * @param service does the work; its monitor must know clients, as {@link #monitor} does
     * @param stop begins the end of the node, where {@code QUIT} may; must not wait for it
     * @return the open bridge
     * @throws IOException if somebody listens there already, or the path, the group or the secret cannot be used; the
     *     message tells
     */
    public static Bridge open(BridgeConfig config, LlamaService service, Runnable stop) throws IOException {
        Bridge bridge = new Bridge(config, service, stop, null);
        Thread.ofVirtual().name("bridge-accept").start(bridge::accept);
        LOG.info("the bridge listens on {}", config.socket());
        bridge.warnOfDirectory();
        return bridge;
    }

    /**
     * Listens for the node's own user, who may end the node and does not come to stay. Nobody keeps others from an
     * answer: a client that says nothing, and waits for nothing, is let go, and each yields if its place is wanted.
     *
     * @param config where, and what clients may cost
     * @param service whose state is asked for
     * @param stop begins the end of the node; must not wait for it
     * @return the open socket
     * @throws IOException as {@link #open}
     */
    public static Bridge control(BridgeConfig config, LlamaService service, Runnable stop) throws IOException {
        return control(config, service, stop, SILENCE, ROOM);
    }

    static Bridge control(BridgeConfig config, LlamaService service, Runnable stop, Duration silence, Duration room)
            throws IOException {
        Bridge control = new Bridge(config, service, stop, new Control(silence, room));
        Thread.ofVirtual().name("control-accept").start(control::accept);
        return control;
    }

    /**
     * Watches clients of bridges as owners, and leaves other owners to another monitor.
     *
     * @param others watches all other owners
     * @return the monitor
     */
    public static OwnerMonitor monitor(OwnerMonitor others) {
        return (Owner owner, Runnable down) ->
                owner instanceof BridgeClient client ? client.watch(down) : others.watch(owner, down);
    }

    private void accept() {
        while (!closed) {
            try {
                admit(socket.server().accept());
            } catch (InterruptedException closing) {
                return;
            } catch (ClosedChannelException closing) {
                return;
            } catch (IOException | RuntimeException e) {
                if (closed) {
                    return;
                }
                // Out of descriptors, for example: it may pass.
                LOG.error("accepting a client", e);
                try {
                    Thread.sleep(PAUSE_MS);
                } catch (InterruptedException closing) {
                    return;
                }
            }
        }
    }

    private static void refuse(SocketChannel channel, String why) {
        Failure busy = new Failure(ErrorCode.SERVER_BUSY, why);
        Thread.ofVirtual().name("bridge-refuse").start(() -> Connection.refuse(channel, busy));
    }

    private void admit(SocketChannel channel) throws IOException, InterruptedException {
        Connection connection;
        synchronized (connections) {
            makeRoom();
            if (!closed && connections.size() < config.maxClients()) {
                connection = new Connection(channel, new BridgeClient(++clients), house);
                connections.add(connection);
            } else {
                connection = null;
            }
        }
        if (connection == null) {
            String why =
                    closed ? "the node is ending" : config.maxClients() + " clients are connected, which is the limit";
            refuse(channel, why);
            return;
        }
        try {
            // Of the system's, like the one that reads: it is woken three times as fast as a virtual one.
            Thread.ofPlatform().daemon().name("bridge-client").start(() -> connection.run(() -> forget(connection)));
        } catch (OutOfMemoryError e) {
            // Of threads: an exhausted heap ends the process.
            LOG.warn("a client is refused: {}", e.getMessage());
            forget(connection);
            refuse(channel, "the system gives no more threads");
            return;
        }
        if (control != null) {
            endIfSilent(connection, control, control.silence());
        }
    }

    /** On a control socket that is full, waits until a client leaves, or the one that was silent for longest has been so for long. */
    private void makeRoom() throws InterruptedException {
        while (control != null && !closed && connections.size() >= config.maxClients()) {
            Connection first = connections.stream()
                    .max(Comparator.comparing(Connection::silence))
                    .orElseThrow();
            Duration left = control.room().minus(first.silence());
            if (left.isPositive()) {
                TimeUnit.NANOSECONDS.timedWait(connections, left.toNanos());
            } else {
                connections.remove(first);
                first.close();
            }
        }
    }

    private static void endIfSilent(Connection connection, Control control, Duration left) {
        CompletableFuture.delayedExecutor(left.toNanos(), TimeUnit.NANOSECONDS).execute(() -> {
            Duration more =
                    connection.isBusy() ? control.silence() : control.silence().minus(connection.silence());
            if (!more.isPositive()) {
                connection.close();
            } else if (connection.isOpen()) {
                endIfSilent(connection, control, more);
            }
        });
    }

    private void forget(Connection connection) {
        synchronized (connections) {
            connections.remove(connection);
            connections.notifyAll();
        }
    }

    /**
     * Reads no more commands, and lets clients have the answers to those they sent.
     *
     * @param patience how long
     */
    public void finish(Duration patience) {
        long end = System.nanoTime() + patience.toNanos();
        synchronized (connections) {
            closed = true;
            connections.forEach(Connection::finish);
            long left = patience.toMillis();
            try {
                while (!connections.isEmpty() && left > 0) {
                    connections.wait(left);
                    left = (end - System.nanoTime()) / 1_000_000;
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Ends every connection, cancels what clients started, and removes the socket. */
    @Override
    public void close() {
        List<Connection> open;
        synchronized (connections) {
            closed = true;
            open = List.copyOf(connections);
        }
        try {
            socket.close();
        } catch (IOException e) {
            LOG.warn("closing the bridge: {}", e.getMessage());
        }
        open.forEach(Connection::close);
    }
}
