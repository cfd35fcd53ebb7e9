package io.llamanode.gguf.check;

import io.llamanode.gguf.GgmlType;
import java.nio.ByteBuffer;

/**
 * Where a block of each element type keeps its floating-point numbers. Quantized elements are small integers, which are
 * numbers whatever their bits; what they are multiplied by need not be one.
 *
 * @param kind how the numbers are written
 * @param first offset of the first one in a block, bytes
 * @param count how many there are, one behind the other
 */
record BlockNumbers(Kind kind, int first, int count) {

    private static final int F32_EXPONENT = 0x7F80_0000;
    private static final int F16_EXPONENT = 0x7C00;
    private static final int BF16_EXPONENT = 0x7F80;
    private static final byte E8M0_NAN = (byte) 0xFF;

    /** How a number is written. */
    enum Kind {
        /** 32 bits. */
        FLOAT(4),
        /** 64 bits. */
        DOUBLE(8),
        /** 16 bits, 5 of them exponent. */
        HALF(2),
        /** The upper 16 bits of a {@link #FLOAT}. */
        BRAIN(2),
        /** 8 bits of exponent alone. */
        EXPONENT(1),
        /** A {@link #HALF} in the upper four bits of four 16-bit words. */
        SPREAD_HALF(8),
        /** No bits that could be anything but a number. */
        NONE(1);

        private final int bytes;

        Kind(int bytes) {
            this.bytes = bytes;
        }
    }

    /** {@return where a type keeps them} */
    static BlockNumbers of(GgmlType type) {
        return switch (type) {
            case F32 -> new BlockNumbers(Kind.FLOAT, 0, 1);
            case F64 -> new BlockNumbers(Kind.DOUBLE, 0, 1);
            case F16 -> new BlockNumbers(Kind.HALF, 0, 1);
            case BF16 -> new BlockNumbers(Kind.BRAIN, 0, 1);
            case Q4_0, Q5_0, Q8_0, IQ4_NL, Q1_0, Q2_0 -> new BlockNumbers(Kind.HALF, 0, 1);
            case Q4_1, Q5_1, Q8_1, Q4_K, Q5_K -> new BlockNumbers(Kind.HALF, 0, 2);
            case IQ1_S, IQ2_XXS, IQ2_XS, IQ2_S, IQ3_XXS, IQ3_S, IQ4_XS -> new BlockNumbers(Kind.HALF, 0, 1);
            case Q2_K -> new BlockNumbers(Kind.HALF, 80, 2);
            case Q3_K -> new BlockNumbers(Kind.HALF, 108, 1);
            case Q6_K -> new BlockNumbers(Kind.HALF, 208, 1);
            case TQ1_0 -> new BlockNumbers(Kind.HALF, 52, 1);
            case TQ2_0 -> new BlockNumbers(Kind.HALF, 64, 1);
            case Q8_K -> new BlockNumbers(Kind.FLOAT, 0, 1);
            case IQ1_M -> new BlockNumbers(Kind.SPREAD_HALF, 48, 1);
            case MXFP4 -> new BlockNumbers(Kind.EXPONENT, 0, 1);
            // Each byte of NVFP4's scales is a number to llama.cpp.
            case NVFP4, I8, I16, I32, I64 -> new BlockNumbers(Kind.NONE, 0, 0);
        };
    }

    /**
     * Looks at whole blocks.
     *
     * @param blocks little endian, from 0 to its limit
     * @param blockBytes bytes of a block
     * @return the first block with a number that is not finite, or -1
     */
    int firstBad(ByteBuffer blocks, int blockBytes) {
        for (int block = 0, at = first; at < blocks.limit(); block++, at += blockBytes) {
            for (int i = 0; i < count; i++) {
                if (!isFinite(blocks, at + i * kind.bytes)) {
                    return block;
                }
            }
        }
        return -1;
    }

    private boolean isFinite(ByteBuffer in, int at) {
        return switch (kind) {
            case FLOAT -> (in.getInt(at) & F32_EXPONENT) != F32_EXPONENT;
            case DOUBLE -> Double.isFinite(in.getDouble(at));
            case HALF -> (in.getShort(at) & F16_EXPONENT) != F16_EXPONENT;
            case BRAIN -> (in.getShort(at) & BF16_EXPONENT) != BF16_EXPONENT;
            case EXPONENT -> in.get(at) != E8M0_NAN;
            case SPREAD_HALF -> (spread(in, at) & F16_EXPONENT) != F16_EXPONENT;
            case NONE -> true;
        };
    }

    private static int spread(ByteBuffer in, int at) {
        int half = 0;
        for (int i = 0; i < 4; i++) {
            half |= (in.getShort(at + 2 * i) >>> 12 & 0xF) << 4 * i;
        }
        return half;
    }
}
