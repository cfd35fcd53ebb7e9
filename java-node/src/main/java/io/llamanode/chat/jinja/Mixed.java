package io.llamanode.chat.jinja;

import java.util.List;

/**
 * A string of several origins, in place of a string in a template variable.
 *
 * @param spans its parts, in order
 */
public record Mixed(List<Span> spans) {
    /** Copies the parts. */
    public Mixed {
        spans = List.copyOf(spans);
    }
}
