package io.llamanode.remote.own;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One process of a server, under {@link Watch}. For any thread. */
final class Child {
    private static final Logger LOG = LoggerFactory.getLogger(Child.class);

    /** Between the wish that a server ends and its end; no longer than the node's own end may take. */
    private static final int GRACE_SECONDS = 1;
    /** For what the shell does besides. */
    private static final long MARGIN_MS = 500;
    /** For the last lines of a process that has ended, whose pipe something may hold open that it started. */
    private static final long WORDS_MS = 1_000;

    private static final int SIGNALS = 128;
    private static final String SETSID = setsid();

    private final Process watch;
    private final BufferedReader told;
    private final LastLines lines;
    private final Thread reader;
    private final long pid;
    private final CompletableFuture<Integer> end;

    private Child(Process watch, LastLines lines) throws IOException {
        this.watch = watch;
        this.lines = lines;
        this.told = watch.inputReader(StandardCharsets.US_ASCII);
        String first = told.readLine();
        if (first == null) {
            throw new IOException("the shell that watches it did not start");
        }
        this.pid = Long.parseLong(first);
        this.reader = Thread.ofPlatform().daemon().name("server-log").start(this::read);
        this.end = watch.onExit().thenApply(this::status);
    }

    private static String setsid() {
        return List.of("/usr/bin/setsid", "/bin/setsid").stream()
                .filter(file -> Files.isExecutable(Path.of(file)))
                .findFirst()
                .orElse("");
    }

    /**
     * Starts one.
     *
     * @param command the program and its arguments
     * @param key that it is to ask for
     * @param lines take what it writes
     * @throws IOException if no process can be started
     */
    static Child start(List<String> command, String key, LastLines lines) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(Watch.over(command, GRACE_SECONDS, SETSID));
        ChildEnvironment.reduce(builder.environment(), key);
        return new Child(builder.start(), lines);
    }

    private void read() {
        try {
            lines.read(watch.getErrorStream());
        } catch (IOException e) {
            LOG.debug("what process {} writes can not be read: {}", pid, e.getMessage());
        } catch (RuntimeException e) {
            LOG.error("what process {} writes can not be passed on", pid, e);
        }
    }

    /** The server has ended, unless somebody has killed the one that watches it. */
    private int status(Process ended) {
        try {
            String line = told.readLine();
            if (line != null) {
                return Integer.parseInt(line);
            }
        } catch (IOException e) {
            LOG.debug("the end of process {} can not be read: {}", pid, e.getMessage());
        }
        LOG.warn("the shell that watches process {} has ended before it; the process is ended", pid);
        ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
        stop();
        return ended.exitValue();
    }

    /** {@return the process of the server} */
    long pid() {
        return pid;
    }

    boolean hasEnded() {
        return end.isDone();
    }

    /** Waits for its end. {@return its exit status} */
    int awaitEnd() throws InterruptedException {
        try {
            return end.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    /** Waits for its end for some time. {@return whether it has ended} */
    boolean awaitEnd(long milliseconds) throws InterruptedException {
        try {
            end.get(milliseconds, TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    /** {@return how it ended, for a sentence that begins with its name; waits for its end} */
    String ending() throws InterruptedException {
        int status = awaitEnd();
        return status > SIGNALS
                ? "was ended by signal %d (exit status %d)".formatted(status - SIGNALS, status)
                : "ended with exit status " + status;
    }

    /** {@return what it wrote last, for the end of a sentence; empty if it wrote nothing} */
    String lastWords() throws InterruptedException {
        if (hasEnded()) {
            reader.join(WORDS_MS);
        }
        String words = lines.joined();
        return words.isEmpty() ? "" : "; its last lines: " + words;
    }

    /** Wishes that it ends; if it does not, it is killed. Returns at once. */
    void stop() {
        try {
            watch.getOutputStream().close();
        } catch (IOException e) {
            LOG.debug("process {} has ended already: {}", pid, e.getMessage());
        }
    }

    /** As {@link #stop}, and waits until it has ended. */
    void stopNow() {
        stop();
        try {
            if (!awaitEnd(TimeUnit.SECONDS.toMillis(GRACE_SECONDS) + MARGIN_MS)) {
                LOG.warn("process {} has not ended yet", pid);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
