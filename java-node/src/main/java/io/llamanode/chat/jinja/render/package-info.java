/**
 * Runs templates: {@link io.llamanode.chat.jinja.render.Template} is the door to the whole interpreter.
 *
 * <p>Knows nothing of messages or chats: its input is variables by name, its output text by origin.
 */
@NullMarked
package io.llamanode.chat.jinja.render;

import org.jspecify.annotations.NullMarked;
