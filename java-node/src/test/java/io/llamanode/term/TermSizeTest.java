package io.llamanode.term;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangBinary;
import com.ericsson.otp.erlang.OtpErlangDouble;
import com.ericsson.otp.erlang.OtpErlangList;
import com.ericsson.otp.erlang.OtpErlangLong;
import com.ericsson.otp.erlang.OtpErlangMap;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangRef;
import com.ericsson.otp.erlang.OtpErlangString;
import com.ericsson.otp.erlang.OtpErlangTuple;
import com.ericsson.otp.erlang.OtpOutputStream;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Large terms, by their sizes and by their being made late. */
final class TermSizeTest {
    static List<OtpErlangObject> large() throws Exception {
        OtpErlangObject[] doubles = new OtpErlangObject[10_000];
        for (int i = 0; i < doubles.length; i++) {
            doubles[i] = new OtpErlangDouble(i);
        }
        OtpErlangObject text = new OtpErlangBinary(new byte[50_000]);
        OtpErlangObject pid = new OtpErlangPid("some_node@some.host", 1, 2, 3);
        OtpErlangObject ref = new OtpErlangRef(90, "some_node@some.host", new int[] {1, 2, 3}, 3);
        OtpErlangObject[] pids = Collections.nCopies(1000, pid).toArray(OtpErlangObject[]::new);
        OtpErlangObject[] refs = Collections.nCopies(1000, ref).toArray(OtpErlangObject[]::new);
        OtpErlangObject[] atoms =
                Collections.nCopies(1000, new OtpErlangAtom("some_atom")).toArray(OtpErlangObject[]::new);
        return List.of(
                new OtpErlangList(doubles),
                text,
                Terms.tuple(text, new OtpErlangList(doubles)),
                new OtpErlangList(atoms, text),
                new OtpErlangList(pids),
                new OtpErlangList(refs),
                new OtpErlangMap(new OtpErlangObject[] {text}, new OtpErlangObject[] {new OtpErlangList(doubles)}),
                new TermMap(new OtpErlangObject[] {text}, new OtpErlangObject[] {new OtpErlangList(doubles)}),
                new OtpErlangString("x".repeat(50_000)));
    }

    private static int encoded(OtpErlangObject term) {
        OtpOutputStream out = new OtpOutputStream();
        out.write_any(term);
        return out.size();
    }

    @ParameterizedTest
    @MethodSource("large")
    void theSizeOfALargeTermIsAboutThatOfItsEncoding(OtpErlangObject term) {
        double ratio = (double) TermSize.of(term) / encoded(term);
        assertTrue(ratio > 0.8 && ratio < 1.25, "ratio " + ratio);
    }

    @Test
    void aSmallTermIsMadeAtOnce() {
        OtpErlangObject term = new OtpErlangLong(1);
        assertSame(term, LateTerm.of("source", source -> term, LateTerm.LARGE - 1));
    }

    @Test
    void aLargeTermIsMadeWhenItIsEncodedAndIsItsWeightUntilThen() {
        int[] made = {0};
        OtpErlangObject late = LateTerm.of(
                "source",
                source -> {
                    made[0]++;
                    return new OtpErlangAtom("made");
                },
                LateTerm.LARGE);
        assertInstanceOf(LateTerm.class, late);
        assertEquals(2L * LateTerm.LARGE + 5, TermSize.of(Terms.tuple(late, late)));
        assertEquals(0, made[0]);
        OtpOutputStream out = new OtpOutputStream();
        out.write_any(Terms.tuple(new OtpErlangLong(1), late));
        OtpOutputStream expected = new OtpOutputStream();
        expected.write_any(Terms.tuple(new OtpErlangLong(1), new OtpErlangAtom("made")));
        assertArrayEquals(expected.toByteArray(), out.toByteArray());
        assertEquals(1, made[0]);
        assertNotEquals(late, LateTerm.of("source", source -> late, LateTerm.LARGE));
    }

    @Test
    void aTermThatFailsWhenItIsEncodedIsReplacedByWhatTellsSo() {
        OtpErlangObject broken = new OtpErlangObject() {
            @Override
            public String toString() {
                return "broken";
            }

            @Override
            public boolean equals(Object other) {
                return this == other;
            }

            @Override
            public void encode(OtpOutputStream out) {
                throw new IllegalStateException("broken");
            }
        };
        OtpErlangObject half = Terms.tuple(new OtpErlangLong(1), broken);
        OtpOutputStream out = new OtpOutputStream();
        out.write_any(Terms.tuple(
                new OtpErlangLong(7),
                LateTerm.late("source", source -> half, 10, defect -> new OtpErlangAtom(defect.getMessage()))));
        OtpOutputStream expected = new OtpOutputStream();
        expected.write_any(Terms.tuple(new OtpErlangLong(7), new OtpErlangAtom("broken")));
        assertArrayEquals(expected.toByteArray(), out.toByteArray());
        LateTerm unguarded = LateTerm.late("source", source -> half, 10, null);
        assertThrows(IllegalStateException.class, () -> new OtpOutputStream().write_any(unguarded));
    }

    @Test
    void whatALateTermIsMadeOfIsFoundWithinTuples() {
        Object source = new Object();
        OtpErlangObject late = LateTerm.of(source, made -> new OtpErlangAtom("made"), LateTerm.LARGE);
        OtpErlangObject[] answer = {new OtpErlangAtom("ok"), late};
        assertSame(source, LateTerm.in(late).source());
        assertSame(
                late, LateTerm.in(new OtpErlangTuple(new OtpErlangObject[] {new OtpErlangTuple(answer), answer[0]})));
        assertNull(LateTerm.in(new OtpErlangTuple(new OtpErlangObject[] {answer[0]})));
    }
}
