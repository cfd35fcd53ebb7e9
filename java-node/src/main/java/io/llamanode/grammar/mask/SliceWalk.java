package io.llamanode.grammar.mask;

import io.llamanode.grammar.automaton.Automaton;
import io.llamanode.grammar.automaton.Recognizer;
import io.llamanode.grammar.automaton.State;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** Tells whether a state lets all tokens of a slice through, by a look at few bytes. For one thread, with its recognizer. */
final class SliceWalk {
    private static final int BYTES = 256;
    /** Where more must be looked at, the tokens are fewer. */
    private static final int MOST_STATES = 256;

    /** A place of the walk: a state of the grammar, and one of the slice's language. */
    private record Place(State state, int inSlice) {}

    private final Slice slice;
    private final Recognizer recognizer;
    /** By state of the slice's language, one byte of each kind that neither language tells apart. */
    private final int[][] bytes;

    SliceWalk(Slice slice, Automaton automaton, Recognizer recognizer) {
        this.slice = slice;
        this.recognizer = recognizer;
        this.bytes = new int[slice.language().length][];
        for (int state = 0; state < bytes.length; state++) {
            bytes[state] = kinds(slice.language()[state], automaton);
        }
    }

    private static int[] kinds(int[] next, Automaton automaton) {
        BitSet seen = new BitSet();
        List<Integer> kinds = new ArrayList<>();
        for (int value = 0; value < BYTES; value++) {
            if (next[value] >= 0) {
                int kind = automaton.classOf(value) * next.length + next[value];
                if (!seen.get(kind)) {
                    seen.set(kind);
                    kinds.add(value);
                }
            }
        }
        return kinds.stream().mapToInt(Integer::intValue).toArray();
    }

    BitSet tokens() {
        return slice.tokens();
    }

    TokenTrie trie() {
        return slice.trie();
    }

    int deepest() {
        return slice.trie().deepest();
    }

    boolean takesAll(State from) {
        Map<State, Integer> seen = new IdentityHashMap<>();
        List<Place> now = List.of(new Place(from, 0));
        seen.put(from, 1);
        int count = 1;
        for (int depth = 0; depth < slice.trie().deepest() && !now.isEmpty(); depth++) {
            List<Place> then = new ArrayList<>();
            for (Place place : now) {
                for (int value : bytes[place.inSlice]) {
                    State next = recognizer.next(place.state, value);
                    if (next == null || ++count > MOST_STATES * bytes.length) {
                        return false;
                    }
                    int inSlice = slice.language()[place.inSlice][value];
                    int before = seen.getOrDefault(next, 0);
                    if ((before & 1 << inSlice) == 0) {
                        seen.put(next, before | 1 << inSlice);
                        then.add(new Place(next, inSlice));
                    }
                }
            }
            now = then;
        }
        return true;
    }
}
