package io.llamanode.gguf;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes GGUF version 3 files: metadata first, then tensors in the order in which they were added. */
public final class GgufWriter {

    private static final int ALIGNMENT = 32;

    /** Writes the bytes of a tensor. */
    @FunctionalInterface
    public interface Data {
        /**
         * Writes exactly the bytes of the tensor.
         *
         * @param out where to
         * @throws IOException when that fails
         */
        void writeTo(OutputStream out) throws IOException;
    }

    private record Tensor(String name, GgmlType type, long[] dims, long bytes, Data data) {}

    private final Map<String, Data> metadata = new LinkedHashMap<>();
    private final List<Tensor> tensors = new ArrayList<>();

    /** Adds or replaces a string. */
    public GgufWriter text(String key, String value) {
        return value(key, GgufValueType.STRING, out -> string(out, value));
    }

    /** Adds or replaces an unsigned 32-bit integer. */
    public GgufWriter uint32(String key, int value) {
        return value(key, GgufValueType.UINT32, out -> int32(out, value));
    }

    /** Adds or replaces an unsigned 64-bit integer. */
    public GgufWriter uint64(String key, long value) {
        return value(key, GgufValueType.UINT64, out -> int64(out, value));
    }

    /** Adds or replaces a 32-bit float. */
    public GgufWriter float32(String key, float value) {
        return value(key, GgufValueType.FLOAT32, out -> int32(out, Float.floatToRawIntBits(value)));
    }

    /** Adds or replaces a boolean. */
    public GgufWriter bool(String key, boolean value) {
        return value(key, GgufValueType.BOOL, out -> out.write(value ? 1 : 0));
    }

    /** Adds or replaces an array of strings. */
    public GgufWriter texts(String key, List<String> values) {
        return array(key, GgufValueType.STRING, values.size(), out -> {
            for (String value : values) {
                string(out, value);
            }
        });
    }

    /** Adds or replaces an array of 32-bit integers. */
    public GgufWriter int32s(String key, int[] values) {
        return array(key, GgufValueType.INT32, values.length, out -> {
            for (int value : values) {
                int32(out, value);
            }
        });
    }

    /** Adds or replaces an array of 32-bit floats. */
    public GgufWriter float32s(String key, float[] values) {
        return array(key, GgufValueType.FLOAT32, values.length, out -> {
            for (float value : values) {
                int32(out, Float.floatToRawIntBits(value));
            }
        });
    }

    /** Adds or replaces an array, its elements as raw bytes. */
    public GgufWriter array(String key, GgufValueType type, long count, Data elements) {
        return value(key, GgufValueType.ARRAY, out -> {
            int32(out, type.ordinal());
            int64(out, count);
            elements.writeTo(out);
        });
    }

    /** Adds or replaces a value of any type, as raw bytes. */
    public GgufWriter value(String key, GgufValueType type, Data value) {
        metadata.put(key, out -> {
            int32(out, type.ordinal());
            value.writeTo(out);
        });
        return this;
    }

    /** Removes a value. */
    public GgufWriter remove(String key) {
        metadata.remove(key);
        return this;
    }

    /** Copies the metadata of a file whose keys start with a prefix. */
    public GgufWriter copyMetadata(GgufFile file, String prefix) {
        file.metadata().forEach((key, value) -> {
            if (key.startsWith(prefix)) {
                copy(file, key, value);
            }
        });
        return this;
    }

    private void copy(GgufFile file, String key, GgufValue value) {
        switch (value) {
            case GgufValue.Text(String text) -> text(key, text);
            case GgufValue.LongText _ -> throw new IllegalArgumentException(key + " is too long to be copied");
            case GgufValue.Bool(boolean truth) -> bool(key, truth);
            case GgufValue.Real(double real, GgufValueType type) -> {
                if (type == GgufValueType.FLOAT32) {
                    float32(key, (float) real);
                } else {
                    value(key, type, out -> int64(out, Double.doubleToRawLongBits(real)));
                }
            }
            case GgufValue.Int(long number, GgufValueType type) ->
                value(key, type, out -> {
                    for (int i = 0; i < type.bytes(); i++) {
                        out.write((int) (number >>> 8 * i));
                    }
                });
            case GgufValue.Array array ->
                array(key, array.elementType(), array.count(), out -> {
                    try (var in = Files.newInputStream(file.path())) {
                        in.skipNBytes(array.fileOffset());
                        out.write(in.readNBytes(Math.toIntExact(array.byteLength())));
                    }
                });
        }
    }

