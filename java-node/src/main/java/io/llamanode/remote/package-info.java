/**
 * A model behind HTTP: a llama-server, or another server that speaks OpenAI's protocol. {@link
 * io.llamanode.remote.RemoteModel} is the way in.
 *
 * <p>It stands beside {@code engine} and does for such a model what that does for a loaded file: requests go in, the parts of
 * answers come out, then one end. It knows the contract of the service, and must not know sessions, engines, the binding of
 * llama.cpp or Erlang.
 */
@NullMarked
package io.llamanode.remote;

import org.jspecify.annotations.NullMarked;
