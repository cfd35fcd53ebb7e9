package io.llamanode.term;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangDouble;
import com.ericsson.otp.erlang.OtpErlangList;
import com.ericsson.otp.erlang.OtpErlangLong;
import com.ericsson.otp.erlang.OtpErlangMap;
import com.ericsson.otp.erlang.OtpErlangObject;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Terms as the protocol writes them, and the limits of those that it reads. */
final class TermsTest {
    private enum Kind {
        FINISHED_IT
    }

    @Test
    void atomsAreMadeOnce() {
        assertEquals(new OtpErlangAtom("once"), Terms.atom("once"));
        assertSame(Terms.atom("once"), Terms.atom("once"));
    }

    @Test
    void aConstantIsItsNameInSmallLettersInEveryLanguage() {
        Locale before = Locale.getDefault();
        try {
            Locale.setDefault(Locale.of("tr"));
            assertEquals(new OtpErlangAtom("finished_it"), Terms.atom(Kind.FINISHED_IT));
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void textsAreUtf8() {
        assertArrayEquals(
                "é😀".getBytes(StandardCharsets.UTF_8), Terms.text("é😀").binaryValue());
        assertArrayEquals(new byte[] {'a', '?'}, Terms.text("a\ud83d").binaryValue());
    }

    @Test
    void unsignedNumbersHaveNoSign() {
        assertEquals(new OtpErlangLong(0), Terms.unsigned(0));
        assertEquals(new OtpErlangLong(Long.MAX_VALUE), Terms.unsigned(Long.MAX_VALUE));
        assertEquals(new OtpErlangLong(BigInteger.TWO.pow(63)), Terms.unsigned(Long.MIN_VALUE));
        assertEquals(new OtpErlangLong(BigInteger.TWO.pow(64).subtract(BigInteger.ONE)), Terms.unsigned(-1));
    }

    @Test
    void listsKeepTheirOrder() {
        assertEquals(
                new OtpErlangList(new OtpErlangObject[] {Terms.text("b"), Terms.text("a")}),
                Terms.list(List.of("b", "a"), Terms::text));
    }

    @Test
    void whatIsNullIsLeftOutOfAMap() {
        OtpErlangMap map = Terms.map()
                .put("long", (Long) null)
                .put("integer", (Integer) null)
                .put("text", (String) null)
                .put("term", (OtpErlangObject) null)
                .build();
        assertEquals(new OtpErlangMap(), map);
    }

    @Test
    void aMapHasAtomsAsKeysAndATypeForEachValue() {
        OtpErlangMap map = Terms.map()
                .put("boxed_long", (Long) 1L)
                .put("boxed_integer", (Integer) 2)
                .put("long", 3L)
                .put("real", 4.0)
                .put("text", "five")
                .put("term", Terms.atom("six"))
                .build();
        assertEquals(6, map.arity());
        assertEquals(new OtpErlangLong(1), map.get(new OtpErlangAtom("boxed_long")));
        assertEquals(new OtpErlangLong(2), map.get(new OtpErlangAtom("boxed_integer")));
        assertEquals(new OtpErlangLong(3), map.get(new OtpErlangAtom("long")));
        assertEquals(new OtpErlangDouble(4), map.get(new OtpErlangAtom("real")));
        assertEquals(Terms.text("five"), map.get(new OtpErlangAtom("text")));
        assertEquals(new OtpErlangAtom("six"), map.get(new OtpErlangAtom("term")));
    }

    @Test
    void whatNoJsonDocumentHoldsIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> PlainTerms.of(Map.of("a", new Object())));
    }

    @Test
    void limitsThatTheScannerIsNotMeantForAreRefused() {
        assertEquals(0, new TermLimits(0, 1, 0, 8).maxDepth());
        assertEquals(10_000, new TermLimits(10_000, 1, 0, 8).maxDepth());
        assertThrows(IllegalArgumentException.class, () -> new TermLimits(-1, 1, 0, 8));
        assertThrows(IllegalArgumentException.class, () -> new TermLimits(10_001, 1, 0, 8));
        assertThrows(IllegalArgumentException.class, () -> new TermLimits(0, 0, 0, 8));
        assertThrows(IllegalArgumentException.class, () -> new TermLimits(0, 1, -1, 8));
        assertThrows(IllegalArgumentException.class, () -> new TermLimits(0, 1, 0, 7));
    }

    @Test
    void aRefusalCostsNoStackTrace() {
        TermLimitException refusal = new TermLimitException("why");
        assertEquals("why", refusal.getMessage());
        assertEquals(0, refusal.getStackTrace().length);
    }
}
