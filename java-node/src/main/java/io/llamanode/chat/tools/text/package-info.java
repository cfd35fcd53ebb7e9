/**
 * The notations that values of calls are written in: JSON, and Python's literals.
 *
 * <p>Knows nothing of calls.
 */
@NullMarked
package io.llamanode.chat.tools.text;

import org.jspecify.annotations.NullMarked;
