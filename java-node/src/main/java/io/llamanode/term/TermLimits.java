package io.llamanode.term;

/**
 * What a received term may cost. A compressed term (tag 80) is refused whatever the limits are,
 * because it would have to be unpacked before it could be measured.
 *
 * @param maxDepth containers within containers; 0 allows only scalars
 * @param maxElements terms in all, the containers themselves included
 * @param maxBinaryBytes bytes of one binary or bit string
 * @param maxBignumBytes bytes of one integer's magnitude
 */
public record TermLimits(int maxDepth, int maxElements, int maxBinaryBytes, int maxBignumBytes) {
    /** Stack of a thread that decodes terms, bytes: JInterface recurses as deep as they are nested. */
    public static final long STACK_BYTES = 16 << 20;

    /** The limits of docs/protocol.md, section 2: for terms, and for JSON in them. */
    public static final TermLimits DEFAULT = ofHeap(Runtime.getRuntime().maxMemory());

    /** Bytes of heap for each element: a term takes a tenth of it while it is decoded, and what is made of it as much. */
    private static final int HEAP_FOR_ELEMENT = 512;
    /** Bytes of heap for each of a binary, which becomes a text of two bytes a character and may be copied. */
    private static final int HEAP_FOR_BYTE = 16;

    /**
     * {@return the limits of a node}
     *
     * @param heap bytes that it may have; one of 512 MiB and more has the highest limits
     */
    public static TermLimits ofHeap(long heap) {
        return new TermLimits(
                64,
                Math.clamp(heap / HEAP_FOR_ELEMENT, 10_000, 1_000_000),
                (int) Math.min(heap / HEAP_FOR_BYTE, 64 << 20),
                1024);
    }

    /**
     * Refuses negative limits and depths that the scanner's stack is not meant for.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public TermLimits {
        if (maxDepth < 0 || maxDepth > 10_000 || maxElements < 1 || maxBinaryBytes < 0 || maxBignumBytes < 8) {
            throw new IllegalArgumentException("limits out of range");
        }
    }
}
