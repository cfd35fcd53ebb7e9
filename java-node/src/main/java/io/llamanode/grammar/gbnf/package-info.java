/** Grammars in GBNF, the notation of llama.cpp, as rules. Of what that notation means, this is the one place that knows it. */
@NullMarked
package io.llamanode.grammar.gbnf;

import org.jspecify.annotations.NullMarked;
