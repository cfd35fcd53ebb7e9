package io.llamanode.node.probe;

import io.llamanode.llama.library.InstalledLibraries;
import io.llamanode.llama.library.InstalledLibraries.Choice;
import io.llamanode.llama.library.InstalledLibraries.Entry;
import io.llamanode.llama.library.InstalledLibraries.Kind;
import io.llamanode.llama.library.InstalledLibraries.Outcome;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** Has a process of its own load each library of llama.cpp that is installed, since one may end it. For one thread. */
public final class LibraryProber {
    /** Longer than a start of Java takes on a busy machine. */
    private static final Duration BOUND = Duration.ofSeconds(30);

    private static final long WORDS_MS = 2000;

    private final Function<String, ProcessBuilder> processes;
    private final Duration bound;

    /**
     * Tries libraries with processes as a test has them.
     *
     * @param processes makes one for what asks for a library
     * @param bound how long one may take
     */
    LibraryProber(Function<String, ProcessBuilder> processes, Duration bound) {
        this.processes = processes;
        this.bound = bound;
    }

    /** {@return what tries libraries with the launcher that started this process; nothing if another one did} */
    public static Optional<LibraryProber> ofLauncher() {
        return Optional.ofNullable(System.getProperty(FileProber.LAUNCHER))
                .map(launcher -> new LibraryProber(name -> Processes.loading(launcher, name), BOUND));
    }

    /**
     * What was found.
     *
     * @param outcomes what came of each that is there, and of what was asked for
     * @param choice what a start would take
     */
    public record Report(Map<Entry, Outcome> outcomes, Choice choice) {}

    /**
     * Tries what is installed.
     *
     * @param argument what is asked for, or nothing
     * @return what came of each
     */
    public Report all(Optional<Path> argument) {
        InstalledLibraries installed = InstalledLibraries.of(argument);
        Map<Entry, Outcome> outcomes = new LinkedHashMap<>();
        for (Entry entry : installed.entries()) {
            Outcome outcome = outcome(entry);
            boolean asked = installed.named().filter(entry::equals).isPresent();
            if (asked || !(outcome instanceof Outcome.Absent)) {
                outcomes.put(entry, outcome);
            }
        }
        return new Report(outcomes, installed.choose(outcomes));
    }

    /**
     * Tries what a start would: what was asked for alone, and the one in the jar only where there is no other.
     *
     * @param argument what is asked for, or nothing
     * @return what came of those
     */
    public Report ofStart(Optional<Path> argument) {
        InstalledLibraries installed = InstalledLibraries.of(argument);
        Map<Entry, Outcome> outcomes = new LinkedHashMap<>();
        if (installed.named().isPresent()) {
            Entry named = installed.named().get();
            outcomes.put(named, outcome(named));
            return new Report(outcomes, installed.choose(outcomes));
        }
        for (Entry entry : installed.entries()) {
            boolean found = outcomes.values().stream().anyMatch(outcome -> outcome instanceof Outcome.Usable);
            if (entry.kind() != Kind.EMBEDDED || !found) {
                outcomes.put(entry, outcome(entry));
            }
        }
        return new Report(outcomes, installed.choose(outcomes));
    }

    private Outcome outcome(Entry entry) {
        try {
            return tried(processes.apply(entry.name()).start(), entry.name());
        } catch (IOException e) {
            return new Outcome.Refused("the process that is to try it cannot be started: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Outcome.Refused("interrupted");
        }
    }

    private Outcome tried(Process process, String name) throws InterruptedException {
        LastWords words = new LastWords();
        Thread errors =
                Thread.ofPlatform().daemon().name("probe-words").start(() -> words.read(process.getErrorStream()));
        CompletableFuture<Outcome> said = new CompletableFuture<>();
        Thread output = Thread.ofPlatform().daemon().name("probe-signs").start(() -> {
            try (DataInputStream in = new DataInputStream(process.getInputStream())) {
                said.complete(read(in));
            } catch (IOException e) {
                said.completeExceptionally(e);
            }
        });
        try {
            if (!process.waitFor(bound.toNanos(), TimeUnit.NANOSECONDS)) {
                return new Outcome.Refused("%s: loading it takes longer than %d ms".formatted(name, bound.toMillis()));
            }
            // Somebody else may hold the pipes open.
            output.join(WORDS_MS);
            errors.join(WORDS_MS);
            if (process.exitValue() == 0 && said.isDone() && !said.isCompletedExceptionally()) {
                return said.join();
            }
            String last = errors.isAlive() ? "" : words.toString();
            return new Outcome.Refused("%s: loading it ends the process: %s%s"
                    .formatted(
                            name,
                            Ending.how(process.exitValue()),
                            last.isEmpty() ? "" : ", and it said last: " + last));
        } finally {
            process.destroyForcibly();
        }
    }

    /**
     * Loads a library, which may end this process, and says what came of it: the other side.
     *
     * @param name what asks for the library
     * @param out what the other side reads
     * @throws IOException if that cannot be written
     */
    public static void load(String name, OutputStream out) throws IOException {
        DataOutputStream data = new DataOutputStream(out);
        switch (InstalledLibraries.load(name)) {
            case Outcome.Usable(String version, String path, String build) -> {
                data.writeByte('U');
                data.writeUTF(version);
                data.writeUTF(path == null ? "" : path);
                data.writeUTF(cut(build));
            }
            case Outcome.Refused(String reason) -> {
                data.writeByte('R');
                data.writeUTF(cut(reason));
            }
            case Outcome.Absent(String reason) -> {
                data.writeByte('A');
                data.writeUTF(cut(reason));
            }
        }
        data.flush();
    }

    private static String cut(String text) {
        return text.substring(0, Math.min(text.length(), Sign.MOST));
    }

    private static Outcome read(DataInputStream in) throws IOException {
        int kind = in.readByte();
        switch (kind) {
            case 'U' -> {
                String version = in.readUTF();
                String path = in.readUTF();
                return new Outcome.Usable(version, path.isEmpty() ? null : path, in.readUTF());
            }
            case 'R' -> {
                return new Outcome.Refused(in.readUTF());
            }
            case 'A' -> {
                return new Outcome.Absent(in.readUTF());
            }
            default -> throw new IOException("no outcome: " + kind);
        }
    }
}
