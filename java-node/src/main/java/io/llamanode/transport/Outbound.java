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
}
