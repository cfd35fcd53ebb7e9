package io.llamanode.transport.mailbox;

import com.ericsson.otp.erlang.OtpErlangDecodeException;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangRef;
import com.ericsson.otp.erlang.OtpErlangTuple;
import io.llamanode.term.TermLimitException;
import io.llamanode.term.TermLimits;
import io.llamanode.term.TermReader;
import io.llamanode.term.TermScanner;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns the bytes of a message into a call of the handler. The bytes are measured on the reading thread,
 * and decoded there or on the dispatcher's.
 */
public final class Receiver {
    private static final Logger LOG = LoggerFactory.getLogger(Receiver.class);
    private static final String CALL = "$gen_call";
    private static final String CAST = "$gen_cast";
    private static final String SYSTEM = "system";
    private static final byte PID = 88;
    private static final byte OLD_PID = 103;

    private final Dispatcher dispatcher;
    private final TermLimits limits;
    private final LongAdder dropped;

    /**
     * Takes the messages of one mailbox.
     *
     * @param dispatcher calls the handler
     * @param limits of nesting and size
     * @param dropped counts messages that are not delivered
     */
    public Receiver(Dispatcher dispatcher, TermLimits limits, LongAdder dropped) {
        this.dispatcher = dispatcher;
        this.limits = limits;
        this.dropped = dropped;
    }

    /**
     * Takes a message of a frame.
     *
     * @param source where it came from
     * @param sender gives who sent it, on the calling thread, so that equal ones are the same
     * @param frame holds the message to its end
     * @param from where the message starts, the version byte first
     * @param handler called on this thread or the dispatcher's
     */
    public void receive(Dispatcher.Source source, Supplier<?> sender, byte[] frame, int from, MailboxHandler handler) {
        try {
            int term = term(frame, from);
            String kind = kind(frame, term);
            Supplier<?> process = kind == null ? sender : () -> process(frame, term, sender);
            if (CALL.equals(kind)) {
                receiveCall(source, process, frame, term, handler);
                return;
            }
            if (SYSTEM.equals(kind)) {
                receiveSystem(source, process, frame, term, handler);
                return;
            }
            TermScanner.check(frame, from, frame.length, limits);
            int request = CAST.equals(kind) ? castRequest(frame, term) : term;
            dispatcher.deliver(
                    source,
                    process,
                    () -> dispatchOther(source.name(), frame, request, handler, CAST.equals(kind)),
                    frame.length);
        } catch (TermLimitException refused) {
            drop(source.name(), refused.getMessage());
        }
    }

    /** Where the request of a cast is: behind its sender, if that is told. */
    private int castRequest(byte[] frame, int term) throws TermLimitException {
        int second = second(frame, term);
        return TermScanner.tupleArity(frame, term, frame.length) == 2
                ? second
                : TermScanner.skip(frame, second, frame.length, limits);
    }

    /**
     * Takes a frame that is a call or a cast, and nothing else. Its sender is the process that stands in it; casts of which
     * it is not told have one sender together.
     *
     * @param source where it came from
     * @param frame the external term, or what should be one
     * @param handler called on this thread or the dispatcher's
     * @return whether it was taken
     */
    public boolean receiveRequest(Dispatcher.Source source, byte[] frame, MailboxHandler handler) {
        try {
            String kind = kind(frame, term(frame, 0));
            if (kind == null || kind.equals(SYSTEM)) {
                return false;
            }
        } catch (TermLimitException malformed) {
            return false;
        }
        receive(source, () -> "", frame, 0, handler);
        return true;
    }

    /**
     * The process that a request says it is of. Over a connection that is busy, one process sends for others.
     *
     * @param sender who sent it, for a request that does not say
     */
    private Object process(byte[] frame, int term, Supplier<?> sender) {
        try {
            int at = TermScanner.skip(frame, TermScanner.firstElement(frame, term), frame.length, limits);
            int process =
                    TermScanner.tupleArity(frame, at, frame.length) == 2 ? TermScanner.firstElement(frame, at) : at;
            return isPid(frame, process) ? raw(frame, process, limits) : sender.get();
        } catch (TermLimitException malformed) {
            return sender.get();
        }
    }

    private static boolean isPid(byte[] frame, int at) {
        return at < frame.length && (frame[at] == PID || frame[at] == OLD_PID);
    }

    /**
     * Takes the bytes of a term for a text, which is small and has a good hash.
     *
     * @param frame holds the term
     * @param at where it starts
     * @param limits of the term
     * @return the text
     * @throws TermLimitException if it is none
     */
    public static String raw(byte[] frame, int at, TermLimits limits) throws TermLimitException {
        int end = TermScanner.skip(frame, at, frame.length, limits);
        return new String(frame, at, end - at, StandardCharsets.ISO_8859_1);
    }

    /**
     * Answers a call of which only the beginning was read, if the caller stands in it.
     *
     * @param source where it came from
     * @param sender gives who sent it, as {@link #receive} has it
     * @param beginning of the frame
     * @param from where the message starts
     * @param why the rest was read past
     * @param handler called on this thread or the dispatcher's
     */
    public void refuse(
            Dispatcher.Source source,
            Supplier<?> sender,
            byte[] beginning,
            int from,
            FrameReader.Refusal why,
            MailboxHandler handler) {
        try {
            int term = term(beginning, from);
            if (CALL.equals(kind(beginning, term))) {
                int caller = second(beginning, term);
                int request = TermScanner.skip(beginning, caller, beginning.length, limits);
                dispatcher.deliver(
                        source,
                        () -> process(beginning, term, sender),
                        () -> dispatchCall(beginning, caller, request, why, handler),
                        beginning.length);
                return;
            }
        } catch (TermLimitException unreadable) {
            LOG.debug("the beginning of a long message cannot be read: {}", unreadable.getMessage());
        }
        drop(source.name(), why.reason());
    }

