package io.llamanode.llama.memory;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/**
 * Makes glibc give freed memory back. Its allocator keeps what other threads than the first one freed, so that
 * a process that loads one model after the other would grow by much of the size of each.
 */
public final class ReleasedMemory {

    private static final @Nullable MethodHandle MALLOC_TRIM = Linker.nativeLinker()
            .defaultLookup()
            .find("malloc_trim")
            .map(address -> Linker.nativeLinker().downcallHandle(address, FunctionDescriptor.of(JAVA_INT, JAVA_LONG)))
            .orElse(null); // Not glibc.

    private ReleasedMemory() {}

    /** Calls {@code malloc_trim(0)}, which costs milliseconds; does nothing with another C library than glibc. */
    public static void returnToSystem() {
        if (MALLOC_TRIM == null) {
            return;
        }
        try {
            int _ = (int) MALLOC_TRIM.invokeExact(0L);
        } catch (Throwable t) {
            throw new IllegalStateException("malloc_trim threw " + t, t); // It cannot: it is a C function.
        }
    }
}
