package io.llamanode.gguf;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** How much memory this process may still take, on Linux. */
public final class FreeMemory {

    private static final long KIB = 1024;

    private final Path root;

    /** For tests: the file system elsewhere. */
    FreeMemory(Path root) {
        this.root = root;
    }

    /**
     * The smaller of what the system has available and what the limits of the process's control groups leave.
     *
     * @return bytes; empty where neither can be told, as on other systems than Linux
     */
    public static OptionalLong available() {
        return new FreeMemory(Path.of("/")).read();
    }

    OptionalLong read() {
        long least = Math.min(memAvailable(), Math.min(controlGroupV2(), controlGroupV1()));
        return least == Long.MAX_VALUE ? OptionalLong.empty() : OptionalLong.of(least);
    }

    private long memAvailable() {
        for (String line : lines("proc/meminfo")) {
            if (line.startsWith("MemAvailable:")) {
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
