package io.llamanode.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.protocol.launch.LogLevel;
import java.time.Instant;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.Test;

final class LogTextTest {
    private static final int MOST = 8192;

    private static LogRecord logged(String message) {
        return new LogRecord(Level.INFO, message);
    }

    private static Throwable thrown(String message, int frames, Throwable cause) {
        Throwable thrown = new IllegalStateException(message, cause);
        StackTraceElement[] stack = new StackTraceElement[frames];
        for (int i = 0; i < frames; i++) {
            stack[i] = new StackTraceElement("a.B", "m" + i, "B.java", i + 1);
        }
        thrown.setStackTrace(stack);
        return thrown;
    }

    private static List<String> lines(Throwable thrown) {
        LogRecord logged = logged("failed");
        logged.setThrown(thrown);
        return LogText.message(logged).lines().toList();
    }

    @Test
    void aMessageHasItsParameters() {
        LogRecord logged = logged("{0} of {1}");
        logged.setParameters(new Object[] {1, "two"});
        assertEquals("1 of two", LogText.message(logged));
        assertEquals("null", LogText.message(logged(null)));
    }

    @Test
    void aRecordWithoutALoggerHasAnEmptyName() {
        LogRecord logged = logged("x");
        assertEquals("", LogText.logger(logged));
        logged.setLoggerName("io.llamanode.X");
        assertEquals("io.llamanode.X", LogText.logger(logged));
    }

    @Test
    void aThrowableHasTheTopOfItsStack() {
        List<String> few = lines(thrown("outer", 8, null));
        assertEquals("failed", few.get(0));
        assertEquals("java.lang.IllegalStateException: outer", few.get(1));
        assertEquals("  at a.B.m0(B.java:1)", few.get(2));
        assertEquals("  at a.B.m7(B.java:8)", few.get(9));
        assertEquals(10, few.size(), "all of it");
        List<String> many = lines(thrown("outer", 11, null));
        assertEquals("  at a.B.m7(B.java:8)", many.get(9));
        assertEquals("  ... 3 more", many.get(10));
        assertEquals(11, many.size());
    }

    @Test
    void aThrowableHasItsNearestCauses() {
        Throwable deep = thrown("2", 0, thrown("3", 0, thrown("4", 0, null)));
        assertEquals(
                List.of(
                        "failed",
                        "java.lang.IllegalStateException: 1",
                        "caused by java.lang.IllegalStateException: 2",
                        "caused by java.lang.IllegalStateException: 3"),
                lines(thrown("1", 0, deep)));
    }

    @Test
    void aLongTextIsCut() {
        String longest = "x".repeat(MOST);
        assertEquals(longest, LogText.message(logged(longest)));
        assertEquals(longest + "...", LogText.message(logged(longest + "y")));
    }

    @Test
    void aCodePointIsNotCut() {
        String before = "x".repeat(MOST - 1);
        assertEquals(before + "...", LogText.message(logged(before + "🦙")));
        String whole = "x".repeat(MOST - 2) + "🦙";
        assertEquals(whole + "...", LogText.message(logged(whole + "y")));
    }

    @Test
    void aLineIsOneLine() {
        LogRecord logged = logged("two\r\nlines\n");
        logged.setLoggerName("io.llamanode.X");
        logged.setInstant(Instant.parse("2026-01-02T03:04:05.678901Z"));
        String line = LogText.line(LogLevel.WARNING, logged);
        assertEquals("2026-01-02T03:04:05.678Z warning io.llamanode.X: two\\nlines\\n", line);
        assertFalse(line.contains("\n"));
        assertTrue(LogText.line(LogLevel.ERROR, logged).contains(" error "));
    }
}
