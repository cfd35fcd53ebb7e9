package io.llamanode.gguf;

import java.util.Optional;

/**
 * Element types of tensors ({@code enum ggml_type} of ggml.h). A row is stored in blocks of
 * {@link #blockElements()} elements that take {@link #blockBytes()} bytes each.
 */
public enum GgmlType {
    /** 32-bit float. */
    F32(0, 1, 4),
    /** 16-bit float. */
    F16(1, 1, 2),
    /** 4-bit blocks with a scale. */
    Q4_0(2, 32, 18),
    /** 4-bit blocks with a scale and a minimum. */
    Q4_1(3, 32, 20),
    /** 5-bit blocks with a scale. */
    Q5_0(6, 32, 22),
    /** 5-bit blocks with a scale and a minimum. */
    Q5_1(7, 32, 24),
    /** 8-bit blocks with a scale. */
    Q8_0(8, 32, 34),
    /** 8-bit blocks with a scale and a sum. */
    Q8_1(9, 32, 36),
    /** 2-bit super-blocks. */
    Q2_K(10, 256, 84),
    /** 3-bit super-blocks. */
    Q3_K(11, 256, 110),
    /** 4-bit super-blocks. */
    Q4_K(12, 256, 144),
    /** 5-bit super-blocks. */
    Q5_K(13, 256, 176),
    /** 6-bit super-blocks. */
    Q6_K(14, 256, 210),
    /** 8-bit super-blocks. */
    Q8_K(15, 256, 292),
    /** 2.06 bits a weight. */
    IQ2_XXS(16, 256, 66),
    /** 2.31 bits a weight. */
    IQ2_XS(17, 256, 74),
    /** 3.06 bits a weight. */
    IQ3_XXS(18, 256, 98),
    /** 1.56 bits a weight. */
    IQ1_S(19, 256, 50),
    /** 4-bit non-linear blocks. */
    IQ4_NL(20, 32, 18),
    /** 3.44 bits a weight. */
    IQ3_S(21, 256, 110),
    /** 2.5 bits a weight. */
    IQ2_S(22, 256, 82),
    /** 4.25 bits a weight. */
    IQ4_XS(23, 256, 136),
    /** 8-bit integer. */
    I8(24, 1, 1),
    /** 16-bit integer. */
    I16(25, 1, 2),
    /** 32-bit integer. */
    I32(26, 1, 4),
    /** 64-bit integer. */
    I64(27, 1, 8),
    /** 64-bit float. */
    F64(28, 1, 8),
    /** 1.75 bits a weight. */
    IQ1_M(29, 256, 56),
    /** Brain float. */
    BF16(30, 1, 2),
    /** Ternary, 1.69 bits a weight. */
    TQ1_0(34, 256, 54),
    /** Ternary, 2.06 bits a weight. */
    TQ2_0(35, 256, 66),
    /** 4-bit floats with a shared exponent; unknown to b4916, like what follows. */
    MXFP4(39, 32, 17),
    /** 4-bit floats with 8-bit float scales. */
    NVFP4(40, 64, 36),
    /** 1-bit blocks with a scale. */
    Q1_0(41, 128, 18),
    /** 2-bit blocks with a scale. */
    Q2_0(42, 64, 18);

    private static final GgmlType[] BY_ID = new GgmlType[64];

    static {
        for (GgmlType type : values()) {
            BY_ID[type.id] = type;
        }
    }

    private final int id;
    private final int blockElements;
    private final int blockBytes;

    GgmlType(int id, int blockElements, int blockBytes) {
        this.id = id;
        this.blockElements = blockElements;
        this.blockBytes = blockBytes;
    }

    /**
     * The type with a number.
     *
     * @param id number in a file
     * @return the type, or empty for a number that has none
     */
    public static Optional<GgmlType> of(int id) {
        return id >= 0 && id < BY_ID.length ? Optional.ofNullable(BY_ID[id]) : Optional.empty();
    }

    /** {@return the number in {@code enum ggml_type}} */
    public int id() {
        return id;
    }

    /** {@return elements of a block} */
    public int blockElements() {
        return blockElements;
    }

    /** {@return bytes of a block} */
    public int blockBytes() {
        return blockBytes;
    }

    /** {@return whether elements are stored in blocks of more than one} */
    public boolean isQuantized() {
        return blockElements > 1;
    }

    /**
     * Size of a row.
     *
     * @param elements elements of the row, a multiple of {@link #blockElements()}
     * @return bytes
     * @throws ArithmeticException beyond 2^63-1
     */
    public long rowBytes(long elements) {
        return Math.multiplyExact(elements / blockElements, (long) blockBytes);
    }
}
