package io.llamanode.gguf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * The header of a GGUF file. Immutable. The file is not kept open; what
 * reads arrays opens it again.
 */
public final class GgufFile {

    private final Path path;
    private final int version;
    private final int alignment;
    private final long dataOffset;
    private final long fileBytes;
    private final Map<String, GgufValue> metadata;
    private final Map<String, GgufTensor> tensors;
    private final List<Part> parts;

    GgufFile(
            Path path,
            int version,
            int alignment,
            long dataOffset,
            long fileBytes,
            Map<String, GgufValue> metadata,
            Map<String, GgufTensor> tensors,
            List<Part> parts) {
        this.path = path;
        this.version = version;
        this.alignment = alignment;
        this.dataOffset = dataOffset;
        this.fileBytes = fileBytes;
        this.metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
        this.tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
        this.parts = List.copyOf(parts);
    }

    /**
     * Reads and checks a header, including that every tensor lies inside the file. Memory and time are
     * bounded, whatever it claims; what is too long is passed over.
     *
     * @param path the file
     * @return its header
     * @throws GgufException when it is missing, unreadable, empty, truncated, malformed or not GGUF
     */
    public static GgufFile read(Path path) {
        return GgufReader.read(path);
    }

    /**
     * Reads and checks the header of a model, which may be split into several files (shards).
     *
     * @param path the file, or the first one of several, whose name ends in {@code -00001-of-00003.gguf} or the like
     * @return its header: metadata of the first file; tensors and bytes of all of them
     * @throws GgufException as {@link #read}, and when a shard is missing, named otherwise or of another model
     */
    public static GgufFile readModel(Path path) {
        return GgufShards.read(path);
    }

    /**
     * One of the files that a model is in.
     *
     * @param path where it is
     * @param headerBytes how long its header is
     * @param usedBytes where its last tensor ends; nothing reads what is behind it
     */
    public record Part(Path path, long headerBytes, long usedBytes) {}

    /** The same with the tensors of further files. */
    GgufFile with(Map<String, GgufTensor> allTensors, long allBytes, List<Part> allParts) {
        return new GgufFile(path, version, alignment, dataOffset, allBytes, metadata, allTensors, allParts);
    }

    /** {@return the file; the first one of a model that is split} */
    public Path path() {
        return path;
    }

    /** {@return the files it is in, in their order: one, or all shards} */
    public List<Part> parts() {
        return parts;
    }

    /** {@return the version of the format, 2 or 3} */
    public int version() {
        return version;
    }

    /** {@return the alignment of tensors in the data section, bytes} */
    public int alignment() {
        return alignment;
    }

    /** {@return where the data section starts, bytes} */
    public long dataOffset() {
        return dataOffset;
    }

    /** {@return the size of the file, or of all files of a model that is split, bytes} */
    public long fileBytes() {
        return fileBytes;
    }

    /** {@return all metadata, in the order of the file} */
    public Map<String, GgufValue> metadata() {
        return metadata;
    }

    /** {@return all tensors by name, in the order of the file; offsets count in the file that a tensor is in} */
    public Map<String, GgufTensor> tensors() {
        return tensors;
    }

    /** {@return the sum of the sizes of all tensors, bytes} */
    public long tensorBytes() {
        long sum = 0;
        for (GgufTensor tensor : tensors.values()) {
            sum += tensor.bytes();
        }
        return sum;
    }

    /** {@return {@code general.architecture}, or an empty string} */
    public String architecture() {
        return text("general.architecture").orElse("");
    }

    /**
     * A string value.
     *
     * @param key full key
     * @return its value, or empty when absent or of another type
     */
    public Optional<String> text(String key) {
        return metadata.get(key) instanceof GgufValue.Text(String value) ? Optional.of(value) : Optional.empty();
    }

    /**
     * An integer value.
     *
     * @param key full key
     * @return its value, or empty when absent or of another type
     */
    public OptionalLong integer(String key) {
        return metadata.get(key) instanceof GgufValue.Int(long value, GgufValueType _)
                ? OptionalLong.of(value)
                : OptionalLong.empty();
    }

