/**
 * From a decoded request to the service, and events of streams back to the process that asked: demand, joining of text,
 * what waits for a full connection.
 *
 * <p>It must not know how bytes travel: {@link io.llamanode.delivery.Outbound} is all that it sees of a connection.
 */
@NullMarked
package io.llamanode.delivery;

import org.jspecify.annotations.NullMarked;
