package io.llamanode.gguf.check;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.llamanode.gguf.GgmlType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where blocks keep their numbers, by the bytes of one that is infinite or none. */
class FiniteNumbersTest {
    /** Offsets are those of the structures in ggml-common.h. */
    @ParameterizedTest
    @CsvSource({
        "F32,     0, 0000807f", // +infinity
        "F32,     0, 0100807f", // NaN
        "F32,     0, 000080ff", // -infinity
        "F64,     0, 000000000000f07f",
        "F64,     0, 010000000000f0ff",
        "F16,     0, 007c",
        "F16,     0, 01fc",
        "BF16,    0, 807f",
        "BF16,    0, c0ff",
        "Q8_0,    0, 007c",
        "Q4_1,    0, 007c",
        "Q4_1,    2, 007c",
        "Q2_K,   80, 007c",
        "Q2_K,   82, 007c",
        "Q3_K,  108, 007c",
        "Q6_K,  208, 007c",
        "TQ1_0,  52, 007c",
        "TQ2_0,  64, 007c",
        "Q8_K,    0, 0000807f",
        "MXFP4,   0, ff",
        // The bits of infinity, 7C00, from the lowest four up in the upper four of a word each.
        "IQ1_M,  48, 0000000000c00070",
    })
    void aNumberThatIsNotFiniteIsFoundInItsBlock(GgmlType type, int offset, String hex) {
        byte[] bad = HexFormat.of().parseHex(hex);
        ByteBuffer blocks = ByteBuffer.allocate(3 * type.blockBytes()).order(ByteOrder.LITTLE_ENDIAN);
        BlockNumbers numbers = BlockNumbers.of(type);
        assertEquals(-1, numbers.firstBad(blocks, type.blockBytes()));
        blocks.put(2 * type.blockBytes() + offset, bad);
        assertEquals(2, numbers.firstBad(blocks, type.blockBytes()));
        blocks.put(offset, bad);
        assertEquals(0, numbers.firstBad(blocks, type.blockBytes()));
    }

    /** The largest numbers that there are of each kind, and what only looks like none of them. */
    @ParameterizedTest
    @CsvSource({
        "F32,    0, ffff7f7f",
        "F32,    0, ffff7fff",
        "F64,    0, ffffffffffffef7f",
        "F16,    0, ff7b",
        "BF16,   0, 7fff",
        "Q8_0,   2, ffffffff",
        "Q2_K,   0, ffffffff",
        "MXFP4,  0, fe",
        "MXFP4,  1, ff",
        "IQ1_M, 48, ff0fff0fff0fff0f",
        "IQ1_M, 48, 0000000000b00070",
        "NVFP4,  0, ffffffff",
        "I32,    0, ffffffff",
    })
    void whatIsFiniteIsTaken(GgmlType type, int offset, String hex) {
        ByteBuffer block = ByteBuffer.allocate(type.blockBytes()).order(ByteOrder.LITTLE_ENDIAN);
        block.put(offset, HexFormat.of().parseHex(hex));
        assertEquals(-1, BlockNumbers.of(type).firstBad(block, type.blockBytes()));
    }
}
