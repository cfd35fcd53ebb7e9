package io.llamanode.term;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangBinary;
import com.ericsson.otp.erlang.OtpErlangBitstr;
import com.ericsson.otp.erlang.OtpErlangDouble;
import com.ericsson.otp.erlang.OtpErlangList;
import com.ericsson.otp.erlang.OtpErlangLong;
import com.ericsson.otp.erlang.OtpErlangMap;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangRef;
import com.ericsson.otp.erlang.OtpErlangString;
import com.ericsson.otp.erlang.OtpErlangTuple;
import com.ericsson.otp.erlang.OtpInputStream;
import com.ericsson.otp.erlang.OtpOutputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class TermScannerTest {
    private static final TermLimits LIMITS = TermLimits.DEFAULT;

    private static byte[] encode(OtpErlangObject term) {
        OtpOutputStream out = new OtpOutputStream();
        out.write1(TermScanner.VERSION);
        out.write_any(term);
        return out.toByteArray();
    }

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    private static String refusal(byte[] message, TermLimits limits) {
        return assertThrows(TermLimitException.class, () -> TermScanner.check(message, 0, message.length, limits))
                .getMessage();
    }

    private static OtpErlangObject everything() throws Exception {
        OtpErlangPid pid = new OtpErlangPid("a@b", 5, 0, 77);
        OtpErlangObject improper = new OtpErlangList(
                new OtpErlangObject[] {new OtpErlangAtom("alias")},
                new OtpErlangRef(90, "a@b", new int[] {1, 2, 3}, 77));
        return new OtpErlangTuple(new OtpErlangObject[] {
            new OtpErlangAtom("größe"),
            new OtpErlangAtom("漢字"),
            new OtpErlangLong(7),
            new OtpErlangLong(-70_000),
            new OtpErlangLong(new BigInteger("-123456789012345678901234567890")),
            new OtpErlangDouble(2.5),
            new OtpErlangBinary(new byte[300]),
            new OtpErlangBitstr(new byte[] {1, 2}, 3),
            new OtpErlangString("text"),
            new OtpErlangString("漢字"),
            new OtpErlangList(),
            improper,
            pid,
            new OtpErlangMap(
                    new OtpErlangObject[] {pid, new OtpErlangLong(1)},
                    new OtpErlangObject[] {new OtpErlangLong(1), new OtpErlangTuple(new OtpErlangObject[0])})
        });
    }

    private static OtpErlangObject nested(int depth) {
        OtpErlangObject term = new OtpErlangAtom("x");
        for (int i = 0; i < depth; i++) {
            term = new OtpErlangTuple(term);
        }
        return term;
    }

    @Test
    void acceptsWhatBeamsSend() throws Exception {
        byte[] message = encode(everything());
        TermScanner.check(message, 0, message.length, LIMITS);
        assertEquals(message.length, TermScanner.skip(message, 1, message.length, LIMITS));
        // Fun, external fun and port, which JInterface has no convenient constructors for.
        byte[] fun = bytes(
                112, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 119, 1, 'm',
                97, 3, 98, 0, 0, 0, 9, 88, 119, 3, 'a', '@', 'b', 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 106);
        assertEquals(fun.length - 1, TermScanner.skip(fun, 0, fun.length, LIMITS) - 1);
        byte[] export = bytes(113, 119, 1, 'm', 119, 1, 'f', 97, 2);
        assertEquals(export.length, TermScanner.skip(export, 0, export.length, LIMITS));
        byte[] port = bytes(120, 119, 1, 'n', 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1);
        assertEquals(port.length, TermScanner.skip(port, 0, port.length, LIMITS));
    }

    @Test
    void limitsDepth() throws Exception {
        byte[] deepest = encode(nested(64));
        TermScanner.check(deepest, 0, deepest.length, LIMITS);
        assertEquals("nested deeper than 64", refusal(encode(nested(65)), LIMITS));
        byte[] poison = new byte[200_000];
        for (int i = 0; i < poison.length; i += 2) {
            poison[i] = 104;
            poison[i + 1] = 1;
        }
        poison[0] = (byte) 131;
        poison[1] = 106;
        assertEquals("bytes after the end of the term", refusal(poison, LIMITS));
        assertThrows(TermLimitException.class, () -> TermScanner.skip(poison, 2, poison.length, LIMITS));
    }

    @Test
    void limitsElements() throws Exception {
        TermLimits few = new TermLimits(64, 10, 100, 8);
        OtpErlangObject[] nine = new OtpErlangObject[9];
        Arrays.fill(nine, new OtpErlangAtom("x"));
        byte[] enough = encode(new OtpErlangTuple(nine));
        TermScanner.check(enough, 0, enough.length, few);
        OtpErlangObject[] ten = Arrays.copyOf(nine, 10);
        ten[9] = ten[0];
        assertEquals("more than 10 elements", refusal(encode(new OtpErlangTuple(ten)), few));
        assertEquals("more than 10 elements", refusal(encode(new OtpErlangTuple(new OtpErlangTuple(nine))), few));
    }

    @Test
    void limitsSizes() {
        TermLimits small = new TermLimits(64, 10, 100, 8);
        assertEquals("a binary of 101 bytes", refusal(encode(new OtpErlangBinary(new byte[101])), small));
        assertEquals("an integer of 9 bytes", refusal(encode(new OtpErlangLong(BigInteger.ONE.shiftLeft(64))), small));
    }

    @Test
    void refusesLies() {
        assertEquals("compressed terms are refused", refusal(bytes(131, 80, 64, 0, 0, 0, 1, 2), LIMITS));
        assertEquals("the version byte is missing", refusal(bytes(97, 1), LIMITS));
        assertEquals("the version byte is missing", refusal(bytes(), LIMITS));
        assertEquals("truncated", refusal(bytes(131), LIMITS));
        // #nr:point{x = 3} as OTP 29 writes it.
        assertEquals(
                "native records are refused",
                refusal(
                        bytes(
                                131, 67, 0, 0, 0, 1, 0, 119, 2, 110, 114, 119, 5, 112, 111, 105, 110, 116, 119, 1, 120,
                                97, 3),
                        LIMITS));
        assertEquals("unknown tag 131", refusal(bytes(131, 131, 97, 1), LIMITS));
        assertEquals("unknown tag 82", refusal(bytes(131, 82, 1), LIMITS));
        assertEquals(
                "truncated: an arity of 4294967295 with 1 bytes left",
                refusal(bytes(131, 105, 255, 255, 255, 255, 106), LIMITS));
        assertEquals(
                "truncated: an arity of 2147483647 with 1 bytes left",
                refusal(bytes(131, 108, 127, 255, 255, 255, 106), LIMITS));
        assertEquals(
                "truncated: an arity of 2 with 3 bytes left", refusal(bytes(131, 116, 0, 0, 0, 2, 97, 1, 106), LIMITS));
        assertEquals("a binary of 4294967295 bytes", refusal(bytes(131, 109, 255, 255, 255, 255, 1), LIMITS));
        assertEquals("truncated: 5 bytes announced, 1 left", refusal(bytes(131, 109, 0, 0, 0, 5, 1), LIMITS));
        assertEquals("a list of no elements that is not nil", refusal(bytes(131, 108, 0, 0, 0, 0, 97, 1), LIMITS));
        assertEquals("a reference of 6 words", refusal(bytes(131, 90, 0, 6, 119, 1, 'n'), LIMITS));
        assertEquals("an atom of 1021 bytes", refusal(bytes(131, 118, 3, 253, 'a'), LIMITS));
        assertEquals("tag 106 where an atom belongs", refusal(bytes(131, 88, 106, 0), LIMITS));
        assertEquals("a bit string of 9 bits in its last byte", refusal(bytes(131, 77, 0, 0, 0, 1, 9, 1), LIMITS));
    }

    @Test
    void findsTheElementsOfATuple() throws Exception {
        byte[] small = encode(new OtpErlangTuple(new OtpErlangObject[] {new OtpErlangAtom("a"), new OtpErlangLong(1)}));
        assertEquals(2, TermScanner.tupleArity(small, 1, small.length));
        int second = TermScanner.skip(small, TermScanner.firstElement(small, 1), small.length, LIMITS);
        assertEquals(97, small[second]);
        byte[] large =
                ByteBuffer.allocate(6).put((byte) 105).putInt(1).put((byte) 106).array();
        assertEquals(1, TermScanner.tupleArity(large, 0, large.length));
        assertEquals(5, TermScanner.firstElement(large, 0));
        assertEquals(-1, TermScanner.tupleArity(bytes(105, 255, 255, 255, 255), 0, 5));
        assertEquals(-1, TermScanner.tupleArity(bytes(104), 0, 1));
        assertEquals(-1, TermScanner.tupleArity(bytes(106), 0, 1));
        assertThrows(IndexOutOfBoundsException.class, () -> TermScanner.skip(small, 0, small.length + 1, LIMITS));
    }

    /** Whatever is done to the bytes: a verdict, nothing else; and what passes can be decoded within its bytes. */
    @Test
    void mutationsGetAVerdict() throws Exception {
        byte[] original = encode(everything());
        Random random = new Random(20);
        int passed = 0;
        for (int round = 0; round < 100_000; round++) {
            byte[] mutant = original.clone();
            for (int i = random.nextInt(4); i >= 0; i--) {
                mutant[random.nextInt(mutant.length)] = (byte) random.nextInt(256);
            }
            int end = random.nextInt(8) == 0 ? random.nextInt(mutant.length) : mutant.length;
            try {
                TermScanner.check(mutant, 0, end, LIMITS);
            } catch (TermLimitException refused) {
                assertTrue(refused.getMessage().length() > 0);
                continue;
            }
            passed++;
            try {
                new OtpInputStream(mutant, 0, end, 0).read_any();
            } catch (com.ericsson.otp.erlang.OtpErlangDecodeException | RuntimeException undecodable) {
                // Invalid text for example; the callers expect it. An Error would fail the test.
                continue;
            }
        }
        assertTrue(passed > 1000, "mutants that passed: " + passed);
    }
}
