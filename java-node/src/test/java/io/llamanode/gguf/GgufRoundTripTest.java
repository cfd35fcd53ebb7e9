package io.llamanode.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reading is the inverse of writing: whatever a header says comes back as it was written, in its order. */
class GgufRoundTripTest {
    private static final int ROUNDS = 150;
    /** A text that is kept although it is long. */
    private static final String TEMPLATE = "tokenizer.chat_template";

    private static final int BUFFER_BYTES = 1 << 16;
    private static final int[] CHARACTERS = "ab Z09._-\n\0é漢😀".codePoints().toArray();

    @TempDir
    private Path directory;

    /** A header, and what it must be read as: a value, or the bytes of an array's elements. */
    private static final class Header {
        final GgufWriter writer = new GgufWriter();
        final Map<String, Object> values = new LinkedHashMap<>();
        final Map<String, GgufTensor> tensors = new LinkedHashMap<>();
        final Map<String, List<String>> strings = new LinkedHashMap<>();
        private long offset;

        void value(String key, GgufValueType type, Random random) {
            switch (type) {
                case STRING -> {
                    String text = text(random);
                    writer.text(key, text);
                    values.put(key, new GgufValue.Text(text));
                }
                case BOOL -> {
                    boolean truth = random.nextBoolean();
                    writer.bool(key, truth);
                    values.put(key, new GgufValue.Bool(truth));
                }
                case FLOAT32 -> {
                    float real = Float.intBitsToFloat(random.nextInt());
                    writer.float32(key, real);
                    values.put(key, new GgufValue.Real(real, type));
                }
                case FLOAT64 -> {
                    double real = Double.longBitsToDouble(random.nextLong());
                    writer.value(key, type, out -> GgufWriter.int64(out, Double.doubleToRawLongBits(real)));
                    values.put(key, new GgufValue.Real(real, type));
                }
                case ARRAY -> array(key, random);
                default -> {
                    byte[] bytes = bytes(random, type.bytes());
                    writer.value(key, type, out -> out.write(bytes));
                    values.put(key, new GgufValue.Int(number(bytes, type), type));
                }
            }
        }

        private void array(String key, Random random) {
            GgufValueType type = type(random);
            while (type == GgufValueType.ARRAY) {
                type = type(random);
            }
            int count = random.nextInt(random.nextInt(10) == 0 ? 20_000 : 9);
            if (type == GgufValueType.STRING) {
                List<String> texts =
                        IntStream.range(0, count).mapToObj(i -> text(random)).toList();
                writer.texts(key, texts);
                strings.put(key, texts);
            } else {
                byte[] elements = bytes(random, count * type.bytes());
                writer.array(key, type, count, out -> out.write(elements));
                values.put(key, elements);
            }
        }

        /** Tensors lie behind each other in the order of the header, each at a multiple of the alignment. */
        void tensor(String name, Random random) {
            GgmlType type = GgmlType.values()[random.nextInt(GgmlType.values().length)];
            long[] dims = random.longs(1 + random.nextInt(4), 1, 5).toArray();
            dims[0] *= type.blockElements();
            long elements = Arrays.stream(dims).reduce(1, (a, b) -> a * b);
            long bytes = elements / type.blockElements() * type.blockBytes();
            writer.tensor(name, type, dims, out -> out.write(new byte[(int) bytes]));
            tensors.put(
                    name, new GgufTensor(name, type, Arrays.stream(dims).boxed().toList(), offset, bytes));
            offset = (offset + bytes + 31) / 32 * 32;
        }
    }

    private static GgufValueType type(Random random) {
        return GgufValueType.values()[random.nextInt(GgufValueType.values().length)];
    }

    private static byte[] bytes(Random random, int count) {
        byte[] bytes = new byte[count];
        random.nextBytes(bytes);
        return bytes;
    }

    private static String text(Random random) {
        int[] text = random.ints(random.nextInt(12), 0, CHARACTERS.length)
                .map(i -> CHARACTERS[i])
                .toArray();
        return new String(text, 0, text.length);
    }

