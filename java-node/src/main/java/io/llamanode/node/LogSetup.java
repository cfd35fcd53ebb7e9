package io.llamanode.node;

import io.llamanode.protocol.launch.LogLevel;
import io.llamanode.transport.stdio.FrameChannel;
import java.io.PrintStream;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** Decides where log records go. SLF4J's backend is java.util.logging, whose root logger this sets up. For the main thread; records come from any. */
public final class LogSetup {
    private LogSetup() {}

    /** Keeps records flowing while the virtual machine shuts down. To be called before anything logs. */
    public static void outlastShutdown() {
        System.setProperty("java.util.logging.manager", LastingLogManager.class.getName());
    }

    /**
     * Sends log records to the parent as frames.
     *
     * @param channel takes them without blocking
     * @param level least severe level that is logged
     */
    static void toFrames(FrameChannel channel, LogLevel level) {
        install(level, new OneAtATime() {
            @Override
            void emit(LogRecord logged) {
                channel.log(levelOf(logged), LogText.logger(logged), LogText.message(logged));
            }
        });
    }

    /**
     * Writes log records to standard error, each on one line.
     *
     * @param level least severe level that is logged
     */
    static void toStandardError(LogLevel level) {
        PrintStream err = System.err;
        install(level, new OneAtATime() {
            @Override
            void emit(LogRecord logged) {
                err.println(LogText.line(levelOf(logged), logged));
            }
        });
    }

    private static void install(LogLevel level, Handler handler) {
        // Also drops the default handler, which would write a second copy to standard error.
        switch (LogManager.getLogManager()) {
            case LastingLogManager manager -> manager.resetNow();
            case LogManager manager -> manager.reset();
        }
        Logger root = Logger.getLogger("");
        handler.setLevel(Level.ALL);
        root.addHandler(handler);
        root.setLevel(
                switch (level) {
                    case DEBUG -> Level.FINE;
                    case INFO -> Level.INFO;
                    case WARNING -> Level.WARNING;
                    case ERROR -> Level.SEVERE;
                    case NONE -> Level.OFF;
                });
    }

    private static LogLevel levelOf(LogRecord logged) {
        int level = logged.getLevel().intValue();
        if (level >= Level.SEVERE.intValue()) {
            return LogLevel.ERROR;
        }
        if (level >= Level.WARNING.intValue()) {
            return LogLevel.WARNING;
        }
        return level >= Level.INFO.intValue() ? LogLevel.INFO : LogLevel.DEBUG;
    }

    /** Drops what is logged while a record is being emitted by the same thread, and survives what emitting throws. */
    private abstract static class OneAtATime extends Handler {
        private final ThreadLocal<Boolean> emitting = new ThreadLocal<>();

        abstract void emit(LogRecord logged);

        @Override
        public void publish(LogRecord logged) {
            if (!isLoggable(logged) || emitting.get() != null) {
                return;
            }
            emitting.set(true);
            try {
                emit(logged);
            } catch (RuntimeException e) {
                reportError(null, e, java.util.logging.ErrorManager.WRITE_FAILURE);
            } finally {
                emitting.remove();
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }
}