    /** Removes a tensor. */
    public GgufWriter removeTensor(String name) {
        tensors.removeIf(tensor -> tensor.name.equals(name));
        return this;
    }

    /** Adds a tensor; the first dimension runs fastest. */
    public GgufWriter tensor(String name, GgmlType type, long[] dims, Data data) {
        long rows = 1;
        for (int i = 1; i < dims.length; i++) {
            rows *= dims[i];
        }
        tensors.add(new Tensor(name, type, dims.clone(), type.rowBytes(dims[0]) * rows, data));
        return this;
    }

    /**
     * Writes the model split into files, as {@code llama-gguf-split} does: all metadata in the first.
     *
     * @return the first file
     */
    public Path writeShards(Path directory, String name, int count) {
        List<Path> paths = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            GgufWriter shard = new GgufWriter();
            if (i == 0) {
                shard.metadata.putAll(metadata);
            }
            shard.value("split.no", GgufValueType.UINT16, uint16(i));
            shard.value("split.count", GgufValueType.UINT16, uint16(count));
            shard.value("split.tensors.count", GgufValueType.INT32, int32(tensors.size()));
            shard.tensors.addAll(tensors.subList(tensors.size() * i / count, tensors.size() * (i + 1) / count));
            paths.add(shard.write(directory.resolve("%s-%05d-of-%05d.gguf".formatted(name, i + 1, count))));
        }
        return paths.getFirst();
    }

    private static Data uint16(int value) {
        return out -> {
            out.write(value);
            out.write(value >>> 8);
        };
    }

    private static Data int32(int value) {
        return out -> int32(out, value);
    }

    /** Writes the file. */
    public Path write(Path path) {
        try (OutputStream file = new BufferedOutputStream(Files.newOutputStream(path), 1 << 20)) {
            Counting out = new Counting(file);
            int32(out, 0x46554747);
            int32(out, 3);
            int64(out, tensors.size());
            int64(out, metadata.size());
            for (Map.Entry<String, Data> entry : metadata.entrySet()) {
                string(out, entry.getKey());
                entry.getValue().writeTo(out);
            }
            long offset = 0;
            for (Tensor tensor : tensors) {
                string(out, tensor.name);
                int32(out, tensor.dims.length);
                for (long dim : tensor.dims) {
                    int64(out, dim);
                }
                int32(out, tensor.type.id());
                int64(out, offset);
                offset = padded(offset + tensor.bytes);
            }
            pad(out);
            for (Tensor tensor : tensors) {
                long start = out.count;
                tensor.data.writeTo(out);
                if (out.count - start != tensor.bytes) {
                    throw new IllegalStateException(
                            tensor.name + " wrote " + (out.count - start) + " bytes instead of " + tensor.bytes);
                }
                pad(out);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return path;
    }

    private static long padded(long position) {
        return (position + ALIGNMENT - 1) & -ALIGNMENT;
    }

    private static void pad(Counting out) throws IOException {
        out.write(new byte[(int) (padded(out.count) - out.count)]);
    }

    private static void string(OutputStream out, String value) throws IOException {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        int64(out, bytes.length);
        out.write(bytes);
    }

    /** Writes a little-endian 32-bit integer. */
    public static void int32(OutputStream out, int value) throws IOException {
        out.write(ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(value)
                .array());
    }

    /** Writes a little-endian 64-bit integer. */
    public static void int64(OutputStream out, long value) throws IOException {
        out.write(ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array());
    }

    private static final class Counting extends OutputStream {
        private final OutputStream out;
        private long count;

        Counting(OutputStream out) {
            this.out = out;
        }

        @Override
        public void write(int b) throws IOException {
            out.write(b);
            count++;
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            out.write(bytes, from, length);
            count += length;
        }
    }
}
