package io.llamanode.testmodel;

import io.llamanode.gguf.GgmlType;
import io.llamanode.gguf.GgufWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;

/** Seeded random weights of several element types, roughly uniform in plus or minus a scale. */
final class RandomWeights {

    private static final int CHUNK_BLOCKS = 4096;

    private RandomWeights() {}

    static GgufWriter.Data of(GgmlType type, long elements, float scale, long seed) {
        return out -> {
            SplittableRandom random = new SplittableRandom(seed);
            long blocks = elements / type.blockElements();
            for (long done = 0; done < blocks; done += CHUNK_BLOCKS) {
                int n = (int) Math.min(CHUNK_BLOCKS, blocks - done);
                out.write(chunk(type, n, scale, random));
            }
        };
    }

    static GgufWriter.Data constant(long elements, float value) {
        return out -> {
            byte[] bytes = new byte[Math.toIntExact(elements * Float.BYTES)];
            ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
            while (buffer.hasRemaining()) {
                buffer.putFloat(value);
            }
            out.write(bytes);
        };
    }

    private static byte[] chunk(GgmlType type, int blocks, float scale, SplittableRandom random) {
        ByteBuffer buffer = ByteBuffer.allocate(blocks * type.blockBytes()).order(ByteOrder.LITTLE_ENDIAN);
        switch (type) {
            case F32 -> {
                while (buffer.hasRemaining()) {
                    buffer.putFloat((random.nextInt(65536) - 32768) * (scale / 32768f));
                }
            }
            case F16 -> {
                while (buffer.hasRemaining()) {
                    buffer.putShort(Float.floatToFloat16((random.nextInt(65536) - 32768) * (scale / 32768f)));
                }
            }
            case Q8_0 -> quantized(buffer, type, Float.floatToFloat16(scale / 127f), random);
            case Q4_0 -> quantized(buffer, type, Float.floatToFloat16(scale / 8f), random);
            default -> throw new IllegalArgumentException("no random weights of type " + type);
        }
        return buffer.array();
    }

    /** Blocks of one 16-bit scale and random quants; all their bit patterns are valid. */
    private static void quantized(ByteBuffer buffer, GgmlType type, short blockScale, SplittableRandom random) {
        byte[] quants = new byte[type.blockBytes() - Short.BYTES];
        while (buffer.hasRemaining()) {
            random.nextBytes(quants);
            buffer.putShort(blockScale).put(quants);
        }
    }
}
