package io.llamanode.transport.dist;

import com.ericsson.otp.erlang.OtpErlangDecodeException;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangRef;
import com.ericsson.otp.erlang.OtpInputStream;
import com.ericsson.otp.erlang.OtpOutputStream;
import io.llamanode.account.MemoryAccount;
import io.llamanode.term.LateTerm;
import io.llamanode.term.TermLimits;
import io.llamanode.transport.mailbox.Budget;
import io.llamanode.transport.mailbox.Dispatcher;
import io.llamanode.transport.mailbox.From;
import io.llamanode.transport.mailbox.Load;
import io.llamanode.transport.mailbox.Receiver;
import io.llamanode.transport.mailbox.Room;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.channels.ServerSocketChannel;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A hidden node of an Erlang cluster that is called and never calls: BEAMs connect to it, send to its one
 * registered name, monitor it and are monitored. All methods may be called from any thread, and none
 * but {@link #start} and {@link #close} blocks.
 */
public final class DistNode implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DistNode.class);
    private static final Duration DRAIN = Duration.ofSeconds(1);
    /** Bytes of a monitor that waits to be told, and of its end. */
    private static final int CONTROL_WEIGHT = 256;

    private static final int KEPT_FRAMES = 16;
    private static final int KEPT_FRAME_BYTES = 256 << 10;
    /** Part of the heap for messages that are being read or wait. */
    private static final int INCOMING = 8;
    /** Part of the heap that may wait for peers before those with the most are read more slowly. */
    private static final int OUTGOING = 8;
    /** Part of the heap in which large messages are made. */
    private static final int MAKING = 8;

    private final DistConfig config;
    private final OtpErlangPid self;
    private final int creation;
    private final int port;
    private final @Nullable Epmd epmd;
    private final ScheduledThreadPoolExecutor timer;
    private final Dispatcher dispatcher;
    private final Peers peers;
    private final Acceptor acceptor;
    private final LongAdder refused = new LongAdder();
    private final LongAdder framesIn = new LongAdder();
    private final LongAdder framesOut = new LongAdder();
    private final LongAdder dropped = new LongAdder();
    private final LongAdder stalled = new LongAdder();
    private final AtomicLong monitorIds = new AtomicLong();
    private final ConcurrentLinkedQueue<Frame> frames = new ConcurrentLinkedQueue<>();
    private final AtomicInteger keptFrames = new AtomicInteger();
    private final AtomicBoolean closed = new AtomicBoolean();

    private DistNode(
            DistConfig config,
            DistHandler handler,
            @Nullable MemoryAccount account,
            ServerSocket server,
            @Nullable Epmd epmd) {
        this.config = config;
        this.epmd = epmd;
        this.port = server.getLocalPort();
        // Not the one that epmd gives: it begins at the clock whenever epmd is started, and so may come again.
        this.creation = new SecureRandom().nextInt(4, Integer.MAX_VALUE);
        this.self = ownPid(config.nodeName(), creation);
        this.timer = new ScheduledThreadPoolExecutor(
                1, Thread.ofPlatform().daemon().name("dist-timer").factory());
        this.timer.setRemoveOnCancelPolicy(true);
        this.dispatcher = new Dispatcher("dist-dispatch", shown(INCOMING, account));
        this.dispatcher.start();
        this.peers = new Peers(dispatcher, handler, config.maxConnections());
        Inbound inbound = new Inbound(
                config.mailbox(),
                self,
                handler,
                this::reply,
                peers,
                new Receiver(dispatcher, TermLimits.DEFAULT, dropped),
                dispatcher,
                TermLimits.DEFAULT,
                framesIn,
                dropped,
                stalled,
                config.stallDeadline(),
                this::control);
        Peer.Memory memory = new Peer.Memory(
                shown(OUTGOING, account), new Room(Runtime.getRuntime().maxMemory() / MAKING));
        this.acceptor = new Acceptor(server, config, creation, timer, refused, (identity, channel) -> {
            if (!peers.hasRoomFor(identity.node())) {
                throw new IOException(peers.refusal(identity.node()));
            }
            Link link = Link.of(channel, config.tickTime());
            Thread reader = Thread.ofPlatform()
                    .daemon()
                    .name("dist-read-" + identity.node())
                    .stackSize(TermLimits.STACK_BYTES)
                    .start(() -> {
                        Peer peer = new Peer(
                                identity, link, config, timer, dispatcher.source(identity.node()), memory, inbound);
                        peers.up(peer);
                        peer.run();
                    });
            try {
                reader.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    /**
     * Starts a node. The handler may be called before this returns.
     *
     * @param config how it is named, reached and bounded
     * @param handler receives what arrives
     * @return the running node; close it
     * @throws DistStartException if it cannot be started
     */
    public static DistNode start(DistConfig config, DistHandler handler) throws DistStartException {
        return start(config, handler, null);
    }

    /**
     * Starts a node whose memory for messages is shown in an account, as {@link #start(DistConfig, DistHandler)}.
     *
     * @param config how it is named, reached and bounded
     * @param handler receives what arrives
     * @param account shows it, or {@code null}
     * @return the running node; close it
     * @throws DistStartException if it cannot be started
     */
    public static DistNode start(DistConfig config, DistHandler handler, @Nullable MemoryAccount account)
            throws DistStartException {
        Objects.requireNonNull(handler, "handler");
        ServerSocket server = listen(config);
        try {
            Epmd epmd = config.epmd() ? register(config, server.getLocalPort()) : null;
            DistNode node = new DistNode(config, handler, account, server, epmd);
            node.acceptor.start();
            LOG.debug("{} listens on {}", config.nodeName(), server.getLocalSocketAddress());
            return node;
        } catch (DistStartException e) {
            try {
                server.close();
            } catch (IOException suppressed) {
                e.addSuppressed(suppressed);
            }
            throw e;
        }
    }

    private static Budget shown(int part, @Nullable MemoryAccount account) {
        Budget budget = Budget.ofHeap(part);
        if (account != null) {
            budget.showIn(account);
        }
        return budget;
    }

    private static ServerSocket listen(DistConfig config) throws DistStartException {
        ServerSocket server = null;
        try {
            // That of a channel: its connections can be put into non-blocking mode.
            server = ServerSocketChannel.open().socket();
            server.setReuseAddress(true);
            server.bind(new InetSocketAddress(config.bind(), config.port()), 512);
            return server;
        } catch (IOException | RuntimeException e) {
            if (server != null) {
                try {
                    server.close();
                } catch (IOException suppressed) {
                    e.addSuppressed(suppressed);
                }
            }
            throw new DistStartException(
                    DistStartException.Reason.BIND_FAILED,
                    "cannot listen on " + config.bind() + " port " + config.port() + ": " + e.getMessage(),
                    e);
        }
    }

    private static Epmd register(DistConfig config, int port) throws DistStartException {
        String alive = config.nodeName().substring(0, config.nodeName().indexOf('@'));
        try {
            return new Epmd(config.epmdPort(), alive, port);
        } catch (Epmd.NameTakenException e) {
            throw new DistStartException(DistStartException.Reason.NAME_TAKEN, e.getMessage(), e);
        } catch (IOException e) {
            throw new DistStartException(
                    DistStartException.Reason.EPMD_ABSENT,
                    "no epmd on port " + config.epmdPort() + ": " + e.getMessage(),
                    e);
        }
    }

    /** Decoded rather than constructed: JInterface has no public constructor that keeps a 32-bit creation. */
    private static OtpErlangPid ownPid(String node, int creation) {
        OtpOutputStream pid = new OtpOutputStream();
        pid.write1(88);
        pid.write_atom(node);
        pid.write4BE(1);
        pid.write4BE(0);
        pid.write4BE(creation);
        try {
            return new OtpInputStream(pid.toByteArray()).read_pid();
        } catch (OtpErlangDecodeException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /**
     * The pid behind the registered name. Messages to it arrive as those to the name do.
     *
     * @return a pid of this node
     */
    public OtpErlangPid self() {
        return self;
    }

    /**
     * The node's full name.
     *
     * @return {@code alive@host}
     */
    public String nodeName() {
        return config.nodeName();
    }

    /**
     * Where the node listens.
     *
     * @return the port
     */
    public int port() {
        return port;
    }

    /**
     * The nodes that are connected now.
     *
     * @return their names
     */
    public List<String> peers() {
        return peers.all().stream().map(Peer::node).sorted().toList();
    }

    /**
     * Takes a snapshot for status and metrics.
     *
     * @return the snapshot
     */
    DistHealth health() {
        List<Peer> all = peers.all();
        return new DistHealth(
                acceptor.listening(),
                epmd == null || epmd.registered(),
                all.size(),
                acceptor.handshaking(),
                all.stream().mapToInt(p -> p.monitors().size()).sum(),
                dispatcher.queuedBytes(),
                all.stream().mapToLong(Peer::queuedBytes).sum(),
                refused.sum(),
                framesIn.sum(),
                framesOut.sum(),
                dropped.sum(),
                stalled.sum());
    }

    /**
     * Sends a message. A small one is encoded on the calling thread, and written by it if that needs no waiting; a large one,
     * or one with a {@link LateTerm}, is encoded and written by the connection's writer, large ones in turn with those to other
     * processes.
     *
     * @param to a process of a connected node; for any other the message is dropped
     * @param message the message
     * @return whether it was taken; this says nothing about its arrival
     */
    public boolean send(OtpErlangPid to, OtpErlangObject message) {
        return send(to, to, message);
    }

    /**
     * Sends a message that arrives after what was sent to another process before, or behind that.
     *
     * @param to a process of a connected node; for any other the message is dropped
     * @param behind a process of the same node
     * @param message the message
     * @return whether it was taken; this says nothing about its arrival
     */
    public boolean send(OtpErlangPid to, OtpErlangPid behind, OtpErlangObject message) {
        Peer peer = peerOf(to);
        return peer != null && sendTo(peer, behind, Load.late(0, message), frame -> frame.send(to, message));
    }

    /**
     * Sends a message that the connection's writer makes and encodes, behind what was sent before, unless much waits
     * there already. The writer may wait for {@link #flush} before it begins.
     *
     * @param to a process of a connected node; for any other the message is dropped
     * @param message makes the term, on the writer's thread; {@code null} if there is nothing to be said any more
     * @param weight bytes of its encoding, if only about
     * @param room run on the writer's thread once there is room; only if this returns {@code false}, and not if the
     *     connection ends before
     * @return whether it was taken or dropped
     */
    public boolean offer(OtpErlangPid to, Supplier<@Nullable OtpErlangObject> message, int weight, Runnable room) {
        Peer peer = peerOf(to);
        if (peer == null) {
            return true;
        }
        WriteQueue.Offer offer = peer.offer(to, frame -> encode(frame, to, message.get()), weight, room);
        if (offer == WriteQueue.Offer.TAKEN) {
            framesOut.increment();
        }
        return offer != WriteQueue.Offer.FULL;
    }

    private static void encode(Frame frame, OtpErlangPid to, @Nullable OtpErlangObject message) {
        if (message == null) {
            frame.nothing();
        } else {
            frame.send(to, message);
        }
    }

    /** Sends what was offered. */
    public void flush() {
        peers.wake();
    }

    /**
     * Sends a message to an alias, as {@link #send(OtpErlangPid, OtpErlangPid, OtpErlangObject)} does to a process.
     *
     * @param alias of a process of a connected node; for any other the message is dropped
     * @param behind the process, or another one of the same node
     * @param message the message, dropped by the receiving node if the alias is not active any more
     * @return whether it was taken; this says nothing about its arrival
     */
    public boolean send(OtpErlangRef alias, OtpErlangPid behind, OtpErlangObject message) {
        Peer peer = peers.get(alias.node());
        return peer != null
                && peer.understandsAliases()
                && peer.isIncarnation(alias.creation())
                && sendTo(peer, behind, Load.late(0, message), frame -> frame.aliasSend(self, alias, message));
    }

    /**
     * Answers a call. A caller that used an alias and has given up does not receive it.
     *
     * @param from who waits
     * @param reply the answer
     * @return whether it was taken; this says nothing about its arrival
     */
    public boolean reply(From from, OtpErlangObject reply) {
        Peer peer = peerOf(from.pid());
        if (peer == null) {
            return false;
        }
        OtpErlangRef alias = peer.understandsAliases() ? from.alias() : null;
        return sendTo(
                peer,
                from.pid(),
                Load.late(from.length(), reply),
                alias != null && alias.node().equals(peer.node())
                        ? frame -> frame.aliasReply(self, alias, from.tag(), reply)
                        : frame -> frame.reply(from.pid(), from.tag(), reply));
    }

    /**
     * Monitors a process. The callback runs once on the dispatcher thread: when the process ends, when
     * the connection to its node is lost, or at once if there is no such process or connection.
     *
     * @param pid a process of another node
     * @param onDown called once, unless the monitor is ended before
     * @return the monitor
     */
    public ProcessMonitor monitor(OtpErlangPid pid, Runnable onDown) {
        Objects.requireNonNull(onDown, "onDown");
        long id = monitorIds.incrementAndGet();
        OtpErlangRef ref = new OtpErlangRef(
                90, config.nodeName(), new int[] {(int) (id & 0x3ffff), (int) (id >>> 18), 0}, creation);
        Peer.MonitorEntry entry = new Peer.MonitorEntry(pid, ref, onDown);
        Peer peer = peerOf(pid);
        if (peer == null) {
            AtomicBoolean ended = new AtomicBoolean();
            dispatcher.submit(() -> {
                if (ended.compareAndSet(false, true)) {
                    Peers.fire(entry);
                }
            });
            return () -> ended.set(true);
        }
        peer.monitors().put(id, entry);
        controlLate(peer, frame -> frame.monitor(self, pid, ref));
        if (peer.isDown()) {
            // It may have gone before it could know of this monitor; whoever removes the entry runs it.
            dispatcher.submit(() -> Inbound.fire(peer, id));
        }
        return () -> {
            if (peer.monitors().remove(id) != null) {
                controlLate(peer, frame -> frame.demonitor(self, pid, ref));
            }
        };
    }

    private @Nullable Peer peerOf(OtpErlangPid pid) {
        Peer peer = peers.get(pid.node());
        return peer != null && peer.isIncarnation(pid.creation()) ? peer : null;
    }

    /** Sends what is no message, and so belongs behind no process's messages. */
    private boolean control(Peer peer, Consumer<Frame> encoder) {
        return sendNow(peer, this, encoder);
    }

    /** Sends what is no message for a caller who may have a lock that others wait for. */
    private void controlLate(Peer peer, Consumer<Frame> encoder) {
        if (peer.sendLate(this, encoder, Load.made(CONTROL_WEIGHT))) {
            framesOut.increment();
        }
    }

    /**
     * Sends a message.
     *
     * @param late what one counts for that is made when it is written
     */
    private boolean sendTo(Peer peer, Object process, @Nullable Load late, Consumer<Frame> encoder) {
        if (late == null) {
            return sendNow(peer, process, encoder);
        }
        boolean taken = peer.sendLate(process, encoder, late);
        if (taken) {
            framesOut.increment();
        }
        return taken;
    }

    /** Encodes outside of the queue's lock, so that no term delays anybody else. */
    private boolean sendNow(Peer peer, Object process, Consumer<Frame> encoder) {
        Frame frame = frames.poll();
        if (frame == null) {
            frame = new Frame();
        } else {
            keptFrames.decrementAndGet();
        }
        encoder.accept(frame);
        boolean taken = peer.send(process, frame);
        if (taken) {
            framesOut.increment();
        }
        if (frame.length() <= KEPT_FRAME_BYTES && keptFrames.get() < KEPT_FRAMES) {
            keptFrames.incrementAndGet();
            frames.offer(frame);
        }
        return taken;
    }

    /**
     * Ends the node: epmd forgets it, what is queued is written for at most a second, the connections are
     * closed (the BEAMs' monitors fire with {@code noconnection}), and the handler sees every peer go
     * down. All threads have ended on return, except the dispatcher when this is called on it.
     */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        if (epmd != null) {
            epmd.close();
        }
        acceptor.close();
        peers.close();
        List<Peer> all = peers.all();
        all.forEach(Peer::finish);
        try {
            long end = System.nanoTime() + DRAIN.toNanos();
            for (Peer peer : all) {
                peer.drain(Duration.ofNanos(Math.max(0, end - System.nanoTime())));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        all.forEach(peer -> peers.down(peer, Reasons.ENDING));
        timer.shutdownNow();
        dispatcher.close();
        try {
            for (Peer peer : all) {
                peer.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        LOG.info("{} has ended", config.nodeName());
    }
}
