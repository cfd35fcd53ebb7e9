package io.llamanode.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.gguf.GgufException.Reason;
import io.llamanode.testmodel.SyntheticModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufShardsTest {

    @TempDir
    private Path directory;

    private static GgufWriter writer() {
        return SyntheticModels.writer(SyntheticModels.tiny());
    }

    private GgufException refused(Reason reason, Path path) {
        GgufException e = assertThrows(GgufException.class, () -> GgufFile.readModel(path));
        assertEquals(reason, e.reason(), e.getMessage());
        return e;
    }

    @Test
    void allShardsCount() throws IOException {
        GgufFile whole = GgufFile.readModel(writer().write(directory.resolve("whole.gguf")));
        Path first = writer().writeShards(directory, "split", 3);
        GgufFile split = GgufFile.readModel(first);
        assertEquals(whole.tensors().keySet(), split.tensors().keySet());
        assertEquals(whole.tensorBytes(), split.tensorBytes());
        assertEquals(whole.strings("tokenizer.ggml.tokens"), split.strings("tokenizer.ggml.tokens"));
        long bytes = 0;
        for (int i = 1; i <= 3; i++) {
            bytes += Files.size(directory.resolve("split-0000" + i + "-of-00003.gguf"));
        }
        assertEquals(bytes, split.fileBytes());
        assertEquals(first, split.path());
        assertEquals(
                List.of("split-00001-of-00003.gguf", "split-00002-of-00003.gguf", "split-00003-of-00003.gguf"),
                split.parts().stream()
                        .map(part -> part.path().getFileName().toString())
                        .toList());
        GgufFile.Part last = split.parts().getLast();
        assertTrue(last.headerBytes() < last.usedBytes() && last.usedBytes() <= Files.size(last.path()));
        assertEquals(
                MemoryEstimate.of(whole, 256, 32, 32, 1).total(),
                MemoryEstimate.of(split, 256, 32, 32, 1).total());
    }

    /** As a model whose first file holds no tensors but all metadata. */
    @Test
    void aFirstShardWithoutTensorsIsOne() {
        Path first = new GgufWriter().text("general.architecture", "llama").writeShards(directory, "empty", 2);
        assertEquals(0, GgufFile.readModel(first).tensors().size());
    }

    @Test
    void aMissingShardIsNamed() throws IOException {
        Path first = writer().writeShards(directory, "split", 3);
        Path second = directory.resolve("split-00002-of-00003.gguf");
        Files.delete(second);
        assertEquals(
                first + " is shard 1 of 3, and " + second + " does not exist",
                refused(Reason.MISSING, first).getMessage());
    }

    @Test
    void aCutShardIsNamed() throws IOException {
        Path first = writer().writeShards(directory, "split", 2);
        Path second = directory.resolve("split-00002-of-00002.gguf");
        byte[] bytes = Files.readAllBytes(second);
        Files.write(second, java.util.Arrays.copyOf(bytes, bytes.length - 1));
        String message = refused(Reason.TRUNCATED, first).getMessage();
        assertTrue(message.startsWith(second.toString()), message);
    }

    @Test
    void theFirstShardIsAskedFor() throws IOException {
        Path first = writer().writeShards(directory, "split", 3);
        Path third = directory.resolve("split-00003-of-00003.gguf");
        assertEquals(
                third + " is shard 3 of 3, and a model is loaded by its first; give " + first,
                refused(Reason.MALFORMED, third).getMessage());
        Path renamed = Files.move(third, directory.resolve("other.gguf"));
        assertEquals(
                renamed + " is shard 3 of 3, and a model is loaded by its first; give the file whose name ends in"
                        + " -00001-of-00003.gguf",
                refused(Reason.MALFORMED, renamed).getMessage());
    }

    @Test
    void aShardUnderAnotherNameFindsNoOthers() throws IOException {
        Path renamed = Files.move(writer().writeShards(directory, "split", 2), directory.resolve("model.gguf"));
        assertEquals(
                renamed + " is shard 1 of 2, and its name must end in -00001-of-00002.gguf so that the others can be"
                        + " found",
                refused(Reason.MALFORMED, renamed).getMessage());
    }

    @Test
    void shardsOfDifferentModelsAreTold() throws IOException {
        Path first = writer().writeShards(directory, "split", 3);
        Path second = directory.resolve("split-00002-of-00003.gguf");
        Path third = directory.resolve("split-00003-of-00003.gguf");
        byte[] kept = Files.readAllBytes(third);
        Files.copy(second, third, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        assertEquals(
                third + " is not shard 3 of 3: its split.no is 1",
                refused(Reason.MALFORMED, first).getMessage());
        new GgufWriter().text("a", "b").write(third);
        assertEquals(
                third + " is not shard 3 of 3: its split.no is absent",
                refused(Reason.MALFORMED, first).getMessage());
        Files.write(third, kept);
        new GgufWriter()
                .value("split.no", GgufValueType.UINT16, out -> out.write(new byte[] {1, 0}))
                .write(second);
        String message = refused(Reason.MALFORMED, first).getMessage();
        assertTrue(message.startsWith(first + " and its shards have "), message);
        String again = GgufFile.read(first).tensors().keySet().iterator().next();
        new GgufWriter()
                .value("split.no", GgufValueType.UINT16, out -> out.write(new byte[] {1, 0}))
                .tensor(again, GgmlType.F32, new long[] {1}, out -> out.write(new byte[4]))
                .write(second);
        assertEquals(
                second + " has the tensor " + again + ", as a shard before it has",
                refused(Reason.MALFORMED, first).getMessage());
    }

    @Test
    void moreShardsThanNamesCanCountAreRefused() {
        Path path = new GgufWriter().uint32("split.count", 100_000).write(directory.resolve("many.gguf"));
        assertTrue(refused(Reason.MALFORMED, path).getMessage().contains("100000 shards"));
        new GgufWriter().uint32("split.count", 99_999).write(path);
        assertTrue(refused(Reason.MALFORMED, path).getMessage().contains("-00001-of-99999.gguf"));
    }

    @Test
    void oneOfOneIsAWholeModel() {
        Path path = writer().uint32("split.count", 1).uint32("split.no", 0).write(directory.resolve("one.gguf"));
        assertEquals(path, GgufFile.readModel(path).path());
    }
}
