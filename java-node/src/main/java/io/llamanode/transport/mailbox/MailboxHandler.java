package io.llamanode.transport.mailbox;

import com.ericsson.otp.erlang.OtpErlangObject;

/**
 * Receives what is sent to a mailbox. All methods are called on one dispatcher thread, in the order of
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
     * Any other message to the mailbox.
     *
     * @param message the message
     */
    default void onOther(OtpErlangObject message) {}
}
