package io.llamanode.grammar.mask;

import io.llamanode.grammar.automaton.State;
import java.util.Arrays;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * Finds the tokens of a slice that may come. Where a state takes all texts of the slice's characters, as far as tokens go, what is
 * left of the trie is not looked at.
 *
 * <p>For one thread, with its recognizer.
 */
final class SliceWalk {
    private final Slice slice;
    private final Freedom freedom;
    /** Places of tokens that may come: from each even one to the next. */
    private int[] ranges = new int[64];

    private int size;

    SliceWalk(Slice slice, Freedom freedom) {
        this.slice = slice;
        this.freedom = freedom;
    }

    /**
     * Looks.
     *
     * @param path room for a state for each byte of a token, the first of which is where the text is
     * @param mask to which the tokens are added
     */
    void walk(@Nullable State[] path, BitSet mask) {
        TokenTrie trie = slice.trie();
        State from = path[0];
        if (from == null || trie.count() == 0) {
            return;
        }
        if (freedom.takesAll(from, 0, trie.deepest(), trie.count())) {
            mask.or(slice.tokens());
            return;
        }
        size = 0;
        int node = 0;
        while (node < trie.size()) {
            int depth = trie.depth(node);
            State at = path[depth];
            State next = at == null ? null : freedom.next(at, trie.value(node));
            if (next == null) {
                node = trie.end(node);
                continue;
            }
            path[depth + 1] = next;
            int first = trie.firstToken(node);
            int end = trie.end(node);
            boolean all = end > node + 1
                    && freedom.takesAll(next, slice.places()[node], trie.height(node), trie.firstToken(end) - first);
            node = all ? end : node + 1;
            add(first, trie.firstToken(node));
        }
        write(trie, mask);
    }

    private void add(int first, int end) {
        if (first == end) {
            return;
        }
        if (size > 0 && ranges[size - 1] == first) {
            ranges[size - 1] = end;
            return;
        }
        if (size == ranges.length) {
            ranges = Arrays.copyOf(ranges, 2 * size);
        }
        ranges[size++] = first;
        ranges[size++] = end;
    }

    /** Adds those that may come, or all and takes off the others, whichever are fewer. */
    private void write(TokenTrie trie, BitSet mask) {
        int count = 0;
        for (int i = 0; i < size; i += 2) {
            count += ranges[i + 1] - ranges[i];
        }
        if (2 * count <= trie.count()) {
            for (int i = 0; i < size; i += 2) {
                for (int place = ranges[i]; place < ranges[i + 1]; place++) {
                    mask.set(trie.token(place));
                }
            }
            return;
        }
        mask.or(slice.tokens());
        int place = 0;
        for (int i = 0; i <= size; i += 2) {
            int next = i == size ? trie.count() : ranges[i];
            for (; place < next; place++) {
                mask.clear(trie.token(place));
            }
            place = i == size ? next : ranges[i + 1];
        }
    }
}
