package io.llamanode.engine.grammar;

import io.llamanode.engine.model.Vocabulary;
import io.llamanode.grammar.automaton.Automaton;
import io.llamanode.grammar.automaton.GrammarLimitException;
import io.llamanode.grammar.automaton.Limits;
import io.llamanode.grammar.automaton.State;
import io.llamanode.grammar.language.Language;
import io.llamanode.grammar.mask.TokenBytes;
import io.llamanode.grammar.mask.TokenMasks;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The grammars of one model's requests, made ready for its vocabulary. Equal languages share what was made of them; what has not been
 * used for longest is forgotten when all together takes too much, and made again.
 *
 * <p>Safe for use by any thread; what it gives is for the engine's loop thread.
 */
public final class Grammars {
    /** Of one grammar; about as many as the characters in its texts in quotes. */
    static final int MOST_NODES = 1 << 17;

    private static final long HEAP = Runtime.getRuntime().maxMemory();
    /** States are found out again when they take more: one part in so many of the heap. */
    private static final int PART_OF_STATES = 64;

    private static final Limits LIMITS = new Limits(20_000, 5_000, Math.min(4 << 20, HEAP / PART_OF_STATES));
    private static final int MOST_MASKS = 64;
    /** Of all grammars of a model: one part in so many of the heap. */
    private static final int PART_OF_ALL = 16;

    private static final long MOST_MEMORY = HEAP / PART_OF_ALL;
    private static final long NODE_WEIGHT = 64;

    private final Vocabulary vocabulary;
    /** By key, the least recently used first. */
    private final Map<String, Ready> kept = new LinkedHashMap<>(16, 0.75f, true);

    private long memory;
    private @Nullable TokenBytes tokens;

    private record Ready(TokenMasks masks, long weight) {}

    /**
     * Has none yet.
     *
     * @param vocabulary of the model
     */
    public Grammars(Vocabulary vocabulary) {
        this.vocabulary = vocabulary;
    }

    /**
     * Makes a grammar ready, which is slow for a large one.
     *
     * @param language of a grammar
     * @return what tells its tokens, shared by all who use an equal one
     * @throws io.llamanode.grammar.language.LanguageException if what it was written as says none
     * @throws GrammarLimitException if it is too large, or no text keeps to it
     */
    public TokenMasks masks(Language language) {
        String key = language.key();
        synchronized (kept) {
            Ready known = kept.get(key);
            if (known != null) {
                return known.masks;
            }
        }
        Ready ready = make(language);
        synchronized (kept) {
            Ready other = kept.putIfAbsent(key, ready);
            if (other != null) {
                return other.masks;
            }
            memory += ready.weight;
            forget();
        }
        return ready.masks;
    }

    private Ready make(Language language) {
        Automaton automaton = Automaton.of(language.rules(), MOST_NODES);
        TokenBytes vocabularyBytes = tokens();
        TokenMasks masks = new TokenMasks(vocabularyBytes, automaton, LIMITS, MOST_MASKS);
        State start = masks.start();
        if (start.isOver() && !start.isComplete()) {
            throw new GrammarLimitException("no text keeps to it");
        }
        long weight = NODE_WEIGHT * automaton.size()
                + 2L * language.key().length()
                + LIMITS.memory()
                + MOST_MASKS * (vocabularyBytes.size() / 8L);
        return new Ready(masks, weight);
    }

    private void forget() {
        Iterator<Ready> eldest = kept.values().iterator();
        while (memory > MOST_MEMORY && kept.size() > 1) {
            memory -= eldest.next().weight;
            eldest.remove();
        }
    }

    private synchronized TokenBytes tokens() {
        TokenBytes made = tokens;
        if (made == null) {
            made = new TokenBytes(pieces());
            tokens = made;
        }
        return made;
    }

    /** Control tokens are what spells them: some grammars have them. The end of an answer is no text. */
    private byte[][] pieces() {
        byte[][] pieces = new byte[vocabulary.size()][];
        for (int token = 0; token < pieces.length; token++) {
            pieces[token] = vocabulary.piece(token);
        }
        vocabulary.controlTokens().values().forEach(token -> pieces[token] = vocabulary.spelling(token));
        for (int token : vocabulary.endOfGenerationTokens()) {
            pieces[token] = new byte[0];
        }
        return pieces;
    }
}
