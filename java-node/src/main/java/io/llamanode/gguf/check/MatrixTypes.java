package io.llamanode.gguf.check;

import io.llamanode.gguf.GgmlType;

/** What llama.cpp can do with tensors of each type. */
final class MatrixTypes {
    private MatrixTypes() {}

    /**
     * {@return whether a matrix of a type can be multiplied and its rows looked up}
     *
     * @param type of its elements
     */
    static boolean canMultiply(GgmlType type) {
        return switch (type) {
            // Integers are tables; 64-bit floats have no kernels; the last two are only made while multiplying.
            case I8, I16, I32, I64, F64, Q8_1, Q8_K -> false;
            default -> true;
        };
    }
}
