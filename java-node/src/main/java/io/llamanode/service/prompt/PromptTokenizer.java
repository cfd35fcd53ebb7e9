package io.llamanode.service.prompt;

import io.llamanode.engine.model.Vocabulary;
import io.llamanode.service.model.PromptText;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Turns a rendered prompt into tokens. Control tokens are recognised in trusted text only; all
 * else goes to the tokenizer as plain text, in stretches as long as possible so that merges across
 * the seams of template and content are those the model was trained on.
 */
final class PromptTokenizer {
    private final Vocabulary vocabulary;
    /** Control tokens by their first character, longest first. */
    private final Map<Character, List<Control>> controls = new HashMap<>();

    private record Control(String text, int token) {}

    PromptTokenizer(Vocabulary vocabulary) {
        this.vocabulary = vocabulary;
        vocabulary.controlTokens().forEach((text, token) -> {
            if (!text.isEmpty()) {
                controls.computeIfAbsent(text.charAt(0), c -> new ArrayList<>()).add(new Control(text, token));
            }
        });
        controls.values()
                .forEach(list -> list.sort(
                        Comparator.comparingInt((Control c) -> -c.text().length())));
    }

    /** {@return the tokens of the whole prompt, after the bos token that the model wants, if any} */
    int[] tokenize(PromptText prompt) {
        IntStream bos = vocabulary.beginOfSequence().stream();
        return IntStream.concat(bos, IntStream.of(tokenize(prompt, 0))).toArray();
    }

    /** {@return the tokens of the prompt from a character on, without bos} */
    int[] tokenize(PromptText prompt, int from) {
        IntStream.Builder tokens = IntStream.builder();
        int plainStart = from;
        int at = from;
        while (at < prompt.length()) {
            Control control = controlAt(prompt, at);
            if (control == null) {
                at++;
                continue;
            }
            plain(prompt, plainStart, at, tokens);
            tokens.add(control.token());
            at += control.text().length();
            plainStart = at;
        }
        plain(prompt, plainStart, at, tokens);
        return tokens.build().toArray();
    }

    /** {@return whether a control token stands at this character} */
    boolean startsWithControl(PromptText prompt, int at) {
        return at < prompt.length() && controlAt(prompt, at) != null;
    }

    private void plain(PromptText prompt, int from, int to, IntStream.Builder tokens) {
        if (from < to) {
            for (int token : vocabulary.tokenize(prompt.text().substring(from, to), false, false)) {
                tokens.add(token);
            }
        }
    }

    private @Nullable Control controlAt(PromptText prompt, int at) {
        if (!prompt.trusted(at)) {
            return null;
        }
        for (Control control : controls.getOrDefault(prompt.text().charAt(at), List.of())) {
            if (prompt.text().startsWith(control.text(), at)
                    && trusted(prompt, at, control.text().length())) {
                return control;
            }
        }
        return null;
    }

    private static boolean trusted(PromptText prompt, int from, int length) {
        for (int i = from; i < from + length; i++) {
            if (!prompt.trusted(i)) {
                return false;
            }
        }
        return true;
    }
}
