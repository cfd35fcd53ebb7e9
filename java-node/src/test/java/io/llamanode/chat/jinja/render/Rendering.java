package io.llamanode.chat.jinja.render;

import io.llamanode.chat.jinja.Limits;
import io.llamanode.chat.jinja.Span;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Renders in tests. */
final class Rendering {
    static final Clock CLOCK = Clock.fixed(Instant.parse("2026-03-05T07:08:09Z"), ZoneOffset.UTC);

    private Rendering() {}

    static List<Span> spans(String template, Map<String, ?> variables) {
        return Template.parse(template, Limits.DEFAULT).render(variables, CLOCK);
    }

    static String text(String template, Map<String, ?> variables) {
        return spans(template, variables).stream().map(Span::text).collect(Collectors.joining());
    }

    /** What a whole template gives, or an expression printed by one. */
    static String expression(String source) {
        return text(
                source.contains("{{") || source.contains("{%") || source.contains("{#")
                        ? source
                        : "{{ " + source + " }}",
                Map.of());
    }

    /** The spans in one line: untrusted text in angle brackets of its own kind. */
    static String marked(String template, Map<String, ?> variables) {
        return spans(template, variables).stream()
                .map(span -> span.trusted() ? span.text() : "«" + span.text() + "»")
                .collect(Collectors.joining());
    }
}
