package io.llamanode.grammar.mask;

import io.llamanode.grammar.automaton.Automaton;
import io.llamanode.grammar.automaton.Limits;
import io.llamanode.grammar.automaton.Recognizer;
import io.llamanode.grammar.automaton.State;
import io.llamanode.grammar.rule.CodePoints;
import io.llamanode.grammar.rule.Expression;
import io.llamanode.grammar.rule.Grammar;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Short tokens that are made of the characters of one set, the last of which may be cut.
 *
 * <p>Never changes: for any thread.
 *
 * @param tokens that are in it
 * @param trie of them
 * @param language texts of the set's characters, cut anywhere: by state and byte the next state, negative if there is none
 * @param places by node of the trie, the state of the language behind it
 */
record Slice(BitSet tokens, TokenTrie trie, int[][] language, byte[] places) {
    /** Longer ones are looked at one by one. */
    private static final int LONGEST = 16;

    private static final int BYTES = 256;
    private static final int NO_STATE = -1;
    private static final int MOST_NODES = 1_000;

    static Slice of(CodePoints set, byte[][] pieces, BitSet from) {
        int[][] language = language(set);
        BitSet tokens = new BitSet();
        from.stream()
                .filter(token -> pieces[token].length > 0 && pieces[token].length <= LONGEST)
                .filter(token -> reads(language, pieces[token]))
                .forEach(tokens::set);
        TokenTrie trie = new TokenTrie(pieces, tokens);
        return new Slice(tokens, trie, language, places(trie, language));
    }

    private static byte[] places(TokenTrie trie, int[][] language) {
        byte[] places = new byte[trie.size()];
        int[] path = new int[trie.deepest() + 1];
        for (int node = 0; node < places.length; node++) {
            int depth = trie.depth(node);
            path[depth + 1] = language[path[depth]][trie.value(node)];
            places[node] = (byte) path[depth + 1];
        }
        return places;
    }

    private static boolean reads(int[][] language, byte[] piece) {
        int state = 0;
        for (int i = 0; i < piece.length && state != NO_STATE; i++) {
            state = language[state][Byte.toUnsignedInt(piece[i])];
        }
        return state != NO_STATE;
    }

    private static int[][] language(CodePoints set) {
        Grammar grammar = new Grammar("root", Map.of("root", Expression.any(new Expression.Chars(set))));
        Recognizer recognizer = new Recognizer(Automaton.of(grammar, MOST_NODES), Limits.DEFAULT);
        Map<State, Integer> numbers = new HashMap<>();
        List<State> open = new ArrayList<>();
        List<int[]> table = new ArrayList<>();
        open.add(recognizer.start());
        numbers.put(open.getFirst(), 0);
        for (int number = 0; number < open.size(); number++) {
            int[] row = new int[BYTES];
            for (int value = 0; value < BYTES; value++) {
                @Nullable State next = recognizer.next(open.get(number), value);
                row[value] = next == null
                        ? NO_STATE
                        : numbers.computeIfAbsent(next, state -> {
                            open.add(state);
                            return open.size() - 1;
                        });
            }
            table.add(row);
        }
        return table.toArray(int[][]::new);
    }
}
