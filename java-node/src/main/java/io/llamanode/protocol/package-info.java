/**
 * Erlang messages to records of the contract and back, and JSON likewise; {@code docs/protocol.md} in code. Every input is
 * checked here: a failure names the key and the remedy. No input or output, no threads; all types are safe for any thread.
 *
 * <p>Of the service it must know nothing but {@code service.contract}.
 */
@NullMarked
package io.llamanode.protocol;

import org.jspecify.annotations.NullMarked;
