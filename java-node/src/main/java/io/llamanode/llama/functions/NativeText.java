package io.llamanode.llama.functions;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Calls functions of the {@code snprintf} kind. */
public final class NativeText {

    private static final int FIRST_TRY = 256;

    private NativeText() {}

    /** Writes a terminated string and tells its whole length, or a negative number for none. */
    public interface Printer {
        /**
         * Writes as {@code snprintf} does.
         *
         * @param buffer takes as much as fits, terminated
         * @param size bytes of {@code buffer}, the terminating one included
         * @return bytes of the whole string without the terminating one, even if it did not fit; negative for no string
         */
        int print(MemorySegment buffer, long size);
    }

    /**
     * Calls a function again with more room where the first buffer was too small.
     *
     * @param printer the function, called at most twice
     * @return the string, read as UTF-8; empty where there is none
     */
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
