package io.llamanode.llama.sampler;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.llamanode.llama.DecodeException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A {@code llama_token_data_array} of the size of a vocabulary, for {@link NativeSampler#choose} to work on. For use by one thread at a time, which may share it among all its samplers;
 * freed with the last reference to it.
 */
public final class TokenCandidates {

    // llama_token_data: id, logit, p. llama_token_data_array: data, size, selected, sorted.
    private static final long CANDIDATE = 12;
    private static final long LOGIT = 4;
    private static final long ARRAY = 32;
    private static final long ARRAY_SIZE = 8;
    private static final long ARRAY_SELECTED = 16;
    private static final long ARRAY_SORTED = 24;

    private final int capacity;
    private final MemorySegment array;
    private final MemorySegment data;

    /**
     * Room for one candidate a token, which the garbage collector frees.
     *
     * @param nVocab size of the vocabulary
     */
    public TokenCandidates(int nVocab) {
        Arena arena = Arena.ofAuto();
        this.capacity = nVocab;
        this.array = arena.allocate(ARRAY, Long.BYTES);
        this.data = arena.allocate(Math.max(1, nVocab) * CANDIDATE, Integer.BYTES);
    }

    /**
     * Takes every token that is not ruled out. Those of logit negative infinity stay away: some samplers compute
     * means, and b4916 counts them in.
     *
     * @param logits one a token
     * @return how many there are
     * @throws DecodeException when a logit is not a number, which native sorting would not survive
     */
    int fill(float[] logits) {
        int size = 0;
        for (int i = 0; i < logits.length; i++) {
            float logit = logits[i];
            if (logit != Float.NEGATIVE_INFINITY) {
                if (Float.isNaN(logit)) {
                    throw new DecodeException(DecodeException.Kind.FAILED, 0, "The model's logits are not numbers");
                }
                set(size++, i, logit);
            }
        }
        return size(size);
    }

    MemorySegment only(int token) {
        set(0, token, 0);
        size(1);
        return array;
    }

    private void set(int index, int token, float logit) {
        data.set(JAVA_INT, index * CANDIDATE, token);
        data.set(JAVA_FLOAT, index * CANDIDATE + LOGIT, logit);
    }

    private int size(int size) {
        array.set(ADDRESS, 0, data);
        array.set(JAVA_LONG, ARRAY_SIZE, size);
        array.set(JAVA_LONG, ARRAY_SELECTED, -1);
        array.set(JAVA_BYTE, ARRAY_SORTED, (byte) 0);
        return size;
    }

    MemorySegment array() {
        return array;
    }

    /** The chosen token, or -1 if the samplers had none to choose from but such as they ruled out. */
    int selected() {
        long selected = array.get(JAVA_LONG, ARRAY_SELECTED);
        if (selected < 0 || selected >= array.get(JAVA_LONG, ARRAY_SIZE)) {
            throw new IllegalStateException("The chain chose no token");
        }
        // The samplers may have moved the start of the array.
        MemorySegment start = array.get(ADDRESS, 0).reinterpret(capacity * CANDIDATE);
        boolean ruledOut = start.get(JAVA_FLOAT, selected * CANDIDATE + LOGIT) == Float.NEGATIVE_INFINITY;
        return ruledOut ? -1 : start.get(JAVA_INT, selected * CANDIDATE);
    }

    /** Whether the first candidate was not ruled out. */
    boolean firstStays() {
        return data.get(JAVA_FLOAT, LOGIT) != Float.NEGATIVE_INFINITY;
    }

    /** Rules out in an array what was ruled out here. */
    int ruleOut(float[] logits) {
        int left = 0;
        long size = array.get(JAVA_LONG, ARRAY_SIZE);
        for (long at = 0; at < size * CANDIDATE; at += CANDIDATE) {
            if (data.get(JAVA_FLOAT, at + LOGIT) == Float.NEGATIVE_INFINITY) {
                logits[data.get(JAVA_INT, at)] = Float.NEGATIVE_INFINITY;
            } else {
                left++;
            }
        }
        return left;
    }
}
