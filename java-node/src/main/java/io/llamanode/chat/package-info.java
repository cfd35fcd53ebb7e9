/**
 * Chat templates: from messages and tools to the text of a prompt, with the origin of every character, and what a
 * template can render, found by rendering small conversations with it.
 *
 * <p>Knows nothing of models, tokens, sessions or the engine: a template is text, and so is a prompt.
 */
@NullMarked
package io.llamanode.chat;

import org.jspecify.annotations.NullMarked;
