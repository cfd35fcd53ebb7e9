package io.llamanode.node.probe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.model.ModelConfig;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Processes that say what they like, and end as they like. */
@Tag("process")
class ProbingProcessTest {
    private static final ProbeOrder ORDER = new ProbeOrder("", ModelConfig.of(Path.of("/m/a.gguf")), null, 1000);
    private static final Duration LONG = Duration.ofMinutes(2);

    private final CompletableFuture<Void> withdrawn = new CompletableFuture<>();

    @TempDir
    private Path directory;

    private static ProcessBuilder shell(String script) {
        return new ProcessBuilder("/bin/sh", "-c", script);
    }

    private Ending run(String script, Duration bound) {
        return ProbingProcess.run(shell(script), ORDER, bound, withdrawn);
    }

    @Test
    void aProcessThatSaysSoHasPassedTheFile() {
        assertEquals(new Ending.Passed(), run("printf 'L.C.P'", LONG));
        assertEquals(new Ending.Passed(), run("printf LCP", null));
    }

    @Test
    void aRefusalComesWithItsCodeAndItsMessage() throws IOException {
        Failure failure = new Failure(ErrorCode.MODEL_LOAD_FAILED, "n\u00f6\n" + "x".repeat(50_000));
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        Sign.write(Sign.Phase.LOADING, new DataOutputStream(said));
        Sign.write(new Sign.Refused(failure), new DataOutputStream(said));
        Path signs = Files.write(directory.resolve("signs"), said.toByteArray());
        assertEquals(
                new Ending.Refused(new Failure(failure.code(), failure.message().substring(0, Sign.MOST))),
                run("cat " + signs, LONG));
    }

    @Test
    void aProcessThatASignalEndsHasDiedOfItInThePhaseItSaid() {
        assertEquals(
                new Ending.Died(Sign.Phase.LOADING, 134, "GGML_ASSERT(x) failed"),
                run("printf L; echo 'GGML_ASSERT(x) failed' >&2; kill -ABRT $$", LONG));
        assertEquals(new Ending.Died(Sign.Phase.COMPUTING, 137, ""), run("printf LC; exec 2>&-; kill -KILL $$", LONG));
        assertEquals(new Ending.Died(Sign.Phase.STARTING, 78, "no Java"), run("echo no Java >&2; exit 78", LONG));
    }

    /** Native code that has lost its way may print what looks like a sign. */
    @Test
    void nonsenseIsNoVerdict() {
        assertEquals(new Ending.Died(Sign.Phase.LOADING, 0, ""), run("printf 'Lxyz'", LONG));
        assertEquals(new Ending.Died(Sign.Phase.LOADING, 0, ""), run("printf 'LR\\0\\2NO\\0\\1x'", LONG));
        assertEquals(new Ending.Died(Sign.Phase.LOADING, 0, ""), run("printf 'LR\\377\\377'", LONG));
        assertEquals(new Ending.Died(Sign.Phase.COMPUTING, 139, ""), run("printf LCP; kill -SEGV $$", LONG));
    }

    @Test
    void aProcessWithoutASignIsKilledAfterTheBound() {
        Ending.Hung hung = assertInstanceOf(
                Ending.Hung.class, run("printf L; echo $$ >&2; exec sleep 1000", Duration.ofSeconds(3)));
        assertEquals(Sign.Phase.LOADING, hung.phase());
        assertEquals(Duration.ofSeconds(3), hung.bound());
        assertGone(hung.words());
    }

    /** One that closes its output and stays does not hold up anybody either. */
    @Test
    void aProcessThatOnlyStopsTalkingIsKilledAfterTheBound() {
        assertInstanceOf(Ending.Hung.class, run("printf L; exec sleep 1000 >&-", Duration.ofSeconds(3)));
    }

    /** Each sign gives it as much time again: it gets on, as long as that takes. */
    @Test
    void aProcessThatGetsOnIsNotKilled() {
        assertEquals(
                new Ending.Passed(),
                run("for i in 1 2 3 4 5 6 7 8 9; do printf .; sleep 0.4; done; printf P", Duration.ofSeconds(3)));
    }

    private static void assertGone(String pid) {
        ProcessHandle.of(Long.parseLong(pid))
                .ifPresent(process ->
                        process.onExit().orTimeout(60, TimeUnit.SECONDS).join());
    }

    @Test
    void aProcessThatNobodyWaitsForIsKilled() throws Exception {
        Path pipe = directory.resolve("pipe");
        assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
        CompletableFuture<Ending> ending =
                CompletableFuture.supplyAsync(() -> run("printf L; echo $$ > " + pipe + "; exec sleep 1000", null));
        String pid = Files.readString(pipe, StandardCharsets.US_ASCII).strip();
        assertFalse(ending.isDone());
        withdrawn.complete(null);
        CompletionException e = assertThrows(CompletionException.class, ending::join);
        assertInstanceOf(CancellationException.class, e.getCause());
        assertGone(pid);
    }

    /** No signs are kept for later but a few, and what is no sign is no progress. */
    @Test
    void aFloodIsTakenAndHoldsUpNobody() throws Exception {
        assertEquals(new Ending.Passed(), run("head -c 1000000 /dev/zero | tr '\\0' .; printf LCP", LONG));
        assertInstanceOf(Ending.Hung.class, run("printf L; exec yes no", Duration.ofSeconds(3)));
        Path pipe = directory.resolve("pipe");
        assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
        CompletableFuture<Ending> ending = CompletableFuture.supplyAsync(
                () -> run("(echo begun > " + pipe + "); exec tr '\\0' . < /dev/zero", LONG));
        Files.readString(pipe);
        withdrawn.complete(null);
        assertThrows(CompletionException.class, ending::join);
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().startsWith("probe-")) {
                assertTrue(thread.join(Duration.ofSeconds(60)), thread.getName());
            }
        }
    }

    @Test
    void whatIsWithdrawnBeforeIsNotWaitedFor() {
        withdrawn.complete(null);
        assertThrows(CancellationException.class, () -> run("exec sleep 1000", null));
    }

    @Test
    void aProcessThatCannotBeStartedIsToldSo() {
        Ending.NotStarted ending = assertInstanceOf(
                Ending.NotStarted.class,
                ProbingProcess.run(new ProcessBuilder(directory.resolve("none").toString()), ORDER, LONG, withdrawn));
        assertTrue(ending.why().contains("No such file"), ending.why());
    }

    /** So it notices when the node is gone, whatever became of it. */
    @Test
    void theInputOfTheProcessEndsOnlyWithTheOneThatAsked() {
        assertInstanceOf(Ending.Hung.class, run("cat > /dev/null; printf LCP", Duration.ofSeconds(3)));
    }
}
