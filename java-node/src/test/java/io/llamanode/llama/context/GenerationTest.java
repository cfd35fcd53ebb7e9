package io.llamanode.llama.context;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.llama.ContextParams;
import io.llamanode.llama.TestModels;
import io.llamanode.llama.library.TestLibrary;
import io.llamanode.llama.model.LlamaModel;
import io.llamanode.llama.sampler.NativeSampler;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(TestLibrary.class)
@Tag("native")
class GenerationTest {

    @Parameter
    private TestLibrary library;

    private static LlamaModel model;

    @BeforeParameterizedClassInvocation
    static void load(TestLibrary library) {
        model = library.loadForAll(TestModels::tinyChat);
    }

    @AfterParameterizedClassInvocation
    static void close() {
        if (model != null) {
            model.close();
        }
    }

    @BeforeEach
    void requireModel() {
        library.open();
        TestModels.tinyChat();
    }

    private static LlamaContext context(int nCtx, int nSeqMax) {
        return LlamaContext.create(model, ContextParams.generation(nCtx, 256, nSeqMax, 1));
    }

    private void assertUsedCells(int expected, LlamaContext context) {
        if (library == TestLibrary.B4916) {
            assertEquals(expected, context.usedCells());
        }
    }

    @Test
    void answersAQuestionGreedily() {
        try (LlamaContext context = context(256, 1)) {
            List<Integer> tokens = TestModels.generate(context, 0, TestModels.chat(model, "What is Erlang?"), 60);
            String text = TestModels.text(model, tokens);
            assertTrue(text.contains("Erlang"), text);
            assertTrue(tokens.size() < 60, "the answer ends by itself");
        }
    }

    @Test
    void twoSequencesInOneBatchGiveTheTokensOfEachAlone() {
        int[] first = TestModels.chat(model, "What is Erlang?");
        int[] second = TestModels.chat(model, "Count to five.");
        List<Integer> firstAlone;
        List<Integer> secondAlone;
        try (LlamaContext context = context(256, 1)) {
            firstAlone = TestModels.generate(context, 0, first, 12);
            context.clear();
            secondAlone = TestModels.generate(context, 0, second, 12);
        }
        assertNotEquals(firstAlone, secondAlone);
        try (LlamaContext context = context(512, 2);
                LlamaBatch batch = new LlamaBatch(256);
                NativeSampler greedy = NativeSampler.chain(model).greedy().build()) {
            List<List<Integer>> generated = List.of(new ArrayList<>(), new ArrayList<>());
            int[] index = new int[2];
            int[][] prompts = {first, second};
            for (int s = 0; s < 2; s++) {
                for (int i = 0; i < prompts[s].length; i++) {
                    index[s] = batch.add(prompts[s][i], i, s, i == prompts[s].length - 1);
                }
            }
            for (int step = 0; step < 8; step++) {
                context.decode(batch);
                int[] tokens = {greedy.sample(context, index[0]), greedy.sample(context, index[1])};
                batch.clear();
                for (int s = 0; s < 2; s++) {
                    generated.get(s).add(tokens[s]);
                    index[s] = batch.add(tokens[s], prompts[s].length + step, s, true);
                }
            }
            assertEquals(firstAlone.subList(0, 8), generated.get(0));
            assertEquals(secondAlone.subList(0, 8), generated.get(1));
        }
    }

    @Test
    void aPrefixInTheCacheGivesTheSameContinuation() {
        int[] prompt = TestModels.chat(model, "What is Erlang?");
        try (LlamaContext context = context(256, 1);
                LlamaBatch batch = new LlamaBatch(256);
                NativeSampler greedy = NativeSampler.chain(model).greedy().build()) {
            List<Integer> whole = TestModels.generate(context, 0, prompt, 5);
            int kept = prompt.length / 2;
            assertTrue(context.seqRemove(0, kept, -1));
            assertUsedCells(kept, context);
            assertEquals(kept - 1, context.seqPosMax(0));
            int[] rest = Arrays.copyOfRange(prompt, kept, prompt.length);
            int index = TestModels.prefill(context, batch, 0, kept, rest);
            assertEquals(whole.getFirst(), greedy.sample(context, index));
        }
    }

    @Test
    void aCopiedSequenceSharesCellsAndContinuesAlike() {
        int[] prompt = TestModels.chat(model, "Tell me a joke.");
        try (LlamaContext context = context(256, 2);
                LlamaBatch batch = new LlamaBatch(256);
                NativeSampler greedy = NativeSampler.chain(model).greedy().build()) {
            int last = TestModels.prefill(context, batch, 0, 0, prompt);
            int token = greedy.sample(context, last);
            context.seqCopy(0, 1, 0, -1);
            assertUsedCells(prompt.length, context);
            int index = TestModels.prefill(context, batch, 1, prompt.length, new int[] {token});
            int next = greedy.sample(context, index);
            context.seqKeep(0);
            assertUsedCells(prompt.length, context);
            index = TestModels.prefill(context, batch, 0, prompt.length, new int[] {token});
            assertEquals(next, greedy.sample(context, index));
        }
    }

    @Test
    void shiftedTokensMoveToTheirNewPositions() {
        int[] prompt = TestModels.chat(model, "What is Erlang?");
        try (LlamaContext context = context(256, 1);
                LlamaBatch batch = new LlamaBatch(256)) {
            TestModels.prefill(context, batch, 0, 0, prompt);
            assertTrue(context.canShift());
            assertTrue(context.seqRemove(0, 2, 6));
            context.seqAdd(0, 6, -1, -4);
            context.update();
            assertEquals(prompt.length - 5, context.seqPosMax(0));
            assertUsedCells(prompt.length - 4, context);
            int index = TestModels.prefill(context, batch, 0, prompt.length - 4, new int[] {prompt[1]});
            assertFalse(Float.isNaN(context.logits(index).getAtIndex(java.lang.foreign.ValueLayout.JAVA_FLOAT, 0)));
        }
    }
}
