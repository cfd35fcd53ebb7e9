package io.llamanode.engine.sampling;

import java.util.Arrays;

/** The last tokens of a sequence and how often each occurs among them. It grows with the tokens that there are. */
final class PenaltyWindow {
    /** Bytes of a token at most: its place in the ring, which doubles. */
    static final int TOKEN = 2 * Integer.BYTES;
    /** Bytes of each kind of token at most: its place in the table, of which a quarter to a half is used. */
    static final int KIND = 4 * 2 * Integer.BYTES;

    private static final int SMALLEST = 16;
    /** Spreads token ids, which are often near each other (Fibonacci hashing). */
    private static final int SPREAD = 0x9E3779B9;

    private final int size;
    /** The tokens in order, the oldest at {@code first}. */
    private int[] ring = new int[SMALLEST];

    private int first;
    private int count;
    /** A token plus one in a place of its own, 0 where there is none; the length is a power of two. */
    private int[] places = new int[2 * SMALLEST];
    /** How often the token of a place is among the last ones; 0 if it was once. */
    private int[] occurrences = new int[2 * SMALLEST];
    /** Places that are not empty, half of all at most. */
    private int taken;

    /** @param size in tokens, not 0; negative: unlimited */
    PenaltyWindow(int size) {
        this.size = size < 0 ? Integer.MAX_VALUE : size;
    }

    void add(int token) {
        if (count == size) {
            occurrences[place(ring[first])]--;
            first = (first + 1) % ring.length;
            count--;
        }
        if (count == ring.length) {
            // Nothing was forgotten before, so the oldest is at the beginning.
            ring = Arrays.copyOf(ring, 2 * count);
        }
        ring[(first + count++) % ring.length] = token;
        int place = place(token);
        if (places[place] == 0) {
            if (2 * taken >= places.length) {
                forgetOthers();
                place = place(token);
            }
            places[place] = token + 1;
            taken++;
        }
        occurrences[place]++;
    }

    /** {@return where a token is, or belongs} */
    private int place(int token) {
        int place = (token * SPREAD >>> 8) & places.length - 1;
        while (places[place] != 0 && places[place] != token + 1) {
            place = place + 1 & places.length - 1;
        }
        return place;
    }

    /** Forgets tokens that are not among the last ones any more. Where there are few of those, the table becomes larger. */
    private void forgetOthers() {
        int[] tokens = places;
        int[] counts = occurrences;
        int live = 0;
        for (int occurring : counts) {
            live += occurring > 0 ? 1 : 0;
        }
        int length = 4 * live > tokens.length ? 2 * tokens.length : tokens.length;
        places = new int[length];
        occurrences = new int[length];
        taken = live;
        for (int i = 0; i < tokens.length; i++) {
            if (counts[i] > 0) {
                int place = place(tokens[i] - 1);
                places[place] = tokens[i];
                occurrences[place] = counts[i];
            }
        }
    }

    /** The formula of llama.cpp's penalties sampler: dividing a negative logit would favour it. */
    void penalize(float[] logits, float repeat, float frequency, float presence) {
        for (int i = 0; i < places.length; i++) {
            if (occurrences[i] > 0) {
                int token = places[i] - 1;
                float logit = logits[token];
                logit = logit <= 0 ? logit * repeat : logit / repeat;
                logits[token] = logit - occurrences[i] * frequency - presence;
            }
        }
    }
}
