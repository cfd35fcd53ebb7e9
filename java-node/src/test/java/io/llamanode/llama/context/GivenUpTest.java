package io.llamanode.llama.context;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.llama.ContextParams;
import io.llamanode.llama.DecodeException;
import io.llamanode.llama.TestModels;
import io.llamanode.llama.library.TestLibrary;
import io.llamanode.llama.model.LlamaModel;
import java.lang.foreign.ValueLayout;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Computations that are given up while they run. */
@ParameterizedClass
@EnumSource(TestLibrary.class)
@Tag("native")
class GivenUpTest {
    private static final int TOKENS = 192;
    /** So that one decode call is several computations, of which some are over when it is given up. */
    private static final int AT_ONCE = 64;

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

    private static LlamaContext context() {
        ContextParams base = ContextParams.generation(512, TOKENS, 2, 1);
        return LlamaContext.create(
                model,
                new ContextParams(
                        base.nCtx(),
                        base.nBatch(),
                        AT_ONCE,
                        base.nSeqMax(),
                        1,
                        1,
                        false,
                        base.pooling(),
                        base.typeK(),
                        base.typeV(),
                        false,
                        false));
    }

    private static LlamaBatch batch(int sequence) {
        LlamaBatch batch = new LlamaBatch(TOKENS);
        for (int i = 0; i < TOKENS; i++) {
            batch.add(300 + i % 50, i, sequence, i == TOKENS - 1);
        }
        return batch;
    }

    /** Says yes when it is asked for the given time, and counts. */
    private static final class Asked implements BooleanSupplier {
        private final int yesAt;
        private int times;

        Asked(int yesAt) {
            this.yesAt = yesAt;
        }

        @Override
        public boolean getAsBoolean() {
            return ++times == yesAt;
        }
    }

    private static float[] logits(LlamaContext context) {
        return context.logits(TOKENS - 1).toArray(ValueLayout.JAVA_FLOAT);
    }

    @Test
    void aComputationAsksAtLeastOnceALayerWhetherItShouldGoOn() {
        try (LlamaContext context = context();
                LlamaBatch batch = batch(0)) {
            Asked never = new Asked(-1);
            context.decode(batch, never);
            int computations = TOKENS / AT_ONCE;
            assertTrue(never.times >= computations * model.nLayer(), never.times + " times");
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.1, 0.4, 0.9})
    void oneThatIsGivenUpEndsThereAndTheSequenceGoesOnFromWhereItWas(double share) {
        try (LlamaContext context = context();
                LlamaBatch batch = batch(0);
                LlamaBatch beside = batch(1)) {
            Asked all = new Asked(-1);
            context.decode(beside);
            context.decode(batch, all);
            float[] whole = logits(context);
            assertTrue(context.seqRemove(0, 0, -1));
            Asked some = new Asked(1 + (int) (share * all.times));
            DecodeException e = assertThrows(DecodeException.class, () -> context.decode(batch, some));
            assertEquals(DecodeException.Kind.ABORTED, e.kind());
            assertEquals(some.yesAt, some.times, "it is not asked again");
            assertThrows(IllegalArgumentException.class, () -> context.logits(TOKENS - 1));
            assertTrue(context.seqRemove(0, 0, -1));
            context.decode(batch);
            assertArrayEquals(whole, logits(context));
            assertEquals(TOKENS - 1, context.seqPosMax(1));
        }
    }

    @Test
    void oneThatCannotSayWhetherItIsWantedGoesOn() {
        try (LlamaContext context = context();
                LlamaBatch batch = batch(0)) {
            context.decode(batch, () -> {
                throw new IllegalStateException("a defect");
            });
            assertEquals(TOKENS - 1, context.seqPosMax(0));
        }
    }
}
