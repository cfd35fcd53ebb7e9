/**
 * What a template can name without defining it: filters, tests, global functions, and the methods of strings, lists and
 * dictionaries. Only what stands in the tables of this package can be reached.
 *
 * <p>Knows nothing of the syntax tree, of scopes or of who renders.
 */
@NullMarked
package io.llamanode.chat.jinja.builtin;

import org.jspecify.annotations.NullMarked;
