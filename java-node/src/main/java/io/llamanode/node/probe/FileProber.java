package io.llamanode.node.probe;

import io.llamanode.gguf.GgufFile;
import io.llamanode.llama.library.LlamaLibrary;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.model.FileProbe;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has a process of its own load each file that is in doubt, and remembers what came of it, as long as this process lives.
 * For the thread that loads.
 */
public final class FileProber implements FileProbe {
    private static final Logger LOG = LoggerFactory.getLogger(FileProber.class);

    /** System property that the launcher script sets: its own path. */
    public static final String LAUNCHER = "llamanode.launcher";

    private static final int REMEMBERED = 1000;
    /** What a start of Java may take on a busy machine, whatever native code is given. */
    private static final Duration LEAST = Duration.ofSeconds(30);

    /** Signs in the time that a process may show none. */
    private static final int SIGNS = 8;

    private static final long RAREST_SIGN_MS = 5000;

    /**
     * What a verdict holds for.
     *
     * @param library release and place
     * @param how it was loaded; without a path, since the content counts
     * @param content of the file in doubt
     * @param model state of the loaded model's files, if an adapter is in doubt
     */
    private record Subject(
            String library,
            ModelConfig how,
            String content,
            @Nullable List<Fingerprints.State> model) {}

    private record Verdict(@Nullable Failure failure, Path file) {}

    private final String library;
    private final String place;
    private final @Nullable Duration bound;
    private final Supplier<ProcessBuilder> processes;
    private final Fingerprints fingerprints = new Fingerprints(Clock.systemUTC());
    private final Map<Subject, Verdict> verdicts = new Fingerprints.Remembered<>(REMEMBERED);

    /**
     * Probes with processes as a test has them.
     *
     * @param library file of the llama.cpp that they are to use; empty: the one in the jar
     * @param place its release and place
     * @param bound how long a process may show nothing; {@code null}: for ever
     * @param processes makes them
     */
    FileProber(String library, String place, @Nullable Duration bound, Supplier<ProcessBuilder> processes) {
        this.library = library;
        this.place = place;
        this.bound = bound;
        this.processes = processes;
    }

    /**
     * What probes for this process.
     *
     * @param library that this process loads with
     * @param nativeTimeout how long native code may make no progress, or {@code null} for ever
     * @return probes with the launcher that started this process; none if another one did
     */
    public static FileProbe of(LlamaLibrary library, @Nullable Duration nativeTimeout) {
        String launcher = System.getProperty(LAUNCHER);
        if (launcher == null) {
            return FileProbe.NONE;
        }
        Duration bound = nativeTimeout == null || nativeTimeout.compareTo(LEAST) > 0 ? nativeTimeout : LEAST;
        return new FileProber(
                library.path().map(Path::toString).orElse(""),
                library.place(),
                bound,
                () -> Processes.launchedBy(launcher));
    }

    @Override
    public void require(
            GgufFile model, ModelConfig config, @Nullable GgufFile adapter, CompletableFuture<?> withdrawn) {
        GgufFile inDoubt = adapter == null ? model : adapter;
        try {
            List<GgufFile.Part> files = new ArrayList<>(model.parts());
            if (adapter != null) {
                files.addAll(adapter.parts());
            }
            List<Fingerprints.State> before = Fingerprints.states(files);
            boolean headersOnly = adapter == null && Boolean.TRUE.equals(config.vocabOnly());
            Subject subject = new Subject(
                    place,
                    config.forProbe(Path.of("")),
                    fingerprints.of(inDoubt.parts(), headersOnly, withdrawn),
                    adapter == null ? null : Fingerprints.states(model.parts()));
            Verdict verdict = verdicts.get(subject);
            if (verdict == null) {
                verdict = find(subject, config, inDoubt.path(), adapter, withdrawn);
            }
            if (!before.equals(Fingerprints.states(files))) {
                throw new FailureException(
                        ErrorCode.MODEL_LOAD_FAILED, inDoubt.path() + " was changed while it was probed");
            }
            refuse(verdict, inDoubt.path());
        } catch (IOException e) {
            throw new FailureException(
                    ErrorCode.MODEL_LOAD_FAILED, inDoubt.path() + " cannot be read: " + e.getMessage());
        }
    }

    private Verdict find(
            Subject subject,
            ModelConfig config,
            Path file,
            @Nullable GgufFile adapter,
            CompletableFuture<?> withdrawn) {
        long start = System.nanoTime();
        long signs = bound == null ? RAREST_SIGN_MS : Math.clamp(bound.toMillis() / SIGNS, 1, RAREST_SIGN_MS);
        ProbeOrder order = new ProbeOrder(library, config, adapter == null ? null : adapter.path(), signs);
        Ending ending = ProbingProcess.run(processes.get(), order, bound, withdrawn);
        long took = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
        Verdict verdict = new Verdict(ending instanceof Ending.Passed ? null : ending.told(file), file);
        if (verdict.failure() == null) {
            LOG.info("{} was probed in {} ms, and can be loaded", file, took);
        } else {
            LOG.warn(
                    "{} was probed in {} ms, and is not loaded: {}",
                    file,
                    took,
                    verdict.failure().message());
        }
        if (ending.isOfTheFile()) {
            verdicts.put(subject, verdict);
        }
        return verdict;
    }

    private static void refuse(Verdict verdict, Path file) {
        Failure failure = verdict.failure();
        if (failure == null) {
            return;
        }
        if (!verdict.file().equals(file)) {
            throw new FailureException(
                    failure.code(),
                    "%s has the content of a file that was probed before: %s".formatted(file, failure.message()));
        }
        throw failure.asException();
    }
}
