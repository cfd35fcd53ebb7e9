package io.llamanode.bench;

import com.sun.management.OperatingSystemMXBean;
import io.llamanode.gguf.GgufFile;
import io.llamanode.llama.library.LlamaLibrary;
import io.llamanode.llama.model.LlamaModel;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.model.FileProbe;
import io.llamanode.service.model.LoadedModel;
import io.llamanode.service.model.NativeModelLoader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * What the look at a model's header costs its load: in a process that has loaded nothing yet, and in one that has. With
 * processes of its own, in turns; see "Loads" in bench/README.md.
 */
final class LoadSpeed {
    private static final String FROM = "<!-- loads: written by bench/loads --record -->\n";
    private static final String TO = "<!-- end of loads -->\n";
    private static final OperatingSystemMXBean SYSTEM =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    /** Milliseconds of an action: on the clock, of its thread, and of all threads. */
    private record Cost(double wall, double own, double all) {
        static Cost of(Runnable action) {
            long all = SYSTEM.getProcessCpuTime();
            long own = THREADS.getCurrentThreadCpuTime();
            long start = System.nanoTime();
            action.run();
            return new Cost(
                    (System.nanoTime() - start) / 1e6,
                    (THREADS.getCurrentThreadCpuTime() - own) / 1e6,
                    (SYSTEM.getProcessCpuTime() - all) / 1e6);
        }

        String told() {
            return wall + " " + own + " " + all;
        }
    }

    private LoadSpeed() {}

    /**
     * Measures.
     *
     * @param arguments {@code one}, a library and a model, in the process that loads; else whether the record is written,
     *     the number of runs, the models with commas, and the libraries
     */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        if (arguments[0].equals("one")) {
            one(arguments[1], Path.of(arguments[2]));
            Runtime.getRuntime().halt(0);
        }
        String report = report(
                Integer.parseInt(arguments[1]),
                List.of(arguments[2].split(",")),
                Arrays.asList(arguments).subList(3, arguments.length));
        System.out.print(report);
        if (arguments[0].equals("--record")) {
            Path page = Path.of(System.getenv("BENCH_ROOT"), "bench", "README.md");
            String text = Files.readString(page);
            int from = text.indexOf(FROM) + FROM.length();
            Files.writeString(page, text.substring(0, from) + "\n" + report + "\n" + text.substring(text.indexOf(TO)));
        }
    }

    private static void one(String place, Path model) {
        LlamaLibrary library = place.equals("embedded") ? LlamaLibrary.embedded() : LlamaLibrary.at(Path.of(place));
        NativeModelLoader loader = new NativeModelLoader(library, FileProbe.NONE);
        ModelConfig config = ModelConfig.of(model);
        Cost.of(() -> {});
        // Read with a look or without.
        GgufFile header = GgufFile.readModel(model);
        Cost look = Cost.of(() -> LlamaModel.check(library, header, false));
        Cost load = load(loader, config);
        Cost lookAgain = Cost.of(() -> LlamaModel.check(library, header, false));
        Cost loadAgain = load(loader, config);
        System.out.println(
                String.join(" ", library.version(), look.told(), load.told(), lookAgain.told(), loadAgain.told()));
    }

    private static Cost load(NativeModelLoader loader, ModelConfig config) {
        LoadedModel[] loaded = new LoadedModel[1];
        Cost cost = Cost.of(() -> loaded[0] = loader.load(config, fraction -> {}));
        loaded[0].close();
        return cost;
    }

    /** A way to start a process, with what came of it: a line of numbers for each run. */
    private record Row(String library, String model, boolean cached, List<double[]> runs, List<String> versions) {
        double median(int column) {
            return runs.stream().mapToDouble(run -> run[column]).sorted().toArray()[runs.size() / 2];
        }

        /** Behind the look stands a load with one that is warm, which is taken off. */
        String told() {
            double first = median(1) / (median(5) - median(7));
            double again = median(7) / (median(11) - median(7));
            return String.format(
                    Locale.ROOT,
                    "| %s | %s | %s | %.1f of %.0f ms | %.1f%% | %.1f of %.0f ms | %.1f%% |%n",
                    model.substring(model.lastIndexOf('/') + 1),
                    versions.getFirst(),
                    cached ? "yes" : "no",
                    median(1),
                    median(5),
                    100 * first,
                    median(7),
                    median(11),
                    100 * again);
        }
    }

    private static String report(int runs, List<String> models, List<String> libraries)
            throws IOException, InterruptedException {
        List<Row> rows = new ArrayList<>();
        for (String model : models) {
            for (String library : libraries) {
                for (boolean cached : new boolean[] {true, false}) {
                    rows.add(new Row(library, model, cached, new ArrayList<>(), new ArrayList<>()));
                }
            }
        }
        for (int run = 0; run < runs; run++) {
            for (Row row : rows) {
                measure(row);
            }
        }
        StringBuilder report = new StringBuilder("%s, medians of %d processes each, load average %.1f:\n\n"
                .formatted(Instant.now().truncatedTo(ChronoUnit.MINUTES), runs, SYSTEM.getSystemLoadAverage()));
        report.append(
                "| model | llama.cpp | cache of a quick start | look at the first load | more | at the second | more |\n");
        report.append("|---|---|---|---:|---:|---:|---:|\n");
        rows.forEach(row -> report.append(row.told()));
        return report.toString();
    }

    private static void measure(Row row) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(System.getenv("BENCH_JAVA")));
        command.addAll(List.of(System.getenv("BENCH_JAVA_FLAGS").strip().split("\\s+")));
        if (row.cached()) {
            command.add("-XX:AOTCache=" + Objects.requireNonNull(System.getenv("BENCH_AOT")));
        }
        command.addAll(List.of("-Djava.util.logging.config.file=/dev/null", "-cp", System.getenv("BENCH_CLASSPATH")));
        command.addAll(List.of(LoadSpeed.class.getName(), "one", row.library(), row.model()));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String[] told = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .strip()
                .split(" ");
        if (process.waitFor() != 0) {
            throw new IOException("a process ended with " + process.exitValue());
        }
        row.versions().add(told[0]);
        row.runs()
                .add(Arrays.stream(told)
                        .skip(1)
                        .mapToDouble(Double::parseDouble)
                        .toArray());
    }
}
