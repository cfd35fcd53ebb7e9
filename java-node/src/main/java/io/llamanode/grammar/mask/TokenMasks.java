package io.llamanode.grammar.mask;

import io.llamanode.grammar.automaton.Automaton;
import io.llamanode.grammar.automaton.GrammarLimitException;
import io.llamanode.grammar.automaton.Limits;
import io.llamanode.grammar.automaton.Recognizer;
import io.llamanode.grammar.automaton.State;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Tells for one grammar which tokens may come where. What it finds out is kept, the least recently used being forgotten.
 *
 * <p>For one thread at a time.
 */
public final class TokenMasks {
    private final TokenBytes vocabulary;
    private final Recognizer recognizer;
    private final Automaton automaton;
    private final List<SliceWalk> slices;
    private final State[] path;
    private final Map<State, BitSet> kept;

    /**
     * Has looked at nothing yet.
     *
     * @param vocabulary of the model
     * @param automaton of the grammar; of no other thread meanwhile
     * @param limits of each step
     * @param mostKept masks
     */
    public TokenMasks(TokenBytes vocabulary, Automaton automaton, Limits limits, int mostKept) {
        this.vocabulary = vocabulary;
        this.automaton = automaton;
        this.recognizer = new Recognizer(automaton, limits);
        this.slices = slices(vocabulary.slices());
        int deepest = Math.max(
                vocabulary.rest().deepest(),
                vocabulary.slices().stream()
                        .mapToInt(slice -> slice.trie().deepest())
                        .max()
                        .orElse(0));
        this.path = new State[deepest + 1];
        this.kept = new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1;

            @Override
            protected boolean removeEldestEntry(Map.Entry<State, BitSet> eldest) {
                return size() > mostKept;
            }
        };
    }

    private List<SliceWalk> slices(List<Slice> all) {
        int notes =
                all.stream().mapToInt(slice -> Freedom.notes(slice.language())).sum();
        List<SliceWalk> walks = new ArrayList<>();
        int note = 0;
        for (Slice slice : all) {
            walks.add(new SliceWalk(slice, new Freedom(slice.language(), automaton, recognizer, note, notes)));
            note += Freedom.notes(slice.language());
        }
        return List.copyOf(walks);
    }

    /** {@return the state before the first token} */
    public State start() {
        return recognizer.start();
    }

    /**
     * Reads a token.
     *
     * @param from where the text is
     * @param token a number of the vocabulary
     * @return where it is then, or {@code null} if the token can not come there
     * @throws GrammarLimitException if it takes too much
     */
    public @Nullable State next(State from, int token) {
        byte[] piece = vocabulary.piece(token);
        return piece.length == 0 ? null : next(from, piece);
    }

    /**
     * Reads bytes.
     *
     * @param from where the text is
     * @param bytes none or more
     * @return where it is then, or {@code null} if they can not come there
     * @throws GrammarLimitException if it takes too much
     */
    public @Nullable State next(State from, byte[] bytes) {
        State at = recognizer.current(from);
        for (byte value : bytes) {
            at = recognizer.next(at, Byte.toUnsignedInt(value));
            if (at == null) {
                return null;
            }
        }
        return at;
    }

    /**
     * Finds all tokens that may come. The end of a text is none of them.
     *
     * @param state where the text is
     * @return numbers of the vocabulary; not to be changed
     * @throws GrammarLimitException if it takes too much
     */
    public BitSet mask(State state) {
        State at = recognizer.current(state);
        BitSet known = kept.get(at);
        if (known == null) {
            known = find(at);
            kept.put(at, known);
        }
        return known;
    }

    private BitSet find(State state) {
        BitSet mask = new BitSet(vocabulary.size());
        path[0] = state;
        for (SliceWalk slice : slices) {
            slice.walk(path, mask);
        }
        walk(vocabulary.rest(), mask);
        return mask;
    }

    private void walk(TokenTrie trie, BitSet mask) {
        int node = 0;
        while (node < trie.size()) {
            int depth = trie.depth(node);
            State next = recognizer.next(path[depth], trie.value(node));
            if (next == null) {
                node = trie.end(node);
                continue;
            }
            path[depth + 1] = next;
            int last = trie.firstToken(node + 1);
            for (int place = trie.firstToken(node); place < last; place++) {
                mask.set(trie.token(place));
            }
            node++;
        }
    }

    /** {@return bytes that it takes with the automaton, if only about} */
    public long weight() {
        return automaton.weight() + recognizer.weight() + kept.size() * (vocabulary.size() / 8L + 64);
    }
}
