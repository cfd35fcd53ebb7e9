package io.llamanode.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.gguf.GgufException.Reason;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is wrong with a file is said in a sentence that names it, and limits are where they are said to be. */
class GgufFaultsTest {
    private static final int MAGIC = 0x46554747;

    @TempDir
    private Path directory;

    private static GgufWriter.Data header(int version, long tensors, long values, GgufWriter.Data rest) {
        return out -> {
            GgufWriter.int32(out, MAGIC);
            GgufWriter.int32(out, version);
            GgufWriter.int64(out, tensors);
            GgufWriter.int64(out, values);
            rest.writeTo(out);
        };
    }

    /** One metadata value, of a type by its number. */
    private static GgufWriter.Data value(int type, GgufWriter.Data value) {
        return header(3, 0, 1, out -> {
            key(out, "k", type);
            value.writeTo(out);
        });
    }

    private static void key(OutputStream out, String key, int type) throws IOException {
        text(out, key);
        GgufWriter.int32(out, type);
    }

    private static void text(OutputStream out, String text) throws IOException {
        GgufWriter.int64(out, text.length());
        out.write(text.getBytes());
    }

    private static GgufWriter.Data array(int type, long count, int bytes) {
        return value(9, out -> {
            GgufWriter.int32(out, type);
            GgufWriter.int64(out, count);
            out.write(new byte[bytes]);
        });
    }

    private static GgufWriter.Data tensor(String name, long[] dims, int type, long offset, int data) {
        return header(3, 1, 0, out -> {
            tensorInfo(out, name, dims, type, offset);
            out.write(new byte[data]);
        });
    }

    private static void tensorInfo(OutputStream out, String name, long[] dims, int type, long offset)
            throws IOException {
        text(out, name);
        GgufWriter.int32(out, dims.length);
        for (long dim : dims) {
            GgufWriter.int64(out, dim);
        }
        GgufWriter.int32(out, type);
        GgufWriter.int64(out, offset);
    }

    private static Arguments fault(Reason reason, String message, GgufWriter.Data content) {
        return Arguments.of(reason, message, content);
    }

