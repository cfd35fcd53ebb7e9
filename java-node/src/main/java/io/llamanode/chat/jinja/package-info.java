/**
 * What a Jinja template and those who render it share: bounds, errors, and text that knows where it came from.
 *
 * <p>A template comes from an untrusted model file: it reaches no class, file or method of the host, and every render
 * is bounded in steps, depth, size and time. Text of the template is told from text of the values, so that values
 * cannot forge control tokens. The packages below build on each other in this order: {@code value}, then
 * {@code syntax} and {@code builtin}, then {@code render}. None of them knows what a chat is.
 */
@NullMarked
package io.llamanode.chat.jinja;

import org.jspecify.annotations.NullMarked;
