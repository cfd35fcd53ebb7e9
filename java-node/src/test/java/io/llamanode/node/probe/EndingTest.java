package io.llamanode.node.probe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is told of a process that probed, and what of it is remembered. */
class EndingTest {
    private static final Path FILE = Path.of("/m/a.gguf");

    private static Ending.Died died(int status) {
        return new Ending.Died(Sign.Phase.LOADING, status, "words");
    }

    private static String message(Ending ending) {
        return ending.told(FILE).message();
    }

    @Test
    void aSignalIsNamedWithTheFileAndTheLastWords() {
        assertEquals(
                new Failure(
                        ErrorCode.MODEL_LOAD_FAILED,
                        "/m/a.gguf: the process that probes it ended while it loaded the file: signal 6 (SIGABRT), and it said last: words. The node itself did not touch the file"),
                died(134).told(FILE));
        assertTrue(message(new Ending.Died(Sign.Phase.COMPUTING, 139, ""))
                .contains("ended while it computed with the file: signal 11 (SIGSEGV). The node"));
        assertTrue(message(died(17)).contains("exit status 17"));
    }

    @Test
    void whatTheFileDidIsRemembered() {
        assertTrue(new Ending.Passed().isOfTheFile());
        assertTrue(new Ending.Refused(new Failure(ErrorCode.MODEL_LOAD_FAILED, "no")).isOfTheFile());
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 5, 6, 7, 8, 11})
    void aSignalOfItsOwnIsTheFiles(int signal) {
        assertTrue(died(128 + signal).isOfTheFile());
        assertFalse(
                new Ending.Died(Sign.Phase.STARTING, 128 + signal, "").isOfTheFile(), "it had not seen the file yet");
    }

    /** Memory, a busy machine, or somebody else may be to blame, and all of these may be otherwise the next time. */
    @Test
    void whatMayBeOtherwiseTheNextTimeIsNot() {
        assertFalse(died(128 + 9).isOfTheFile());
        assertFalse(died(128 + 15).isOfTheFile());
        assertFalse(died(3).isOfTheFile());
        assertFalse(new Ending.Refused(new Failure(ErrorCode.OUT_OF_MEMORY, "no")).isOfTheFile());
        assertFalse(new Ending.Hung(Sign.Phase.LOADING, Duration.ofSeconds(1), "").isOfTheFile());
        assertFalse(new Ending.NotStarted("no").isOfTheFile());
    }

    @Test
    void wantOfMemoryIsToldAsSuch() {
        assertEquals(ErrorCode.OUT_OF_MEMORY, died(3).told(FILE).code());
        assertTrue(message(died(3)).contains("out of Java heap"));
        assertTrue(message(died(137)).contains("SIGKILL, of whoever sent it; the kernel does where memory is short"));
    }

    @Test
    void aProcessThatHungIsToldWithItsBound() {
        assertEquals(
                "/m/a.gguf: the process that probes it made no progress for 5000 ms (native_timeout) while it loaded the file, and was killed. The node itself did not touch the file",
                message(new Ending.Hung(Sign.Phase.LOADING, Duration.ofSeconds(5), "")));
    }

    @Test
    void whatIsNotTheFilesIsNotSaidOfIt() {
        Failure failure = new Ending.Died(Sign.Phase.STARTING, 78, "no Java").told(FILE);
        assertEquals(ErrorCode.UNSUPPORTED, failure.code());
        assertEquals(
                "probe: the process that probes ended before it had the file: exit status 78, and it said last: no Java",
                failure.message());
        assertEquals(
                "probe: the process that probes cannot be started: no such file",
                message(new Ending.NotStarted("no such file")));
    }

    @Test
    void aRefusalIsToldAsItWas() {
        Failure failure = new Failure(ErrorCode.MODEL_LOAD_FAILED, "no");
        assertEquals(failure, new Ending.Refused(failure).told(FILE));
    }
}
