package io.llamanode.protocol.launch;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangLong;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangTuple;
import io.llamanode.protocol.InputValue;
import io.llamanode.service.contract.FailureException;
import io.llamanode.term.Shown;

/** What the BEAM tells the node on its standard input; docs/protocol.md, section 7. */
public sealed interface ControlFrame {
    /** Version of the protocol, in every {@code config} frame. */
    int VERSION = 1;

    /**
     * The first frame.
     *
     * @param config what to start with
     */
    record Config(LaunchConfig config) implements ControlFrame {}

    /**
     * In place of the first frame: start nothing, and tell whether it could be started.
     *
     * @param config what it would be started with
     */
    record Check(LaunchConfig config) implements ControlFrame {}

    /** End orderly. */
    record Stop() implements ControlFrame {}

    /**
     * The owner has handled frames of the node.
     *
     * @param bytes of these frames, without their lengths
     */
    record Ack(long bytes) implements ControlFrame {}

    /**
     * A monitored process is gone.
     *
     * @param monitor its number
     */
    record Down(long monitor) implements ControlFrame {}

    /**
     * Reads a frame that the parent wrote.
     *
     * @param term one frame's term
     * @return the checked frame
     * @throws FailureException {@code invalid_argument} if it is none of the above; no message holds the cookie
     */
    static ControlFrame decode(OtpErlangObject term) {
        if (term instanceof OtpErlangAtom atom && atom.atomValue().equals("stop")) {
            return new Stop();
        }
        if (term instanceof OtpErlangTuple tuple
                && tuple.arity() == 3
                && tuple.elementAt(0) instanceof OtpErlangAtom atom
                && (atom.atomValue().equals("config") || atom.atomValue().equals("check"))) {
            if (!(tuple.elementAt(1) instanceof OtpErlangLong version)
                    || !version.isLong()
                    || version.longValue() != VERSION) {
                throw FailureException.invalid(
                        "the config frame must have version " + VERSION + ", not " + Shown.of(tuple.elementAt(1)));
            }
            LaunchConfig config = ConfigDecoder.decode(tuple.elementAt(2));
            return atom.atomValue().equals("check") ? new Check(config) : new Config(config);
        }
        if (term instanceof OtpErlangTuple tuple
                && tuple.arity() == 2
                && tuple.elementAt(0) instanceof OtpErlangAtom atom) {
            InputValue number = InputValue.root(atom.atomValue(), tuple.elementAt(1));
            switch (atom.atomValue()) {
                case "ack" -> {
                    return new Ack(number.integer(0, Long.MAX_VALUE));
                }
                case "down" -> {
                    return new Down(number.integer(1, Long.MAX_VALUE));
                }
                default -> {
                    // No frame of the protocol.
                }
            }
        }
        throw FailureException.invalid("a frame must be stop or {config, " + VERSION + ", Config}");
    }
}
