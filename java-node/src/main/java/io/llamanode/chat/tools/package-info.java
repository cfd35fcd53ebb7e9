/**
 * How models write reasoning and calls of tools: which syntax a template uses, how to read an answer in it, how to
 * describe tools to templates that cannot, and the grammar that keeps an answer to calls.
 * {@link io.llamanode.chat.tools.AnswerFormat} is the door.
 *
 * <p>Its packages build on each other in this order: {@code text} and {@code answer}, {@code syntax}, {@code step},
 * {@code machine}. None of them knows tokens or where the text comes from.
 */
@NullMarked
package io.llamanode.chat.tools;

import org.jspecify.annotations.NullMarked;
