/**
 * An answer while it is read: the text that arrives, what has been told of it, the call at hand, and the parts that
 * readers of a call are made of.
 *
 * <p>Knows no syntax of any family of models.
 */
@NullMarked
package io.llamanode.chat.tools.answer;

import org.jspecify.annotations.NullMarked;
