/**
 * How values are written where they are not JSON: as literals of a language, or raw between marks, as the calls of tools have them.
 *
 * <p>Data only: what values there are is for others to say.
 */
@NullMarked
package io.llamanode.grammar.notation;

import org.jspecify.annotations.NullMarked;
