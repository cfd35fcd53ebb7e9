package io.llamanode.gguf.check;

import io.llamanode.gguf.GgmlType;
import io.llamanode.gguf.GgufException;
import io.llamanode.gguf.GgufException.Reason;
import io.llamanode.gguf.GgufFile;
import io.llamanode.gguf.GgufTensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;

/** Reads all weights of a file of one part and looks for one that is no number, or infinite. */
final class FiniteWeights {

    private static final int BUFFER_BYTES = 1 << 18;

    private FiniteWeights() {}

    /**
     * Looks at all tensors.
     *
     * @param file the file, not one of a model that is split
     * @throws GgufException {@code MALFORMED}, with the name of the tensor; {@code UNREADABLE}
     */
    static void check(GgufFile file) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        try (FileChannel channel = FileChannel.open(file.path(), StandardOpenOption.READ)) {
            for (GgufTensor tensor : file.tensors().values()) {
                check(file, tensor, channel, buffer);
            }
        } catch (IOException e) {
            throw new GgufException(Reason.UNREADABLE, file.path() + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static void check(GgufFile file, GgufTensor tensor, FileChannel channel, ByteBuffer buffer)
            throws IOException {
        GgmlType type = tensor.type();
        BlockNumbers numbers = BlockNumbers.of(type);
        int wholeBlocks = BUFFER_BYTES / type.blockBytes() * type.blockBytes();
        long start = file.dataOffset() + tensor.offset();
        for (long done = 0; done < tensor.bytes(); done += buffer.limit()) {
            buffer.clear().limit((int) Math.min(wholeBlocks, tensor.bytes() - done));
            while (buffer.hasRemaining()) {
                if (channel.read(buffer, start + done + buffer.position()) < 0) {
                    throw new GgufException(
                            Reason.TRUNCATED, file.path() + " is truncated: it shrank while being read");
                }
            }
            int bad = numbers.firstBad(buffer, type.blockBytes());
            if (bad >= 0) {
                long element = (done / type.blockBytes() + bad) * type.blockElements();
                throw new GgufException(
                        Reason.MALFORMED,
                        file.path() + " has a weight that is not a finite number in the tensor " + tensor.name()
                                + ", at or behind element " + element + "; get the file anew or convert it again");
            }
        }
    }
}
