package io.llamanode.node.probe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.Main;
import io.llamanode.gguf.GgmlType;
import io.llamanode.gguf.GgufFile;
import io.llamanode.gguf.GgufWriter;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Given;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.testmodel.SmallModels;
import io.llamanode.testmodel.SyntheticAdapters;
import io.llamanode.testmodel.SyntheticModels;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real processes, on the library of the jar. */
@Tag("native")
@Tag("process")
class FileProberTest {
    private final CompletableFuture<Void> withdrawn = new CompletableFuture<>();
    private Class<?> program = Main.class;
    private int processes;

    private final FileProber prober = new FileProber("", "b4916", Duration.ofMinutes(2), () -> {
        processes++;
        return java(program);
    });

    @TempDir
    private Path directory;

    private static ProcessBuilder java(Class<?> program) {
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Xmx128m",
                "-XX:+ErrorFileToStderr",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                program.getName(),
                Processes.ARGUMENT);
        builder.environment().put("GGML_NO_BACKTRACE", "1");
        return builder;
    }

    private Path model() {
        return SyntheticModels.write(SyntheticModels.tiny(), directory.resolve("sound.gguf"));
    }

    private static ModelConfig config(Path path) {
        return Given.model("path", path, "nCtx", 64, "nParallel", 1, "nThreads", 1);
    }

    private void probe(ModelConfig config) {
        prober.require(GgufFile.readModel(config.path()), config, null, withdrawn);
    }

    private Failure refusal(ModelConfig config) {
        return assertThrows(FailureException.class, () -> probe(config)).failure();
    }

    @Test
    void aSoundFileIsProbedOnce() throws IOException {
        Path model = model();
        probe(config(model));
        probe(config(model));
        assertEquals(1, processes);
        probe(config(Files.copy(model, directory.resolve("copy.gguf"))));
        assertEquals(1, processes, "the content counts, not the name");
    }

    /** A name, a template and the like are not what a native fault depends on. */
    @Test
    void aVerdictHoldsForAWayOfLoading() {
        Path model = model();
        probe(config(model));
        probe(Given.model(
                "path", model, "nCtx", 64, "nParallel", 1, "nThreads", 1, "id", "other", "maxQueue", 3, "probe", true));
        assertEquals(1, processes);
        probe(Given.model("path", model, "nCtx", 32, "nParallel", 1, "nThreads", 1));
        assertEquals(2, processes);
    }

    /** With its size and its time of change as they were. */
    @Test
    void aFileThatWasChangedInSecretIsProbedAgain() throws IOException {
        Path first = SyntheticModels.writer(SyntheticModels.tiny()).writeShards(directory, "split", 2);
        Path second = directory.resolve("split-00002-of-00002.gguf");
        FileTime time = Files.getLastModifiedTime(second);
        probe(config(first));
        try (RandomAccessFile file = new RandomAccessFile(second.toFile(), "rw")) {
            long last = GgufFile.read(second).parts().getFirst().usedBytes() - 2;
            file.seek(last);
            int b = file.read();
            file.seek(last);
            file.write(b ^ 1);
        }
        Files.setLastModifiedTime(second, time);
        probe(config(first));
        assertEquals(2, processes);
    }

    /** The file has two tokens of one text, on which the library asserts; nothing looks at it before. */
    @Test
    void aFileThatMakesTheLibraryAbortEndsAProcessOnceAndIsRefused() throws IOException {
        GgufWriter writer = SyntheticModels.writer(SyntheticModels.tiny());
        GgufFile sound = GgufFile.read(model());
        List<String> tokens = new ArrayList<>(sound.strings("tokenizer.ggml.tokens"));
        tokens.set(270, tokens.get(271));
        Path bad = writer.texts("tokenizer.ggml.tokens", tokens).write(directory.resolve("bad.gguf"));
        program = UncheckedLoad.class;
        Failure failure = refusal(config(bad));
        assertEquals(ErrorCode.MODEL_LOAD_FAILED, failure.code());
        assertTrue(
                failure.message()
                        .matches(
                                "(?s)\\Q" + bad
                                        + "\\E: the process that probes it ended while it loaded the file: signal 6 \\(SIGABRT\\), and it said last: .*GGML_ASSERT\\(.*token_to_id.*\\) failed\\. The node itself did not touch the file"),
                failure.message());
        assertEquals(failure, refusal(config(bad)));
        Path copy = Files.copy(bad, directory.resolve("copy.gguf"));
        assertEquals(
                copy + " has the content of a file that was probed before: " + failure.message(),
                refusal(config(copy)).message());
        assertEquals(1, processes);
    }

    /** The virtual machine catches that signal to say where it came from, and ends itself by another one. */
    @Test
    void aFaultInMemoryIsToldWithItsPlaceAndRemembered() {
        Path model = model();
        program = Fault.class;
        Failure failure = refusal(config(model));
        assertTrue(
                failure.message()
                        .matches("(?s).* while it loaded the file: signal 6 \\(SIGABRT\\), and it said last: "
                                + ".*SIGSEGV \\(0xb\\) at pc=.*; C +\\[libc.*"),
                failure.message());
        assertEquals(failure, refusal(config(model)));
        assertEquals(1, processes);
    }

    @Test
    void whatTheLibraryRefusesIsToldAsThisProcessWouldTellIt() {
        Path strange = SyntheticModels.writer(SyntheticModels.tiny())
                .text("general.architecture", "strange")
                .write(directory.resolve("strange.gguf"));
        Failure failure = refusal(config(strange));
        assertEquals(ErrorCode.MODEL_LOAD_FAILED, failure.code());
        assertTrue(failure.message().startsWith(strange + " "), failure.message());
        assertEquals(failure, refusal(config(strange)));
        assertEquals(1, processes);
    }

    @Test
    void modelsThatDoNotGenerateAreProbedWithATextToEmbedOrToScore() {
        probe(config(SmallModels.bert(4).write(directory.resolve("bert.gguf"))));
        Path model = model();
        probe(Given.model("path", model, "vocabOnly", true));
        assertEquals(2, processes);
    }

    @Test
    void anAdapterIsProbedWithItsModel() throws IOException {
        Path model = model();
        GgufFile header = GgufFile.readModel(model);
        Path good = SyntheticAdapters.lora(header, 4, GgmlType.F32, List.of("blk.0.attn_q.weight"))
                .write(directory.resolve("good.gguf"));
        prober.require(header, config(model), GgufFile.read(good), withdrawn);
        prober.require(header, config(model), GgufFile.read(good), withdrawn);
        assertEquals(1, processes);
        Path bad = SyntheticAdapters.lora(header, 4, GgmlType.F32, List.of("blk.0.attn_q.weight"))
                .float32("adapter.lora.alpha", Float.NaN)
                .write(directory.resolve("bad.gguf"));
        Failure failure = assertThrows(
                        FailureException.class,
                        () -> prober.require(header, config(model), GgufFile.read(bad), withdrawn))
                .failure();
        assertEquals(ErrorCode.MODEL_LOAD_FAILED, failure.code());
        assertTrue(failure.message().contains("adapter.lora.alpha"), failure.message());
    }

    /** The verdict of what lies there now is nobody's. */
    @Test
    void aFileThatIsChangedMeanwhileIsRefused() {
        Path model = model();
        GgufFile header = GgufFile.readModel(model);
        FileProber changing = new FileProber("", "b4916", Duration.ofMinutes(2), () -> {
            try {
                Files.setLastModifiedTime(model, FileTime.fromMillis(1));
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
            return new ProcessBuilder("/bin/sh", "-c", "printf LCP");
        });
        FailureException e =
                assertThrows(FailureException.class, () -> changing.require(header, config(model), null, withdrawn));
        assertEquals(model + " was changed while it was probed", e.failure().message());
    }

    /** What may have been the machine's fault is found out again. */
    @Test
    void aProcessThatWasKilledFromOutsideIsNoVerdict() {
        Path model = model();
        int[] runs = {0};
        FileProber killed = new FileProber(
                "",
                "b4916",
                Duration.ofMinutes(2),
                () -> new ProcessBuilder("/bin/sh", "-c", runs[0]++ == 0 ? "printf L; kill -KILL $$" : "printf LCP"));
        GgufFile header = GgufFile.readModel(model);
        assertThrows(FailureException.class, () -> killed.require(header, config(model), null, withdrawn));
        killed.require(header, config(model), null, withdrawn);
        assertEquals(2, runs[0]);
    }
}
