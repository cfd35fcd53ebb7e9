package io.llamanode.term;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Each form of "External Term Format", those that only old releases write among them. */
final class TermFormsTest {
    private static final TermLimits LIMITS = TermLimits.DEFAULT;
    private static final byte[] NODE = bytes(119, 3, 'a', '@', 'b');

    /** {@return numbers as bytes, and arrays as they are} */
    private static byte[] bytes(Object... parts) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (Object part : parts) {
            switch (part) {
                case Integer number -> bytes.write(number);
                case Character c -> bytes.write(c);
                case byte[] many -> bytes.writeBytes(many);
                default -> throw new AssertionError(part);
            }
        }
        return bytes.toByteArray();
    }

    private static byte[] any(int count) {
        byte[] bytes = new byte[count];
        Arrays.fill(bytes, (byte) 255);
        return bytes;
    }

    private static byte[] fun(int index, byte[] pid) {
        return bytes(
                112,
                any(4 + 1 + 16 + 4),
                bytes(0, 0, 0, 1),
                NODE,
                index == 97 ? bytes(97, 7) : bytes(index, any(4)),
                bytes(98, any(4)),
                pid,
                106);
    }

    static Stream<Arguments> forms() {
        byte[] newPid = bytes(88, NODE, any(12));
        return Stream.of(
                arguments("small integer", bytes(97, 255)),
                arguments("integer", bytes(98, any(4))),
                arguments("float", bytes(70, any(8))),
                arguments("float as text", bytes(99, any(31))),
                arguments("atom in Latin-1", bytes(100, 1, 0, any(256))),
                arguments("atom in UTF-8", bytes(118, 3, 252, any(1020))),
                arguments("small atom in UTF-8", bytes(119, 255, any(255))),
                arguments("nil", bytes(106)),
                arguments("empty tuple", bytes(104, 0)),
                arguments("small tuple", bytes(104, 2, 106, 106)),
                arguments("large tuple", bytes(105, 0, 0, 0, 2, 106, 106)),
                arguments("list", bytes(108, 0, 0, 0, 2, 106, 106, 106)),
                arguments("map", bytes(116, 0, 0, 0, 1, 106, 106)),
                arguments("string", bytes(107, 1, 2, any(258))),
                arguments("binary", bytes(109, 0, 1, 0, 2, any(65_538))),
                arguments("whole bits", bytes(77, 0, 0, 0, 1, 8, any(1))),
                arguments("one bit", bytes(77, 0, 0, 0, 1, 1, any(1))),
                arguments("small bignum", bytes(110, 255, 0, any(255))),
                arguments("large bignum", bytes(111, 0, 0, 4, 0, 1, any(1024))),
                arguments("process with a creation of four bytes", newPid),
                arguments("process", bytes(103, NODE, any(9))),
                arguments("port", bytes(102, NODE, any(5))),
                arguments("port with a creation of four bytes", bytes(89, NODE, any(8))),
                arguments("port with an id of eight bytes", bytes(120, NODE, any(12))),
                arguments("reference of one word", bytes(101, NODE, any(5))),
                arguments("reference", bytes(114, 0, 1, NODE, any(1 + 4))),
                arguments("reference of five words", bytes(114, 0, 5, NODE, any(1 + 5 * 4))),
                arguments("reference with a creation of four bytes", bytes(90, 0, 3, NODE, any(4 + 3 * 4))),
                arguments("external fun", bytes(113, NODE, NODE, 97, 255)),
                arguments("fun", fun(97, newPid)),
                arguments("fun of a large index", fun(98, bytes(103, NODE, any(9)))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("forms")
    void aFormIsAsLongAsItIs(String name, byte[] term) throws Exception {
        assertEquals(term.length, TermScanner.skip(term, 0, term.length, LIMITS));
        byte[] more = Arrays.copyOf(term, term.length + 1);
        assertEquals(term.length, TermScanner.skip(more, 0, more.length, LIMITS));
        for (int end = 0; end < term.length; end++) {
            int cut = end;
            String reason = assertThrows(TermLimitException.class, () -> TermScanner.skip(term, 0, cut, LIMITS))
                    .getMessage();
            assertEquals("truncated", reason.substring(0, 9));
        }
    }

    static Stream<Arguments> refused() {
        return Stream.of(
                arguments(bytes(77, 0, 0, 0, 1, 0, 1), "a bit string of 0 bits in its last byte"),
                arguments(bytes(77, 0, 0, 0, 0, 8), "a bit string of 8 bits in its last byte"),
                arguments(bytes(114, 0, 0, NODE, any(5)), "a reference of 0 words"),
                arguments(bytes(90, 1, 1, NODE, any(5)), "a reference of 257 words"),
                arguments(bytes(113, NODE, NODE, 98, any(4)), "the arity of an external fun is not a small integer"),
                arguments(bytes(113, NODE, 106, 97, 1), "tag 106 where an atom belongs"),
                arguments(fun(110, bytes()), "tag 110 where a fun's index belongs"),
                arguments(fun(97, bytes(102, NODE, any(5))), "tag 102 where a pid belongs"),
                arguments(bytes(111, 0, 0, 4, 1, 0, any(1025)), "an integer of 1025 bytes"));
    }

    @ParameterizedTest(name = "{1}")
    @MethodSource("refused")
    void whatNoReleaseWritesIsRefused(byte[] term, String reason) {
        assertEquals(
                reason,
                assertThrows(TermLimitException.class, () -> TermScanner.skip(term, 0, term.length, LIMITS))
                        .getMessage());
    }

    @Test
    void onlyTheRangeThatIsThereIsLookedAt() {
        byte[] nil = bytes(106);
        assertThrows(IndexOutOfBoundsException.class, () -> TermScanner.skip(nil, -1, 1, LIMITS));
        assertThrows(IndexOutOfBoundsException.class, () -> TermScanner.skip(nil, 0, 2, LIMITS));
        assertThrows(IndexOutOfBoundsException.class, () -> TermScanner.skip(nil, 1, 0, LIMITS));
        assertEquals(
                "truncated",
                assertThrows(TermLimitException.class, () -> TermScanner.skip(nil, 1, 1, LIMITS))
                        .getMessage());
    }

    @Test
    void theArityOfATupleIsReadWhereItIsWhole() {
        byte[] large = bytes(9, 105, 1, 2, 3, 4);
        assertEquals(0x01020304, TermScanner.tupleArity(large, 1, 6));
        assertEquals(-1, TermScanner.tupleArity(large, 1, 5));
        byte[] small = bytes(9, 104, 200);
        assertEquals(200, TermScanner.tupleArity(small, 1, 3));
        assertEquals(-1, TermScanner.tupleArity(small, 1, 2));
        assertEquals(0, TermScanner.tupleArity(bytes(105, 0, 0, 0, 0), 0, 5));
        assertEquals(0, TermScanner.tupleArity(bytes(104, 0), 0, 2));
    }

    @Test
    void atomsAreReadInTheirCharacterSet() {
        byte[] utf8 = "漢".repeat(100).getBytes(StandardCharsets.UTF_8);
        assertEquals("漢".repeat(100), TermScanner.atom(bytes(9, 118, 1, 44, utf8, 9), 1));
        assertEquals("漢字", TermScanner.atom(bytes(9, 119, 6, "漢字".getBytes(StandardCharsets.UTF_8), 9), 1));
        byte[] latin = "é".repeat(258).getBytes(StandardCharsets.ISO_8859_1);
        assertEquals("é".repeat(258), TermScanner.atom(bytes(9, 100, 1, 2, latin, 9), 1));
        assertNull(TermScanner.atom(bytes(9, 106, 0), 1));
    }
}
