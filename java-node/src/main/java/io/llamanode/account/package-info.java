/**
 * What requests hold on the Java heap: one account for the whole node, with shares for owners and peers, and what a value
 * weighs. The transports, the delivery and the service charge it. No threads, no input or output.
 *
 * <p>It must not know what it is that holds the memory, nor what an owner or a peer is.
 */
@NullMarked
package io.llamanode.account;

import org.jspecify.annotations.NullMarked;
