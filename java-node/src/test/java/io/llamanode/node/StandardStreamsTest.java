package io.llamanode.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangBinary;
import com.ericsson.otp.erlang.OtpErlangLong;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangTuple;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Each test runs a process, since a JVM has its standard streams once. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
@Tag("process")
final class StandardStreamsTest {
    private static final String UNACCEPTABLE = "a frame does not hold an acceptable external term: ";

    @Test
    void framesStayIntactWhileJavaAndNativeCodePrint() throws Exception {
        try (Child child = new Child("print")) {
            Map<Long, Integer> counts = new TreeMap<>();
            OtpErlangObject term = child.receive();
            while (!term.equals(new OtpErlangAtom("printed"))) {
                counts.merge(assertInstanceOf(OtpErlangLong.class, term).longValue(), 1, Integer::sum);
                term = child.receive();
            }
            assertEquals(ChildMain.LINES, counts.size());
            assertTrue(counts.values().stream().allMatch(count -> count == ChildMain.PRINTERS));

            child.input().close();
            List<String> printed = child.errors().lines().toList();
            for (int i = 0; i < ChildMain.PRINTERS; i++) {
                for (String line : List.of("java " + i, "native " + i)) {
                    assertEquals(
                            ChildMain.LINES,
                            printed.stream().filter(line::equals).count(),
                            line);
                }
            }
            assertEquals(0, child.exitStatus());
        }
    }

    @Test
    void sendsFramesOfAnyLengthBack() throws Exception {
        try (Child child = new Child("echo")) {
            for (int length : new int[] {0, 1, 65_535, 65_536, 3_000_000}) {
                OtpErlangBinary binary = new OtpErlangBinary(new byte[length]);
                child.send(binary);
                assertEquals(binary, child.receive());
            }
            child.input().close();
            assertEquals(0, child.exitStatus());
        }
    }

    @Test
    void aNonBlockingPipeIsWaitedFor() throws Exception {
        try (Child child = new Child("nonblocking")) {
            assertEquals("sending", child.errors().readLine());
            assertEquals(new OtpErlangBinary(new byte[3_000_000]), child.receive());
            assertEquals(new OtpErlangAtom("sent"), child.receive());
        }
    }

    @Test
    void endOfInputEndsEvenAStuckProcess() throws Exception {
        try (Child child = new Child("stuck")) {
            assertEquals(new OtpErlangAtom("started"), child.receive());
            assertTrue(child.isAlive());
            child.input().close();
            assertEquals(0, child.exitStatus());
        }
    }

    @Test
    void aParentThatStopsReadingForGoodEndsTheProcess() throws Exception {
        try (Child child = new Child("echo")) {
            child.closeOutput();
            child.send(new OtpErlangAtom("hello"));
            assertEquals(0, child.exitStatus());
        }
    }

    @Test
    void aParentThatDoesNotReadBlocksNoLogCall() throws Exception {
        try (Child child = new Child("flood")) {
            String told = child.errors().readLine();
            assertTrue(told.matches("logged, dropped [1-9]\\d*"), told);
            List<OtpErlangTuple> others = new ArrayList<>();
            boolean reported = false;
            OtpErlangObject term = child.receive();
            while (!term.equals(new OtpErlangAtom("ready"))) {
                OtpErlangTuple tuple = (OtpErlangTuple) term;
                boolean isLog = tuple.elementAt(0).equals(new OtpErlangAtom("log"));
                if (!isLog) {
                    others.add(tuple);
                }
                reported |= isLog && text(tuple, 3).contains("log records in all were dropped");
                term = child.receive();
            }
            assertEquals(1, others.size(), "progress that waits is replaced by newer progress");
            while (!reported) {
                reported = text((OtpErlangTuple) child.receive(), 3).contains("log records in all were dropped");
            }
        }
    }

