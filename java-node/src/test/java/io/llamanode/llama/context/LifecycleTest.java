package io.llamanode.llama.context;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.llamanode.llama.ContextParams;
import io.llamanode.llama.ModelParams;
import io.llamanode.llama.ProgressListener;
import io.llamanode.llama.library.TestLibrary;
import io.llamanode.llama.memory.NativeHandle;
import io.llamanode.llama.model.LlamaModel;
import io.llamanode.llama.sampler.NativeSampler;
import io.llamanode.testmodel.SyntheticModels;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@ParameterizedClass
@EnumSource(TestLibrary.class)
@Tag("native")
class LifecycleTest {

    @Parameter
    private TestLibrary library;

    @TempDir
    private Path directory;

    @BeforeEach
    void requireLibrary() {
        library.open();
    }

    private LlamaModel tiny() {
        return library.load(SyntheticModels.write(SyntheticModels.tiny(), directory.resolve("tiny.gguf")));
    }

    private static void closed(org.junit.jupiter.api.function.Executable call) {
        assertThrows(IllegalStateException.class, call);
    }

    @Test
    void nothingWorksAfterItsClose() {
        LlamaModel model = tiny();
        LlamaContext context = LlamaContext.create(model, ContextParams.generation(64, 64, 1, 1));
        LlamaBatch batch = new LlamaBatch(4);
        NativeSampler sampler = NativeSampler.chain(model).greedy().build();
        batch.add(5, 0, 0, true);
        context.decode(batch);
        MemorySegment logits = context.logits(0);
        sampler.close();
        sampler.close();
        closed(() -> sampler.sample(context, 0));
        closed(sampler::reset);
        closed(() -> sampler.accept(5));
        context.close();
        context.close();
        assertTrue(context.isClosed());
        closed(() -> context.decode(batch));
        closed(context::clear);
        closed(context::usedCells);
        closed(() -> context.logits(0));
        closed(() -> logits.getAtIndex(ValueLayout.JAVA_FLOAT, 0));
        batch.close();
        batch.close();
        closed(() -> batch.add(5, 0, 0, true));
        model.close();
        model.close();
        assertTrue(model.isClosed());
        closed(() -> model.vocab().tokenize("a", false, false));
        closed(() -> model.vocab().piece(5, false));
        closed(() -> LlamaContext.create(model, ContextParams.generation(64, 64, 1, 1)));
        closed(() -> NativeSampler.chain(model).greedy().build());
        closed(model::chatTemplate);
        assertEquals(64, model.nEmbd());
    }

    @Test
    void aClosedBatchCannotBeDecoded() {
        try (LlamaModel model = tiny();
                LlamaContext context = LlamaContext.create(model, ContextParams.generation(64, 64, 1, 1))) {
            LlamaBatch batch = new LlamaBatch(4);
            batch.add(5, 0, 0, true);
            batch.close();
            closed(() -> context.decode(batch));
        }
    }

    @Test
    void aModelClosedBeforeItsContextLivesUntilTheContextIsClosed() {
        LlamaModel model = tiny();
        try (LlamaContext context = LlamaContext.create(model, ContextParams.generation(64, 64, 1, 1));
                LlamaBatch batch = new LlamaBatch(4);
                NativeSampler sampler = NativeSampler.chain(model).greedy().build()) {
            model.close();
            batch.add(5, 0, 0, true);
            context.decode(batch);
            assertTrue(sampler.sample(context, 0) >= 0);
        }
    }

    @Test
    void aHandleIsFreedOnceAndOnlyWhenItsLastUserLeft() {
        AtomicInteger freed = new AtomicInteger();
        NativeHandle handle = new NativeHandle("The thing", MemorySegment.NULL, freed::incrementAndGet);
        handle.acquire();
        handle.acquire();
        handle.close();
        assertThrows(IllegalStateException.class, handle::acquire);
        handle.release();
        assertEquals(0, freed.get());
        handle.release();
        assertEquals(1, freed.get());
        handle.close();
        assertEquals(1, freed.get());
    }

    /**
     * Loading and unloading must not make the process grow; java-llama.cpp's own API keeps 125 MB each time. What is kept grows
     * every time; the heap and the compiler, which other tests have at work, grow now and then.
     */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void twentyLoadsDoNotGrowTheProcess(boolean useMmap) throws IOException {
        assumeTrue(Files.exists(Path.of("/proc/self/statm")), "/proc is needed to see the resident size");
        Path file = SyntheticModels.write(SyntheticModels.bench(null), directory.resolve("bench.gguf"));
        loads(4, file, useMmap);
        long leastGrown = Long.MAX_VALUE;
        for (int part = 0; part < 4; part++) {
            long before = residentBytes();
            loads(4, file, useMmap);
            leastGrown = Math.min(leastGrown, residentBytes() - before);
        }
        assertTrue(leastGrown < 4_000_000, "each 4 loads grew the process by " + leastGrown + " bytes or more");
    }

    private void loads(int count, Path file, boolean useMmap) {
        for (int round = 0; round < count; round++) {
            try (LlamaModel model = library.load(
                            file, new ModelParams(0, useMmap, false, false, false), ProgressListener.NONE);
                    LlamaContext context = LlamaContext.create(model, ContextParams.generation(512, 64, 4, 1));
                    LlamaBatch batch = new LlamaBatch(32)) {
                for (int i = 0; i < 32; i++) {
                    batch.add(300 + i, i, 0, true);
                }
                context.decode(batch);
                context.synchronize();
            }
        }
    }

    private static long residentBytes() throws IOException {
        return Long.parseLong(Files.readString(Path.of("/proc/self/statm")).split(" ")[1]) * 4096;
    }
}