    private static long number(byte[] bytes, GgufValueType type) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        return switch (type) {
            case UINT8 -> bytes[0] & 0xFF;
            case INT8 -> bytes[0];
            case UINT16 -> buffer.getChar();
            case INT16 -> buffer.getShort();
            case UINT32 -> buffer.getInt() & 0xFFFFFFFFL;
            case INT32 -> buffer.getInt();
            default -> buffer.getLong();
        };
    }

    private static Header header(Random random) {
        Header header = new Header();
        for (int i = random.nextInt(8); i > 0; i--) {
            header.value("k" + i + text(random), type(random), random);
        }
        for (int i = random.nextInt(6); i > 0; i--) {
            header.tensor("t" + i, random);
        }
        return header;
    }

    private void assertComesBack(Header header, Path path) throws IOException {
        GgufFile file = GgufFile.read(header.writer.write(path));
        assertEquals(path, file.path());
        assertEquals(3, file.version());
        assertEquals(32, file.alignment());
        assertEquals(Files.size(path), file.fileBytes());
        assertEquals(
                new ArrayList<>(header.tensors.values()),
                new ArrayList<>(file.tensors().values()));
        assertEquals(
                List.copyOf(header.tensors.keySet()), List.copyOf(file.tensors().keySet()));
        long data = header.tensors.values().stream()
                .mapToLong(tensor -> (tensor.bytes() + 31) / 32 * 32)
                .sum();
        assertEquals(Files.size(path) - data, file.dataOffset(), "the data section is the rest of the file");
        assertEquals(
                header.tensors.values().stream().mapToLong(GgufTensor::bytes).sum(), file.tensorBytes());
        assertEquals(
                header.values.size() + header.strings.size(), file.metadata().size());
        for (Map.Entry<String, GgufValue> entry : file.metadata().entrySet()) {
            if (header.strings.containsKey(entry.getKey())) {
                List<String> texts = header.strings.get(entry.getKey());
                assertEquals(
                        texts.size(), file.array(entry.getKey()).orElseThrow().count());
                assertEquals(texts, file.strings(entry.getKey()));
            } else if (entry.getValue() instanceof GgufValue.Array array) {
                assertElements((byte[]) header.values.get(entry.getKey()), file, entry.getKey(), array);
            } else {
                assertEquals(header.values.get(entry.getKey()), entry.getValue(), entry.getKey());
            }
        }
    }

    private static void assertElements(byte[] elements, GgufFile file, String key, GgufValue.Array array)
            throws IOException {
        assertEquals(elements.length, array.byteLength());
        assertEquals(elements.length, array.count() * array.elementType().bytes());
        byte[] all = Files.readAllBytes(file.path());
        int from = Math.toIntExact(array.fileOffset());
        assertArrayEquals(elements, Arrays.copyOfRange(all, from, from + elements.length));
        int[] ints = new int[elements.length / 4];
        ByteBuffer.wrap(elements).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(ints);
        boolean isInts = array.elementType() == GgufValueType.INT32 || array.elementType() == GgufValueType.UINT32;
        assertArrayEquals(isInts ? ints : new int[0], file.ints(key));
        assertEquals(List.of(), file.strings(key));
    }

    @Test
    void anyHeaderComesBack() throws IOException {
        Random random = new Random(11);
        for (int round = 0; round < ROUNDS; round++) {
            assertComesBack(header(random), directory.resolve("any.gguf"));
        }
    }

    /** The file is read in pieces, and a value may lie in two of them. */
    @Test
    void everyValueComesBackWhereverAPieceOfTheFileEnds() throws IOException {
        Random random = new Random(12);
        for (GgufValueType type : GgufValueType.values()) {
            for (int before = 0; before < 30; before++) {
                Header header = new Header();
                String filler = "x".repeat(BUFFER_BYTES - 75 - TEMPLATE.length() + "filler".length() + before);
                header.writer.text(TEMPLATE, filler);
                header.values.put(TEMPLATE, new GgufValue.Text(filler));
                header.value("k", type, random);
                header.value("l", type, random);
                assertComesBack(header, directory.resolve("pieces.gguf"));
            }
        }
    }

    @Test
    void aTextMayBeLongerThanAPieceOfTheFile() throws IOException {
        for (int length : new int[] {BUFFER_BYTES, 2 * BUFFER_BYTES, 200_000}) {
            Header header = new Header();
            String text = new Random(length)
                    .ints(length, 0, CHARACTERS.length)
                    .collect(StringBuilder::new, (t, i) -> t.appendCodePoint(CHARACTERS[i]), StringBuilder::append)
                    .toString();
            header.writer.text(TEMPLATE, text).texts("texts", List.of(text, "", text));
            header.values.put(TEMPLATE, new GgufValue.Text(text));
            header.strings.put("texts", List.of(text, "", text));
            assertComesBack(header, directory.resolve("long.gguf"));
        }
    }

    /** Nothing is lost on the way there and back: a file that is made of what was read has the same bytes. */
    @Test
    void aCopyHasTheSameBytes() throws IOException {
        Random random = new Random(13);
        for (int round = 0; round < ROUNDS; round++) {
            Header header = new Header();
            for (int i = random.nextInt(8); i > 0; i--) {
                GgufValueType type = type(random);
                // Java may change the bits of what is not a number.
                header.value("k" + i, type == GgufValueType.FLOAT32 ? GgufValueType.INT8 : type, random);
            }
            Path path = header.writer.write(directory.resolve("one.gguf"));
            Path copy = new GgufWriter().copyMetadata(GgufFile.read(path), "").write(directory.resolve("two.gguf"));
            assertArrayEquals(Files.readAllBytes(path), Files.readAllBytes(copy));
        }
    }

    @Test
    void shardsComeBackAsOne() throws IOException {
        Random random = new Random(14);
        for (int round = 0; round < ROUNDS / 10; round++) {
            Header header = header(random);
            int count = 2 + random.nextInt(4);
            GgufFile file = GgufFile.readModel(header.writer.writeShards(directory, "shards" + round, count));
            assertEquals(
                    header.tensors.values().stream()
                            .map(tensor -> tensor.name() + tensor.type() + tensor.dims() + tensor.bytes())
                            .toList(),
                    file.tensors().values().stream()
                            .map(tensor -> tensor.name() + tensor.type() + tensor.dims() + tensor.bytes())
                            .toList());
            header.strings.forEach((key, texts) -> assertEquals(texts, file.strings(key)));
        }
    }

    /** A header may end with its file, wherever the last piece of it ends, if there are no tensors. */
    @Test
    void aHeaderMayEndWithItsFile() throws IOException {
        for (int before = 0; before < 20; before++) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            GgufWriter.int32(out, 0x46554747);
            GgufWriter.int32(out, 3);
            GgufWriter.int64(out, 0);
            GgufWriter.int64(out, 2);
            int filler = BUFFER_BYTES - 70 + before;
            text(out, "a");
            GgufWriter.int32(out, GgufValueType.STRING.ordinal());
            text(out, "x".repeat(filler));
            text(out, "b");
            GgufWriter.int32(out, GgufValueType.INT64.ordinal());
            GgufWriter.int64(out, -7);
            Path path = Files.write(directory.resolve("exact.gguf"), out.toByteArray());
            GgufFile file = GgufFile.read(path);
            assertEquals(-7, file.integer("b").orElseThrow());
            assertEquals(new GgufValue.LongText(filler), file.metadata().get("a"));
            assertTrue(file.text("a").isEmpty());
        }
    }

    private static void text(ByteArrayOutputStream out, String text) throws IOException {
        GgufWriter.int64(out, text.length());
        out.writeBytes(text.getBytes());
    }
}
