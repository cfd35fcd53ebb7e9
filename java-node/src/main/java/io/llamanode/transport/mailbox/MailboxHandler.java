package io.llamanode.transport.mailbox;

import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangRef;

/**
 * Receives what is sent to a mailbox. All methods are called one at a time, in the order of
 * arrival for each sender, and must not block. What they throw is logged and otherwise ignored.
 */
public interface MailboxHandler {
    /**
     * A {@code gen_server:call} to the mailbox.
     *
     * @param from who waits
     * @param request the request
     */
    void onCall(From from, OtpErlangObject request);

    /**
     * A {@code gen_server:cast} to the mailbox.
     *
     * @param request the request
     */
    void onCast(OtpErlangObject request);

    /**
     * A call whose request is malformed or exceeds the limits and was not decoded.
     *
     * @param from who waits
     * @param reason what is wrong with it
     */
    void onBadCall(From from, String reason);

    /**
     * A call that was not read for want of memory.
     *
     * @param from who waits
     * @param reason what there was no memory for
     */
    default void onBusyCall(From from, String reason) {
        onBadCall(from, reason);
    }

    /**
     * A request of {@code sys}, which {@code gen_server:stop} makes, too.
     *
     * @param from who waits
     */
    default void onSystem(From from) {}

    /**
     * A caller has given up. It comes after the call, and also when the answer has come in between.
     *
     * @param alias what the caller gave as the tag of its call
     */
    default void onGivenUp(OtpErlangRef alias) {}

    /**
     * Any other message to the mailbox.
     *
     * @param message the message
     */
    default void onOther(OtpErlangObject message) {}
}
