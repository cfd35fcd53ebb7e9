/**
 * Sessions, tasks, results and owners of one node: everything that shares the service's lock. {@link
 * io.llamanode.service.LlamaService} is the way in; any thread may call it, and no call waits for inference. What callers ask and
 * are told stands in {@code service.contract}.
 *
 * <p>It must not know Erlang terms, sockets or the binding of llama.cpp.
 */
@NullMarked
package io.llamanode.service;

import org.jspecify.annotations.NullMarked;
