/**
 * llama.cpp's samplers and grammars, the conversion of JSON schemas to grammars, and the checks that keep grammars from
 * ending the process. It must not know requests or their options.
 */
@NullMarked
package io.llamanode.llama.sampler;

import org.jspecify.annotations.NullMarked;
