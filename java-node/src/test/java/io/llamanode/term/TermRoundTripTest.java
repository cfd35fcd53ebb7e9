package io.llamanode.term;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangBitstr;
import com.ericsson.otp.erlang.OtpErlangException;
import com.ericsson.otp.erlang.OtpErlangList;
import com.ericsson.otp.erlang.OtpErlangLong;
import com.ericsson.otp.erlang.OtpErlangMap;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangString;
import com.ericsson.otp.erlang.OtpErlangTuple;
import com.ericsson.otp.erlang.OtpInputStream;
import com.ericsson.otp.erlang.OtpOutputStream;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Random terms: what is written is read again as it was, and the scanner sees in the bytes what stands in the term. */
final class TermRoundTripTest {
    private static final TermLimits LIMITS = TermLimits.DEFAULT;

    private final Random random = new Random(13);
    private final RandomTerms terms = new RandomTerms(random);

    private static byte[] encode(OtpErlangObject term) {
        OtpOutputStream out = new OtpOutputStream();
        out.write1(TermScanner.VERSION);
        out.write_any(term);
        return out.toByteArray();
    }

    @Test
    void whatIsWrittenIsReadAgain() throws Exception {
        for (int run = 0; run < 1000; run++) {
            OtpErlangObject term = terms.term(4);
            byte[] message = encode(term);
            TermScanner.check(message, 0, message.length, LIMITS);
            assertEquals(plain(term), plain(new OtpInputStream(message).read_any()));
            assertEquals(plain(term), plain(TermReader.read(message, 0, message.length)));
        }
    }

    @Test
    void aTermEndsWhereItWasWritten() throws Exception {
        for (int run = 0; run < 1000; run++) {
            byte[] term = encode(terms.term(3));
            byte[] among = new byte[term.length + random.nextInt(20)];
            random.nextBytes(among);
            int from = random.nextInt(among.length - term.length + 1);
            System.arraycopy(term, 0, among, from, term.length);
            assertEquals(from + term.length, TermScanner.skip(among, from + 1, among.length, LIMITS));
            TermScanner.check(among, from, from + term.length, LIMITS);
        }
    }

    @Test
    void noPartOfATermIsOne() {
        for (int run = 0; run < 400; run++) {
            byte[] message = encode(terms.term(2));
            for (int end = 0; end < message.length; end += 1 + end / 100) {
                int cut = end;
                assertThrows(TermLimitException.class, () -> TermScanner.check(message, 0, cut, LIMITS));
            }
        }
    }

    @Test
    void theElementsOfATupleAreFoundOneAfterTheOther() throws Exception {
        for (int run = 0; run < 400; run++) {
            OtpErlangTuple tuple = terms.tuple(2);
            byte[] message = encode(tuple);
            assertEquals(tuple.arity(), TermScanner.tupleArity(message, 1, message.length));
            int at = TermScanner.firstElement(message, 1);
            for (OtpErlangObject element : tuple.elements()) {
                assertEquals(
                        element instanceof OtpErlangAtom atom ? atom.atomValue() : null, TermScanner.atom(message, at));
                int end = TermScanner.skip(message, at, message.length, LIMITS);
                byte[] alone = encode(element);
                assertTrue(Arrays.equals(message, at, end, alone, 1, alone.length), element::toString);
                at = end;
            }
            assertEquals(message.length, at);
        }
    }

    /** A term passes with limits that are just what it needs, and with none that is lower. */
    @Test
    void eachLimitIsExact() throws Exception {
        int nested = 0;
        for (int run = 0; run < 1000; run++) {
            OtpErlangObject term = terms.term(4);
            byte[] message = encode(term);
            Needs needs = Needs.of(term);
            TermLimits enough = new TermLimits(needs.depth, needs.elements, needs.binary, Math.max(8, needs.bignum));
            TermScanner.check(message, 0, message.length, enough);
            if (needs.depth > 0) {
                nested++;
                refuses(
                        "nested deeper than " + (needs.depth - 1),
                        message,
                        new TermLimits(needs.depth - 1, needs.elements, needs.binary, 1024));
                refuses(
                        "more than " + (needs.elements - 1) + " elements",
                        message,
                        new TermLimits(needs.depth, needs.elements - 1, needs.binary, 1024));
            }
            if (needs.binary > 0) {
                refuses("a binary of ", message, new TermLimits(needs.depth, needs.elements, needs.binary - 1, 1024));
            }
            if (needs.bignum > 8) {
                refuses(
                        "an integer of " + needs.bignum + " bytes",
                        message,
                        new TermLimits(needs.depth, needs.elements, needs.binary, needs.bignum - 1));
            }
        }
        assertTrue(nested > 400, "terms with containers: " + nested);
    }

