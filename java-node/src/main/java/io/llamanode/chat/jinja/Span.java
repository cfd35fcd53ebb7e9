package io.llamanode.chat.jinja;

/**
 * A run of rendered text of one origin. Neighbours in a rendering differ in {@code trusted}.
 *
 * @param text never empty
 * @param trusted true for text of the template and values marked {@link Trusted}, whose control tokens count; false for
 *     text that came from the input, which is to be tokenized as plain text
 */
public record Span(String text, boolean trusted) {}