    static Stream<Arguments> faults() {
        GgufWriter.Data nothing = out -> {};
        long[] four = {4};
        return Stream.of(
                fault(Reason.EMPTY, "is empty", nothing),
                fault(Reason.NOT_GGUF, "is not a GGUF file", out -> out.write("GGU".getBytes())),
                fault(Reason.NOT_GGUF, "is not a GGUF file", out -> out.write("GGUX and more".getBytes())),
                fault(Reason.TRUNCATED, "is truncated: it ends inside its header", out -> out.write("GGUF".getBytes())),
                fault(
                        Reason.UNSUPPORTED_VERSION,
                        "has version 1, which llama.cpp no longer reads; versions 2 and 3 are supported",
                        header(1, 0, 0, nothing)),
                fault(
                        Reason.UNSUPPORTED_VERSION,
                        "has version 4; versions 2 and 3 are supported",
                        header(4, 0, 0, nothing)),
                fault(
                        Reason.UNSUPPORTED_VERSION,
                        "has version 4294967295; versions 2 and 3 are supported",
                        header(-1, 0, 0, nothing)),
                fault(
                        Reason.UNSUPPORTED_VERSION,
                        "has big-endian data; versions 2 and 3 are supported",
                        header(3 << 24, 0, 0, nothing)),
                fault(
                        Reason.MALFORMED,
                        "claims 65537 tensors; at most 65536 are accepted",
                        header(3, (1 << 16) + 1, 0, nothing)),
                fault(
                        Reason.MALFORMED,
                        "claims 18446744073709551615 metadata values; at most 65536 are accepted",
                        header(3, 0, -1, nothing)),
                fault(Reason.TRUNCATED, "is truncated: it ends inside its header", header(3, 1 << 16, 0, nothing)),
                fault(
                        Reason.TRUNCATED,
                        "is truncated: it ends inside a metadata key",
                        header(3, 0, 1, out -> GgufWriter.int64(out, 65_535))),
                fault(
                        Reason.MALFORMED,
                        "claims 65536 bytes for a metadata key; at most 65535 are accepted",
                        header(3, 0, 1, out -> GgufWriter.int64(out, 65_536))),
                fault(Reason.MALFORMED, "has an empty metadata key", header(3, 0, 1, out -> key(out, "", 4))),
                fault(Reason.MALFORMED, "has the unknown value type 13 at k", value(13, nothing)),
                fault(Reason.MALFORMED, "has the unknown value type 4294967295 at k", value(-1, nothing)),
                fault(
                        Reason.TRUNCATED,
                        "is truncated: it ends inside the value of k",
                        value(8, out -> GgufWriter.int64(out, 1))),
                fault(
                        Reason.MALFORMED,
                        "claims 67108865 bytes for the value of k; at most 67108864 are accepted",
                        value(8, out -> GgufWriter.int64(out, (64 << 20) + 1))),
                fault(Reason.MALFORMED, "has an array of arrays at k", array(9, 1, 99)),
                fault(Reason.MALFORMED, "claims 18446744073709551615 elements at k", array(4, -1, 0)),
                fault(Reason.MALFORMED, "claims 2147483648 elements at k", array(0, 1L << 31, 0)),
                fault(Reason.TRUNCATED, "is truncated: it ends inside the array k", array(0, Integer.MAX_VALUE, 0)),
                fault(Reason.TRUNCATED, "is truncated: it ends inside the array k", array(4, 2, 7)),
                fault(Reason.TRUNCATED, "is truncated: it ends inside the array k", array(8, 2, 15)),
                fault(Reason.TRUNCATED, "is truncated: it ends inside an element of k", value(9, out -> {
                    GgufWriter.int32(out, 8);
                    GgufWriter.int64(out, 1);
                    GgufWriter.int64(out, 9);
                })),
                fault(Reason.MALFORMED, "has the metadata key k twice", header(3, 0, 2, out -> {
                    for (int i = 0; i < 2; i++) {
                        key(out, "k", 7);
                        out.write(1);
                    }
                })),
                fault(
                        Reason.MALFORMED,
                        "claims 64 bytes for a tensor name; at most 63 are accepted",
                        tensor("n".repeat(64), four, 0, 0, 99)),
                fault(Reason.MALFORMED, "gives the tensor t 5 dimensions", tensor("t", new long[5], 0, 0, 99)),
                fault(Reason.MALFORMED, "gives the tensor t the dimension 0", tensor("t", new long[] {4, 0}, 0, 0, 99)),
                fault(Reason.MALFORMED, "gives the tensor t the unknown type 64", tensor("t", four, 64, 0, 99)),
                fault(Reason.MALFORMED, "gives the tensor t the unknown type 63", tensor("t", four, 63, 0, 99)),
                fault(Reason.MALFORMED, "gives the tensor t the unknown type 4294967295", tensor("t", four, -1, 0, 99)),
                fault(
                        Reason.MALFORMED,
                        "gives the tensor t rows of 33 elements, which Q8_0 cannot store",
                        tensor("t", new long[] {33}, 8, 0, 99)),
                fault(
                        Reason.MALFORMED,
                        "gives the tensor t rows of 1 elements, which Q8_0 cannot store",
                        tensor("t", new long[0], 8, 0, 99)),
                fault(
                        Reason.MALFORMED,
                        "gives the tensor t more than 2^63 bytes",
                        tensor("t", new long[] {1L << 40, 1L << 40}, 0, 0, 99)),
                fault(
                        Reason.MALFORMED,
                        "puts the tensor t at offset 18446744073709551584 instead of 0",
                        tensor("t", four, 0, -32, 99)),
                fault(Reason.MALFORMED, "has the tensor t twice", header(3, 2, 0, out -> {
                    tensorInfo(out, "t", four, 0, 0);
                    tensorInfo(out, "t", four, 0, 32);
                })),
                // The header has 57 bytes; the data section starts at 64.
                fault(
                        Reason.TRUNCATED,
                        "is truncated: it has 79 bytes and the tensor t ends at 80",
                        tensor("t", four, 0, 0, 22)),
                fault(
                        Reason.TRUNCATED,
                        "is truncated: it has 57 bytes and the tensor t ends at 9223372036854775807",
                        tensor("t", new long[] {Long.MAX_VALUE}, 24, 0, 0)),
                fault(
                        Reason.TRUNCATED,
                        "is truncated: it has 120 bytes and the tensor u ends at 132",
                        header(3, 2, 0, out -> {
                            tensorInfo(out, "t", new long[] {4}, 24, 0);
                            tensorInfo(out, "u", new long[] {4}, 24, 32);
                            out.write(new byte[120 - 24 - 2 * 33]);
                        })));
    }

