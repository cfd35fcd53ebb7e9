package io.llamanode.node;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.protocol.launch.LogLevel;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where records go, in this process, whose logging is put back afterwards. */
final class LogSetupTest {
    private final Logger root = Logger.getLogger("");
    private final Logger logger = Logger.getLogger("io.llamanode.LogSetupTest");
    private final PrintStream err = System.err;
    private final ByteArrayOutputStream told = new ByteArrayOutputStream();
    private Handler[] handlers;
    private Level level;

    @BeforeEach
    void listen() {
        handlers = root.getHandlers();
        level = root.getLevel();
        System.setErr(new PrintStream(told, true, UTF_8));
    }

    @AfterEach
    void putBack() {
        System.setErr(err);
        for (Handler ours : root.getHandlers()) {
            root.removeHandler(ours);
        }
        for (Handler former : handlers) {
            root.addHandler(former);
        }
        root.setLevel(level);
    }

    /** {@return what was told of a record of each level, without times} */
    private List<String> told() {
        for (Level each : List.of(Level.FINER, Level.FINE, Level.CONFIG, Level.INFO, Level.WARNING, Level.SEVERE)) {
            logger.log(each, "{0}", each.getName());
        }
        return told.toString(UTF_8)
                .lines()
                .map(line -> line.substring(line.indexOf(' ') + 1).replace(" io.llamanode.LogSetupTest", ""))
                .toList();
    }

    @ParameterizedTest
    @CsvSource({"DEBUG, 5", "INFO, 3", "WARNING, 2", "ERROR, 1", "NONE, 0"})
    void whatIsLessSevereThanTheLevelIsNotLogged(LogLevel least, int count) {
        LogSetup.toStandardError(least);
        List<String> all = List.of("debug: FINE", "debug: CONFIG", "info: INFO", "warning: WARNING", "error: SEVERE");
        assertEquals(all.subList(5 - count, 5), told());
    }

    @Test
    void theFormerHandlersAreGone() {
        LogSetup.toStandardError(LogLevel.INFO);
        LogSetup.toStandardError(LogLevel.ERROR);
        assertEquals(1, root.getHandlers().length);
        assertEquals(List.of("error: SEVERE"), told());
    }

    @Test
    void whatIsLoggedWhileARecordIsTakenIsDropped() {
        LogSetup.toStandardError(LogLevel.INFO);
        Object chatty = new Object() {
            @Override
            public String toString() {
                logger.info("inner");
                return "outer";
            }
        };
        for (int i = 0; i < 2; i++) {
            LogRecord record = new LogRecord(Level.INFO, "{0}");
            record.setParameters(new Object[] {chatty});
            logger.log(record);
        }
        List<String> lines = told.toString(UTF_8).lines().toList();
        assertEquals(2, lines.size(), lines.toString());
        assertTrue(lines.stream().allMatch(line -> line.endsWith(": outer")), lines.toString());
    }

    @Test
    void aRecordThatCannotBeWrittenEndsNothing() {
        LogSetup.toStandardError(LogLevel.INFO);
        LogRecord broken = new LogRecord(Level.INFO, "broken");
        broken.setThrown(new IllegalStateException() {
            @Override
            public String toString() {
                throw new IllegalStateException("cannot be told");
            }
        });
        logger.log(broken);
        told.reset();
        logger.info("goes on");
        assertTrue(told.toString(UTF_8).endsWith(": goes on\n"), told.toString(UTF_8));
    }

    @Test
    void theManagerLastsUntilItIsToldToItself() {
        LastingLogManager manager = new LastingLogManager();
        Logger own = new Logger("io.llamanode.lasting", null) {};
        manager.addLogger(own);
        Handler[] added = root.getHandlers();
        own.addHandler(new java.util.logging.StreamHandler());
        manager.reset();
        assertEquals(1, own.getHandlers().length, "this is what the end of the virtual machine calls");
        manager.resetNow();
        assertEquals(0, own.getHandlers().length);
        assertEquals(added.length, root.getHandlers().length);
    }
}
