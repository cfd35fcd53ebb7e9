/**
 * How JSON (RFC 8259) spells values: strings whose value is in a regular language, numbers between bounds, and the formats that
 * JSON schema names.
 */
@NullMarked
package io.llamanode.grammar.json;

import org.jspecify.annotations.NullMarked;
