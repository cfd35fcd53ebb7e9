/**
 * The syntaxes of calls and of reasoning as data, by family of models. A new family that writes calls in a known style
 * is one more entry of {@link io.llamanode.chat.tools.syntax.CallSyntaxes}.
 *
 * <p>Knows nothing of how they are read or written.
 */
@NullMarked
package io.llamanode.chat.tools.syntax;

import org.jspecify.annotations.NullMarked;
