package io.llamanode.engine.vector;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import org.junit.jupiter.api.Test;

/** The ways of llama.cpp's {@code embd_normalize}. */
class NormalizationTest {
    private static final float EXACT = 1e-6f;

    private static float[] scaled(int norm, int width, float... vectors) {
        Normalization.apply(vectors, width, norm);
        return vectors;
    }

    @Test
    void vectorsMayBeLeftAsTheyAre() {
        assertArrayEquals(new float[] {3, -4}, scaled(-1, 2, 3, -4), 0);
    }

    @Test
    void theLargestFitsInto16Bits() {
        assertArrayEquals(new float[] {16380, -32760}, scaled(0, 2, 2, -4), 0.01f);
    }

    @Test
    void vectorsGetALengthOfOne() {
        assertArrayEquals(new float[] {0.6f, -0.8f}, scaled(2, 2, 3, -4), EXACT);
        assertArrayEquals(new float[] {0.25f, -0.75f}, scaled(1, 2, 1, -3), EXACT);
        float third = (float) (1 / Math.cbrt(1 + 8));
        assertArrayEquals(new float[] {third, -2 * third}, scaled(3, 2, 1, -2), EXACT);
    }

    @Test
    void eachVectorIsScaledByItself() {
        assertArrayEquals(new float[] {0.6f, 0.8f, 1, 0, 0, -1}, scaled(2, 2, 3, 4, 7, 0, 0, -2), EXACT);
    }

    @Test
    void aVectorOfNothingStaysSo() {
        for (int norm = 0; norm < 4; norm++) {
            assertArrayEquals(new float[] {0, 0}, scaled(norm, 2, 0, 0), 0);
        }
    }

    /** Their squares are beyond any number. */
    @Test
    void veryLargeAndVerySmallNumbersAreScaledAsOthersAre() {
        assertArrayEquals(new float[] {0.6f, 0.8f}, scaled(2, 2, 3e37f, 4e37f), EXACT);
        assertArrayEquals(new float[] {0.6f, 0.8f}, scaled(2, 2, 3e-37f, 4e-37f), EXACT);
        float root = (float) Math.pow(2, -1.0 / 100);
        assertArrayEquals(new float[] {root, root}, scaled(100, 2, 3e37f, 3e37f), EXACT);
    }
}
