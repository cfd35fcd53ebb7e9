/**
 * What writes calls of tools as rules, from the same data as the readers: {@link io.llamanode.chat.tools.syntax.CallSyntax} and
 * {@link io.llamanode.chat.tools.syntax.CallStyle}. What they allow is read back as calls with arguments that are valid by the
 * schemas of the tools.
 *
 * <p>Knows nothing of templates, nor what holds an answer to the rules.
 */
@NullMarked
package io.llamanode.chat.tools.rules;

import org.jspecify.annotations.NullMarked;
