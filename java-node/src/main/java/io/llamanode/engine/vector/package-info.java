/**
 * Turns texts into vectors and scores: an engine with a thread of its own beside the one that generates.
 *
 * <p>It must know nothing of generation, sessions, or a native library: what touches that is handed in as a
 * {@link io.llamanode.engine.vector.VectorRunner}.
 */
@NullMarked
package io.llamanode.engine.vector;

import org.jspecify.annotations.NullMarked;
