/**
 * Chooses tokens: from logits, by the settings of a request, in loops that the compiler turns into vector instructions.
 *
 * <p>It must know nothing of slots, texts, or a native library; what needs one implements its interfaces elsewhere.
 */
@NullMarked
package io.llamanode.engine.sampling;

import org.jspecify.annotations.NullMarked;
