package io.llamanode.gguf.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.llamanode.gguf.GgmlType;
import io.llamanode.llama.library.TestLibrary;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The library itself, which can be asked about a row of weights, says of random blocks what is said here. */
@Tag("native")
class BlockNumbersTest {
    private static final int BLOCKS = 1_000;

    @ParameterizedTest
    @EnumSource(
            value = GgmlType.class,
            mode = EnumSource.Mode.EXCLUDE,
            // The library looks at none of these, or calls them invalid altogether.
            names = {"Q8_1", "Q8_K", "F64", "I8", "I16", "I32", "I64"})
    void aBlockIsFiniteWhereTheLibraryFindsItSo(GgmlType type) throws Throwable {
        Path base = TestLibrary.installedFile("libggml-base.so");
        assumeTrue(Files.exists(base), () -> base + " is absent; `make native` installs it");
        byte[] block = new byte[type.blockBytes()];
        Random random = new Random(type.id());
        int bad = 0;
        try (Arena arena = Arena.ofConfined()) {
            MethodHandle validate = Linker.nativeLinker()
                    .downcallHandle(
                            SymbolLookup.libraryLookup(base, arena)
                                    .find("ggml_validate_row_data")
                                    .orElseThrow(),
                            FunctionDescriptor.of(
                                    ValueLayout.JAVA_BOOLEAN,
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.ADDRESS,
                                    ValueLayout.JAVA_LONG));
            MemorySegment segment = arena.allocate(block.length, 16);
            for (int i = 0; i < BLOCKS; i++) {
                random.nextBytes(block);
                segment.copyFrom(MemorySegment.ofArray(block));
                boolean finite = (boolean) validate.invoke(type.id(), segment, (long) block.length);
                ByteBuffer buffer = ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN);
                assertEquals(
                        finite, BlockNumbers.of(type).firstBad(buffer, block.length) < 0, () -> type + " " + buffer);
                bad += finite ? 0 : 1;
            }
        }
        assertTrue(bad > 0 || type == GgmlType.NVFP4, "no block was bad");
    }
}
