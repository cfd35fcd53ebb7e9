/**
 * The values that a template works on, with Python's meaning of truth, equality, order, arithmetic and printing, and
 * the account of what one rendering has used of its limits.
 *
 * <p>Knows neither the syntax of templates nor the filters, tests and methods that they can name.
 */
@NullMarked
package io.llamanode.chat.jinja.value;

import org.jspecify.annotations.NullMarked;
