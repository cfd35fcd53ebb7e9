/**
 * Erlang terms as such: scanning a term's bytes before anything is decoded, limits, building terms, and printing them for
 * messages. No input or output, no threads.
 *
 * <p>Facts about the format: erts, <a href="https://www.erlang.org/doc/apps/erts/erl_ext_dist.html">"External Term
 * Format"</a>.
 *
 * <p>It must not know what any message means.
 */
@NullMarked
package io.llamanode.term;

import org.jspecify.annotations.NullMarked;
