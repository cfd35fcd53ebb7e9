package io.llamanode.protocol;

import com.ericsson.otp.erlang.OtpErlangLong;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangTuple;
import io.llamanode.term.Terms;

/** What the node tells the BEAM on its standard output when requests come over the port; docs/protocol.md, section 8. */
public final class PortFrames {
    private PortFrames() {}

    /**
     * Asks the parent to send a message on.
     *
     * @param to the process, or a reference that is its alias
     * @param message any term
     * @return {@code {send, To, Message}}
     */
    public static OtpErlangTuple send(OtpErlangObject to, OtpErlangObject message) {
        return Terms.tuple(Terms.atom("send"), to, message);
    }

    /**
     * Asks the parent to watch a process.
     *
     * @param monitor number of the monitor
     * @param process to watch
     * @return {@code {monitor, N, Pid}}, which is answered with {@code {down, N}} once the process is gone
     */
    public static OtpErlangTuple monitor(long monitor, OtpErlangPid process) {
        return Terms.tuple(Terms.atom("monitor"), new OtpErlangLong(monitor), process);
    }

    /**
     * Asks the parent to watch no longer; a {@code down} that was sent before may still come.
     *
     * @param monitor number of the monitor
     * @return {@code {demonitor, N}}
     */
    public static OtpErlangTuple demonitor(long monitor) {
        return Terms.tuple(Terms.atom("demonitor"), new OtpErlangLong(monitor));
    }
}
