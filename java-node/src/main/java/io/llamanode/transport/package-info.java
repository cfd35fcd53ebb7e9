/**
 * Where the ways in meet the service: the distribution and the port give messages and take replies, {@code delivery} does the
 * rest. The ways themselves are {@code transport.dist}, {@code transport.stdio} and {@code transport.bridge}.
 *
 * <p>It must not know what a request means.
 */
@NullMarked
package io.llamanode.transport;

import org.jspecify.annotations.NullMarked;
