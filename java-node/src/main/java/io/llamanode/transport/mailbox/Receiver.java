package io.llamanode.transport.mailbox;

import com.ericsson.otp.erlang.OtpErlangDecodeException;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangTuple;
import io.llamanode.term.TermLimitException;
import io.llamanode.term.TermLimits;
import io.llamanode.term.TermReader;
import io.llamanode.term.TermScanner;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns the bytes of a message into a call of the handler. The bytes are measured on the reading thread
 * and decoded on the dispatcher's.
 */
public final class Receiver {
    private static final Logger LOG = LoggerFactory.getLogger(Receiver.class);

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
     * Takes a message of a frame; may wait, and thereby make the sender wait.
     *
     * @param sender whom the log names
     * @param frame holds the message to its end
     * @param from where the message starts, the version byte first
     * @param handler called on the dispatcher's thread
     * @throws InterruptedException if interrupted while waiting
     */
    public void receive(String sender, byte[] frame, int from, MailboxHandler handler) throws InterruptedException {
        try {
            int term = term(frame, from);
            String kind = kind(frame, term);
            if ("$gen_call".equals(kind)) {
                receiveCall(frame, term, handler);
                return;
            }
            TermScanner.check(frame, from, frame.length, limits);
            if ("$gen_cast".equals(kind)) {
                dispatcher.deliver(
                        () -> dispatchOther(sender, frame, second(frame, term), handler, true), frame.length);
            } else {
                dispatcher.deliver(() -> dispatchOther(sender, frame, term, handler, false), frame.length);
            }
        } catch (TermLimitException refused) {
            drop(sender, refused.getMessage());
        }
    }

    /**
     * Takes a frame that is a call or a cast, and nothing else; may wait, and thereby make the sender wait.
     *
     * @param sender whom the log names
     * @param frame the external term, or what should be one
     * @param handler called on the dispatcher's thread
     * @return whether it was taken
     * @throws InterruptedException if interrupted while waiting
     */
    public boolean receiveRequest(String sender, byte[] frame, MailboxHandler handler) throws InterruptedException {
        try {
            if (kind(frame, term(frame, 0)) == null) {
                return false;
            }
        } catch (TermLimitException malformed) {
            return false;
        }
        receive(sender, frame, 0, handler);
        return true;
    }

    /**
     * Answers a call of which only the beginning was read, if the caller stands in it.
     *
     * @param sender whom the log names
     * @param beginning of the frame
     * @param from where the message starts
     * @param length of the whole frame, bytes
     * @param handler called on the dispatcher's thread
     * @throws InterruptedException if interrupted while waiting
     */
    public void refuse(String sender, byte[] beginning, int from, int length, MailboxHandler handler)
            throws InterruptedException {
        String reason = "a message of " + length + " bytes is too long";
        try {
            int term = term(beginning, from);
            if ("$gen_call".equals(kind(beginning, term))) {
                int caller = second(beginning, term);
                int request = TermScanner.skip(beginning, caller, beginning.length, limits);
                dispatcher.deliver(() -> dispatchCall(beginning, caller, request, reason, handler), beginning.length);
                return;
            }
        } catch (TermLimitException unreadable) {
            LOG.debug("the beginning of a long message cannot be read: {}", unreadable.getMessage());
        }
        drop(sender, reason);
    }

    private static int term(byte[] frame, int from) throws TermLimitException {
        if (from >= frame.length || (frame[from] & 0xff) != TermScanner.VERSION) {
            throw new TermLimitException("the version byte is missing");
        }
        return from + 1;
    }

    /** The first element if this is {@code {'$gen_call', _, _}} or {@code {'$gen_cast', _}}; otherwise null. */
    private @Nullable String kind(byte[] frame, int term) throws TermLimitException {
        int arity = TermScanner.tupleArity(frame, term, frame.length);
        if (arity != 2 && arity != 3) {
            return null;
        }
        int at = TermScanner.firstElement(frame, term);
        TermScanner.skip(frame, at, frame.length, limits);
        String atom = TermScanner.atom(frame, at);
        return (arity == 3 ? "$gen_call" : "$gen_cast").equals(atom) ? atom : null;
    }

    private int second(byte[] frame, int term) {
        try {
            return TermScanner.skip(frame, TermScanner.firstElement(frame, term), frame.length, limits);
        } catch (TermLimitException impossible) {
            throw new IllegalStateException("it was measured before", impossible);
        }
    }

    /** The caller is read before the request is, so that a request of any kind can be answered. */
    private void receiveCall(byte[] frame, int term, MailboxHandler handler)
            throws TermLimitException, InterruptedException {
        int caller = second(frame, term);
        int request = TermScanner.skip(frame, caller, frame.length, limits);
        String wrong = null;
        try {
            int end = TermScanner.skip(frame, request, frame.length, limits);
            wrong = end == frame.length ? null : "bytes after the end of the term";
        } catch (TermLimitException refused) {
            wrong = refused.getMessage();
        }
        String reason = wrong;
        dispatcher.deliver(() -> dispatchCall(frame, caller, request, reason, handler), frame.length);
    }

    private void dispatchCall(byte[] frame, int caller, int request, @Nullable String reason, MailboxHandler handler) {
        From from = from(frame, caller, request);
        if (from == null) {
            dropped.increment();
            LOG.debug("a call from no process");
            return;
        }
        if (reason != null) {
            handler.onBadCall(from, reason);
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
