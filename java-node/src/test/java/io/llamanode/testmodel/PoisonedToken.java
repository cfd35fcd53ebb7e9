package io.llamanode.testmodel;

import io.llamanode.gguf.GgufFile;
import io.llamanode.gguf.GgufTensor;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;

/** Models one of whose tokens is no number. */
public final class PoisonedToken {
    private PoisonedToken() {}

    /**
     * Makes the weights of one token's embedding NaN, in a file of 32-bit floats.
     *
     * @param file a model's
     * @param token the one
     */
    public static void write(Path file, int token) throws IOException {
        GgufFile header = GgufFile.read(file);
        GgufTensor embedding = header.tensors().get("token_embd.weight");
        int width = embedding.dims().getFirst().intValue();
        ByteBuffer bytes = ByteBuffer.allocate(width * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < width; i++) {
            bytes.putFloat(Float.NaN);
        }
        try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
            out.seek(header.dataOffset() + embedding.offset() + (long) token * width * Float.BYTES);
            out.write(bytes.array());
        }
    }
}
