package io.llamanode.gguf;

/** A metadata value. Integers of every width are {@link Int}, both float widths {@link Real}. */
public sealed interface GgufValue {

    /**
     * An integer.
     *
     * @param value the number; a 64-bit unsigned one beyond 2^63-1 reads negative
     * @param type the type in the file
     */
    record Int(long value, GgufValueType type) implements GgufValue {}

    /**
     * A floating-point number.
     *
     * @param value the number
     * @param type the type in the file
     */
    record Real(double value, GgufValueType type) implements GgufValue {}

    /**
     * A boolean.
     *
     * @param value the truth value
     */
    record Bool(boolean value) implements GgufValue {}

    /**
     * A text of usual length.
     *
     * @param value decoded as UTF-8, malformed bytes replaced
     */
    record Text(String value) implements GgufValue {}

    /**
     * A text that is too long to be kept.
     *
     * @param bytes how long it is
     */
    record LongText(int bytes) implements GgufValue {}

    /**
     * An array. Its elements stay in the file: vocabularies run to megabytes and are rarely needed.
     *
     * @param elementType type of each element, never an array
     * @param count elements
     * @param fileOffset where the first one starts
     * @param byteLength bytes of all of them
     */
    record Array(GgufValueType elementType, long count, long fileOffset, long byteLength) implements GgufValue {}
}
