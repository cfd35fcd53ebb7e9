/**
 * Generates texts: the engine that runs one model's requests side by side, and what it keeps of each of them.
 *
 * <p>It stands on the rooms below it: {@code schedule} decides what a step does, {@code model} is what computes it, {@code output}
 * makes text of it, and {@code loop} has the thread. It must know nothing of sessions, of Erlang, of sockets, or of a native
 * library: what touches that is handed in as a {@link io.llamanode.engine.model.ModelRunner}.
 */
@NullMarked
package io.llamanode.engine;

import org.jspecify.annotations.NullMarked;
