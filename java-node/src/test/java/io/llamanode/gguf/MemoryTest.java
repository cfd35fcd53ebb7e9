package io.llamanode.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.llama.ContextParams;
import io.llamanode.llama.context.LlamaContext;
import io.llamanode.llama.library.TestLibrary;
import io.llamanode.llama.model.LlamaModel;
import io.llamanode.testmodel.SyntheticModels;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is estimated is what llama.cpp takes, or not much more. */
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
}
