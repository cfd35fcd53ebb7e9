package io.llamanode.llama.functions;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.llama.LibraryException;
import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.StructLayout;
import java.lang.foreign.SymbolLookup;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What is declared is called, with functions of the C library. */
@Tag("native")
class CFunctionTest {

    /** {@code div_t}. */
    static final class Division {
        static final StructLayout LAYOUT =
                MemoryLayout.structLayout(JAVA_INT.withName("quot"), JAVA_INT.withName("rem"));
    }

    interface CLibrary {
        @CFunction("abs")
        int abs(int i);

        @CFunction(value = "labs", returnsAtOnce = true)
        long abs(long i);

        @CFunction("strlen")
        long length(MemorySegment text);

        @CFunction("strchr")
        MemorySegment find(MemorySegment text, int character);

        @CFunction("bzero")
        void zero(MemorySegment memory, long bytes);

        @CFunction("div")
        @Struct(Division.class)
        MemorySegment div(SegmentAllocator allocator, int numerator, int denominator);

        @CFunction("atoi")
        default int numberIfThere(MemorySegment text) {
            return -1;
        }

        @CFunction("no_such_function")
        default int orElse(int i) {
            return i + 1;
        }

        @CFunction("no_such_procedure")
        default void orElse(MemorySegment memory) {
            memory.set(JAVA_INT, 0, 7);
        }

        default int twice(int i) {
            return 2 * abs(i);
        }
    }

    interface Lacking {
        @CFunction("no_such_function")
        int call(int i);
    }

    private static final SymbolLookup C = Linker.nativeLinker().defaultLookup();
    private final CLibrary c = new CFunctionTestCLibraryCalls(new NativeFunctions(C, "The C library"));

    @Test
    void argumentsAndResultsAreThoseOfTheMethod() {
        try (Arena arena = Arena.ofConfined()) {
            assertEquals(3, c.abs(-3));
            assertEquals(1L << 40, c.abs(-(1L << 40)));
            MemorySegment text = arena.allocateFrom("abc");
            assertEquals(3, c.length(text));
            assertEquals(text.address() + 1, c.find(text, 'b').address());
            assertEquals(MemorySegment.NULL, c.find(text, 'x'));
            c.zero(text, 2);
            assertEquals(0, c.length(text));
        }
    }

    @Test
    void aStructIsReturnedIntoRoomOfTheCaller() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment division = c.div(arena, 17, 5);
            assertEquals(3, division.get(JAVA_INT, 0));
            assertEquals(2, division.get(JAVA_INT, 4));
        }
    }

    @Test
    void aBodyHoldsOnlyWhereTheLibraryLacksTheFunction() {
        assertEquals(5, c.orElse(4));
        try (Arena arena = Arena.ofConfined()) {
            assertEquals(42, c.numberIfThere(arena.allocateFrom("42")));
            MemorySegment memory = arena.allocate(JAVA_INT);
            c.orElse(memory);
            assertEquals(7, memory.get(JAVA_INT, 0));
        }
        assertEquals(8, c.twice(-4));
    }

    @Test
    void aFunctionWithoutABodyMustBeThere() {
        NativeFunctions library = new NativeFunctions(C, "The C library");
        LibraryException e = assertThrows(LibraryException.class, () -> new CFunctionTestLackingCalls(library));
        assertTrue(
                e.getMessage().startsWith("The C library has no function no_such_function; known are"), e.getMessage());
    }

    @Test
    void misuseOfAnArgumentIsToldAsItIs() {
        Arena arena = Arena.ofConfined();
        MemorySegment text = arena.allocateFrom("abc");
        arena.close();
        assertThrows(IllegalStateException.class, () -> c.length(text));
    }
}
