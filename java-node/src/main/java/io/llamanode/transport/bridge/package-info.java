/**
 * The line bridge: a Unix socket for everything that is not a BEAM, one command a line in, one JSON
 * object a line out. docs/operations.md has the commands.
 *
 * <p>Two threads serve a client: one reads lines and thereby notices that the client has gone, and does itself what needs
 * no waiting; a virtual one does the rest, in order. The service never waits for either.
 *
 * <p>It must not know how the process starts and ends, nor anything of Erlang: its commands call the service as any other
 * caller does.
 */
@NullMarked
package io.llamanode.transport.bridge;

import org.jspecify.annotations.NullMarked;
