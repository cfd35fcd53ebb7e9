package io.llamanode.transport.dist;

import com.ericsson.otp.erlang.OtpErlangDecodeException;
import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangRef;
import com.ericsson.otp.erlang.OtpInputStream;
import io.llamanode.term.TermLimitException;
import io.llamanode.term.TermLimits;
import io.llamanode.term.TermScanner;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The control tuple of a received frame, reduced to what this node acts on. Only the elements that are
 * needed are read: a process may die with a reason of any size, and that must not cost its connection.
 */
sealed interface Control {
    /** Part of the received frame. */
    record Slice(int from, int end) {}

    /** A message for a registered name, null where no atom stands; its version byte is at {@code payload}. */
    record ToName(@Nullable String name, int payload) implements Control {}

    /** A message for a pid; its version byte is at {@code payload}. */
    record ToPid(OtpErlangPid pid, int payload) implements Control {}

    /** A process wants to know when {@code watched} ends: {@code name}, or {@code pid} if that is null. */
    record Monitor(
            Slice watcher,
            Slice watched,
            @Nullable String name,
            @Nullable OtpErlangPid pid,
            Slice ref) implements Control {}

    /** A monitored process has ended. */
    record Down(OtpErlangRef ref) implements Control {}

    /** A process monitors something of this node no more: a caller, by the alias of its call, that has given up or ended. */
    record Demonitor(Slice watcher, OtpErlangRef ref) implements Control {}

    /** A process wants another one to be started. */
    record Spawn(Slice ref, Slice from) implements Control {}

    /** A process links itself to {@code pid}. */
    record Link(Slice from, Slice to, OtpErlangPid pid) implements Control {}

    /** A process unlinks itself and waits for the acknowledgement. */
    record Unlink(Slice id, Slice from, Slice to) implements Control {}

    /** Nothing to be done. */
    record Ignored(int operation) implements Control {}

    /** The frame is not of this protocol. */
    final class ProtocolException extends IOException {
        private static final long serialVersionUID = 1L;

        ProtocolException(String message) {
            super(message);
        }
    }

    /** Reads the control tuple of a frame that comes without its length. */
    static Control parse(byte[] frame, TermLimits limits) throws ProtocolException {
        if (frame.length < 2 || (frame[0] & 0xff) != Frame.PASS_THROUGH || (frame[1] & 0xff) != TermScanner.VERSION) {
            throw new ProtocolException(
                    "a frame that begins with " + (frame.length == 0 ? "nothing" : Integer.toString(frame[0] & 0xff)));
        }
        int arity = TermScanner.tupleArity(frame, 2, frame.length);
        if (arity < 1) {
            throw new ProtocolException("a control message that is no tuple");
        }
        int at = TermScanner.firstElement(frame, 2);
        if (at + 2 > frame.length || frame[at] != 97) {
            throw new ProtocolException("a control message without an operation");
        }
        try {
            return operation(frame, frame[at + 1] & 0xff, arity, at + 2, limits);
        } catch (TermLimitException | OtpErlangDecodeException malformed) {
            throw new ProtocolException("a malformed control message: " + malformed.getMessage());
        }
    }

    private static Control operation(byte[] frame, int operation, int arity, int at, TermLimits limits)
            throws TermLimitException, OtpErlangDecodeException, ProtocolException {
        return switch (operation) {
            // SEND, SEND_SENDER, and each with a trace token: {_, _, ToPid [, Token]}.
            case 2, 12, 22, 23 -> {
                int[] e = elements(frame, operation, at, arity, operation == 12 || operation == 23 ? 4 : 3, limits);
                yield new ToPid(pid(frame, e, 1), e[e.length - 1]);
            }
            // REG_SEND, also with a trace token: {_, FromPid, _, ToName [, Token]}.
            case 6, 16 -> {
                int[] e = elements(frame, operation, at, arity, operation == 16 ? 5 : 4, limits);
                yield new ToName(TermScanner.atom(frame, e[2]), e[e.length - 1]);
            }
            case 1 -> {
                int[] e = elements(frame, operation, at, arity, 3, limits);
                yield new Link(slice(e, 0), slice(e, 1), pid(frame, e, 1));
            }
            case 35 -> {
                int[] e = elements(frame, operation, at, arity, 4, limits);
                yield new Unlink(slice(e, 0), slice(e, 1), slice(e, 2));
            }
            case 19 -> {
                int[] e = elements(frame, operation, at, arity, 4, limits);
                boolean byPid = isPid(frame[e[1]]);
                yield new Monitor(
                        slice(e, 0),
                        slice(e, 1),
                        byPid ? null : TermScanner.atom(frame, e[1]),
                        byPid ? pid(frame, e, 1) : null,
                        slice(e, 2));
            }
            // MONITOR_P_EXIT {_, FromProc, ToPid, Ref, Reason}: the reason stays unread.
            case 21 -> {
                if (arity != 5) {
                    throw new ProtocolException("operation 21 of arity " + arity);
                }
                int[] e = elements(frame, operation, at, 4, 4, limits);
                yield new Down(new OtpInputStream(frame, e[2], e[3] - e[2], 0).read_ref());
            }
            // DEMONITOR_P {_, FromProc, ToProc, Ref}.
            case 20 -> {
                int[] e = elements(frame, operation, at, arity, 4, limits);
                yield new Demonitor(slice(e, 0), new OtpInputStream(frame, e[2], e[3] - e[2], 0).read_ref());
            }
            // SPAWN_REQUEST {_, ReqId, From, GroupLeader, {Module, Function, Arity}, OptList}, also with a trace token.
            case 29, 30 -> {
                if (arity != operation - 23) {
                    throw new ProtocolException("operation " + operation + " of arity " + arity);
                }
                int[] e = elements(frame, operation, at, 3, 3, limits);
                yield new Spawn(slice(e, 0), slice(e, 1));
            }
            // EXIT, UNLINK, GROUP_LEADER, EXIT2, EXIT_TT, EXIT2_TT, ALIAS_SEND, ALIAS_SEND_TT, UNLINK_ID_ACK: this
            // node's name outlives its connections, has no alias, and obeys nobody's exit.
            case 3, 4, 7, 8, 13, 18, 33, 34, 36 -> new Ignored(operation);
            default -> throw new ProtocolException("an unknown control operation " + operation);
        };
    }

    /** The offsets of the elements after the operation, and of what follows the last one. */
    private static int[] elements(byte[] frame, int operation, int at, int arity, int wanted, TermLimits limits)
            throws TermLimitException, ProtocolException {
        if (arity != wanted) {
            throw new ProtocolException("operation " + operation + " of arity " + arity);
        }
        int[] offsets = new int[wanted];
        int next = at;
        for (int i = 0; i < wanted - 1; i++) {
            offsets[i] = next;
            next = TermScanner.skip(frame, next, frame.length, limits);
        }
        offsets[wanted - 1] = next;
        return offsets;
    }

    private static Slice slice(int[] offsets, int element) {
        return new Slice(offsets[element], offsets[element + 1]);
    }

    private static boolean isPid(byte tag) {
        return tag == 88 || tag == 103;
    }

    private static OtpErlangPid pid(byte[] frame, int[] offsets, int element) throws OtpErlangDecodeException {
        return new OtpInputStream(frame, offsets[element], offsets[element + 1] - offsets[element], 0).read_pid();
    }
}
