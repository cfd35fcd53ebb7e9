package io.llamanode.service.prompt;

import io.llamanode.remote.Questions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Finds texts that a server would read control tokens in. A llama-server is asked: a text is free of them if it has the same tokens
 * whether they are read or not. Of other servers the vocabulary is not known, so that what looks like a control token of any is
 * taken for one.
 */
final class ControlSpelling {
    private static final Pattern KNOWN = Pattern.compile(
            "<\\|[^|>\\s]{1,64}\\|>|<\uff5c[^\uff5c>]{1,64}\uff5c>|</?s>|<(?:bos|eos|pad|unk|mask|cls|sep)>"
                    + "|<(?:start|end)_of_[a-z]{1,16}>|\\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|CLS|SEP|MASK)\\]"
                    + "|<</?SYS>>|<(?:image|audio)_soft_token>|\\[gMASK\\]|<sop>");

    private ControlSpelling() {}

    /** {@return whether a server whose vocabulary is not known may read a control token in it} */
    static boolean looksLike(String text) {
        return KNOWN.matcher(text).find();
    }

    /** Slow. {@return whether the server reads one in it} */
    static boolean isRead(Questions questions, String text) {
        return !text.isEmpty()
                && !Arrays.equals(questions.tokenize(text, false, true), questions.tokenize(text, false, false));
    }

    /**
     * Slow.
     *
     * @param tokens ids
     * @return the text of the tokens, control tokens left out; a server spells them
     */
    static String leftOut(Questions questions, int[] tokens) {
        String spelled = questions.detokenize(tokens);
        int[] read = questions.tokenize(spelled, false, true);
        int[] plain = questions.tokenize(spelled, false, false);
        if (Arrays.equals(read, plain)) {
            return spelled;
        }
        Set<Integer> controls = Arrays.stream(read).boxed().collect(Collectors.toSet());
        controls.retainAll(Arrays.stream(tokens).boxed().collect(Collectors.toSet()));
        Arrays.stream(plain).forEach(controls::remove);
        // Next to a control token others may stand than without one.
        controls.removeIf(token -> !isRead(questions, questions.detokenize(new int[] {token})));
        return questions.detokenize(
                Arrays.stream(tokens).filter(token -> !controls.contains(token)).toArray());
    }

    /** Adds every text of a value, those within maps and lists too; of a message all but its role. */
    static void texts(@Nullable Object value, List<String> all) {
        switch (value) {
            case String text -> all.add(text);
            case List<?> elements -> elements.forEach(element -> texts(element, all));
            case Map<?, ?> map ->
                map.forEach((key, element) -> {
                    if (!"role".equals(key) && !"type".equals(key)) {
                        all.add(String.valueOf(key));
                        texts(element, all);
                    }
                });
            case null, default -> {
                // Numbers spell nothing.
            }
        }
    }
}
