package io.llamanode.engine.llama;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.engine.model.ModelRunner.RunnerException;
import io.llamanode.engine.vector.VectorRequest.Pooling;
import io.llamanode.engine.vector.VectorRunner;
import io.llamanode.engine.vector.VectorRunner.Sequence;
import io.llamanode.gguf.GgufWriter;
import io.llamanode.llama.ContextParams;
import io.llamanode.llama.PoolingType;
import io.llamanode.llama.context.LlamaContext;
import io.llamanode.llama.library.TestLibrary;
import io.llamanode.llama.model.LlamaModel;
import io.llamanode.testmodel.PoisonedToken;
import io.llamanode.testmodel.SmallModels;
import io.llamanode.testmodel.SyntheticModels;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Vectors of a model one of whose tokens is no number, and computations that nobody wants any more. */
@ParameterizedClass
@EnumSource(TestLibrary.class)
@Tag("native")
class VectorPoisonTest {
    private static final int POISON = 290;

    @TempDir
    private Path folder;

    @Parameter
    private TestLibrary library;

    static Stream<Arguments> models() {
        return Stream.of(
                Arguments.of("decoder", (Supplier<GgufWriter>) () -> SyntheticModels.writer(SyntheticModels.tiny())),
                Arguments.of("encoder", (Supplier<GgufWriter>) () -> SmallModels.bert(1)));
    }

    private static Sequence text(int length, int seed) {
        int[] tokens = IntStream.range(0, length)
                .map(i -> 260 + (i * 7 + seed * 13) % 28)
                .toArray();
        return new Sequence(tokens, Pooling.MEAN);
    }

    private static Sequence poisoned() {
        int[] tokens = text(24, 5).tokens().clone();
        tokens[20] = POISON;
        return new Sequence(tokens, Pooling.MEAN);
    }

    private VectorRunner runner(LlamaModel model) {
        return new LlamaVectorRunner(
                LlamaContext.create(model, ContextParams.embedding(256, 256, 4, 1, PoolingType.NONE)), 256);
    }

    /** Cells that nobody has any more are multiplied all the same, by zero. */
    @ParameterizedTest
    @MethodSource("models")
    void whatOneTextSpoilsIsNotThereForTheNext(String kind, Supplier<GgufWriter> file) throws Exception {
        library.open();
        Path path = file.get().write(folder.resolve("model.gguf"));
        PoisonedToken.write(path, POISON);
        try (LlamaModel model = library.load(path);
                VectorRunner runner = runner(model)) {
            List<float[]> before = runner.compute(List.of(text(3, 1), text(4, 2)), () -> false);
            assertTrue(before.stream().allMatch(VectorRunner::isFinite));
            assertFalse(VectorRunner.isFinite(runner.compute(List.of(text(40, 3), poisoned()), () -> false)
                    .getLast()));
            List<float[]> after = runner.compute(List.of(text(3, 1), text(4, 2)), () -> false);
            for (int i = 0; i < 2; i++) {
                assertArrayEquals(before.get(i), after.get(i));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void aComputationIsGivenUpBetweenTwoOfItsParts(String kind, Supplier<GgufWriter> file) throws Exception {
        library.open();
        try (LlamaModel model = library.load(file.get().write(folder.resolve("model.gguf")));
                VectorRunner runner = runner(model)) {
            List<float[]> before = runner.compute(List.of(text(20, 1)), () -> false);
            AtomicInteger asked = new AtomicInteger();
            assertThrows(
                    RunnerException.class,
                    () -> runner.compute(List.of(text(20, 1)), () -> asked.incrementAndGet() > 3));
            assertTrue(asked.get() > 3);
            assertArrayEquals(
                    before.getFirst(),
                    runner.compute(List.of(text(20, 1)), () -> false).getFirst());
        }
    }
}
