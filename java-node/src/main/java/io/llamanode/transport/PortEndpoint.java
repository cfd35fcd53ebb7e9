package io.llamanode.transport;

import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangRef;
import com.ericsson.otp.erlang.OtpErlangTuple;
import io.llamanode.delivery.Outbound;
import io.llamanode.delivery.RequestHandler;
import io.llamanode.protocol.PortFrames;
import io.llamanode.protocol.ProcessOwner;
import io.llamanode.protocol.ReplyEncoder;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.OwnerMonitor;
import io.llamanode.term.TermLimits;
import io.llamanode.transport.mailbox.Budget;
import io.llamanode.transport.mailbox.Dispatcher;
import io.llamanode.transport.mailbox.FrameReader;
import io.llamanode.transport.mailbox.From;
import io.llamanode.transport.mailbox.Load;
import io.llamanode.transport.mailbox.MailboxHandler;
import io.llamanode.transport.mailbox.Receiver;
import io.llamanode.transport.stdio.FrameChannel;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Joins the port of the BEAM that started this node to a {@link RequestHandler}; docs/protocol.md, section 8.
 *
 * <p>For any thread; what it hears comes on the thread that reads the port and on the dispatcher.
 */
public final class PortEndpoint implements MailboxHandler, Outbound, OwnerMonitor, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PortEndpoint.class);
    private static final String OWNER = "the port";
    /** Part of the heap for messages that are being read or wait. */
    private static final int INCOMING = 8;

    private final FrameChannel channel;
    private final Budget incoming = Budget.ofHeap(INCOMING);
    private final Dispatcher dispatcher = new Dispatcher("port-dispatch", incoming);
    private final Dispatcher.Source source = dispatcher.source(OWNER);
    private final Receiver receiver = new Receiver(dispatcher, TermLimits.DEFAULT, new LongAdder());
    private final Map<Long, Runnable> monitors = new ConcurrentHashMap<>();
    private final AtomicLong monitorIds = new AtomicLong();
    private volatile @Nullable RequestHandler handler;

    /**
     * An endpoint that is not open yet: what comes waits.
     *
     * @param channel carries the frames
     * @param window bytes of frames that may be on their way to the BEAM
     */
    public PortEndpoint(FrameChannel channel, int window) {
        this.channel = channel;
        channel.limit(window);
        channel.source(source);
    }

    /**
     * From here on requests are answered.
     *
     * @param requests answers them; made with this endpoint as its {@link Outbound}
     */
    public void open(RequestHandler requests) {
        handler = requests;
        incoming.showIn(requests.account());
        channel.showIn(requests.account(), process -> process instanceof Owner owner ? owner.peer() : OWNER);
        dispatcher.start();
    }

    /**
     * Takes a frame if it is a message for the mailbox.
     *
     * @param frame as it came
     * @return whether it was one
     */
    public boolean taken(byte[] frame) {
        return receiver.receiveRequest(source, frame, this);
    }

    /**
     * Takes a frame that was read past; a call in it is answered.
     *
     * @param beginning of the frame
     * @param why the rest is not there
     */
    public void refused(byte[] beginning, FrameReader.Refusal why) {
        receiver.refuseRequest(source, beginning, why, this);
    }

    /**
     * A process that this node monitors is gone.
     *
     * @param monitor number of the monitor
     */
    public void down(long monitor) {
        dispatcher.submit(() -> {
            Runnable down = monitors.remove(monitor);
            if (down != null) {
                down.run();
            }
        });
    }

    @Override
    public void onCall(From from, OtpErlangObject request) {
        ProcessOwner caller = new ProcessOwner(from.pid());
        long waiting = channel.tooMuchFor(caller);
        if (waiting > 0) {
            // The port cannot be left unread meanwhile: what it brings is also that the BEAM has read something.
            reply(
                    from,
                    ReplyEncoder.error(new Failure(
                            ErrorCode.SERVER_BUSY,
                            "its process has not read answers that take %d bytes of the node's memory"
                                    .formatted(waiting))));
            return;
        }
        Objects.requireNonNull(handler)
                .call(caller, from.alias(), from.weight(), request, answer -> reply(from, answer));
    }

    @Override
    public void onBadCall(From from, String reason) {
        LOG.warn("a call of {} is refused: {}", from.pid(), reason);
        reply(from, ReplyEncoder.error(new Failure(ErrorCode.INVALID_ARGUMENT, "request: " + reason)));
    }

    @Override
    public void onBusyCall(From from, String reason) {
        LOG.warn("a call of {} is refused: {}", from.pid(), reason);
        reply(from, ReplyEncoder.error(new Failure(ErrorCode.SERVER_BUSY, reason)));
    }

    private void reply(From from, OtpErlangObject answer) {
        OtpErlangRef alias = from.alias();
        OtpErlangTuple message = new OtpErlangTuple(new OtpErlangObject[] {from.tag(), answer});
        channel.send(
                new ProcessOwner(from.pid()),
                PortFrames.send(alias == null ? from.pid() : alias, message),
                Load.late(from.length(), answer));
    }

    @Override
    public void onCast(OtpErlangObject request) {
        Objects.requireNonNull(handler).cast(request);
    }

    @Override
    public void send(OtpErlangPid to, OtpErlangPid behind, OtpErlangObject message) {
        channel.send(new ProcessOwner(behind), PortFrames.send(to, message));
    }

    @Override
    public void send(OtpErlangRef to, OtpErlangPid behind, OtpErlangObject message) {
        channel.send(new ProcessOwner(behind), PortFrames.send(to, message));
    }

    @Override
    public boolean offer(OtpErlangPid to, Supplier<@Nullable OtpErlangObject> message, int weight, Runnable room) {
        return channel.offer(
                new ProcessOwner(to),
                () -> {
                    OtpErlangObject made = message.get();
                    return made == null ? null : PortFrames.send(to, made);
                },
                weight,
                room);
    }

    @Override
    public void flush() {
        channel.flush();
    }

    @Override
    public Watch watch(Owner owner, Runnable down) {
        long id = monitorIds.incrementAndGet();
        monitors.put(id, down);
        channel.send(PortFrames.monitor(id, ((ProcessOwner) owner).pid()));
        return () -> {
            if (monitors.remove(id) != null) {
                channel.send(PortFrames.demonitor(id));
            }
        };
    }

    /** Waits a moment until what was sent is written; what comes from here on is ignored. */
    @Override
    public void close() {
        dispatcher.close();
        try {
            channel.awaitSent(1, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
