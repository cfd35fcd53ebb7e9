/**
 * Readers of one call, by the style it is written in: JSON objects, headers, tags, Python, Gemma's notation. Each takes
 * the text as it arrives, in pieces of any size.
 *
 * <p>Knows nothing of what stands around a call.
 */
@NullMarked
package io.llamanode.chat.tools.step;

import org.jspecify.annotations.NullMarked;