    /**
     * A floating-point value.
     *
     * @param key full key
     * @return its value, or empty when absent or of another type
     */
    public OptionalDouble real(String key) {
        return metadata.get(key) instanceof GgufValue.Real(double value, GgufValueType _)
                ? OptionalDouble.of(value)
                : OptionalDouble.empty();
    }

    /**
     * A boolean value.
     *
     * @param key full key
     * @return its value, or empty when absent or of another type
     */
    public Optional<Boolean> bool(String key) {
        return metadata.get(key) instanceof GgufValue.Bool(boolean value) ? Optional.of(value) : Optional.empty();
    }

    /**
     * An array of any type, without its elements.
     *
     * @param key full key
     * @return the array, or empty when absent or of another type
     */
    public Optional<GgufValue.Array> array(String key) {
        return metadata.get(key) instanceof GgufValue.Array array ? Optional.of(array) : Optional.empty();
    }

    /**
     * The integer value of a key of the file's architecture.
     *
     * @param suffix what follows the architecture's name and a point, such as {@code block_count}
     * @return its value, or empty
     */
    public OptionalLong parameter(String suffix) {
        return integer(architecture() + "." + suffix);
    }

    /** Sees one text after the other. */
    @FunctionalInterface
    public interface TextVisitor {
        /**
         * Sees a text.
         *
         * @param index in the array, from 0
         * @param bytes holds it from its beginning on; overwritten by the next one
         * @param length of the text, bytes
         * @return whether to go on
         */
        boolean see(int index, byte[] bytes, int length);
    }

    /**
     * Reads the elements of an array of strings, one at a time; the array is never held as a whole.
     *
     * @param key full key; nothing is seen when there is no such array of strings
     * @param visitor sees them in order
     * @throws GgufException when the file can no longer be read
     */
    public void visitTexts(String key, TextVisitor visitor) {
        Optional<GgufValue.Array> array = array(key).filter(a -> a.elementType() == GgufValueType.STRING);
        if (array.isPresent()) {
            try {
                GgufReader.visit(path, array.get(), visitor);
            } catch (IOException e) {
                throw unreadable(e);
            }
        }
    }

    /**
     * Reads the elements of an array of strings.
     *
     * @param key full key
     * @return the elements, or an empty list when there is no such array of strings
     * @throws GgufException when the file can no longer be read
     */
    public List<String> strings(String key) {
        List<String> strings = new ArrayList<>();
        visitTexts(key, (_, bytes, length) -> strings.add(new String(bytes, 0, length, StandardCharsets.UTF_8)));
        return strings;
    }

    /**
     * Reads an array of numbers as it stands in the file.
     *
     * @param key full key
     * @param most bytes that are wanted at most
     * @return its bytes, little endian; empty when there is no such array, or a longer one
     * @throws GgufException when the file can no longer be read
     */
    public Optional<ByteBuffer> raw(String key, int most) {
        Optional<GgufValue.Array> array =
                array(key).filter(a -> a.elementType() != GgufValueType.STRING && a.byteLength() <= most);
        try {
            return array.isEmpty() ? Optional.empty() : Optional.of(GgufReader.raw(path, array.get()));
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    /**
     * Reads the elements of an array of 32-bit integers.
     *
     * @param key full key
     * @return the elements, or an empty array when there is no such array of 32-bit integers
     * @throws GgufException when the file can no longer be read
     */
    public int[] ints(String key) {
        Optional<GgufValue.Array> array = array(key)
                .filter(a -> a.elementType() == GgufValueType.INT32 || a.elementType() == GgufValueType.UINT32);
        if (array.isEmpty()) {
            return new int[0];
        }
        if (array.get().count() > GgufLimits.NUMBERS) {
            throw new GgufException(
                    GgufException.Reason.MALFORMED,
                    path + " has " + array.get().count() + " elements at " + key + "; at most " + GgufLimits.NUMBERS
                            + " are accepted");
        }
        try {
            int[] ints = new int[Math.toIntExact(array.get().count())];
            GgufReader.raw(path, array.get()).asIntBuffer().get(ints);
            return ints;
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    private GgufException unreadable(IOException e) {
        return new GgufException(GgufException.Reason.UNREADABLE, path + " cannot be read: " + e.getMessage(), e);
    }
}