    @Test
    void logRecordsBecomeFrames() throws Exception {
        try (Child child = new Child("log")) {
            List<String> logged = new ArrayList<>();
            OtpErlangObject term = child.receive();
            while (!term.equals(new OtpErlangAtom("logged"))) {
                OtpErlangTuple tuple = (OtpErlangTuple) term;
                assertEquals(new OtpErlangAtom("log"), tuple.elementAt(0));
                logged.add(tuple.elementAt(1) + " " + text(tuple, 2) + ": " + text(tuple, 3));
                term = child.receive();
            }
            String all = String.join("\n", logged);
            assertEquals("info io.llamanode.Child: 1 of 2", logged.get(0), all);
            assertEquals("warning io.llamanode.Child: careful", logged.get(1), all);
            String error = logged.get(2);
            assertTrue(
                    error.startsWith("error io.llamanode.Child: failed\njava.lang.IllegalStateException: outer\n  at "),
                    all);
            assertTrue(error.contains("\ncaused by java.lang.RuntimeException: inner\n  at "), all);
            assertEquals("info io.llamanode.Child: outermost", logged.getLast(), all);
            assertFalse(all.contains("hidden"), all);
        }
    }

    @Test
    void logRecordsGoToStandardErrorOnOneLine() throws Exception {
        try (Child child = new Child("stderr")) {
            assertEquals(new OtpErlangAtom("logged"), child.receive());
            child.input().close();
            List<String> lines = child.errors().lines().toList();
            assertEquals(1, lines.size(), lines.toString());
            String line = lines.getFirst();
            assertTrue(
                    line.matches("\\S+Z error io\\.llamanode\\.Child: two\\\\nlines\\\\n"
                            + "java\\.lang\\.IllegalStateException: thrown\\\\n  at .*"),
                    line);
        }
    }

    @Test
    void anOversizeFrameEndsTheProcess() throws Exception {
        assertEquals(
                "a frame of 16777217 bytes is over the limit of 16777216", brokenBy(new byte[] {1, 0, 0, 1}, false));
    }

    @Test
    void aLengthWithTheHighestBitSetIsOversize() throws Exception {
        assertEquals(
                "a frame of 4294967295 bytes is over the limit of 16777216",
                brokenBy(new byte[] {-1, -1, -1, -1}, false));
    }

    @Test
    void aTruncatedFrameEndsTheProcess() throws Exception {
        assertEquals(
                "the input ended after 2 of 8 bytes of a frame",
                brokenBy(new byte[] {0, 0, 0, 8, (byte) 131, 119}, true));
    }

    @Test
    void aTruncatedLengthEndsTheProcess() throws Exception {
        assertEquals("the input ended inside the length of a frame", brokenBy(new byte[] {0, 0}, true));
    }

    @Test
    void whatIsNoTermEndsTheProcess() throws Exception {
        assertEquals(UNACCEPTABLE + "the version byte is missing", brokenBy(new byte[] {0, 0, 0, 2, 1, 2}, false));
        assertEquals(UNACCEPTABLE + "the version byte is missing", brokenBy(new byte[] {0, 0, 0, 0}, false));
        assertEquals(UNACCEPTABLE + "unknown tag 2", brokenBy(new byte[] {0, 0, 0, 2, (byte) 131, 2}, false));
        assertEquals(
                UNACCEPTABLE + "compressed terms are refused",
                brokenBy(new byte[] {0, 0, 0, 3, (byte) 131, 80, 0}, false));
        assertEquals(
                UNACCEPTABLE + "bytes after the end of the term",
                brokenBy(new byte[] {0, 0, 0, 4, (byte) 131, 97, 1, 1}, false));
    }

    @Test
    void deepNestingEndsTheProcess() throws Exception {
        int depth = 1_000_000;
        byte[] frame = new byte[4 + 1 + 2 * depth];
        frame[1] = (byte) ((frame.length - 4) >> 16);
        frame[2] = (byte) ((frame.length - 4) >> 8);
        frame[3] = (byte) (frame.length - 4);
        frame[4] = (byte) 131;
        for (int i = 5; i < frame.length; i += 2) {
            // A tuple of one element.
            frame[i] = 104;
            frame[i + 1] = 1;
        }
        assertEquals(UNACCEPTABLE + "nested deeper than 64", brokenBy(frame, false));
    }

    private static String brokenBy(byte[] bytes, boolean close) throws Exception {
        try (Child child = new Child("echo")) {
            child.input().write(bytes);
            child.input().flush();
            if (close) {
                child.input().close();
            }
            String told = child.errors().lines().collect(Collectors.joining("\n"));
            assertEquals(3, child.exitStatus());
            return told;
        }
    }

    private static String text(OtpErlangTuple tuple, int element) {
        return new String(((OtpErlangBinary) tuple.elementAt(element)).binaryValue(), StandardCharsets.UTF_8);
    }
}
