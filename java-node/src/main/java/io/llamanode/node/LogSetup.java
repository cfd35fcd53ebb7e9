package io.llamanode.node;

import io.llamanode.protocol.launch.LogLevel;
import io.llamanode.transport.stdio.FrameChannel;
import java.io.PrintStream;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/** Decides where log records go. SLF4J's backend is java.util.logging, whose root logger this sets up. For the main thread; records come from any. */
public final class LogSetup {
    /** Lines of one kind within a while. Who asks for debug lines gets them all. */
    private static final int MOST = 50;

    private static final int WHILE_SECONDS = 10;

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

    /** What makes lines one kind: where in the code they come from, and how severe they are. */
    private record Kind(
            Level level,
            String logger,
            @Nullable String className,
            @Nullable String method) {
        static Kind of(LogRecord logged) {
            return new Kind(
                    logged.getLevel(),
                    LogText.logger(logged),
                    logged.getSourceClassName(),
                    logged.getSourceMethodName());
        }

        LogRecord held(long count) {
            LogRecord told = new LogRecord(
                    level, "%d more lines like those before were held back in %d s".formatted(count, WHILE_SECONDS));
            told.setLoggerName(logger);
            return told;
        }
    }

    private static void install(LogLevel level, Handler handler) {
        // Also drops the default handler, which would write a second copy to standard error.
        LogManager manager = LogManager.getLogManager();
        if (manager instanceof LastingLogManager lasting) {
            lasting.resetNow();
        } else {
            manager.reset();
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
        private final LogLimit<Kind> limit = new LogLimit<>(
                MOST,
                CompletableFuture.delayedExecutor(WHILE_SECONDS, TimeUnit.SECONDS)::execute,
                (kind, held) -> emitAlone(kind.held(held)));

        abstract void emit(LogRecord logged);

        @Override
        public void publish(LogRecord logged) {
            if (!isLoggable(logged) || emitting.get() != null) {
                return;
            }
            if (logged.getLevel().intValue() < Level.INFO.intValue() || limit.passes(Kind.of(logged))) {
                emitAlone(logged);
            }
        }

        private void emitAlone(LogRecord logged) {
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
