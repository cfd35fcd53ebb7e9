package io.llamanode.transport.dist;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangRef;
import com.ericsson.otp.erlang.OtpErlangTuple;
import io.llamanode.term.TermLimitException;
import io.llamanode.term.TermLimits;
import io.llamanode.term.TermScanner;
import io.llamanode.transport.mailbox.Dispatcher;
import io.llamanode.transport.mailbox.FrameReader;
import io.llamanode.transport.mailbox.From;
import io.llamanode.transport.mailbox.MailboxHandler;
import io.llamanode.transport.mailbox.Receiver;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiConsumer;
import java.util.function.BiPredicate;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Acts on received frames. Monitors and links on this node's name and pid need no record: neither ends
 * before the connection does, and then the BEAM itself tells its processes {@code noconnection}.
 */
final class Inbound implements Peer.Events {
    private static final Logger LOG = LoggerFactory.getLogger(Inbound.class);
    private static final String NET_KERNEL = "net_kernel";
    /** Where the control tuple of a frame starts. */
    private static final int CONTROL = 2;

    private final String mailbox;
    private final OtpErlangPid self;
    private final DistHandler handler;
    private final MailboxHandler netKernel;
    private final Peers peers;
    private final Receiver receiver;
    private final Dispatcher dispatcher;
    private final TermLimits limits;
    private final LongAdder frames;
    private final LongAdder dropped;
    private final LongAdder stalled;
    private final Duration patience;
    private final BiPredicate<Peer, Consumer<Frame>> sender;

    Inbound(
            String mailbox,
            OtpErlangPid self,
            DistHandler handler,
            BiConsumer<From, OtpErlangObject> reply,
            Peers peers,
            Receiver receiver,
            Dispatcher dispatcher,
            TermLimits limits,
            LongAdder frames,
            LongAdder dropped,
            LongAdder stalled,
            Duration patience,
            BiPredicate<Peer, Consumer<Frame>> sender) {
        this.mailbox = mailbox;
        this.self = self;
        this.handler = handler;
        this.netKernel = new NetKernel(reply);
        this.peers = peers;
        this.receiver = receiver;
        this.dispatcher = dispatcher;
        this.limits = limits;
        this.frames = frames;
        this.dropped = dropped;
        this.stalled = stalled;
        this.patience = patience;
        this.sender = sender;
    }

    @Override
    public void onFrame(Peer peer, byte[] frame) throws IOException {
        frames.increment();
        switch (Control.parse(frame, limits)) {
            case Control.ToName message -> {
                if (mailbox.equals(message.name())) {
                    receive(peer, frame, message.payload(), handler);
                } else if (NET_KERNEL.equals(message.name())) {
                    receive(peer, frame, message.payload(), netKernel);
                } else {
                    drop(peer, message.name());
                }
            }
            case Control.ToPid message -> {
                if (isSelf(message.pid())) {
                    receive(peer, frame, message.payload(), handler);
                } else {
                    drop(peer, message.pid());
                }
            }
            case Control.Monitor request -> {
                if (!exists(request)) {
                    var _ = sender.test(peer, out -> out.monitorNoproc(frame, request));
                }
            }
            case Control.Link request -> {
                if (!isSelf(request.pid())) {
                    var _ = sender.test(peer, out -> out.linkNoproc(frame, request));
                }
            }
            case Control.Unlink request -> {
                var _ = sender.test(peer, out -> out.unlinkAck(frame, request));
            }
            case Control.Down down -> {
                int[] ids = down.ref().ids();
                long id = ids.length < 2 ? 0 : (long) ids[1] << 18 | ids[0] & 0x3ffff;
                // Only what is there: a peer must not be able to fill the queue with what comes to nothing.
                if (peer.monitors().containsKey(id)) {
                    dispatcher.submit(() -> fire(peer, id));
                }
            }
            case Control.Demonitor(Control.Slice watcher, OtpErlangRef ref) -> {
                // No node has another one's calls given up.
                if (ref.node().equals(peer.node())) {
                    receiver.receiveGivenUp(
                            peer.source(), () -> raw(frame, watcher.from()), ref, frame.length, handler);
                }
            }
            case Control.Spawn request -> {
                var _ = sender.test(peer, out -> out.spawnNotSupported(frame, request));
            }
            case Control.Ignored ignored -> LOG.trace("{} sent operation {}", peer.node(), ignored.operation());
        }
    }

