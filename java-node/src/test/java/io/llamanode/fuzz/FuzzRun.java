package io.llamanode.fuzz;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Has a library load mutated files, and starts the next process where one died. */
final class FuzzRun {
    private static final int LAST_WORDS = 12;

    private static final Pattern NAME = Pattern.compile("\\b[a-z]\\w*\\.\\w");
    private static final Pattern WHOLE = Pattern.compile(
            "the tensor \\S|value type \\d+ at |array of arrays at |truncated|GGUF|has version|big-endian|claims|is empty|without a name|empty metadata key|has \\S+ as |architecture|n_ctx");

    private final String library;
    private final Path folder;
    /** Deaths, hangs and wrong answers, with the seeds to see them again. */
    final List<String> bad = new ArrayList<>();

    final List<String> refusals = new ArrayList<>();
    final Map<String, Integer> counts = new TreeMap<>();

    FuzzRun(String library, Path folder) {
        this.library = library;
        this.folder = folder;
    }

    /** Runs the files of the seeds from one to another, exclusive. */
    void run(int from, int to) throws IOException, InterruptedException {
        int next = from;
        while (next < to) {
            next = process(next, to);
        }
    }

    private int process(int from, int to) throws IOException, InterruptedException {
        Path errors = folder.resolve("errors");
        ProcessBuilder builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-XX:-CreateCoredumpOnCrash",
                        "-XX:ErrorFile=" + folder.resolve("hs_err"),
                        "-Xmx256m",
                        "--enable-native-access=ALL-UNNAMED",
                        "-Dllamanode.root=" + System.getProperty("llamanode.root", ".."),
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        Victim.class.getName(),
                        library,
                        folder.toString(),
                        Integer.toString(from),
                        Integer.toString(to))
                .redirectError(errors.toFile());
        builder.environment().put("GGML_NO_BACKTRACE", "1"); // It calls a debugger, which takes seconds.
        Process process = builder.start();
        process.getOutputStream().close();
        int next = from;
        String begun = "the start";
        boolean ended = true;
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith("BEGIN ")) {
                    begun = line.substring("BEGIN ".length());
                    next++;
                    ended = false;
                } else if (line.startsWith("END ")) {
                    ended = true;
                    end(begun, line.split(" ", 3)[2]);
                }
            }
        }
        int status = process.waitFor();
        if (status != 0 && !(ended && next > from)) {
            count("died");
            bad.add(library + " died (" + status + ") of seed " + begun + "\n" + lastWords(errors));
            if (next == from) {
                throw new IOException("the process does not start: " + bad.getLast());
            }
        }
        return next;
    }

    private void end(String begun, String outcome) {
        String kind = outcome.split(" ", 2)[0];
        count(kind.toLowerCase(Locale.ROOT));
        switch (kind) {
            case "BAD", "HANG" -> bad.add(library + " " + outcome + " for seed " + begun);
            case "REFUSED" -> refusals.add(begun + " => " + outcome);
            default -> {
                if (outcome.contains("INFERENCE_FAILED")) {
                    count("of these inference_failed");
                }
            }
        }
    }

    /** {@return the refusals that name neither key nor tensor, nor say that the file as a whole is none} */
    List<String> unnamed() {
        return refusals.stream()
                .filter(refusal -> !names(refusal.substring(refusal.indexOf(" => "))))
                .toList();
    }

    /** Keys and tensors have names with points, as have files and releases, which are no help. */
    private static boolean names(String refusal) {
        String message = refusal.replaceAll("/\\S+", "").replaceAll("llama\\.cpp|v0\\.\\d", "");
        return NAME.matcher(message).find() || WHOLE.matcher(message).find();
    }

    private void count(String what) {
        counts.merge(what, 1, Integer::sum);
    }

    private static String lastWords(Path errors) throws IOException {
        List<String> lines =
                Files.readString(errors, StandardCharsets.ISO_8859_1).lines().toList();
        return String.join("\n", lines.subList(Math.max(0, lines.size() - LAST_WORDS), lines.size()));
    }

    /**
     * Runs files and prints a record.
     *
     * @param arguments "embedded" or the directory of a library, the first seed and the one behind the last
     */
    public static void main(String[] arguments) throws Exception {
        Path folder = Files.createTempDirectory("files");
        FuzzRun run = new FuzzRun(arguments[0], folder);
        long start = System.nanoTime();
        run.run(Integer.parseInt(arguments[1]), Integer.parseInt(arguments[2]));
        System.out.println(Instant.now() + ", " + arguments[0] + ", seeds " + arguments[1] + " to " + arguments[2]
                + ": " + run.counts + ", " + (System.nanoTime() - start) / 1_000_000_000 + " s");
        run.bad.forEach(System.out::println);
        run.unnamed().forEach(refusal -> System.out.println("names nothing: " + refusal));
    }
}
