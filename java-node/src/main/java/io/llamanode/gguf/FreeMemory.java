package io.llamanode.gguf;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** How much memory this process may still take, on Linux. */
public final class FreeMemory {

    private static final long KIB = 1024;

    /**
     * What is left of a limit on the process itself for threads and allocators, which take addresses in pieces of 64 MiB. Where
     * they get none, native code and the virtual machine end the process, in places where nobody can be told.
     */
    public static final long RESERVE = 128 << 20;

    /** What bounds a process's memory. */
    public enum Limit {
        /** What the machine has. */
        SYSTEM(false, "of the machine's memory"),
        /** A control group of the process. */
        CONTROL_GROUP(false, "of the memory of its control group"),
        /** {@code RLIMIT_AS}. */
        ADDRESS_SPACE(true, "of its address space (ulimit -v)"),
        /** {@code RLIMIT_DATA}. */
        DATA(true, "of its data segment (ulimit -d)");

        private final boolean told;
        private final String words;

        Limit(boolean told, String words) {
            this.told = told;
            this.words = words;
        }

        /**
         * {@return whether an allocation beyond it fails, and so can be answered} Beyond the others memory is granted, and the
         * process is killed when it comes to be used.
         */
        public boolean told() {
            return told;
        }

        /** {@return as the end of a sentence about a process} */
        public String words() {
            return words;
        }
    }

    /**
     * What may still be taken.
     *
     * @param bytes of memory, without the reserve of a limit on the process itself
     * @param limit what allows no more
     */
    public record Room(long bytes, Limit limit) {}

    private final Path root;

    /** For tests: the file system elsewhere. */
    FreeMemory(Path root) {
        this.root = root;
    }

    /**
     * The least of what the system has available, and what the limits of the process and of its control groups leave.
     *
     * @return bytes; empty where none can be told, as on other systems than Linux
     */
    public static OptionalLong available() {
        return rooms().stream().mapToLong(Room::bytes).min();
    }

    /** {@return what each of the limits leaves; empty where nothing can be told} */
    public static List<Room> rooms() {
        return new FreeMemory(Path.of("/")).read();
    }

    List<Room> read() {
        return Stream.of(
                        new Room(memAvailable(), Limit.SYSTEM),
                        new Room(Math.min(controlGroupV2(), controlGroupV1()), Limit.CONTROL_GROUP),
                        new Room(ofProcess("Max address space", "VmSize:"), Limit.ADDRESS_SPACE),
                        new Room(ofProcess("Max data size", "VmData:"), Limit.DATA))
                .filter(room -> room.bytes() != Long.MAX_VALUE)
                .toList();
    }

    /** {@return what a limit of the process leaves, but for the reserve} */
    private long ofProcess(String limit, String usage) {
        long most = Long.MAX_VALUE;
        for (String line : lines("proc/self/limits")) {
            if (line.startsWith(limit)) {
                // The soft limit, then the hard one.
                most = number(line.substring(limit.length()).strip().split(" ", 2)[0]);
            }
        }
        long used = kib("proc/self/status", usage);
        return most == Long.MAX_VALUE || used == Long.MAX_VALUE ? Long.MAX_VALUE : Math.max(0, most - used - RESERVE);
    }

    private long memAvailable() {
        return kib("proc/meminfo", "MemAvailable:");
    }

    /** {@return bytes, of a line that gives so many times 1024 of them} */
    private long kib(String file, String key) {
        for (String line : lines(file)) {
            if (line.startsWith(key)) {
                long kib = number(line.replaceAll("\\D", ""));
                return kib == Long.MAX_VALUE ? kib : kib * KIB;
            }
        }
        return Long.MAX_VALUE;
    }

    /** The limit of every group from the process's own up to the root applies. */
    private long controlGroupV2() {
        long least = Long.MAX_VALUE;
        String path = group("0::");
        while (path != null) {
            String directory = "sys/fs/cgroup/" + path;
            least = Math.min(least, left(directory, "memory.max", "memory.current", "inactive_file"));
            int slash = path.lastIndexOf('/');
            path = path.isEmpty() ? null : path.substring(0, Math.max(slash, 0));
        }
        return least;
    }

    private long controlGroupV1() {
        String path = null;
        for (String line : lines("proc/self/cgroup")) {
            String[] fields = line.split(":", 3);
            if (fields.length == 3 && List.of(fields[1].split(",")).contains("memory")) {
                path = fields[2];
            }
        }
        if (path == null) {
            return Long.MAX_VALUE;
        }
        String mount = "sys/fs/cgroup/memory";
        return Math.min(
                left(mount, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
                left(mount + path, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"));
    }

    private @Nullable String group(String prefix) {
        for (String line : lines("proc/self/cgroup")) {
            if (line.startsWith(prefix)) {
                return line.substring(prefix.length()).replaceAll("^/+|/+$", "");
            }
        }
        return null;
    }

    /** The page cache that the kernel gives up first is counted as used, and so is taken off again. */
    private long left(String directory, String limitFile, String usageFile, String cacheKey) {
        long limit = first(directory + "/" + limitFile);
        long usage = first(directory + "/" + usageFile);
        if (limit == Long.MAX_VALUE || usage == Long.MAX_VALUE) {
            return Long.MAX_VALUE;
        }
        long cache = 0;
        for (String line : lines(directory + "/memory.stat")) {
            if (line.startsWith(cacheKey + " ")) {
                cache = number(line.substring(cacheKey.length()));
            }
        }
        return Math.max(0, limit - Math.max(0, usage - cache));
    }

    /** {@return the number in a file} */
    private long first(String path) {
        List<String> lines = lines(path);
        return lines.isEmpty() ? Long.MAX_VALUE : number(lines.getFirst());
    }

    /** {@return the number; the largest of all where there is none, as with the word for no limit} */
    private static long number(String text) {
        try {
            return Long.parseLong(text.strip());
        } catch (NumberFormatException e) {
            return Long.MAX_VALUE;
        }
    }

    private List<String> lines(String path) {
        try {
            return Files.readAllLines(root.resolve(path));
        } catch (IOException e) {
            return List.of();
        }
    }
}