    private void receive(Peer peer, byte[] frame, int payload, MailboxHandler to) {
        receiver.receive(peer.source(), () -> sender(frame), frame, payload, to);
    }

    /** {@return the process that sent a frame, as its raw bytes; one for all frames that do not tell} */
    private String sender(byte[] frame) {
        int operation = TermScanner.firstElement(frame, CONTROL);
        return switch (frame[operation + 1] & 0xff) {
            // REG_SEND and SEND_SENDER, and each with a trace token: the second element is the sender.
            case 6, 16, 22, 23 -> raw(frame, operation + 2);
            default -> "";
        };
    }

    private String raw(byte[] frame, int at) {
        try {
            return Receiver.raw(frame, at, limits);
        } catch (TermLimitException impossible) {
            throw new IllegalStateException("it was measured before", impossible);
        }
    }

    @Override
    public void onRefused(Peer peer, byte[] beginning, FrameReader.Refusal why) throws IOException {
        frames.increment();
        switch (Control.parse(beginning, limits)) {
            case Control.ToName message
            when mailbox.equals(message.name()) -> refuse(peer, beginning, message.payload(), why);
            case Control.ToPid message when isSelf(message.pid()) -> refuse(peer, beginning, message.payload(), why);
            default -> drop(peer, "nobody: " + why.reason());
        }
    }

    private void refuse(Peer peer, byte[] beginning, int payload, FrameReader.Refusal why) {
        receiver.refuse(peer.source(), () -> sender(beginning), beginning, payload, why, handler);
    }

    /** Runs a monitor's callback, unless it was ended or has run. */
    static void fire(Peer peer, long id) {
        Peer.MonitorEntry entry = peer.monitors().remove(id);
        if (entry != null) {
            Peers.fire(entry);
        }
    }

    @Override
    public void onFailure(Peer peer, String reason) {
        peers.down(peer, reason);
    }

    @Override
    public void onStall(Peer peer) {
        if (!peer.isDown()) {
            stalled.increment();
        }
        peers.down(
                peer,
                "it has taken no byte for %d ms, and %d bytes wait".formatted(patience.toMillis(), peer.queuedBytes()));
    }

    private boolean exists(Control.Monitor request) {
        return request.name() != null
                ? request.name().equals(mailbox) || request.name().equals(NET_KERNEL)
                : request.pid() != null && isSelf(request.pid());
    }

    private boolean isSelf(OtpErlangPid pid) {
        return pid.id() == self.id()
                && pid.serial() == self.serial()
                && pid.creation() == self.creation()
                && pid.node().equals(self.node());
    }

    private void drop(Peer peer, @Nullable Object target) {
        dropped.increment();
        LOG.debug("a message from {} to {} is dropped", peer.node(), target);
    }

    /**
     * What {@code net_adm:ping/1} asks: {@code {is_auth, Node}} is answered {@code yes}. Anything else, such as the
     * requests to spawn that old runtimes make, is refused.
     */
    private record NetKernel(BiConsumer<From, OtpErlangObject> reply) implements MailboxHandler {
        private static final OtpErlangAtom YES = new OtpErlangAtom("yes");
        private static final OtpErlangTuple NOT_SUPPORTED =
                new OtpErlangTuple(new OtpErlangObject[] {new OtpErlangAtom("error"), new OtpErlangAtom("notsup")});

        @Override
        public void onCall(From from, OtpErlangObject request) {
            if (request instanceof OtpErlangTuple tuple
                    && tuple.arity() == 2
                    && tuple.elementAt(0) instanceof OtpErlangAtom atom
                    && atom.atomValue().equals("is_auth")) {
                reply.accept(from, YES);
            } else {
                reply.accept(from, NOT_SUPPORTED);
            }
        }

        @Override
        public void onCast(OtpErlangObject request) {}

        @Override
        public void onBadCall(From from, String reason) {
            reply.accept(from, NOT_SUPPORTED);
        }

        @Override
        public void onSystem(From from) {
            reply.accept(from, NOT_SUPPORTED);
        }
    }
}
