/**
 * What every notation of a language becomes: rules over code points, as data. How a text is matched is no matter of these.
 */
@NullMarked
package io.llamanode.grammar.rule;

import org.jspecify.annotations.NullMarked;
