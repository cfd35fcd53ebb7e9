package io.llamanode.fuzz;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A GGUF file taken apart, so that its parts can be changed; put together again it need not be a sound one. */
final class GgufImage {
    static final int STRING = 8;
    static final int ARRAY = 9;
    static final int UINT64 = 10;
    private static final int[] SIZES = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

    /** A metadata value: what follows the number of its type. */
    static final class Value {
        String key;
        int type;
        byte[] bytes;

        Value(String key, int type, byte[] bytes) {
            this.key = key;
            this.type = type;
            this.bytes = bytes;
        }

        ByteBuffer buffer() {
            return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        }
    }

    /** A tensor with its data. */
    static final class Tensor {
        String name;
        long[] dims;
        int type;
        /** Added to the offset that would be right. */
        long shift;

        byte[] data;

        Tensor(String name, long[] dims, int type) {
            this.name = name;
            this.dims = dims;
            this.type = type;
        }
    }

    int version = 3;
    int alignment = 32;
    long moreValues;
    long moreTensors;
    final List<Value> values = new ArrayList<>();
    final List<Tensor> tensors = new ArrayList<>();

    static GgufImage parse(byte[] file) {
        GgufImage image = new GgufImage();
        ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        in.getInt();
        image.version = in.getInt();
        long tensors = in.getLong();
        long values = in.getLong();
        for (long i = 0; i < values; i++) {
            String key = text(in);
            int type = in.getInt();
            int start = in.position();
            skip(in, type);
            byte[] bytes = new byte[in.position() - start];
            in.get(start, bytes);
            image.values.add(new Value(key, type, bytes));
        }
        List<Long> offsets = new ArrayList<>();
        for (long i = 0; i < tensors; i++) {
            String name = text(in);
            long[] dims = new long[in.getInt()];
            for (int d = 0; d < dims.length; d++) {
                dims[d] = in.getLong();
            }
            image.tensors.add(new Tensor(name, dims, in.getInt()));
            offsets.add(in.getLong());
        }
        int data = padded(in.position(), 32);
        for (int i = 0; i < tensors; i++) {
            int from = (int) (data + offsets.get(i));
            int to = i + 1 < tensors ? (int) (data + offsets.get(i + 1)) : file.length;
            image.tensors.get(i).data = java.util.Arrays.copyOfRange(file, from, to);
        }
        return image;
    }

    private static void skip(ByteBuffer in, int type) {
        if (type == STRING) {
            text(in);
        } else if (type == ARRAY) {
            int element = in.getInt();
            long count = in.getLong();
            for (long i = 0; i < count; i++) {
                skip(in, element);
            }
        } else {
            in.position(in.position() + SIZES[type]);
        }
    }

    private static String text(ByteBuffer in) {
        byte[] bytes = new byte[(int) in.getLong()];
        in.get(bytes);
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    static int size(int type) {
        return type >= 0 && type < SIZES.length ? SIZES[type] : 0;
    }

    /** {@return the file} */
    byte[] bytes() {
        int data = 0;
        int head = 64 + 32;
        for (Value value : values) {
            head += value.key.length() + 16 + value.bytes.length;
        }
        for (Tensor tensor : tensors) {
            head += tensor.name.length() + 64;
            data += tensor.data.length + alignment;
        }
        ByteBuffer out = ByteBuffer.allocate(head + data + 2 * alignment).order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(0x46554747).putInt(version);
        out.putLong(tensors.size() + moreTensors).putLong(values.size() + moreValues);
        for (Value value : values) {
            put(out, value.key);
            out.putInt(value.type).put(value.bytes);
        }
        long offset = 0;
        for (Tensor tensor : tensors) {
            put(out, tensor.name);
            out.putInt(tensor.dims.length);
            for (long dim : tensor.dims) {
                out.putLong(dim);
            }
            out.putInt(tensor.type).putLong(offset + tensor.shift);
            offset = padded((int) offset + tensor.data.length, alignment);
        }
        int start = padded(out.position(), alignment);
        int at = start;
        for (Tensor tensor : tensors) {
            out.put(at, tensor.data);
            at = padded(at - start + tensor.data.length, alignment) + start;
        }
        byte[] file = new byte[at];
        out.get(0, file);
        return file;
    }

    private static void put(ByteBuffer out, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        out.putLong(bytes.length).put(bytes);
    }

    private static int padded(int position, int alignment) {
        return (position + alignment - 1) / alignment * alignment;
    }
}
