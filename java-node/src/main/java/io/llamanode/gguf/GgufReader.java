package io.llamanode.gguf;

import static io.llamanode.gguf.GgufException.Reason.EMPTY;
import static io.llamanode.gguf.GgufException.Reason.MALFORMED;
import static io.llamanode.gguf.GgufException.Reason.MISSING;
import static io.llamanode.gguf.GgufException.Reason.NOT_GGUF;
import static io.llamanode.gguf.GgufException.Reason.TRUNCATED;
import static io.llamanode.gguf.GgufException.Reason.UNREADABLE;
import static io.llamanode.gguf.GgufException.Reason.UNSUPPORTED_VERSION;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The parser behind {@link GgufFile#read}. Its limits and its order of checks are at least as strict as
 * those of {@code gguf_init_from_file}, which answers some malformed headers with an abort or a division by zero.
 */
final class GgufReader {

    private static final int MAGIC = 0x46554747; // "GGUF", little endian
    private static final String TEMPLATE = "tokenizer.chat_template";
    private static final int MAX_DIMS = 4;
    private static final int DEFAULT_ALIGNMENT = 32;

    private final Path path;
    private final GgufInput in;
    private long kept;

    private GgufReader(Path path, GgufInput in) {
        this.path = path;
        this.in = in;
    }

    static GgufFile read(Path path) {
        FileKind.notAFile(path).ifPresent(why -> {
            throw new GgufException(MISSING, why);
        });
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            if (channel.size() == 0) {
                throw new GgufException(EMPTY, path + " is empty");
            }
            return new GgufReader(path, new GgufInput(path, channel, 0)).header();
        } catch (IOException e) {
            throw new GgufException(UNREADABLE, path + " cannot be read: " + e.getMessage(), e);
        }
    }

    static void visit(Path path, GgufValue.Array array, GgufFile.TextVisitor visitor) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            GgufInput in = new GgufInput(path, channel, array.fileOffset());
            byte[] bytes = new byte[256];
            for (int i = 0; i < array.count(); i++) {
                int length = in.length(GgufLimits.ELEMENT_BYTES, "an array element");
                if (length > bytes.length) {
                    bytes = new byte[Math.max(length, 2 * bytes.length)];
                }
                in.read(bytes, length);
                if (!visitor.see(i, bytes, length)) {
                    return;
                }
            }
        }
    }

    static ByteBuffer raw(Path path, GgufValue.Array array) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            GgufInput in = new GgufInput(path, channel, array.fileOffset());
            in.require(array.byteLength(), "an array");
            byte[] bytes = new byte[Math.toIntExact(array.byteLength())];
            in.read(bytes, bytes.length);
            return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        }
    }

    private GgufFile header() throws IOException {
        if (in.remaining() < 4 || in.int32() != MAGIC) {
            throw new GgufException(NOT_GGUF, path + " is not a GGUF file");
        }
        int version = in.int32();
        if (version != 2 && version != 3) {
            String what = version == 1
                    ? "version 1, which llama.cpp no longer reads"
                    : (version & 0xffff) == 0 ? "big-endian data" : "version " + Integer.toUnsignedString(version);
            throw new GgufException(UNSUPPORTED_VERSION, path + " has " + what + "; versions 2 and 3 are supported");
        }
        long nTensors = count(in.int64(), "tensors");
        long nValues = count(in.int64(), "metadata values");
        Map<String, GgufValue> metadata = metadata(nValues);
        int alignment = alignment(metadata.get("general.alignment"));
        Map<String, GgufTensor> tensors = tensors(nTensors);
        long dataOffset = pad(in.position(), alignment);
        checkExtents(tensors, alignment, dataOffset);
        long used = dataOffset;
        for (GgufTensor tensor : tensors.values()) {
            used = dataOffset + tensor.offset() + tensor.bytes();
        }
        GgufFile.Part part = new GgufFile.Part(path, in.position(), Math.min(used, in.size()));
        return new GgufFile(path, version, alignment, dataOffset, in.size(), metadata, tensors, List.of(part));
    }

    private long count(long count, String what) {
        if (count < 0 || count > GgufLimits.ENTRIES) {
            throw malformed("claims " + Long.toUnsignedString(count) + " " + what + "; at most " + GgufLimits.ENTRIES
                    + " are accepted");
        }
        return count;
    }

    private Map<String, GgufValue> metadata(long count) throws IOException {
        Map<String, GgufValue> metadata = new LinkedHashMap<>();
        for (long i = 0; i < count; i++) {
            String key = in.string(GgufLimits.KEY_BYTES, "a metadata key");
            if (key.isEmpty()) {
                throw malformed("has an empty metadata key");
            }
            keep(key.length(), key);
            GgufValueType type = type(in.int32(), key);
            GgufValue value = type == GgufValueType.ARRAY ? array(key) : scalar(type, key);
            if (metadata.put(key, value) != null) {
                throw malformed("has the metadata key " + key + " twice");
            }
        }
        return metadata;
    }

    private GgufValueType type(int number, String key) {
        GgufValueType[] types = GgufValueType.values();
        if (number < 0 || number >= types.length) {
            throw malformed("has the unknown value type " + Integer.toUnsignedString(number) + " at " + key);
        }
        return types[number];
    }

    private GgufValue scalar(GgufValueType type, String key) throws IOException {
        return switch (type) {
            case UINT8 -> new GgufValue.Int(Byte.toUnsignedLong(in.int8()), type);
            case INT8 -> new GgufValue.Int(in.int8(), type);
            case UINT16 -> new GgufValue.Int(Short.toUnsignedLong(in.int16()), type);
            case INT16 -> new GgufValue.Int(in.int16(), type);
            case UINT32 -> new GgufValue.Int(Integer.toUnsignedLong(in.int32()), type);
            case INT32 -> new GgufValue.Int(in.int32(), type);
            case UINT64, INT64 -> new GgufValue.Int(in.int64(), type);
            case FLOAT32 -> new GgufValue.Real(Float.intBitsToFloat(in.int32()), type);
            case FLOAT64 -> new GgufValue.Real(Double.longBitsToDouble(in.int64()), type);
            case BOOL -> new GgufValue.Bool(in.int8() != 0);
            case STRING -> text(key);
            case ARRAY -> throw new IllegalArgumentException("an array is no scalar");
        };
    }

    private GgufValue text(String key) throws IOException {
        int length = in.length(GgufLimits.TEXT_BYTES, "the value of " + key);
        int most = key.startsWith(TEMPLATE) ? GgufLimits.KEPT_TEMPLATE_BYTES : GgufLimits.KEPT_TEXT_BYTES;
        if (length > most) {
            in.skip(length);
            bounded(key);
            return new GgufValue.LongText(length);
        }
        keep(length, key);
        byte[] bytes = new byte[length];
        in.read(bytes, length);
        return new GgufValue.Text(new String(bytes, StandardCharsets.UTF_8));
    }

    private void keep(long bytes, String where) {
        kept += bytes;
        if (kept > GgufLimits.KEPT_BYTES) {
            throw malformed("has more than " + GgufLimits.KEPT_BYTES + " bytes of keys, names and texts, at " + where);
        }
    }

    private void bounded(String where) {
        if (in.position() > GgufLimits.HEADER_BYTES) {
            throw malformed("has a header of more than " + GgufLimits.HEADER_BYTES + " bytes, at " + where);
        }
    }

    private GgufValue array(String key) throws IOException {
        GgufValueType type = type(in.int32(), key);
        if (type == GgufValueType.ARRAY) {
            throw malformed("has an array of arrays at " + key);
        }
        long count = in.int64();
        long start = in.position();
        // Every element takes at least this many bytes, so that a count beyond the file is found at once.
        int least = type == GgufValueType.STRING ? Long.BYTES : type.bytes();
        if (count < 0 || count > Integer.MAX_VALUE) {
            throw malformed("claims " + Long.toUnsignedString(count) + " elements at " + key);
        }
        if (type == GgufValueType.STRING && count > GgufLimits.TEXTS) {
            throw malformed("has " + count + " texts at " + key + "; at most " + GgufLimits.TEXTS + " are accepted");
        }
        in.require(count * least, "the array " + key);
        if (type == GgufValueType.STRING) {
            for (long i = 0; i < count; i++) {
                in.skip(in.length(GgufLimits.ELEMENT_BYTES, "an element of " + key));
                bounded(key);
            }
        } else {
            in.skip(count * least);
            bounded(key);
        }
        return new GgufValue.Array(type, count, start, in.position() - start);
    }

    private int alignment(@Nullable GgufValue value) {
        return switch (value) {
            case null -> DEFAULT_ALIGNMENT;
            // llama.cpp aborts on any other type.
            case GgufValue.Int(long bytes, GgufValueType type)
            when type == GgufValueType.UINT32 && bytes <= 1 << 20 && Long.bitCount(bytes) == 1 -> (int) bytes;
            default -> throw malformed("has a general.alignment that is not a power of two of type uint32");
        };
    }

    private Map<String, GgufTensor> tensors(long count) throws IOException {
        Map<String, GgufTensor> tensors = new LinkedHashMap<>();
        for (long i = 0; i < count; i++) {
            String name = in.string(GgufLimits.TENSOR_NAME_BYTES, "a tensor name");
            if (name.isEmpty()) {
                throw malformed("has a tensor without a name");
            }
            keep(name.length(), name);
            int nDims = in.int32();
            if (nDims < 0 || nDims > MAX_DIMS) {
                throw malformed("gives the tensor " + name + " " + Integer.toUnsignedString(nDims) + " dimensions");
            }
            List<Long> dims = new ArrayList<>(MAX_DIMS);
            for (int d = 0; d < nDims; d++) {
                dims.add(in.int64());
            }
            int typeNumber = in.int32();
            long offset = in.int64();
            GgmlType type = GgmlType.of(typeNumber)
                    .orElseThrow(() -> malformed(
                            "gives the tensor " + name + " the unknown type " + Integer.toUnsignedString(typeNumber)));
            GgufTensor tensor = new GgufTensor(name, type, List.copyOf(dims), offset, bytes(name, type, dims));
            if (tensors.put(name, tensor) != null) {
                throw malformed("has the tensor " + name + " twice");
            }
        }
        return tensors;
    }

    private long bytes(String name, GgmlType type, List<Long> dims) {
        long row = dims.isEmpty() ? 1 : dims.getFirst();
        for (long dim : dims) {
            if (dim <= 0) {
                throw malformed("gives the tensor " + name + " the dimension " + dim);
            }
        }
        if (row % type.blockElements() != 0) {
            throw malformed(
                    "gives the tensor " + name + " rows of " + row + " elements, which " + type + " cannot store");
        }
        try {
            long bytes = type.rowBytes(row);
            for (int d = 1; d < dims.size(); d++) {
                bytes = Math.multiplyExact(bytes, dims.get(d));
            }
            return bytes;
        } catch (ArithmeticException e) {
            throw malformed("gives the tensor " + name + " more than 2^63 bytes");
        }
    }

    /** Tensors must follow each other without gaps other than padding, as llama.cpp requires. */
    private void checkExtents(Map<String, GgufTensor> tensors, int alignment, long dataOffset) {
        long expected = 0;
        for (GgufTensor tensor : tensors.values()) {
            if (tensor.offset() != expected) {
                throw malformed("puts the tensor " + tensor.name() + " at offset "
                        + Long.toUnsignedString(tensor.offset()) + " instead of " + expected);
            }
            long available = in.size() - dataOffset - tensor.offset();
            if (tensor.bytes() > available) {
                throw new GgufException(
                        TRUNCATED,
                        path + " is truncated: it has " + in.size() + " bytes and the tensor " + tensor.name()
                                + " ends at " + saturatedSum(dataOffset + tensor.offset(), tensor.bytes()));
            }
            expected = pad(tensor.offset() + tensor.bytes(), alignment);
        }
    }

    private static long saturatedSum(long a, long b) {
        long sum = a + b;
        return sum < 0 ? Long.MAX_VALUE : sum;
    }

    private static long pad(long position, int alignment) {
        return (position + alignment - 1) & -alignment;
    }

    private GgufException malformed(String what) {
        return new GgufException(MALFORMED, path + " " + what);
    }
}