    private static void refuses(String start, byte[] message, TermLimits limits) {
        String reason = assertThrows(
                        TermLimitException.class, () -> TermScanner.check(message, 0, message.length, limits))
                .getMessage();
        assertTrue(reason.startsWith(start), reason);
    }

    /** Whatever is done to the bytes: what the scanner passes and JInterface reads, both end at the same place. */
    @Test
    void changedBytesEndAtTheSamePlaceForBoth() {
        int read = 0;
        for (int run = 0; run < 6000; run++) {
            byte[] message = encode(terms.term(3));
            if (message.length > 2000) {
                continue;
            }
            for (int i = random.nextInt(3); i >= 0; i--) {
                message[random.nextInt(message.length)] = (byte) random.nextInt(256);
            }
            try {
                TermScanner.check(message, 0, message.length, LIMITS);
                OtpInputStream in = new OtpInputStream(message);
                in.read_any();
                assertEquals(0, in.available());
                read++;
            } catch (TermLimitException refused) {
                assertTrue(refused.getMessage().length() > 0);
            } catch (com.ericsson.otp.erlang.OtpErlangDecodeException | RuntimeException undecodable) {
                // A text that is none, for example. The scanner does not read what it passes.
                continue;
            }
        }
        assertTrue(read > 300, "terms that were read: " + read);
    }

    /** In Erlang a string is a list of integers; JInterface keeps apart how it was written. */
    private static OtpErlangObject plain(OtpErlangObject term) {
        return switch (term) {
            case OtpErlangString string ->
                new OtpErlangList(string.stringValue()
                        .codePoints()
                        .mapToObj(OtpErlangLong::new)
                        .toArray(OtpErlangObject[]::new));
            case OtpErlangTuple tuple -> new OtpErlangTuple(plain(tuple.elements()));
            case OtpErlangList list -> list(plain(list.elements()), list.getLastTail());
            case OtpErlangMap map -> new OtpErlangMap(plain(map.keys()), plain(map.values()));
            default -> term;
        };
    }

    private static OtpErlangList list(OtpErlangObject[] elements, OtpErlangObject tail) {
        try {
            return tail == null ? new OtpErlangList(elements) : new OtpErlangList(elements, tail);
        } catch (OtpErlangException e) {
            throw new AssertionError(e);
        }
    }

    private static OtpErlangObject[] plain(OtpErlangObject[] terms) {
        return Stream.of(terms).map(TermRoundTripTest::plain).toArray(OtpErlangObject[]::new);
    }

    /** What a term asks of the limits, counted in the term rather than in its bytes. */
    private record Needs(int depth, int elements, int binary, int bignum) {
        static Needs of(OtpErlangObject term) {
            return switch (term) {
                case OtpErlangTuple tuple -> of(tuple.elements());
                case OtpErlangMap map ->
                    of(Stream.of(map.keys(), map.values()).flatMap(Stream::of).toArray(OtpErlangObject[]::new));
                // The tail is an element, too: nil, if the list is proper.
                case OtpErlangList list when list.arity() > 0 -> with(1, of(list.elements()));
                case OtpErlangString string
                when !string.stringValue().chars().allMatch(c -> c < 256) -> {
                    int length = (int) string.stringValue().codePoints().count();
                    yield new Needs(1, 1 + length + 1, 0, 0);
                }
                case OtpErlangBitstr bits -> new Needs(0, 1, bits.binaryValue().length, 0);
                // JInterface writes a bit of the sign of what is no long.
                case OtpErlangLong number
                when !number.isLong() ->
                    new Needs(0, 1, 0, number.bigIntegerValue().abs().bitLength() / 8 + 1);
                default -> new Needs(0, 1, 0, 0);
            };
        }

        private static Needs of(OtpErlangObject[] parts) {
            Needs all = new Needs(0, 0, 0, 0);
            for (OtpErlangObject part : parts) {
                Needs needs = of(part);
                all = new Needs(
                        Math.max(all.depth, needs.depth),
                        all.elements + needs.elements,
                        Math.max(all.binary, needs.binary),
                        Math.max(all.bignum, needs.bignum));
            }
            return new Needs(parts.length == 0 ? 0 : all.depth + 1, all.elements + 1, all.binary, all.bignum);
        }

        private static Needs with(int more, Needs needs) {
            return new Needs(needs.depth, needs.elements + more, needs.binary, needs.bignum);
        }
    }
}
