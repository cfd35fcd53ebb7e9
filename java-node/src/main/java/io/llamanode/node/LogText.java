package io.llamanode.node;

import io.llamanode.protocol.launch.LogLevel;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.logging.Formatter;
import java.util.logging.LogRecord;
import java.util.logging.SimpleFormatter;

/** The text of log records, bounded in length. */
final class LogText {
    private static final int MAX_LENGTH = 8192;
    private static final int MAX_FRAMES = 8;
    private static final int MAX_CAUSES = 3;
    private static final Formatter FORMATTER = new SimpleFormatter();

    private LogText() {}

    static String logger(LogRecord logged) {
        return logged.getLoggerName() == null ? "" : logged.getLoggerName();
    }

    /** {@return the message, and of a throwable class, message, causes and the top of the stack} */
    static String message(LogRecord logged) {
        StringBuilder text = new StringBuilder(String.valueOf(FORMATTER.formatMessage(logged)));
        Throwable thrown = logged.getThrown();
        for (int causes = 0; thrown != null && causes < MAX_CAUSES; causes++, thrown = thrown.getCause()) {
            text.append(causes == 0 ? "\n" : "\ncaused by ").append(thrown);
            StackTraceElement[] stack = thrown.getStackTrace();
            for (int i = 0; i < stack.length && i < MAX_FRAMES; i++) {
                text.append("\n  at ").append(stack[i]);
            }
            if (stack.length > MAX_FRAMES) {
                text.append("\n  ... ").append(stack.length - MAX_FRAMES).append(" more");
            }
        }
        return cut(text.toString());
    }

    private static String cut(String text) {
        if (text.length() <= MAX_LENGTH) {
            return text;
        }
        int end = Character.isHighSurrogate(text.charAt(MAX_LENGTH - 1)) ? MAX_LENGTH - 1 : MAX_LENGTH;
        return text.substring(0, end) + "...";
    }

    /** {@return time, level, logger and message on one line} */
    static String line(LogLevel level, LogRecord logged) {
        return logged.getInstant().truncatedTo(ChronoUnit.MILLIS) + " "
                + level.name().toLowerCase(Locale.ROOT) + " " + logger(logged) + ": "
                + message(logged).replace("\r", "").replace("\n", "\\n");
    }
}
