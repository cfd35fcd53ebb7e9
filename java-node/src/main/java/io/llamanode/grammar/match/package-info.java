/**
 * How far a text keeps to a language. It reads texts rather than tokens, whole or in pieces as they come.
 */
@NullMarked
package io.llamanode.grammar.match;

import org.jspecify.annotations.NullMarked;
