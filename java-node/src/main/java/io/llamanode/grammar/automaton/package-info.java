/**
 * Rules as an automaton over the bytes of UTF-8, which is made deterministic while it is used, and as far as it is used. Every
 * step is bounded in time and memory.
 *
 * <p>It knows rules, and no tokens.
 */
@NullMarked
package io.llamanode.grammar.automaton;

import org.jspecify.annotations.NullMarked;
