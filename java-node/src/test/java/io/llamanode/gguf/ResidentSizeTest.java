package io.llamanode.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

final class ResidentSizeTest {
    @Test
    void followsWhatTheProcessTouches() {
        assumeTrue(Files.isReadable(Path.of("/proc/self/statm")), "this system has no /proc/self/statm");
        ResidentSize size = new ResidentSize();
        long before = size.bytes();
        assertTrue(before > 0);
        try (Arena arena = Arena.ofConfined()) {
            arena.allocate(200 << 20).fill((byte) 1);
            long grown = size.bytes() - before;
            assertTrue(grown > 100 << 20, () -> "grown by %d bytes".formatted(grown));
        }
    }

    @Test
    void anInterruptedReaderLeavesItOpenForOthers() {
        ResidentSize size = new ResidentSize();
        long before = size.bytes();
        Thread.currentThread().interrupt();
        size.bytes();
        assertTrue(Thread.interrupted());
        assertEquals(before > 0, size.bytes() > 0);
    }
}
