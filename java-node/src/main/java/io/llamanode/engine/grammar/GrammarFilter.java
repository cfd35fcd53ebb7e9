package io.llamanode.engine.grammar;

import io.llamanode.account.Holding;
import io.llamanode.engine.model.Vocabulary;
import io.llamanode.engine.sampling.Grammar;
import io.llamanode.engine.sampling.SamplingException;
import io.llamanode.engine.sampling.TokenFilter;
import io.llamanode.grammar.automaton.GrammarLimitException;
import io.llamanode.grammar.automaton.State;
import io.llamanode.grammar.mask.TokenMasks;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * A grammar that an answer keeps to: from its beginning, or from the end of a trigger on, which may come or not.
 *
 * <p>Control tokens are ruled out wherever the grammar holds, but for those that are a part of the answer's syntax. A grammar
 * sees the text that spells them, which a JSON string allows, but the answer would lack it.
 */
public final class GrammarFilter implements TokenFilter {
    /** Tokens after which the account is told what has been found out for them. */
    private static final int WEIGHED = 64;

    private final Grammars.Use use;
    private final Vocabulary vocabulary;
    private final BitSet controls;
    private final Grammar grammar;
    private final TriggerWatch watch;

    private int accepted;
    private @Nullable State state;
    private boolean holds;

    /**
     * Stands at the beginning of an answer.
     *
     * @param grammars of the model
     * @param grammar that the answer keeps to
     * @param holding of the request, or {@code null} if it is only tried
     * @param vocabulary of the model
     * @param controls control tokens that may not come
     * @throws io.llamanode.grammar.language.LanguageException if the grammar is none
     * @throws GrammarLimitException if it is too large, or no text keeps to it
     * @throws io.llamanode.account.NoRoomException if its owner may not hold it
     */
    public GrammarFilter(
            Grammars grammars, Grammar grammar, @Nullable Holding holding, Vocabulary vocabulary, BitSet controls) {
        this.vocabulary = vocabulary;
        this.controls = controls;
        this.grammar = grammar;
        this.watch = new TriggerWatch(grammar);
        this.holds = grammar.triggers().isEmpty();
        this.use = grammars.use(grammar.language(), holding);
    }

    @Override
    public boolean allows(int token) {
        try {
            if (holds) {
                return vocabulary.isEndOfGeneration(token)
                        ? state().isComplete()
                        : !controls.get(token) && masks().next(state(), token) != null;
            }
            String rest = watch.behind(piece(token));
            return rest == null || begin(rest) != null;
        } catch (GrammarLimitException e) {
            throw over(e);
        }
    }

    @Override
    public int mask(float[] logits) {
        if (!holds) {
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
        long[] allowed = allowed().toLongArray();
        int left = 0;
        for (int i = 0; i < allowed.length; i++) {
            int first = i * Long.SIZE;
            left += mask(logits, first, Math.min(first + Long.SIZE, logits.length), allowed[i]);
        }
        int known = Math.min(allowed.length * Long.SIZE, logits.length);
        Arrays.fill(logits, known, logits.length, Float.NEGATIVE_INFINITY);
        return left;
    }

    /** Most often a grammar lets nearly all tokens through, or nearly none: 64 at a time are looked at as one number first. */
    private static int mask(float[] logits, int first, int end, long allowed) {
        if (allowed == 0) {
            Arrays.fill(logits, first, end, Float.NEGATIVE_INFINITY);
            return 0;
        }
        int left = 0;
        if (allowed == -1) {
            for (int token = first; token < end; token++) {
                left += logits[token] == Float.NEGATIVE_INFINITY ? 0 : 1;
            }
            return left;
        }
        for (int token = first; token < end; token++) {
            if ((allowed >>> token & 1) == 0) {
                logits[token] = Float.NEGATIVE_INFINITY;
            } else {
                left += logits[token] == Float.NEGATIVE_INFINITY ? 0 : 1;
            }
        }
        return left;
    }

    private BitSet allowed() {
        try {
            BitSet allowed = (BitSet) masks().mask(state()).clone();
            allowed.andNot(controls);
            if (state().isComplete()) {
                for (int end : vocabulary.endOfGenerationTokens()) {
                    allowed.set(end);
                }
            }
            return allowed;
        } catch (GrammarLimitException e) {
            throw over(e);
        }
    }

    @Override
    public void accept(int token) {
        if (++accepted % WEIGHED == 0) {
            use.weigh();
        }
        try {
            if (!holds) {
                pass(token);
            } else if (!vocabulary.isEndOfGeneration(token)) {
                // A filter is not asked to go on behind the end of the text.
                state = goOn(masks().next(state(), token));
            }
        } catch (GrammarLimitException e) {
            throw over(e);
        }
    }

    private void pass(int token) {
        String rest = watch.behind(piece(token));
        if (rest == null) {
            watch.pass();
        } else {
            holds = true;
            state = goOn(begin(rest));
        }
    }

    private static State goOn(@Nullable State next) {
        if (next == null) {
            throw new IllegalArgumentException("the grammar forbids the token");
        }
        return next;
    }

    private TokenMasks masks() {
        return use.masks();
    }

    private State state() {
        State now = state;
        if (now == null) {
            now = masks().start();
            state = now;
        }
        return now;
    }

    private static SamplingException over(GrammarLimitException e) {
        return new SamplingException("the grammar: " + e.getMessage(), e);
    }

    private String piece(int token) {
        // A control token that is a part of the syntax is what spells it.
        byte[] piece = grammar.controls().contains(token) ? vocabulary.spelling(token) : vocabulary.piece(token);
        return new String(piece, StandardCharsets.ISO_8859_1);
    }

    private @Nullable State begin(String rest) {
        return masks().next(masks().start(), rest.getBytes(StandardCharsets.ISO_8859_1));
    }

    @Override
    public void close() {
        state = null;
        use.close();
    }
}
