package io.llamanode.grammar.mask;

import io.llamanode.grammar.automaton.Automaton;
import io.llamanode.grammar.automaton.Recognizer;
import io.llamanode.grammar.automaton.State;
import java.util.Arrays;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * How many bytes of a slice's language each state takes, whatever they are. What is found out is noted at the state, as bounds from
 * below and above: a look is given up where it costs more than it saves, and what it has seen so far counts.
 *
 * <p>For one thread, with its recognizer.
 */
final class Freedom {
    private static final int BYTES = 256;
    /** More than any token has. */
    private static final int ALL = 0xff;

    private static final int BITS = 8;
    /** Bytes are looked at for each token that might be spared. */
    private static final int BYTES_PER_TOKEN = 2;
    /** The smallest part of a trie that is worth a look. */
    private static final int FEWEST = 6;

    // A note: the bound from below, the bound from above, the tokens that the last look was for (their logarithm).
    private static final int NOT_LOOKED = ALL << BITS;
    private static final int KNOWN = 1 << 3 * BITS;

    private final int[][] language;
    private final Recognizer recognizer;
    private final Automaton automaton;
    private final int firstNote;
    private final int notes;
    /** By state of the language, one byte of each kind that neither it nor the grammar tells apart. */
    private final int[][] kinds;

    private State[] open = new State[64];
    private byte[] openIn = new byte[64];
    private int size;
    private int look;

    /**
     * @param firstNote where its notes begin at a state, of which there are two for each state of the language
     * @param notes of all
     */
    Freedom(int[][] language, Automaton automaton, Recognizer recognizer, int firstNote, int notes) {
        this.language = language;
        this.automaton = automaton;
        this.recognizer = recognizer;
        this.firstNote = firstNote;
        this.notes = notes;
        this.kinds = new int[language.length][0];
    }

    /** {@return how many notes a language takes} */
    static int notes(int[][] language) {
        return 2 * language.length;
    }

    @Nullable
    State next(State from, int value) {
        return recognizer.next(from, value);
    }

    /**
     * Tells whether a state takes all texts of the language.
     *
     * @param from where the text is
     * @param in state of the language
     * @param height bytes of the longest text that matters
     * @param tokens that need not be looked at if it does
     * @return whether it does; {@code false} too where that is not known
     */
    boolean takesAll(State from, int in, int height, int tokens) {
        int[] noted = from.notes(notes);
        int note = note(noted, in);
        if (least(note) >= height) {
            return true;
        }
        int worth = Integer.SIZE - Integer.numberOfLeadingZeros(tokens);
        if (most(note) < height || tokens < FEWEST || (note >> 2 * BITS & ALL) >= worth) {
            return false;
        }
        explore(from, in, height, BYTES_PER_TOKEN * tokens);
        note = note(noted, in);
        noted[firstNote + 2 * in] = note & ~(ALL << 2 * BITS) | worth << 2 * BITS;
        return least(note) >= height;
    }

    private int note(int[] noted, int in) {
        int note = noted[firstNote + 2 * in];
        return note == 0 ? NOT_LOOKED | KNOWN : note;
    }

    private static int least(int note) {
        return note & ALL;
    }

    private static int most(int note) {
        return note >> BITS & ALL;
    }

    private void bound(State state, int in, int least, int most) {
        int[] noted = state.notes(notes);
        int note = note(noted, in);
        int place = firstNote + 2 * in;
        noted[place] = note & ~(ALL << BITS | ALL) | Math.max(least, least(note)) | Math.min(most, most(note)) << BITS;
    }

    /** Looks at all bytes, then at all behind them, and so on. */
    private void explore(State from, int in, int height, int bytes) {
        look++;
        size = 0;
        meet(from, in);
        int left = bytes;
        int begin = 0;
        for (int depth = 0; depth < height; depth++) {
            int end = size;
            if (begin == end) {
                // All that was met leads nowhere else.
                for (int i = 0; i < size; i++) {
                    bound(open[i], openIn[i], ALL, ALL);
                }
                return;
            }
            for (; begin < end; begin++) {
                State state = open[begin];
                int place = openIn[begin];
                int note = note(state.notes(notes), place);
                if (least(note) == ALL) {
                    continue;
                }
                if (depth + most(note) < height) {
                    bound(from, in, depth, depth + most(note));
                    return;
                }
                int[] values = kinds(place);
                left -= values.length;
                if (left < 0) {
                    bound(from, in, depth, ALL);
                    return;
                }
                for (int value : values) {
                    State next = recognizer.next(state, value);
                    if (next == null) {
                        bound(state, place, 0, 0);
                        bound(from, in, depth, depth);
                        return;
                    }
                    meet(next, language[place][value]);
                }
            }
        }
        bound(from, in, height, ALL);
    }

    private void meet(State state, int in) {
        int[] noted = state.notes(notes);
        int place = firstNote + 2 * in + 1;
        if (noted[place] == look) {
            return;
        }
        noted[place] = look;
        if (size == open.length) {
            open = Arrays.copyOf(open, 2 * size);
            openIn = Arrays.copyOf(openIn, 2 * size);
        }
        open[size] = state;
        openIn[size++] = (byte) in;
    }

    private int[] kinds(int in) {
        if (kinds[in].length > 0) {
            return kinds[in];
        }
        int[] next = language[in];
        BitSet seen = new BitSet();
        int[] found = new int[BYTES];
        int count = 0;
        for (int value = 0; value < BYTES; value++) {
            if (next[value] >= 0) {
                int kind = automaton.classOf(value) * language.length + next[value];
                if (!seen.get(kind)) {
                    seen.set(kind);
                    found[count++] = value;
                }
            }
        }
        kinds[in] = Arrays.copyOf(found, count);
        return kinds[in];
    }
}
