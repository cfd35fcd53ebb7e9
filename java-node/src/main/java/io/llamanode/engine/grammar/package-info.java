/**
 * Keeps answers to grammars: grammars made ready for a model's vocabulary, and the filter that asks them.
 *
 * <p>It must not know what writes a grammar, nor llama.cpp.
 */
@NullMarked
package io.llamanode.engine.grammar;

import org.jspecify.annotations.NullMarked;
