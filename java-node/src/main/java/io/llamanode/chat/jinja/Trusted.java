package io.llamanode.chat.jinja;

/**
 * Marks a template variable, or a string inside one, as text of the model's own, such as its bos token.
 *
 * @param text the string the template sees
 */
public record Trusted(String text) {}
