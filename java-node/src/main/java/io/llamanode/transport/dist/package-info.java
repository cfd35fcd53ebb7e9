/**
 * Erlang distribution for a node that is called and never calls: it accepts connections from BEAM
 * nodes, reads messages for one registered name, and sends to pids of connected nodes.
 *
 * <p>Terms and their coding are JInterface's. Its {@code OtpNode} is not used: that class completes
 * handshakes inside the lock that every send needs, knows neither monitors nor aliases, and writes
 * to sockets on the sender's thread. Here one thread reads and one writes each connection,
 * and one dispatcher thread calls the {@link io.llamanode.transport.dist.DistHandler}.
 *
 * <p>It must not know what a message means, nor the service.
 *
 * <p>Facts about the protocol: erts,
 * <a href="https://www.erlang.org/doc/apps/erts/erl_dist_protocol.html">"Distribution Protocol"</a> and
 * <a href="https://www.erlang.org/doc/apps/erts/erl_ext_dist.html">"External Term Format"</a>.
 */
@NullMarked
package io.llamanode.transport.dist;

import org.jspecify.annotations.NullMarked;
