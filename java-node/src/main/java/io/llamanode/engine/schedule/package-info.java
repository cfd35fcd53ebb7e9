/**
 * Decides: which request gets which slot, what each step decodes, what a KV cache keeps. Plain objects without threads, clocks
 * or input and output, each for one thread at a time.
 *
 * <p>It must not know who executes its plans, nor how a token is chosen or becomes text.
 */
@NullMarked
package io.llamanode.engine.schedule;

import org.jspecify.annotations.NullMarked;
