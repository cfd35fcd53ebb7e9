package io.llamanode.gguf;

import java.util.List;

/**
 * What a header says of a tensor.
 *
 * @param name name, such as {@code blk.0.attn_q.weight}
 * @param type element type
 * @param dims up to 4 sizes, the fastest running first, each at least 1; none: a single element
 * @param offset first byte, counted from the start of the data section
 * @param bytes size
 */
public record GgufTensor(String name, GgmlType type, List<Long> dims, long offset, long bytes) {

    /** {@return the number of elements} */
    public long elements() {
        long product = 1;
        for (long dim : dims) {
            product *= dim;
        }
        return product;
    }
}