    private Path write(GgufWriter.Data content) throws IOException {
        Path file = directory.resolve("file.gguf");
        try (OutputStream out = Files.newOutputStream(file)) {
            content.writeTo(out);
        }
        return file;
    }

    @ParameterizedTest
    @MethodSource("faults")
    void aFaultIsNamed(Reason reason, String message, GgufWriter.Data content) throws IOException {
        Path file = write(content);
        GgufException e = assertThrows(GgufException.class, () -> GgufFile.read(file));
        assertEquals(file + " " + message, e.getMessage());
        assertEquals(reason, e.reason());
    }

    @Test
    void whatIsNoFileIsMissing() {
        Path absent = directory.resolve("absent.gguf");
        GgufException e = assertThrows(GgufException.class, () -> GgufFile.read(absent));
        assertEquals("there is no file " + absent, e.getMessage());
        assertEquals(Reason.MISSING, e.reason());
        e = assertThrows(GgufException.class, () -> GgufFile.read(directory));
        assertEquals(directory + " is a directory; give a file in it", e.getMessage());
        assertEquals(Reason.MISSING, e.reason());
    }

    @Test
    void theLargestNamesAreAccepted() {
        String key = "k".repeat(65_535);
        String name = "n".repeat(63);
        GgufFile file = GgufFile.read(new GgufWriter()
                .bool(key, true)
                .tensor(name, GgmlType.F32, new long[] {1, 2, 3, 4}, out -> out.write(new byte[96]))
                .write(directory.resolve("large.gguf")));
        assertTrue(file.bool(key).orElseThrow());
        assertEquals(List.of(1L, 2L, 3L, 4L), file.tensors().get(name).dims());
        assertEquals(24, file.tensors().get(name).elements());
    }

    @Test
    void aTensorWithoutDimensionsHasOneElement() throws IOException {
        GgufTensor tensor = GgufFile.read(write(tensor("t", new long[0], 0, 0, 64)))
                .tensors()
                .get("t");
        assertEquals(1, tensor.elements());
        assertEquals(4, tensor.bytes());
    }

