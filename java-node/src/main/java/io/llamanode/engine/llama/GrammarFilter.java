package io.llamanode.engine.llama;

import io.llamanode.engine.model.Vocabulary;
import io.llamanode.engine.sampling.SamplingException;
import io.llamanode.engine.sampling.TokenFilter;
import io.llamanode.llama.DecodeException;
import io.llamanode.llama.sampler.NativeGrammar;
import io.llamanode.llama.sampler.TokenCandidates;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A grammar that an answer keeps to: from its beginning, or from the end of a trigger on, which may come or not.
 *
 * <p>Control tokens are ruled out wherever the grammar holds, but for those that are a part of the answer's syntax. To
 * llama.cpp they are the text that spells them, which a JSON string allows, but the answer would lack it.
 */
final class GrammarFilter implements TokenFilter {
    private final NativeGrammar grammar;
    private final TokenCandidates scratch;
    private final Vocabulary vocabulary;
    private final BitSet controls;
    private final List<String> triggers;
    /** Bytes, as Latin-1, of the answer's end while no trigger has come. */
    private String tail = "";

    private final int longestTrigger;
    private boolean holds;

    /**
     * @param grammar at its beginning; closed along with this
     * @param controls control tokens that may not come
     * @param triggers texts behind the first of which the grammar holds; none: it holds from the beginning
     */
    GrammarFilter(
            NativeGrammar grammar,
            TokenCandidates scratch,
            Vocabulary vocabulary,
            BitSet controls,
            List<String> triggers) {
        this.grammar = grammar;
        this.scratch = scratch;
        this.vocabulary = vocabulary;
        this.controls = controls;
        this.triggers = triggers.stream().map(GrammarFilter::bytes).toList();
        this.longestTrigger =
                this.triggers.stream().mapToInt(String::length).max().orElse(0);
        this.holds = triggers.isEmpty();
    }

    private static String bytes(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    @Override
    public boolean allows(int token) {
        if (holds) {
            return !controls.get(token) && grammar.allows(token, scratch);
        }
        String rest = behindTrigger(token);
        if (rest == null || rest.isEmpty()) {
            return true;
        }
        boolean allowed = begin(rest);
        grammar.reset();
        return allowed;
    }

    @Override
    public int mask(float[] logits) {
        if (holds) {
            controls.stream().forEach(token -> logits[token] = Float.NEGATIVE_INFINITY);
            try {
                return grammar.mask(logits, scratch);
            } catch (DecodeException e) {
                throw new SamplingException(e.getMessage(), e);
            }
        }
        int left = 0;
        for (int token = 0; token < logits.length; token++) {
            if (logits[token] != Float.NEGATIVE_INFINITY && allows(token)) {
                left++;
            } else {
                logits[token] = Float.NEGATIVE_INFINITY;
            }
        }
        return left;
    }

    @Override
    public void accept(int token) {
        if (holds) {
            // A filter is not asked to go on behind the end of the text.
            if (!vocabulary.isEndOfGeneration(token)) {
                grammar.accept(token, scratch);
            }
            return;
        }
        String rest = behindTrigger(token);
        if (rest == null) {
            String all = tail + piece(token);
            tail = all.substring(Math.max(0, all.length() - longestTrigger));
        } else {
            holds = true;
            begin(rest);
        }
    }

    /** {@return what the token has behind the trigger that it completes, or {@code null} if it completes none} */
    private @Nullable String behindTrigger(int token) {
        String all = tail + piece(token);
        int end = -1;
        int start = Integer.MAX_VALUE;
        for (String trigger : triggers) {
            int at = all.indexOf(trigger);
            if (at >= 0 && at < start) {
                start = at;
                end = at + trigger.length();
            }
        }
        return end < 0 ? null : all.substring(end);
    }

    private String piece(int token) {
        return new String(vocabulary.piece(token), StandardCharsets.ISO_8859_1);
    }

    /** {@return whether the grammar took the bytes, which the tokenizer must be able to spell by themselves} */
    private boolean begin(String rest) {
        String text = new String(rest.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
        int[] tokens = vocabulary.tokenize(text, false, false);
        StringBuilder spelled = new StringBuilder();
        Arrays.stream(tokens).forEach(token -> spelled.append(piece(token)));
        if (!spelled.toString().equals(rest)) {
            return false;
        }
        for (int token : tokens) {
            if (!grammar.allows(token, scratch)) {
                return false;
            }
            grammar.accept(token, scratch);
        }
        return true;
    }

    @Override
    public void close() {
        grammar.close();
    }
}
