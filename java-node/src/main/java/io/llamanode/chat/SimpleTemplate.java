package io.llamanode.chat;

import java.util.Objects;

/**
 * A chat template without a language: a fixed beginning, and a frame around each message of the user. What the model
 * answered follows its question unframed.
 *
 * @param system what the prompt begins with, trusted; may be empty
 * @param prefix what comes before a message of the user, trusted; may be empty
 * @param postfix what comes behind it and begins the answer, trusted; may be empty
 */
public record SimpleTemplate(String system, String prefix, String postfix) {
    /** Checks that nothing is null. */
    public SimpleTemplate {
        Objects.requireNonNull(system);
        Objects.requireNonNull(prefix);
        Objects.requireNonNull(postfix);
    }

    /**
     * {@return the same as a template for {@link ChatTemplate#parse(String)}}. A system message follows
     * {@code system}, any role but system and assistant is framed.
     */
    public String source() {
        return "{{ " + literal(system) + " }}{% for message in messages %}"
                + "{% if message['role'] == 'system' or message['role'] == 'assistant' %}{{ message['content'] }}"
                + "{% else %}{{ " + literal(prefix) + " + message['content'] + " + literal(postfix)
                + " }}{% endif %}{% endfor %}";
    }

    private static String literal(String text) {
        return "'"
                + text.replace("\\", "\\\\")
                        .replace("'", "\\'")
                        .replace("\n", "\\n")
                        .replace("\r", "\\r") + "'";
    }
}
