package io.llamanode.transport.dist;

import io.llamanode.transport.mailbox.Dispatcher;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The connected nodes. A connection enters and leaves under one lock, so that the handler sees downs and
 * ups of a node in turn; sockets are closed and log records written after the lock is released, because
 * either might take its time.
 */
final class Peers {
    private static final Logger LOG = LoggerFactory.getLogger(Peers.class);

    private final ConcurrentHashMap<String, Peer> byNode = new ConcurrentHashMap<>();
    private final ReentrantLock membership = new ReentrantLock();
    private final Dispatcher dispatcher;
    private final DistHandler handler;
    private final int most;
    private boolean closed;

    /** @param most that may be connected at a time */
    Peers(Dispatcher dispatcher, DistHandler handler, int most) {
        this.dispatcher = dispatcher;
        this.handler = handler;
        this.most = most;
    }

    /** {@return whether there is a place for this node, which it has already if it is connected} */
    boolean hasRoomFor(String node) {
        return byNode.size() < most || byNode.containsKey(node);
    }

    /** {@return why a node is refused for which there is no place} */
    String refusal(String node) {
        return "%s is one too many: %d nodes are connected, which is the limit (max_connections)".formatted(node, most);
    }

    @Nullable
    Peer get(String node) {
        return byNode.get(node);
    }

    List<Peer> all() {
        return List.copyOf(byNode.values());
    }

    /** Wakes the writers for which something waits. */
    void wake() {
        byNode.values().forEach(Peer::wake);
    }

    /** Takes in an authenticated connection; an older one of the same node must be half-open and goes. */
    void up(Peer peer) {
        Peer old;
        boolean refused = false;
        membership.lock();
        try {
            refused = !closed && !hasRoomFor(peer.node());
            if (closed || refused) {
                peer.markDown();
                old = peer;
            } else {
                old = byNode.get(peer.node());
                if (old != null) {
                    leave(old);
                }
                byNode.put(peer.node(), peer);
                dispatcher.submit(() -> handler.onPeerUp(peer.node()));
            }
        } finally {
            membership.unlock();
        }
        if (old != null) {
            old.abort();
        }
        if (refused) {
            LOG.warn("a connection is refused: {}", refusal(peer.node()));
        } else if (old != peer) {
            LOG.info("{} connected{}", peer.node(), old == null ? "" : ", in place of an older connection");
        }
    }

    /** Ends a connection; idempotent. */
    void down(Peer peer, String reason) {
        boolean first;
        membership.lock();
        try {
            first = leave(peer);
        } finally {
            membership.unlock();
        }
        peer.abort();
        if (first) {
            LOG.atLevel(Reasons.isOrderly(reason) ? Level.INFO : Level.WARN)
                    .log("{} disconnected: {}", peer.node(), reason);
        }
    }

    private boolean leave(Peer peer) {
        if (!peer.markDown()) {
            return false;
        }
        byNode.remove(peer.node(), peer);
        dispatcher.submit(() -> fireAll(peer));
        return true;
    }

    private void fireAll(Peer peer) {
        for (Long id : List.copyOf(peer.monitors().keySet())) {
            Peer.MonitorEntry entry = peer.monitors().remove(id);
            if (entry != null) {
                fire(entry);
            }
        }
        handler.onPeerDown(peer.node());
    }

    /** Runs a monitor's callback; one that throws does not keep the next from running. */
    static void fire(Peer.MonitorEntry entry) {
        try {
            entry.onDown().run();
        } catch (Throwable thrown) {
            LOG.error("the callback of a monitor threw", thrown);
        }
    }

    /** Refuses newcomers; those that are here stay until {@link #down}. */
    void close() {
        membership.lock();
        try {
            closed = true;
        } finally {
            membership.unlock();
        }
    }
}
