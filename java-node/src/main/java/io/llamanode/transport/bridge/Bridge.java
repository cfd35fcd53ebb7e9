package io.llamanode.transport.bridge;

import io.llamanode.service.LlamaService;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.OwnerMonitor;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A Unix socket that answers commands of lines; docs/operations.md has them. */
public final class Bridge implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Bridge.class);
    private static final long PAUSE_MS = 100;

    private final BridgeConfig config;
    private final LlamaService service;
    private final SocketFile socket;
    private final Runnable stop;
    private final Set<Connection> connections = new HashSet<>();
    private long clients;
    private volatile boolean closed;

    private Bridge(BridgeConfig config, LlamaService service, Runnable stop) throws IOException {
        this.config = config;
        this.service = service;
        this.stop = stop;
        this.socket = SocketFile.listen(config.socket());
    }

    /**
     * Listens, and serves whoever connects. A file that an ended process left behind is replaced.
     *
     * @param config where, and what clients may cost
     * @param service does the work; its monitor must know clients, as {@link #monitor} does
     * @return the open bridge
     * @throws IOException if somebody listens there already, or the path cannot be used; the message tells
     */
    public static Bridge open(BridgeConfig config, LlamaService service) throws IOException {
        Bridge bridge = new Bridge(config, service, null);
        Thread.ofVirtual().name("bridge-accept").start(bridge::accept);
        LOG.info("the bridge listens on {}", config.socket());
        return bridge;
    }

    /**
     * Listens for who asks how the node is, or tells it to stop, and for nothing else.
     *
     * @param config where, and what clients may cost
     * @param service whose state is asked for
     * @param stop begins the end of the node; must not wait for it
     * @return the open socket
     * @throws IOException as {@link #open}
     */
    public static Bridge control(BridgeConfig config, LlamaService service, Runnable stop) throws IOException {
        Bridge control = new Bridge(config, service, stop);
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

    private void admit(SocketChannel channel) throws IOException {
        Connection connection;
        synchronized (connections) {
            if (!closed && connections.size() < config.maxClients()) {
                connection = new Connection(channel, new BridgeClient(++clients), service, config, stop);
                connections.add(connection);
            } else {
                connection = null;
            }
        }
        if (connection == null) {
            Connection.refuse(
                    channel,
                    closed ? "the node is ending" : config.maxClients() + " clients are connected, which is the limit");
            return;
        }
        Thread.ofVirtual().name("bridge-client").start(() -> connection.run(() -> forget(connection)));
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
