package io.llamanode.engine.grammar;

import io.llamanode.account.Holding;
import io.llamanode.account.Shared;
import io.llamanode.engine.model.Vocabulary;
import io.llamanode.grammar.automaton.Automaton;
import io.llamanode.grammar.automaton.GrammarLimitException;
import io.llamanode.grammar.automaton.Limits;
import io.llamanode.grammar.automaton.State;
import io.llamanode.grammar.language.Language;
import io.llamanode.grammar.mask.TokenBytes;
import io.llamanode.grammar.mask.TokenMasks;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/**
 * The grammars of one model's requests, made ready for its vocabulary. Equal languages share what was made of them. While requests
 * use it, the owner of the first is charged with it; then it is kept as long as nobody needs its memory.
 *
 * <p>Safe for use by any thread; what it gives is for the engine's loop thread.
 */
public final class Grammars {
    private static final long HEAP = Runtime.getRuntime().maxMemory();
    /** The largest grammar takes about as much as one request may hold. */
    private static final int HEAP_PER_NODE = 512;
    /** Of one grammar; about as many as the characters in its texts in quotes. */
    static final int MOST_NODES = (int) Math.min(1 << 17, HEAP / HEAP_PER_NODE);

    /** States are found out again when they take more: one part in so many of the heap. */
    private static final int PART_OF_STATES = 64;

    private static final Limits LIMITS = new Limits(20_000, 5_000, Math.min(4 << 20, HEAP / PART_OF_STATES));
    private static final int MOST_MASKS = 64;
    /** Of a grammar besides its automaton, its masks and its text. */
    private static final long WEIGHT = 4 << 10;

    private final Vocabulary vocabulary;
    private final ConcurrentMap<String, Ready> kept = new ConcurrentHashMap<>();

    private @Nullable TokenBytes tokens;

    /** What was made of a language, with its place in the account. */
    private final class Ready {
        private final String key;
        private final TokenMasks masks;
        private final Shared place;

        private Ready(String key, TokenMasks masks, Holding holding) {
            this.key = key;
            this.masks = masks;
            this.place = holding.share(weight(), this::forget);
        }

        private long weight() {
            return WEIGHT + 2L * key.length() + masks.weight();
        }

        private void forget() {
            kept.remove(key, this);
        }
    }

    /**
     * A grammar while a request uses it.
     *
     * <p>For the engine's loop thread; closed by any.
     */
    public static final class Use implements AutoCloseable {
        private final TokenMasks masks;
        private final @Nullable Ready ready;
        private final @Nullable Holding user;

        private Use(TokenMasks masks, @Nullable Ready ready, @Nullable Holding user) {
            this.masks = masks;
            this.ready = ready;
            this.user = user;
        }

        /** {@return what tells its tokens, shared by all who use an equal one} */
        public TokenMasks masks() {
            return masks;
        }

        /** Tells the account how much it has grown. */
        public void weigh() {
            if (ready != null) {
                ready.place.resize(ready.weight());
            }
        }

        @Override
        public void close() {
            if (ready != null && user != null) {
                ready.place.leave(user);
            }
        }
    }

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
     * @param holding of the request, whose owner is charged; {@code null} for one that is only tried: it is charged to nobody and
     *     not kept
     * @return the grammar, to be closed
     * @throws io.llamanode.grammar.language.LanguageException if what it was written as says none
     * @throws GrammarLimitException if it is too large, or no text keeps to it
     * @throws io.llamanode.account.NoRoomException if its owner may not hold it
     * @throws java.util.concurrent.CancellationException if it is not wanted any more
     */
    public Use use(Language language, @Nullable Holding holding) {
        String key = language.key();
        Ready known = kept.get(key);
        if (holding == null) {
            return new Use(known == null ? make(language) : known.masks, null, null);
        }
        Ready ready = known == null ? new Ready(key, make(language), holding) : known;
        Holding user = holding.another();
        ready.place.use(user);
        // What was forgotten since it was found is used all the same, and found again from now on.
        kept.putIfAbsent(key, ready);
        return new Use(ready.masks, ready, user);
    }

    private TokenMasks make(Language language) {
        TokenMasks masks = new TokenMasks(tokens(), Automaton.of(language.rules(), MOST_NODES), LIMITS, MOST_MASKS);
        State start = masks.start();
        if (start.isOver() && !start.isComplete()) {
            throw new GrammarLimitException("no text keeps to it");
        }
        return masks;
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
