package io.llamanode.gguf;

/** Types of metadata values ({@code enum gguf_type}); the ordinal is the number in the file. */
public enum GgufValueType {
    /** Unsigned 8-bit integer. */
    UINT8(1),
    /** Signed 8-bit integer. */
    INT8(1),
    /** Unsigned 16-bit integer. */
    UINT16(2),
    /** Signed 16-bit integer. */
    INT16(2),
    /** Unsigned 32-bit integer. */
    UINT32(4),
    /** Signed 32-bit integer. */
    INT32(4),
    /** 32-bit float. */
    FLOAT32(4),
    /** One byte, 0 or 1. */
    BOOL(1),
    /** Length and UTF-8 bytes. */
    STRING(0),
    /** Element type, count and elements. */
    ARRAY(0),
    /** Unsigned 64-bit integer. */
    UINT64(8),
    /** Signed 64-bit integer. */
    INT64(8),
    /** 64-bit float. */
    FLOAT64(8);

    private final int bytes;

    GgufValueType(int bytes) {
        this.bytes = bytes;
    }

    /** {@return bytes of a value, 0 when they vary} */
    public int bytes() {
        return bytes;
    }
}
