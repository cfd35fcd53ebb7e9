/**
 * JSON schemas (draft 2020-12, and those from 4 to 7) as grammars of the JSON texts that are valid by them.
 *
 * <p>A schema is understood by its meaning: each becomes, by type of JSON value, what is allowed ({@code Form}); forms are
 * intersected, joined and negated, and what is left is written as rules. What can not be honoured exactly is refused by name.
 */
@NullMarked
package io.llamanode.grammar.schema;

import org.jspecify.annotations.NullMarked;
