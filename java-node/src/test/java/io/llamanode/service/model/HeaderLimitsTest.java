package io.llamanode.service.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.gguf.GgmlType;
import io.llamanode.gguf.GgufValueType;
import io.llamanode.gguf.GgufWriter;
import io.llamanode.testmodel.SyntheticModels;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files whose headers claim much are read in a heap of 64 MB: what is not needed is passed over, the rest is refused by name. */
@Tag("process")
class HeaderLimitsTest {
    private static final int TEXT = 8;
    private static final int ARRAY = 9;

    @TempDir
    private Path folder;

    /** What a process with a small heap says of the file. */
    private String told(Path file) throws IOException, InterruptedException {
        return told(file, "load");
    }

    private String told(Path file, String how) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx64m",
                        "-XX:+ExitOnOutOfMemoryError",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        SmallHeap.class.getName(),
                        file.toString(),
                        how)
                .redirectErrorStream(true)
                .start();
        process.getOutputStream().close();
        String told = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        return told.replace(file.toString(), "FILE");
    }

    private interface Header {
        void write(OutputStream out) throws IOException;
    }

    /** A file of a sound model's metadata and more values, which may be long and full of nothing. */
    private Path sparse(int values, Header head, long bytes) throws IOException {
        Path file = folder.resolve("sparse.gguf");
        try (OutputStream out = Files.newOutputStream(file)) {
            GgufWriter.int32(out, 0x46554747);
            GgufWriter.int32(out, 3);
            GgufWriter.int64(out, 0);
            GgufWriter.int64(out, values + 1);
            key(out, "general.architecture", TEXT);
            text(out, "llama");
            head.write(out);
        }
        try (RandomAccessFile more = new RandomAccessFile(file.toFile(), "rw")) {
            more.setLength(more.length() + bytes);
        }
        return file;
    }

    private static void key(OutputStream out, String key, int type) throws IOException {
        text(out, key);
        GgufWriter.int32(out, type);
    }

    private static void text(OutputStream out, String text) throws IOException {
        GgufWriter.int64(out, text.length());
        out.write(text.getBytes(StandardCharsets.US_ASCII));
    }

    private static Header array(String key, long count) {
        return out -> {
            key(out, key, ARRAY);
            GgufWriter.int32(out, TEXT);
            GgufWriter.int64(out, count);
        };
    }

    @Test
    void longTextsArePassedOver() throws Exception {
        int length = 40_000_000;
        Path file = folder.resolve("texts.gguf");
        GgufWriter writer = SyntheticModels.writer(SyntheticModels.tiny());
        byte[] piece = new byte[1_000_000];
        for (int i = 0; i < 3; i++) {
            writer.value("some.text" + i, GgufValueType.STRING, out -> {
                GgufWriter.int64(out, length);
                for (int n = 0; n < length; n += piece.length) {
                    out.write(piece);
                }
            });
        }
        assertEquals("llama, 300 tokens", told(writer.write(file), "inspect"));
    }

    @Test
    void aLoadRefusesThemByTheirKey() throws Exception {
        Path file = sparse(
                1,
                out -> {
                    key(out, "some.text", TEXT);
                    GgufWriter.int64(out, 60_000_000);
                },
                60_000_000);
        assertEquals("refused: FILE has a text of 60000000 bytes as some.text; at most 1048576 are taken", told(file));
    }

    @Test
    void moreTextsThanAnyVocabularyHasAreRefusedAtOnce() throws Exception {
        assertEquals(
                "refused: FILE has 1000000000 texts at some.texts; at most 4194304 are accepted",
                told(sparse(1, array("some.texts", 1_000_000_000), 8_000_000_000L)));
    }

    @Test
    void moreTokensThanCanBeLookedAtAreRefusedByTheirKey() throws Exception {
        assertEquals(
                "refused: FILE has 4000000 tokenizer.ggml.tokens; at most 2097152 are taken",
                told(sparse(1, array("tokenizer.ggml.tokens", 4_000_000), 32_000_000)));
    }

    @Test
    void aHeaderHasAnEnd() throws Exception {
        String told = told(sparse(
                1,
                out -> {
                    key(out, "some.numbers", ARRAY);
                    GgufWriter.int32(out, 0);
                    GgufWriter.int64(out, 700_000_000);
                },
                700_000_000));
        assertEquals("refused: FILE has a header of more than 536870912 bytes, at some.numbers", told);
    }

    @Test
    void whatIsKeptHasAnEnd() throws Exception {
        String told = told(sparse(
                65_000,
                out -> {
                    for (int i = 0; i < 65_000; i++) {
                        key(out, "some.key" + i + "k".repeat(200), 7);
                        out.write(1);
                    }
                },
                0));
        assertTrue(
                told.startsWith("refused: FILE has more than 8388608 bytes of keys, names and texts, at some.key"),
                told);
    }

    @Test
    void aLargeVocabularyIsLookedAtInASmallHeap() throws Exception {
        Path file = SyntheticModels.write(
                new SyntheticModels.Spec(1, 32, 32, 1, 1, 128, GgmlType.Q8_0, null, 262_144, 1),
                folder.resolve("large.gguf"));
        assertEquals("llama, 262144 tokens", told(file));
    }
}
