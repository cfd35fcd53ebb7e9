package io.llamanode.engine.sampling;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.account.HeapGrowth;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PenaltyWindowTest {
    private static final int VOCABULARY = 300;

    /** Whatever came before the last tokens is forgotten, and each of these counts as often as it is among them. */
    @ParameterizedTest
    @ValueSource(ints = {-1, 1, 2, 15, 16, 17, 64, 1000})
    void theLastTokensCountAsOftenAsTheyOccur(int size) {
        Random random = new Random(size);
        PenaltyWindow window = new PenaltyWindow(size);
        List<Integer> all = new ArrayList<>();
        for (int i = 0; i < 3000; i++) {
            // A part of the vocabulary at a time, so that tokens leave for good and come back.
            int token = (i / 700 * 90 + random.nextInt(90)) % VOCABULARY;
            window.add(token);
            all.add(token);
            if (i % 37 == 0) {
                List<Integer> last = size < 0 ? all : all.subList(Math.max(0, all.size() - size), all.size());
                float[] logits = new float[VOCABULARY];
                window.penalize(logits, 1, 1, 0.5f);
                float[] expected = new float[VOCABULARY];
                for (int id = 0; id < VOCABULARY; id++) {
                    int count = Collections.frequency(last, id);
                    expected[id] = count == 0 ? 0 : -count - 0.5f;
                }
                assertArrayEquals(expected, logits, "after " + i);
            }
        }
    }

    private static SamplingParams penalizing(int repeatLastN) {
        return new SamplingParams(0, 0, 1, 0, 1.1f, repeatLastN, 0, 0, 0, Map.of());
    }

    @Test
    void whatPenaltiesRememberIsBoundedByTheWindowAndByTheKindsOfTokens() {
        assertEquals(0, penalizing(0).remembered(1000, 1000));
        assertEquals(0, SamplingParams.GREEDY.remembered(1000, 1000));
        assertEquals(penalizing(-1).remembered(64, 64), penalizing(64).remembered(1000, 1000));
        assertTrue(penalizing(-1).remembered(1000, 10) < penalizing(-1).remembered(1000, 1000));
    }

    /** The account takes their word for it. */
    @ParameterizedTest
    @ValueSource(ints = {100, 257, 30_000})
    void penaltiesRememberNoMoreThanTheySay(int kinds) {
        int count = 20_000;
        PenaltyWindow[] windows = new PenaltyWindow[20];
        long before = HeapGrowth.used();
        for (int i = 0; i < windows.length; i++) {
            windows[i] = new PenaltyWindow(-1);
            for (int token = 0; token < count; token++) {
                windows[i].add(token % kinds);
            }
        }
        long each = (HeapGrowth.used() - before) / windows.length;
        long told = penalizing(-1).remembered(count, kinds);
        assertTrue(windows[0] != windows[1] && told * 1.2 >= each, () -> "told " + told + ", grown by " + each);
    }
}