    /**
     * Answers a call over a way that tells no other sender than the process in it, as {@link #refuse}.
     *
     * @param source where it came from
     * @param beginning of the frame
     * @param why the rest was read past
     * @param handler called on this thread or the dispatcher's
     */
    public void refuseRequest(
            Dispatcher.Source source, byte[] beginning, FrameReader.Refusal why, MailboxHandler handler) {
        refuse(source, () -> "", beginning, 0, why, handler);
    }

    private static int term(byte[] frame, int from) throws TermLimitException {
        if (from >= frame.length || (frame[from] & 0xff) != TermScanner.VERSION) {
            throw new TermLimitException("the version byte is missing");
        }
        return from + 1;
    }

    /**
     * The first element if this is {@code {'$gen_call', _, _}}, {@code {system, _, _}}, {@code {'$gen_cast', _}} or
     * {@code {'$gen_cast', Pid, _}};
     * otherwise null.
     */
    private @Nullable String kind(byte[] frame, int term) throws TermLimitException {
        int arity = TermScanner.tupleArity(frame, term, frame.length);
        if (arity != 2 && arity != 3) {
            return null;
        }
        int at = TermScanner.firstElement(frame, term);
        int second = TermScanner.skip(frame, at, frame.length, limits);
        String atom = TermScanner.atom(frame, at);
        boolean request = CAST.equals(atom)
                ? arity == 2 || isPid(frame, second)
                : arity == 3 && (CALL.equals(atom) || SYSTEM.equals(atom));
        return request ? atom : null;
    }

    private int second(byte[] frame, int term) {
        try {
            return TermScanner.skip(frame, TermScanner.firstElement(frame, term), frame.length, limits);
        } catch (TermLimitException impossible) {
            throw new IllegalStateException("it was measured before", impossible);
        }
    }

    /** The caller is read before the request is, so that a request of any kind can be answered. */
    private void receiveCall(
            Dispatcher.Source source, Supplier<?> sender, byte[] frame, int term, MailboxHandler handler)
            throws TermLimitException {
        int caller = second(frame, term);
        int request = TermScanner.skip(frame, caller, frame.length, limits);
        String wrong = null;
        try {
            int end = TermScanner.skip(frame, request, frame.length, limits);
            wrong = end == frame.length ? null : "bytes after the end of the term";
        } catch (TermLimitException refused) {
            wrong = refused.getMessage();
        }
        FrameReader.Refusal refusal = wrong == null ? null : new FrameReader.Refusal(false, wrong);
        dispatcher.deliver(source, sender, () -> dispatchCall(frame, caller, request, refusal, handler), frame.length);
    }

    /** Whatever it asks for, only the caller is read. */
    private void receiveSystem(
            Dispatcher.Source source, Supplier<?> sender, byte[] frame, int term, MailboxHandler handler)
            throws TermLimitException {
        int caller = second(frame, term);
        int request = TermScanner.skip(frame, caller, frame.length, limits);
        dispatcher.deliver(
                source,
                sender,
                () -> {
                    From from = from(frame, caller, request);
                    if (from == null) {
                        dropped.increment();
                    } else {
                        handler.onSystem(from);
                    }
                },
                frame.length);
    }

    /**
     * Takes word that a caller has given up, behind what it has sent before.
     *
     * @param source where it came from
     * @param caller gives the process, as {@link #raw} has it
     * @param alias the tag of its call
     * @param length of the frame that says so, bytes
     * @param handler called on this thread or the dispatcher's
     */
    public void receiveGivenUp(
            Dispatcher.Source source, Supplier<?> caller, OtpErlangRef alias, int length, MailboxHandler handler) {
        dispatcher.deliver(source, caller, () -> handler.onGivenUp(alias), length);
    }

    private void dispatchCall(
            byte[] frame, int caller, int request, FrameReader.@Nullable Refusal refusal, MailboxHandler handler) {
        From from = from(frame, caller, request);
        if (from == null) {
            dropped.increment();
            LOG.debug("a call from no process");
            return;
        }
        if (refusal != null && refusal.busy()) {
            handler.onBusyCall(from, refusal.reason());
            return;
        }
        if (refusal != null) {
            handler.onBadCall(from, refusal.reason());
            return;
        }
        OtpErlangObject term;
        try {
            term = decode(frame, request);
        } catch (OtpErlangDecodeException | RuntimeException refused) {
            handler.onBadCall(from, "undecodable: " + refused.getMessage());
            return;
        }
        handler.onCall(from, term);
    }

    private void dispatchOther(String sender, byte[] frame, int at, MailboxHandler handler, boolean cast) {
        OtpErlangObject term;
        try {
            term = decode(frame, at);
        } catch (OtpErlangDecodeException | RuntimeException refused) {
            drop(sender, "undecodable: " + refused.getMessage());
            return;
        }
        if (cast) {
            handler.onCast(term);
        } else {
            handler.onOther(term);
        }
    }

    private void drop(String sender, String reason) {
        dropped.increment();
        LOG.warn("a message from {} is dropped: {}", sender, reason);
    }

    private static @Nullable From from(byte[] frame, int at, int end) {
        try {
            OtpErlangObject from = TermReader.read(frame, at, end);
            return from instanceof OtpErlangTuple pair
                            && pair.arity() == 2
                            && pair.elementAt(0) instanceof OtpErlangPid pid
                    ? new From(pid, pair.elementAt(1), end - at)
                    : null;
        } catch (OtpErlangDecodeException | RuntimeException undecodable) {
            return null;
        }
    }

    private static OtpErlangObject decode(byte[] frame, int at) throws OtpErlangDecodeException {
        return TermReader.read(frame, at, frame.length);
    }
}
