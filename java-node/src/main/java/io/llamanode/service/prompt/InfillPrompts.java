package io.llamanode.service.prompt;

import io.llamanode.engine.model.InfillTokens;
import io.llamanode.engine.model.Vocabulary;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.model.LoadedModel;
import java.util.Arrays;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * Lays out the prompts of infill tasks as llama.cpp's server does: other files, then what stands before
 * the gap, then what stands behind it, each after its control token. What is too long loses what is
 * farthest from the gap.
 */
final class InfillPrompts {
    /** What llama.cpp's server puts between snippets where the model has no token for it. */
    private static final String SNIPPET = "\n\n--- snippet ---\n\n";
    /** Of the room for the texts around the gap, the part of the one behind it. */
    private static final int SUFFIX_SHARE = 4;

    private InfillPrompts() {}

    /**
     * @param input what stands around the gap
     * @param maxTokens of the filling; negative: not limited
     * @param model fills it
     * @return tokens that leave room for the filling
     * @throws FailureException {@code unsupported} if the model has no tokens for it
     */
    static int[] tokens(TaskInput.Infill input, int maxTokens, LoadedModel model) {
        Vocabulary vocabulary = model.vocabulary();
        InfillTokens control = vocabulary
                .infill()
                .orElseThrow(() -> new FailureException(
                        ErrorCode.UNSUPPORTED,
                        "model '%s' has no tokens for infill"
                                .formatted(model.info().id())));
        int nCtx = model.info().nCtx();
        int[] begun = plain(vocabulary, input.prompt());
        int[] bos = vocabulary.beginOfSequence().stream().toArray();
        // Prefix, suffix, middle, and one position that the first token of the filling needs.
        int room = nCtx - answer(maxTokens, nCtx) - bos.length - begun.length - 4;
        if (room < 2) {
            throw FailureException.invalid(
                    "prompt: has %d tokens, which leaves no room for the texts around it in a context of %d (n_ctx)"
                            .formatted(begun.length, nCtx));
        }
        // What cannot fit need not be tokenized.
        int most = (int) Math.min(Integer.MAX_VALUE, (long) nCtx * InputSize.LONGEST_TOKEN);
        int[] suffix = plain(
                vocabulary, input.suffix().substring(0, Math.min(input.suffix().length(), most)));
        int[] prefix = plain(
                vocabulary, input.prefix().substring(Math.max(0, input.prefix().length() - most)));
        int behind = Math.min(suffix.length, Math.max(room / SUFFIX_SHARE, room - prefix.length));
        int before = Math.min(prefix.length, room - behind);
        int[] extra = extra(input, vocabulary, control);
        int others = Math.min(extra.length, room - behind - before);
        return concat(
                        bos,
                        tail(extra, others),
                        new int[] {control.prefix()},
                        tail(prefix, before),
                        begun,
                        new int[] {control.suffix()},
                        Arrays.copyOf(suffix, behind),
                        new int[] {control.middle()})
                .toArray();
    }

    /** Half of the context at most: who asks for more gets it by the shift of the context. */
    private static int answer(int maxTokens, int nCtx) {
        return maxTokens < 0 ? nCtx / 4 : Math.min(maxTokens, nCtx / 2);
    }

    private static int[] extra(TaskInput.Infill input, Vocabulary vocabulary, InfillTokens control) {
        IntStream all = IntStream.empty();
        if (control.repository().isPresent()) {
            all = concat(one(control.repository()), plain(vocabulary, "myproject\n"));
        }
        for (TaskInput.Snippet snippet : input.extra()) {
            int[] head = control.file().isPresent()
                    ? concat(one(control.file()), plain(vocabulary, snippet.filename() + "\n"))
                            .toArray()
                    : plain(vocabulary, SNIPPET);
            all = concat(all.toArray(), head, plain(vocabulary, snippet.text()));
        }
        if (control.file().isPresent()) {
            all = concat(all.toArray(), one(control.file()), plain(vocabulary, "filename\n"));
        }
        return all.toArray();
    }

    private static int[] one(OptionalInt token) {
        return token.stream().toArray();
    }

    private static int[] plain(Vocabulary vocabulary, String text) {
        return text.isEmpty() ? new int[0] : vocabulary.tokenize(text, false, false);
    }

    private static int[] tail(int[] tokens, int count) {
        return Arrays.copyOfRange(tokens, tokens.length - count, tokens.length);
    }

    private static IntStream concat(int[]... parts) {
        return Arrays.stream(parts).flatMapToInt(IntStream::of);
    }
}
