package io.llamanode.chat.tools.syntax;

import java.util.List;

/**
 * The texts around what a model thinks.
 *
 * @param open text before it
 * @param close text behind it
 */
public record Reasoning(String open, String close) {
    /** Pairs that published templates use; the first that a template mentions is meant. */
    public static final List<Reasoning> ALL = List.of(
            new Reasoning("<|START_THINKING|>", "<|END_THINKING|>"),
            new Reasoning("<seed:think>", "</seed:think>"),
            new Reasoning("[THINK]", "[/THINK]"),
            new Reasoning("<|inner_prefix|>", "<|inner_suffix|>"),
            new Reasoning("<|channel>thought\n", "<channel|>"),
            new Reasoning("<|think|>", "<|end|>"),
            new Reasoning("<think>", "</think>"),
            new Reasoning("<thinking>", "</thinking>"));

    /**
     * {@return whether a template mentions it; some only cut the reasoning out, for which the end is enough}
     *
     * @param source the template's text
     */
    public boolean isIn(String source) {
        return source.contains(escaped(open)) || close.startsWith("</") && source.contains(close);
    }

    /** Templates write a line's end as an escape. */
    private static String escaped(String text) {
        return text.replace("\n", "\\n");
    }
}
