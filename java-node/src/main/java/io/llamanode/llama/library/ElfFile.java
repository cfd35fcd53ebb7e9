package io.llamanode.llama.library;

import io.llamanode.llama.LibraryException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * Looks at libraries before the system's loader does, which ends the process with SIGBUS where a file is shorter than its
 * header says.
 */
final class ElfFile {
    private static final int HEADER = 64;
    private static final int PROGRAM_HEADER = 56;
    private static final int LOADED = 1;
    private static final int MAGIC = 0x464c457f;
    private static final byte BITS_64 = 2;
    private static final byte LITTLE_ENDIAN = 1;
    private static final int OF_BITS = 4;
    private static final int OF_ORDER = 5;
    private static final int OF_MACHINE = 18;
    private static final int OF_PROGRAM = 32;
    private static final int OF_SECTIONS = 40;
    private static final int OF_PROGRAM_SIZE = 54;
    private static final int OF_PROGRAM_COUNT = 56;
    private static final int OF_SECTION_SIZE = 58;
    private static final int OF_SECTION_COUNT = 60;
    private static final int OF_PART_OFFSET = 8;
    private static final int OF_PART_SIZE = 32;

    private static final Map<Integer, String> MACHINES =
            Map.of(3, "x86", 40, "arm", 62, "x86_64", 183, "aarch64", 243, "riscv");

    private ElfFile() {}

    /**
     * Checks a library of llama.cpp, and those that it loads from its directory.
     *
     * @param library the file
     * @throws LibraryException if one of them is none, is for other processors, or is cut off
     */
    static void checkWithNeighbours(Path library) {
        if (!System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("linux")) {
            return;
        }
        check(library);
        Path directory = Objects.requireNonNull(library.toAbsolutePath().getParent());
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "lib{llama,ggml}*.so*")) {
            for (Path file : files) {
                if (Files.isRegularFile(file)) {
                    check(file);
                }
            }
        } catch (IOException e) {
            throw new LibraryException("The directory " + directory + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static void check(Path file) {
        try (FileChannel channel = FileChannel.open(file)) {
            long size = channel.size();
            ByteBuffer header = read(channel, 0, HEADER);
            if (size < HEADER || header.getInt(0) != MAGIC) {
                throw bad(file, size == 0 ? "it is empty" : "it does not begin as a library does (ELF)");
            }
            if (header.get(OF_BITS) != BITS_64 || header.get(OF_ORDER) != LITTLE_ENDIAN) {
                throw bad(file, "it is not for 64-bit processors of this kind");
            }
            int machine = Short.toUnsignedInt(header.getShort(OF_MACHINE));
            if (!isOwn(machine)) {
                throw bad(
                        file,
                        "it is for processors of the kind " + MACHINES.getOrDefault(machine, "" + machine)
                                + ", and this one is " + System.getProperty("os.arch"));
            }
            long needed = needed(channel, header);
            if (size < needed) {
                throw bad(file, "it is cut off: it has " + size + " bytes of " + needed);
            }
        } catch (IOException e) {
            throw bad(file, "it cannot be read: " + e.getMessage());
        }
    }

    private static boolean isOwn(int machine) {
        return switch (System.getProperty("os.arch").toLowerCase(Locale.ROOT)) {
            case "amd64", "x86_64", "x86-64" -> machine == 62;
            case "aarch64", "arm64" -> machine == 183;
            default -> true;
        };
    }

    /** Bytes up to the end of what the header names. */
    private static long needed(FileChannel channel, ByteBuffer header) throws IOException {
        long program = header.getLong(OF_PROGRAM);
        int count = Short.toUnsignedInt(header.getShort(OF_PROGRAM_COUNT));
        int step = Short.toUnsignedInt(header.getShort(OF_PROGRAM_SIZE));
        long sections = header.getLong(OF_SECTIONS)
                + (long) Short.toUnsignedInt(header.getShort(OF_SECTION_SIZE))
                        * Short.toUnsignedInt(header.getShort(OF_SECTION_COUNT));
        long needed = Math.max(sections, program + (long) step * count);
        if (step < PROGRAM_HEADER || channel.size() < program + (long) step * count) {
            return needed;
        }
        ByteBuffer parts = read(channel, program, step * count);
        for (int i = 0; i < count; i++) {
            if (parts.getInt(i * step) == LOADED) {
                needed = Math.max(
                        needed, parts.getLong(i * step + OF_PART_OFFSET) + parts.getLong(i * step + OF_PART_SIZE));
            }
        }
        return needed;
    }

    private static ByteBuffer read(FileChannel channel, long position, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining() && channel.read(bytes, position + bytes.position()) >= 0) {
            continue;
        }
        return bytes;
    }

    private static LibraryException bad(Path file, String why) {
        return new LibraryException(file + " cannot be loaded: " + why);
    }
}
