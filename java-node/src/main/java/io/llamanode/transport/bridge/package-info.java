/**
 * The line bridge: a Unix socket for everything that is not a BEAM, one command a line in, one JSON
 * object a line out. docs/operations.md has the commands.
 *
 * <p>Two virtual threads serve a client: one reads lines and thereby notices that the client has
 * gone, one does what they say, in order. The service never waits for either.
 */
package io.llamanode.transport.bridge;
