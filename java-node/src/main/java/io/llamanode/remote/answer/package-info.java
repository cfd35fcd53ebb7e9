/**
 * Reads what a server answers: from bytes to JSON values, and from these to the parts of an answer and its end.
 *
 * <p>Plain objects: no input or output, no threads.
 */
@NullMarked
package io.llamanode.remote.answer;

import org.jspecify.annotations.NullMarked;
