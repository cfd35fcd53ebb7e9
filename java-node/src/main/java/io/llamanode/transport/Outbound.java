package io.llamanode.transport;

import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangRef;
import java.util.function.Supplier;

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
     * Sends a message that may as well be sent later, unless the way to the process is full. What comes
     * after it, comes after it.
     *
     * @param to a process
     * @param message makes the term, on the thread that encodes it: the caller is spared both
     * @param characters of text in it
     * @param room run once, on any thread but not before this returns, when it is worth trying again;
     *     only if this returns {@code false}
     * @return whether it was sent, or dropped because nobody is there
     */
    boolean offer(OtpErlangPid to, Supplier<OtpErlangObject> message, int characters, Runnable room);

    /**
     * What a message that is not encoded yet counts for in a queue.
     *
     * @param characters of text in it
     * @return bytes, about
     */
    static int weight(int characters) {
        return (int) Math.min(Integer.MAX_VALUE, 128 + 2L * characters);
    }
}
