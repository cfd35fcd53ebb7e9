package io.llamanode.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.gguf.FreeMemory.Limit;
import io.llamanode.gguf.FreeMemory.Room;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The least of what the system and the control groups leave is what may be taken. */
class FreeMemoryTest {

    @TempDir
    private Path directory;

    private void write(String name, String text) throws IOException {
        Path path = directory.resolve(name);
        Files.createDirectories(path.getParent());
        Files.writeString(path, text);
    }

    private OptionalLong least() {
        return new FreeMemory(directory).read().stream().mapToLong(Room::bytes).min();
    }

    private void assertLeft(long bytes) {
        assertEquals(bytes, least().getAsLong());
    }

    @Test
    void theSmallestLimitCounts() throws IOException {
        write("proc/meminfo", "MemTotal: 100 kB\nMemAvailable:      80 kB\n");
        assertLeft(80 * 1024);
        write("proc/self/cgroup", "0::/a/b\n");
        write("sys/fs/cgroup/a/b/memory.max", "max\n");
        write("sys/fs/cgroup/a/b/memory.current", "5000\n");
        assertLeft(80 * 1024);
        write("sys/fs/cgroup/a/memory.max", "20000\n");
        write("sys/fs/cgroup/a/memory.current", "15000\n");
        write("sys/fs/cgroup/a/memory.stat", "anon 9\ninactive_file 3000\n");
        assertLeft(8000);
        write("proc/self/cgroup", "3:cpu:/x\n2:memory:/y\n");
        write("sys/fs/cgroup/memory/y/memory.limit_in_bytes", "9000\n");
        write("sys/fs/cgroup/memory/y/memory.usage_in_bytes", "8500\n");
        assertLeft(500);
    }

    /** Each group's limit holds for those in it, up to the root, which in a container is the container's. */
    @ParameterizedTest
    @ValueSource(strings = {"a/b", "a", ""})
    void theLimitOfEveryGroupAboveHolds(String limited) throws IOException {
        write("proc/self/cgroup", "0::/a/b\n");
        write("sys/fs/cgroup/" + limited + "/memory.max", "3000\n");
        write("sys/fs/cgroup/" + limited + "/memory.current", "1000\n");
        assertLeft(2000);
    }

    @ParameterizedTest
    @CsvSource({"'',1000", "/x,700"})
    void theOlderGroupsHaveALimitOfTheirOwnAndOfAll(String group, long left) throws IOException {
        write("proc/self/cgroup", "4:cpu,memory:" + group + "\n");
        // The process is in no group of the newer kind.
        write("sys/fs/cgroup/memory.max", "1");
        write("sys/fs/cgroup/memory.current", "1");
        write("sys/fs/cgroup/memory/memory.limit_in_bytes", "5000\n");
        write("sys/fs/cgroup/memory/memory.usage_in_bytes", "4000\n");
        write("sys/fs/cgroup/memory/x/memory.limit_in_bytes", "1000\n");
        write("sys/fs/cgroup/memory/x/memory.usage_in_bytes", "800\n");
        write("sys/fs/cgroup/memory/x/memory.stat", "inactive_file 5\ntotal_inactive_file 500\n");
        assertLeft(left);
    }

    @ParameterizedTest
    @CsvSource({
        "1000,1000,0,0",
        "1000,1200,0,0",
        "1000,1200,300,100",
        "1000,400,600,1000",
        "9223372036854771712,10,99999,9223372036854771712"
    })
    void cacheThatTheKernelGivesUpIsNotUsed(long limit, long usage, long cache, long left) throws IOException {
        write("proc/self/cgroup", "0::/\n");
        write("sys/fs/cgroup/memory.max", limit + "\n");
        write("sys/fs/cgroup/memory.current", usage + "\n");
        write("sys/fs/cgroup/memory.stat", "inactive_file_not " + 7 + "\ninactive_file " + cache + "\n");
        assertLeft(left);
    }

    @Test
    void anUnknownSystemTellsNothing() {
        assertEquals(OptionalLong.empty(), least());
    }

    @ParameterizedTest
    @CsvSource({"max,100", "many,100", "'',100", "100,many", "100,''"})
    void whatIsNoNumberLimitsNothing(String limit, String usage) throws IOException {
        write("proc/meminfo", "MemTotal: 5 kB\nMemAvailable: unknown kB\n");
        write("proc/self/cgroup", "0::/\n");
        write("sys/fs/cgroup/memory.max", limit);
        write("sys/fs/cgroup/memory.current", usage);
        assertEquals(OptionalLong.empty(), least());
    }

    @Test
    void aGroupWithoutLimitLimitsNothing() throws IOException {
        write("proc/self/cgroup", "nonsense\n1:name=systemd:/x\n0::/a\n");
        write("sys/fs/cgroup/a/memory.current", "100");
        write("sys/fs/cgroup/x/memory.max", "1");
        write("sys/fs/cgroup/x/memory.current", "1");
        write("sys/fs/cgroup/memory/memory.limit_in_bytes", "1");
        write("sys/fs/cgroup/memory/memory.usage_in_bytes", "1");
        assertEquals(OptionalLong.empty(), least());
    }

    private void limits(String data, String addresses) throws IOException {
        write("proc/self/status", "Name:\tjava\nVmSize:\t  300000 kB\nVmRSS:\t 5 kB\nVmData:\t  200000 kB\n");
        write("proc/self/limits", """
                Limit                     Soft Limit           Hard Limit           Units
                Max data size             %-20s 9000000000           bytes
                Max stack size            8388608              unlimited            bytes
                Max address space         %-20s unlimited            bytes
                """.formatted(data, addresses));
    }

    @Test
    void theLimitsOfTheProcessHoldButForAReserve() throws IOException {
        write("proc/meminfo", "MemAvailable: 80000000 kB\n");
        limits("unlimited", "unlimited");
        assertEquals(
                List.of(new Room(80_000_000L * 1024, Limit.SYSTEM)),
                new FreeMemory(directory).read(),
                "where there is none");
        limits("unlimited", "1000000000");
        assertEquals(
                new Room(1_000_000_000 - 300_000L * 1024 - FreeMemory.RESERVE, Limit.ADDRESS_SPACE),
                new FreeMemory(directory).read().getLast());
        limits("1000000000", "unlimited");
        assertEquals(
                new Room(1_000_000_000 - 200_000L * 1024 - FreeMemory.RESERVE, Limit.DATA),
                new FreeMemory(directory).read().getLast());
        limits("1000000000", "500000000");
        assertEquals(3, new FreeMemory(directory).read().size(), "each is told of");
        // Less is left than the reserve.
        limits("unlimited", String.valueOf(300_000L * 1024 + FreeMemory.RESERVE - 1));
        assertLeft(0);
    }

    /** Where it fails, it can be answered; where it is granted all the same, the process is killed for using it. */
    @Test
    void ofTheLimitsThoseOfTheProcessAreTold() {
        assertEquals(
                List.of(Limit.ADDRESS_SPACE, Limit.DATA),
                Stream.of(Limit.values()).filter(Limit::told).toList());
    }

    @Test
    void thisSystemTellsItsMemory() {
        assertTrue(FreeMemory.available().orElse(1) > 0);
    }
}
