package io.llamanode.engine.llama;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.engine.model.AdapterSet;
import io.llamanode.engine.model.BatchPlan;
import io.llamanode.engine.model.BatchPlan.Span;
import io.llamanode.engine.model.KvOperation;
import io.llamanode.engine.model.ModelRunner;
import io.llamanode.engine.model.ModelRunner.AbandonedException;
import io.llamanode.llama.ContextParams;
import io.llamanode.llama.context.LlamaContext;
import io.llamanode.llama.library.TestLibrary;
import io.llamanode.llama.model.LlamaModel;
import io.llamanode.testmodel.EncoderModels;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A model whose encoder reads the prompt, in steps that somebody gives up. */
@ParameterizedClass
@EnumSource(TestLibrary.class)
@Tag("native")
class EncoderDecoderRunnerTest {
    private static final int N_CTX = 128;

    @TempDir
    private Path folder;

    @Parameter
    private TestLibrary library;

    /** Keeps the logits of the last span, and gives up when it has been asked so often. */
    private static final class Kept implements ModelRunner.Outputs {
        float[] logits = {};
        int left;

        Kept(int left) {
            this.left = left;
        }

        @Override
        public void logits(int span, float[] values) {
            logits = values.clone();
        }

        @Override
        public boolean givenUp() {
            return left-- == 0;
        }
    }

    private static BatchPlan plan(List<KvOperation> before, int[] tokens, int position) {
        return new BatchPlan(before, AdapterSet.NONE, List.of(new Span(0, tokens, 0, tokens.length, position, true)));
    }

    private static float[] answer(ModelRunner runner, int[] prompt) throws Exception {
        Kept kept = new Kept(-1);
        runner.execute(plan(List.of(new KvOperation.Truncate(0, 0)), prompt, 0), kept);
        runner.execute(plan(List.of(), new int[] {20}, prompt.length), kept);
        return kept.logits;
    }

    /** @param asked so often before it is given up: in the encoder, and in the decoder behind it */
    @ParameterizedTest
    @ValueSource(ints = {3, 60})
    void aStepThatIsGivenUpLeavesNothingBehind(int asked) throws Exception {
        library.open();
        try (LlamaModel model = library.load(EncoderModels.t5(true).write(folder.resolve("t5.gguf")));
                ModelRunner runner = new EncoderDecoderRunner(
                        LlamaContext.create(model, ContextParams.generation(N_CTX, N_CTX, 1, 1)), N_CTX)) {
            int[] prompt = IntStream.range(0, 50).map(i -> 10 + i * 7 % 200).toArray();
            float[] expected = answer(runner, prompt);
            Kept given = new Kept(asked);
            BatchPlan first = plan(List.of(new KvOperation.Truncate(0, 0)), prompt, 0);
            assertThrows(AbandonedException.class, () -> runner.execute(first, given));
            assertTrue(given.left < 0);
            assertEquals(0, given.logits.length);
            assertArrayEquals(expected, answer(runner, prompt));
        }
    }
}
