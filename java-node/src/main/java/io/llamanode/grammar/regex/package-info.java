/**
 * Regular languages over code points: an algebra with intersection and complement, the patterns of ECMA-262 in it, and
 * deterministic machines out of it (derivatives: Owens, Reppy, Turon, "Regular-expression derivatives re-examined", 2009).
 *
 * <p>It knows values of strings, and not how JSON spells them.
 */
@NullMarked
package io.llamanode.grammar.regex;

import org.jspecify.annotations.NullMarked;
