/**
 * From the source of a template to its syntax tree.
 *
 * <p>Knows nothing of evaluation: which filters, tests and functions exist is found out when a template runs.
 */
@NullMarked
package io.llamanode.chat.jinja.syntax;

import org.jspecify.annotations.NullMarked;
