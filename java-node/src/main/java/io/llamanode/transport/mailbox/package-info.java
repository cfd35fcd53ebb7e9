/**
 * The mailbox that requests arrive at, whichever way they come: the bytes of a message become a call
 * of the {@link io.llamanode.transport.mailbox.MailboxHandler} on one dispatcher thread.
 *
 * <p>It must not know which way a message came, what it asks for, nor the service.
 */
@NullMarked
package io.llamanode.transport.mailbox;

import org.jspecify.annotations.NullMarked;
