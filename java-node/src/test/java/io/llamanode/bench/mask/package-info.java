/** The benchmark of grammars and masks, by the method of MaskBench. It knows no engine and no server. */
@NullMarked
package io.llamanode.bench.mask;

import org.jspecify.annotations.NullMarked;
