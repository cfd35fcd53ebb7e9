/**
 * Languages by what they are written as: a grammar, a JSON schema, a regular expression, a list of texts.
 *
 * <p>Pure computation. It is for whoever constrains an answer or checks one; nobody in {@code grammar} knows it.
 */
@NullMarked
package io.llamanode.grammar.language;

import org.jspecify.annotations.NullMarked;
