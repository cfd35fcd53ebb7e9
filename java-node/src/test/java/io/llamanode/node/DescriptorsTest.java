package io.llamanode.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

@Tag("native")
final class DescriptorsTest {
    private static final int EBADF = 9;

    @Test
    void errorsTellTheCallAndErrno() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(1);
            fails("dup(-1) failed, errno " + EBADF, () -> Descriptors.dup(-1));
            fails("dup2(-1, 1) failed, errno " + EBADF, () -> Descriptors.dup2(-1, 1));
            fails("write failed, errno " + EBADF, () -> Descriptors.write(-1, bytes));
        }
    }

    private static void fails(String message, Executable call) {
        assertEquals(message, assertThrows(IOException.class, call).getMessage());
    }
}
