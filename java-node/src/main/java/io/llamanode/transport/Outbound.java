package io.llamanode.transport;

import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangRef;

/** Sends messages to processes; never blocks. What cannot be delivered is dropped. */
public interface Outbound {
    /**
     * @param to a process
     * @param message any term
     */
    void send(OtpErlangPid to, OtpErlangObject message);

    /**
     * @param to the alias of a process
     * @param message any term
     */
    void send(OtpErlangRef to, OtpErlangObject message);

    /**
     * Sends a message that may as well be sent later, unless the way to the process is full.
     *
     * @param to a process
     * @param message any term
     * @param room run once, on any thread but not before this returns, when it is worth trying again;
     *     only if this returns {@code false}
     * @return whether it was sent, or dropped because nobody is there
     */
    boolean offer(OtpErlangPid to, OtpErlangObject message, Runnable room);
}
