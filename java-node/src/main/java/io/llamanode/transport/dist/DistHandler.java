package io.llamanode.transport.dist;

import io.llamanode.transport.mailbox.MailboxHandler;

/** Receives what arrives at the node's mailbox, and hears which nodes come and go, on the same thread. */
public interface DistHandler extends MailboxHandler {
    /**
     * A node has connected.
     *
     * @param node its name
     */
    default void onPeerUp(String node) {}

    /**
     * A node's connection is gone. Its monitors have fired before this.
     *
     * @param node its name
     */
    default void onPeerDown(String node) {}
}