    @Test
    void theOlderVersionIsReadAlike() throws IOException {
        assertEquals(2, GgufFile.read(write(header(2, 0, 0, out -> {}))).version());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 8, 32, 64, 1 << 20})
    void theDataIsAlignedAsTheFileSays(int alignment) throws IOException {
        Path path = write(header(3, 2, 1, out -> {
            key(out, "general.alignment", 4);
            GgufWriter.int32(out, alignment);
            tensorInfo(out, "t", new long[] {3}, 24, 0);
            tensorInfo(out, "u", new long[] {1}, 24, Math.max(3, alignment));
            out.write(new byte[3 * alignment + 200]);
        }));
        if (alignment == 2) {
            GgufException e = assertThrows(GgufException.class, () -> GgufFile.read(path));
            assertEquals(path + " puts the tensor u at offset 3 instead of 4", e.getMessage());
            return;
        }
        GgufFile file = GgufFile.read(path);
        assertEquals(alignment, file.alignment());
        long headerBytes = 24 + 8 + 17 + 4 + 4 + 2 * 33;
        assertEquals((headerBytes + alignment - 1) / alignment * alignment, file.dataOffset());
    }

    @ParameterizedTest
    @CsvSource({"4,0", "4,3", "4,2097152", "4,-1", "4,48", "5,32", "10,32", "8,32"})
    void whatIsNoAlignmentIsRefused(int type, int alignment) throws IOException {
        Path path = write(header(3, 0, 1, out -> {
            key(out, "general.alignment", type);
            GgufWriter.int64(out, alignment & 0xFFFFFFFFL);
            out.write(new byte[64]);
        }));
        assertEquals(
                path + " has a general.alignment that is not a power of two of type uint32",
                assertThrows(GgufException.class, () -> GgufFile.read(path)).getMessage());
    }

    /** The elements of arrays are read later, from a file that may have changed. */
    @Test
    void aFileThatWasCutSinceIsTold() throws IOException {
        Path path = new GgufWriter()
                .int32s("ints", new int[] {1, 2, 3})
                .texts("texts", List.of("a", "b"))
                .write(directory.resolve("cut.gguf"));
        GgufFile file = GgufFile.read(path);
        byte[] bytes = Files.readAllBytes(path);
        long ints = file.array("ints").orElseThrow().fileOffset();
        Files.write(path, Arrays.copyOf(bytes, (int) ints + 11));
        GgufException e = assertThrows(GgufException.class, () -> file.ints("ints"));
        assertEquals(path + " is truncated: it ends inside an array", e.getMessage());
        long texts = file.array("texts").orElseThrow().fileOffset();
        Files.write(path, Arrays.copyOf(bytes, (int) texts + 8));
        e = assertThrows(GgufException.class, () -> file.strings("texts"));
        assertEquals(path + " is truncated: it ends inside an array element", e.getMessage());
        Files.delete(path);
        e = assertThrows(GgufException.class, () -> file.strings("texts"));
        assertTrue(e.getMessage().startsWith(path + " cannot be read: "), e.getMessage());
        assertEquals(Reason.UNREADABLE, e.reason());
        e = assertThrows(GgufException.class, () -> file.ints("ints"));
        assertTrue(e.getMessage().startsWith(path + " cannot be read: "), e.getMessage());
        assertEquals(Reason.UNREADABLE, e.reason());
    }

    @Test
    void aValueOfAnotherTypeIsNoneThatWasAskedFor() {
        GgufFile file = GgufFile.read(new GgufWriter()
                .text("text", "a")
                .uint32("int", 1)
                .float32("real", 1)
                .bool("bool", true)
                .texts("texts", List.of("a"))
                .float32s("reals", new float[] {1})
                .array("uints", GgufValueType.UINT32, 1, out -> GgufWriter.int32(out, -1))
                .write(directory.resolve("types.gguf")));
        for (String key : file.metadata().keySet()) {
            assertEquals(key.equals("text"), file.text(key).isPresent(), key);
            assertEquals(key.equals("int"), file.integer(key).isPresent(), key);
            assertEquals(key.equals("real"), file.real(key).isPresent(), key);
            assertEquals(key.equals("bool"), file.bool(key).isPresent(), key);
            assertEquals(key.endsWith("s"), file.array(key).isPresent(), key);
            assertEquals(key.equals("texts"), !file.strings(key).isEmpty(), key);
            assertEquals(key.equals("uints"), file.ints(key).length > 0, key);
        }
        assertEquals(-1, file.ints("uints")[0], "as a signed number of the same bits");
        assertEquals("", file.architecture());
    }

    @Test
    void typesOfTensorsAreKnownByTheirNumbers() {
        for (GgmlType type : GgmlType.values()) {
            assertEquals(type, GgmlType.of(type.id()).orElseThrow());
            assertEquals(type.blockElements() > 1, type.isQuantized());
        }
        for (int number : new int[] {-1, 4, 63, 64, Integer.MAX_VALUE}) {
            assertTrue(GgmlType.of(number).isEmpty());
        }
        assertThrows(ArithmeticException.class, () -> GgmlType.F64.rowBytes(1L << 61));
    }
}
