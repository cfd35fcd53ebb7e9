package io.llamanode.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.gguf.GgufException.Reason;
import io.llamanode.testmodel.SyntheticModels;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufFileTest {

    @TempDir
    private Path directory;

    private Path file(GgufWriter.Data content) throws IOException {
        Path file = directory.resolve("file.gguf");
        try (OutputStream out = Files.newOutputStream(file)) {
            content.writeTo(out);
        }
        return file;
    }

    private static void header(OutputStream out, int version, long tensors, long values) throws IOException {
        GgufWriter.int32(out, 0x46554747);
        GgufWriter.int32(out, version);
        GgufWriter.int64(out, tensors);
        GgufWriter.int64(out, values);
    }

    private void refused(Reason reason, GgufWriter.Data content) throws IOException {
        Path file = file(content);
        GgufException e = assertThrows(GgufException.class, () -> GgufFile.read(file));
        assertEquals(reason, e.reason(), e.getMessage());
        assertTrue(e.getMessage().startsWith(file.toString()), e.getMessage());
    }

    private static void key(OutputStream out, String key, int type) throws IOException {
        GgufWriter.int64(out, key.length());
        out.write(key.getBytes());
        GgufWriter.int32(out, type);
    }

    @Test
    void readsEveryTypeOfValue() {
        Path path = new GgufWriter()
                .text("general.architecture", "x")
                .uint32("u32", -1)
                .uint64("x.u64", 1L << 40)
                .float32("f32", 1.5f)
                .bool("yes", true)
                .texts("names", List.of("a", "", "\u65E5"))
                .int32s("numbers", new int[] {1, -2})
                .value("i8", GgufValueType.INT8, out -> out.write(-3))
                .value("f64", GgufValueType.FLOAT64, out -> GgufWriter.int64(out, Double.doubleToLongBits(2.5)))
                .tensor("t", GgmlType.Q8_0, new long[] {64, 2}, out -> out.write(new byte[4 * 34]))
                .write(directory.resolve("values.gguf"));
        GgufFile file = GgufFile.read(path);
        assertEquals("x", file.architecture());
        assertEquals(0xFFFFFFFFL, file.integer("u32").orElseThrow());
        assertEquals(1L << 40, file.parameter("u64").orElseThrow());
        assertEquals(1.5, file.real("f32").orElseThrow());
        assertEquals(2.5, file.real("f64").orElseThrow());
        assertEquals(-3, file.integer("i8").orElseThrow());
        assertTrue(file.bool("yes").orElseThrow());
        assertEquals(List.of("a", "", "\u65E5"), file.strings("names"));
        assertArrayEquals(new int[] {1, -2}, file.ints("numbers"));
        GgufTensor tensor = file.tensors().get("t");
        assertEquals(List.of(64L, 2L), tensor.dims());
        assertEquals(128, tensor.elements());
        assertEquals(136, tensor.bytes());
        assertEquals(136, file.tensorBytes());
        assertTrue(file.text("u32").isEmpty()
                && file.integer("yes").isEmpty()
                && file.strings("numbers").isEmpty());
    }

    @Test
    void hostileHeadersAreRefusedWithoutAllocatingWhatTheyClaim() throws IOException {
        refused(Reason.UNSUPPORTED_VERSION, out -> header(out, 1, 0, 0));
        refused(Reason.UNSUPPORTED_VERSION, out -> header(out, 4, 0, 0));
        refused(Reason.UNSUPPORTED_VERSION, out -> header(out, 3 << 24, 0, 0));
        refused(Reason.MALFORMED, out -> header(out, 3, Long.MAX_VALUE, 0));
        refused(Reason.MALFORMED, out -> header(out, 3, -1, 0));
        refused(Reason.MALFORMED, out -> header(out, 3, 0, Long.MIN_VALUE));
        refused(Reason.TRUNCATED, out -> header(out, 3, 0, 1000));
        refused(Reason.MALFORMED, out -> {
            header(out, 3, 0, 1);
            GgufWriter.int64(out, Long.MAX_VALUE);
        });
        refused(Reason.MALFORMED, out -> {
            header(out, 3, 0, 1);
            key(out, "k", 99);
        });
        for (long count : new long[] {-1, Long.MAX_VALUE, 1L << 40}) {
            refused(Reason.MALFORMED, out -> {
                header(out, 3, 0, 1);
                key(out, "k", 9);
                GgufWriter.int32(out, 8);
                GgufWriter.int64(out, count);
            });
        }
        refused(Reason.TRUNCATED, out -> {
            header(out, 3, 0, 1);
            key(out, "k", 9);
            GgufWriter.int32(out, 10);
            GgufWriter.int64(out, Integer.MAX_VALUE);
        });
        refused(Reason.MALFORMED, out -> {
            header(out, 3, 0, 2);
            for (int i = 0; i < 2; i++) {
                key(out, "k", 4);
                GgufWriter.int32(out, 1);
            }
        });
    }

    private void tensorRefused(Reason reason, int nDims, long[] dims, int type, long offset) throws IOException {
        refused(reason, out -> {
            header(out, 3, 1, 0);
            GgufWriter.int64(out, 1);
            out.write('t');
            GgufWriter.int32(out, nDims);
            for (long dim : dims) {
                GgufWriter.int64(out, dim);
            }
            GgufWriter.int32(out, type);
            GgufWriter.int64(out, offset);
            out.write(new byte[1024]);
        });
    }

    @Test
    void hostileTensorsAreRefused() throws IOException {
        tensorRefused(Reason.MALFORMED, 5, new long[5], 0, 0);
        tensorRefused(Reason.MALFORMED, -1, new long[0], 0, 0);
        tensorRefused(Reason.MALFORMED, 1, new long[] {0}, 0, 0);
        tensorRefused(Reason.MALFORMED, 1, new long[] {-4}, 0, 0);
        tensorRefused(Reason.MALFORMED, 1, new long[] {33}, 8, 0);
        tensorRefused(Reason.MALFORMED, 1, new long[] {32}, 5, 0);
        tensorRefused(Reason.MALFORMED, 2, new long[] {1L << 40, 1L << 40}, 0, 0);
        tensorRefused(Reason.MALFORMED, 1, new long[] {4}, 0, 64);
        tensorRefused(Reason.MALFORMED, 1, new long[] {4}, 0, -32);
        tensorRefused(Reason.TRUNCATED, 1, new long[] {1L << 50}, 0, 0);
    }

    @Test
    void randomDamageGivesAnExceptionOrAHeader() throws IOException {
        byte[] good = Files.readAllBytes(SyntheticModels.write(SyntheticModels.tiny(), directory.resolve("good.gguf")));
        Random random = new Random(5);
        int refused = 0;
        for (int round = 0; round < 500; round++) {
            byte[] damaged = Arrays.copyOf(good, good.length);
            for (int i = 0; i < 8; i++) {
                damaged[random.nextInt(12_000)] = (byte) random.nextInt();
            }
            Path file = Files.write(directory.resolve("damaged.gguf"), damaged);
            try {
                GgufFile.read(file);
            } catch (GgufException e) {
                refused++;
            }
        }
        assertTrue(refused > 100, refused + " of 500 were refused");
    }
}
