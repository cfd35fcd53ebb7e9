/**
 * A server as a child of this process: started on a free port, watched, started again when it ends, and ended with this
 * process however that ends. The file that watches is a shell, {@link Watch}; what is told of a server goes to an {@link
 * OwnedServer.Client}, which asks it over HTTP.
 *
 * <p>Must not know: what a server is asked, the service, Erlang.
 */
@NullMarked
package io.llamanode.remote.own;

import org.jspecify.annotations.NullMarked;
