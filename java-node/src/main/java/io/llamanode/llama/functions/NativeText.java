package io.llamanode.llama.functions;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Calls functions of the {@code snprintf} kind. */
public final class NativeText {

    private static final int FIRST_TRY = 256;

    private NativeText() {}

    /** Writes a terminated string and tells its whole length, or a negative number for none. */
    public interface Printer {
        int print(MemorySegment buffer, long size);
    }

    public static String read(Printer printer) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(FIRST_TRY);
            int length = printer.print(buffer, FIRST_TRY);
            if (length < 0) {
                return "";
            }
            if (length >= FIRST_TRY) {
                buffer = arena.allocate(length + 1L);
                printer.print(buffer, length + 1L);
            }
            return buffer.getString(0);
        }
    }
}
