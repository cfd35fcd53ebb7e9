package io.llamanode.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.llama.ContextParams;
import io.llamanode.llama.context.LlamaContext;
import io.llamanode.llama.library.TestLibrary;
import io.llamanode.llama.model.LlamaModel;
import io.llamanode.testmodel.SyntheticModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MemoryTest {

    private static final Pattern SIZE = Pattern.compile(
            "(KV self size|llama_kv_cache: size|compute buffer size|output buffer size) += +([0-9.]+) MiB");

    @TempDir
    private Path directory;

    /** Collects the sizes that llama.cpp tells while it makes a context, in bytes. */
    private static final class Sizes extends Handler {
        private final List<String> names = new ArrayList<>();
        private final List<Double> bytes = new ArrayList<>();

        @Override
        public void publish(LogRecord entry) {
            Matcher matcher = SIZE.matcher(entry.getMessage());
            if (matcher.find()) {
                names.add(matcher.group(1).replace("llama_kv_cache: size", "KV self size")); // Before v0.5, and since.
                bytes.add(Double.parseDouble(matcher.group(2)) * (1 << 20));
            }
        }

        double of(String name) {
            return bytes.get(names.indexOf(name));
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }

    private void compare(TestLibrary library, SyntheticModels.Spec spec, int nCtx, int nBatch, int nParallel) {
        Path file = SyntheticModels.write(spec, directory.resolve("model.gguf"));
        MemoryEstimate estimate = MemoryEstimate.of(GgufFile.read(file), nCtx, nBatch, nBatch, nParallel);
        Logger logger = Logger.getLogger("llama.cpp");
        Sizes sizes = new Sizes();
        Level level = logger.getLevel();
        logger.setLevel(Level.ALL);
        logger.addHandler(sizes);
        try (LlamaModel model = library.load(file);
                LlamaContext _ = LlamaContext.create(model, ContextParams.generation(nCtx, nBatch, nParallel, 1))) {
            assertEquals(model.sizeBytes(), estimate.weights());
            bounded("KV self size", sizes, estimate.kvCache(), 1.0, 1.6, nCtx * 112.0);
            bounded("output buffer size", sizes, estimate.output(), 1.0, 1.3, 100_000);
            // Flash attention, which only newer ones use for this, takes a fraction of what is estimated.
            double most = library == TestLibrary.B4916 ? 2.0 : 10.0;
            bounded("compute buffer size", sizes, estimate.compute(), 1.0, most, 8 << 20);
        } finally {
            logger.removeHandler(sizes);
            logger.setLevel(level);
        }
    }

    private static void bounded(String what, Sizes sizes, long estimate, double least, double most, double extra) {
        double real = sizes.of(what);
        assertTrue(estimate >= real * least * 0.99, what + ": estimated " + estimate + ", is " + real);
        assertTrue(estimate <= real * most + extra, what + ": estimated " + estimate + ", is " + real);
    }

    @Tag("native")
    @ParameterizedTest
    @EnumSource(TestLibrary.class)
    void estimatesWhatLlamaCppTakes(TestLibrary library) {
        library.open();
        compare(library, SyntheticModels.bench(null), 4096, 512, 4);
        compare(library, SyntheticModels.bench(null), 16384, 256, 8);
        compare(library, SyntheticModels.tiny(), 512, 64, 1);
        compare(library, SyntheticModels.tiny(), 32768, 512, 16);
    }

    @Test
    void absurdContextsSaturate() {
        GgufFile file = GgufFile.read(SyntheticModels.write(SyntheticModels.tiny(), directory.resolve("tiny.gguf")));
        assertEquals(
                Long.MAX_VALUE,
                MemoryEstimate.of(file, Long.MAX_VALUE, 512, 512, 1).total());
        assertEquals(
                OptionalLong.empty(),
                MemoryEstimate.of(file, Long.MAX_VALUE, 512, 512, 1).counted());
        MemoryEstimate large = MemoryEstimate.of(file, Integer.MAX_VALUE, 512, 512, 1);
        assertTrue(large.total() > 1L << 38);
        assertEquals(OptionalLong.of(large.total()), large.counted());
        assertTrue(MemoryEstimate.of(file, -1, 1, 1, 0).total() > 0);
    }

    private Path write(String name, String text) throws IOException {
        Path path = directory.resolve(name);
        Files.createDirectories(path.getParent());
        return Files.writeString(path, text);
    }

    @Test
    void theSmallestLimitCounts() throws IOException {
        write("proc/meminfo", "MemTotal: 100 kB\nMemAvailable:      80 kB\n");
        assertEquals(OptionalLong.of(80 * 1024), new FreeMemory(directory).read());
        write("proc/self/cgroup", "0::/a/b\n");
        write("sys/fs/cgroup/a/b/memory.max", "max\n");
        write("sys/fs/cgroup/a/b/memory.current", "5000\n");
        assertEquals(OptionalLong.of(80 * 1024), new FreeMemory(directory).read());
        write("sys/fs/cgroup/a/memory.max", "20000\n");
        write("sys/fs/cgroup/a/memory.current", "15000\n");
        write("sys/fs/cgroup/a/memory.stat", "anon 9\ninactive_file 3000\n");
        assertEquals(OptionalLong.of(8000), new FreeMemory(directory).read());
        write("proc/self/cgroup", "3:cpu:/x\n2:memory:/y\n");
        write("sys/fs/cgroup/memory/y/memory.limit_in_bytes", "9000\n");
        write("sys/fs/cgroup/memory/y/memory.usage_in_bytes", "8500\n");
        assertEquals(OptionalLong.of(500), new FreeMemory(directory).read());
    }

    @Test
    void anUnknownSystemTellsNothing() {
        assertEquals(OptionalLong.empty(), new FreeMemory(directory).read());
    }

    @Test
    void thisSystemTellsItsMemory() {
        assertTrue(FreeMemory.available().orElse(1) > 0);
    }
}
