/**
 * Languages that an answer keeps to, and which tokens keep to them: grammars, regular expressions and JSON schemas become rules,
 * rules become an automaton over bytes, and that becomes masks over a vocabulary.
 *
 * <p>Pure computation. It knows nothing of models, sessions, sockets or native code, and of nobody else in this node.
 */
@NullMarked
package io.llamanode.grammar;

import org.jspecify.annotations.NullMarked;
