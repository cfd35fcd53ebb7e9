package io.llamanode.node.probe;

import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A process that probes one file, seen from the one that asks; never outlives {@link #run}. For one thread. */
final class ProbingProcess {
    private static final Logger LOG = LoggerFactory.getLogger(ProbingProcess.class);
    /** For the last lines of a process that has ended, whose pipe somebody else may hold open. */
    private static final long WORDS_MS = 2000;

    private final Process process;
    private final @Nullable Duration bound;
    private final BlockingQueue<Sign> signs = new ArrayBlockingQueue<>(64);
    private final LastWords words = new LastWords();
    private final Thread wordsReader;
    private final Thread signsReader;
    private Sign.Phase phase = Sign.Phase.STARTING;

    private ProbingProcess(Process process, @Nullable Duration bound) {
        this.process = process;
        this.bound = bound;
        this.wordsReader = thread("probe-words", () -> words.read(process.getErrorStream()));
        this.signsReader = thread("probe-signs", this::readSigns);
    }

    /** Nothing that the process writes may end a thread of this one, and this one with it. */
    private static Thread thread(String name, Runnable work) {
        return Thread.ofPlatform().daemon().name(name).start(() -> {
            try {
                work.run();
            } catch (RuntimeException e) {
                LOG.debug("the streams of a process that was killed", e);
            }
        });
    }

    /**
     * Starts a process, and waits for its end.
     *
     * @param builder of the process
     * @param order what it is to do
     * @param bound how long it may show nothing; {@code null}: for ever
     * @param withdrawn completed when nobody waits any more
     * @return how it ended
     * @throws CancellationException if nobody waits any more; the process is killed
     */
    static Ending run(
            ProcessBuilder builder, ProbeOrder order, @Nullable Duration bound, CompletableFuture<?> withdrawn) {
        Process process;
        try {
            process = builder.start();
        } catch (IOException e) {
            return new Ending.NotStarted(String.valueOf(e.getMessage()));
        }
        ProbingProcess probing = new ProbingProcess(process, bound);
        try {
            withdrawn.thenRun(process::destroyForcibly);
            return probing.follow(order, withdrawn);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted");
        } finally {
            process.destroyForcibly();
            // Nobody takes what it still has.
            probing.signsReader.interrupt();
        }
    }

    private void readSigns() {
        try (DataInputStream in = new DataInputStream(process.getInputStream())) {
            Sign sign;
            do {
                sign = next(in);
                signs.put(sign);
            } while (!(sign instanceof Sign.Ended));
        } catch (IOException e) {
            LOG.debug("the signs of process {} cannot be closed: {}", process.pid(), e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** One that was killed amid a sign, or is no longer master of itself, says no more: its status tells. */
    private Sign next(DataInputStream in) {
        try {
            return Sign.read(in);
        } catch (IOException | IllegalArgumentException e) {
            LOG.debug("the signs of process {} end: {}", process.pid(), e.getMessage());
            return new Sign.Ended();
        }
    }

    private Ending follow(ProbeOrder order, CompletableFuture<?> withdrawn) throws InterruptedException {
        // Stays open: its end is how the process learns that this one has ended.
        DataOutputStream out = new DataOutputStream(process.getOutputStream());
        try {
            order.write(out);
        } catch (IOException e) {
            LOG.debug("process {} takes no order: {}", process.pid(), e.getMessage());
        }
        Ending verdict = null;
        while (true) {
            Sign sign = bound == null ? signs.take() : signs.poll(bound.toNanos(), TimeUnit.NANOSECONDS);
            if (withdrawn.isDone()) {
                throw new CancellationException("nobody waits any more");
            }
            switch (sign) {
                case null -> {
                    return hung();
                }
                case Sign.Phase reached -> phase = reached;
                case Sign.Moved _ -> {}
                case Sign.Passed _ -> verdict = new Ending.Passed();
                case Sign.Refused(Failure(ErrorCode code, String message)) ->
                    verdict = new Ending.Refused(new Failure(code, message));
                case Sign.Ended _ -> {
                    Ending end = end(withdrawn);
                    // What one says that does not end well may be anything.
                    return verdict != null && end instanceof Ending.Died(var _, int status, var _) && status == 0
                            ? verdict
                            : end;
                }
            }
        }
    }

    private Ending hung() throws InterruptedException {
        process.destroyForcibly();
        wordsReader.join(WORDS_MS);
        return new Ending.Hung(phase, bound == null ? Duration.ZERO : bound, words());
    }

    private Ending end(CompletableFuture<?> withdrawn) throws InterruptedException {
        if (bound == null) {
            process.waitFor();
        } else if (!process.waitFor(bound.toNanos(), TimeUnit.NANOSECONDS)) {
            return hung();
        }
        if (withdrawn.isDone()) {
            throw new CancellationException("nobody waits any more");
        }
        wordsReader.join(WORDS_MS);
        return new Ending.Died(phase, process.exitValue(), words());
    }

    private String words() {
        return wordsReader.isAlive() ? "" : words.toString();
    }
}
