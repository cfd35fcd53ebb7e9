package io.llamanode.gguf;

/**
 * How much of a file is looked at and kept, whatever it claims: no header, sparse or forged, takes more memory than a small
 * heap has, or more time than reading half a gigabyte.
 */
final class GgufLimits {

    /** Tensors, and metadata values. */
    static final int ENTRIES = 1 << 16;

    /** Bytes of a key. */
    static final int KEY_BYTES = 65_535;

    /** Bytes of a tensor's name: {@code GGML_MAX_NAME} with its terminator. */
    static final int TENSOR_NAME_BYTES = 63;

    /** Bytes of a text. */
    static final int TEXT_BYTES = 64 << 20;

    /** Bytes of a text in an array. */
    static final int ELEMENT_BYTES = 1 << 20;

    /** Texts of an array. */
    static final int TEXTS = 1 << 22;

    /** Numbers of an array that are read at once; there may be more, which are passed over. */
    static final int NUMBERS = 1 << 21;

    /** Bytes of a text that is kept; a longer one is passed over. */
    static final int KEPT_TEXT_BYTES = 1 << 12;

    /** Bytes of a chat template that is kept. */
    static final int KEPT_TEMPLATE_BYTES = 1 << 20;

    /** Bytes of all keys, names and texts that are kept. */
    static final int KEPT_BYTES = 8 << 20;

    /** Bytes of a header. */
    static final int HEADER_BYTES = 512 << 20;

    private GgufLimits() {}
}
