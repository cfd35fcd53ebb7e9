package io.llamanode.delivery;

import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangRef;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Sends messages to processes; never blocks. What cannot be delivered is dropped. */
public interface Outbound {
    /**
     * Sends a message to a process. What was sent before to the same process, or behind it, arrives before it. A
     * {@link io.llamanode.term.LateTerm}, or what has one, is made and encoded by the thread that writes to the process, when
     * its turn comes: so must be whatever is told by a thread that others wait for. All else may be encoded by the caller.
     *
     * @param to a process
     * @param message any term
     */
    default void send(OtpErlangPid to, OtpErlangObject message) {
        send(to, to, message);
    }

    /**
     * Sends a message to a process, behind what was sent to another one.
     *
     * @param to a process
     * @param behind a process: what was sent before to it, or behind it, arrives before the message
     * @param message any term
     */
    void send(OtpErlangPid to, OtpErlangPid behind, OtpErlangObject message);

    /**
     * Sends a message to an alias; it is lost if the alias is no longer active, as with Erlang's own.
     *
     * @param to the alias of a process
     * @param behind a process, most often the one that has the alias: what was sent before to it, or behind it, arrives
     *     before the message
     * @param message any term
     */
    void send(OtpErlangRef to, OtpErlangPid behind, OtpErlangObject message);

    /**
     * Sends a message that may as well be sent later, unless the way to the process is full. What comes
     * after it, comes after it. It may wait for {@link #flush}.
     *
     * @param to a process
     * @param message makes the term, on the thread that encodes it: the caller is spared both; {@code null} if there is
     *     nothing to be said any more
     * @param weight bytes of its encoding, if only about
     * @param room run once, on any thread but not before this returns, when it is worth trying again;
     *     only if this returns {@code false}
     * @return whether it was sent, or dropped because nobody is there
     */
    boolean offer(OtpErlangPid to, Supplier<@Nullable OtpErlangObject> message, int weight, Runnable room);

    /** Sends what was offered. */
    void flush();
}
