package io.llamanode.gguf.check;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.gguf.GgufValueType;
import io.llamanode.gguf.GgufWriter;
import io.llamanode.testmodel.EncoderModels;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A map of characters, which the library follows wherever it leads, stays inside. */
class CharsMapCheckTest extends CheckedModels {
    private static GgufWriter charsMap(int[] nodes, String replacements) {
        ByteBuffer map = ByteBuffer.allocate(4 + 4 * nodes.length + replacements.length())
                .order(ByteOrder.LITTLE_ENDIAN);
        map.putInt(4 * nodes.length);
        for (int node : nodes) {
            map.putInt(node);
        }
        map.put(replacements.getBytes());
        return unigram()
                .array(
                        "tokenizer.ggml.precompiled_charsmap",
                        GgufValueType.INT8,
                        map.limit(),
                        out -> out.write(map.array()));
    }

    private static GgufWriter unigram() {
        return EncoderModels.t5(true).text("tokenizer.ggml.model", "t5");
    }

    /** A map of one letter, 'A', to the text at an offset: node 0 leads to 256, 256 ^ 'A' ends there, its base to 512. */
    private static int[] oneLetter(int offset) {
        int[] nodes = new int[768];
        nodes[0] = 256 << 10;
        nodes[256 ^ 'A'] = (256 ^ 512) << 10 | 1 << 8 | 'A';
        nodes[512 ^ 'A'] = 1 << 31 | offset;
        return nodes;
    }

    @Test
    void aMapOfCharactersThatStaysInsideIsTaken() {
        assertDoesNotThrow(() -> check(unigram(), false));
        assertDoesNotThrow(() -> check(charsMap(oneLetter(0), "a\0"), false));
        assertDoesNotThrow(() -> check(charsMap(oneLetter(1), "a\0"), false));
    }

    @Test
    void aMapOfCharactersThatLeadsBeyondItsEndIsRefused() {
        String beyond =
                "has a tokenizer.ggml.precompiled_charsmap that leads beyond its end; get the file anew or convert it again";
        assertEquals(beyond, refusal(charsMap(oneLetter(2), "a\0")));
        int[] far = oneLetter(0);
        far[0] = 768 << 10;
        assertEquals(beyond, refusal(charsMap(far, "a\0")));
        far = oneLetter(0);
        far[256 ^ 'A'] = (1 << 20) << 10 | 1 << 8 | 'A';
        assertEquals(beyond, refusal(charsMap(far, "a\0")));
    }

    /** A node that leads back to itself, and a base that is written with its eight lowest bits left out. */
    @Test
    @Timeout(20)
    void aMapOfCharactersThatGoesInACircleComesToAnEnd() {
        int[] circle = new int[512];
        circle[0] = 1 << 10 | 1 << 9;
        circle[256 ^ 'A'] = 'A' << 10 | 'A';
        assertDoesNotThrow(() -> check(charsMap(circle, "a\0"), false));
        circle[0] = 2 << 10 | 1 << 9;
        assertTrue(refusal(charsMap(circle, "a\0")).contains("leads beyond its end"));
    }

    @Test
    void aMapOfCharactersThatLeadsJustBehindItsEndIsRefused() {
        int[] nodes = new int[513];
        nodes[0] = 512 << 10;
        assertTrue(refusal(charsMap(nodes, "a\0")).contains("leads beyond its end"));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 8})
    void aMapOfCharactersThatIsCutIsRefused(int bytes) {
        byte[] map = {4, 0, 0, 0, 0, 0, 0, 0, 'a', 0};
        String refusal = refusal(unigram()
                .array(
                        "tokenizer.ggml.precompiled_charsmap",
                        GgufValueType.UINT8,
                        bytes,
                        out -> out.write(map, 0, bytes)));
        assertEquals("has a tokenizer.ggml.precompiled_charsmap that ends before its texts do", refusal);
    }

    @Test
    void aMapOfCharactersThatIsNoneIsRefused() {
        String none = "has a tokenizer.ggml.precompiled_charsmap that is not an array of bytes";
        assertEquals(none, refusal(unigram().text("tokenizer.ggml.precompiled_charsmap", "x")));
        assertEquals(none, refusal(unigram().int32s("tokenizer.ggml.precompiled_charsmap", new int[2])));
    }
}
