/**
 * Which tokens of a vocabulary keep to a language: a trie of their bytes is walked along the states of an automaton.
 *
 * <p>It knows tokens as bytes, and nothing of the model whose they are.
 */
@NullMarked
package io.llamanode.grammar.mask;

import org.jspecify.annotations.NullMarked;
