/**
 * Whether native calls get on: counters that calls move, and one thread that looks at them.
 *
 * <p>It must not know what is called, nor what is done about a call that does not get on.
 */
@NullMarked
package io.llamanode.llama.watch;

import org.jspecify.annotations.NullMarked;
