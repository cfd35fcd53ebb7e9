/**
 * The port of the BEAM that started the node: frames of external terms over a pair of streams, queued so that no sender
 * waits. docs/protocol.md, section 7.
 *
 * <p>It must not know whose streams they are, what frames mean to the service, or how the process ends.
 */
@NullMarked
package io.llamanode.transport.stdio;

import org.jspecify.annotations.NullMarked;
