package io.llamanode.engine.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class PrefillPacingTest {
    private static final long DECODE = 8_000_000;
    /** Tokens of a prompt where the next ones are dear. */
    private static final int LONG = 3000;

    /** A machine on which a step takes {@link #DECODE} and each prompt token adds to it. */
    private static void steps(PrefillPacing pacing, int count, long tokenNanos) {
        for (int i = 0; i < count; i++) {
            pacing.executed(4, pacing.share(), DECODE + pacing.share() * tokenNanos);
        }
    }

    @Test
    void whatIsConfiguredHoldsWhileNothingIsKnown() {
        PrefillPacing pacing = new PrefillPacing(32, 512);
        assertEquals(32, pacing.share());
        pacing.executed(4, 32, DECODE);
        assertEquals(32, pacing.share(), "without a step to compare with");
        pacing.executed(4, 0, DECODE);
        assertEquals(32, pacing.share(), "what came before there was one taught nothing");
        PrefillPacing prompts = new PrefillPacing(32, 512);
        prompts.executed(0, 512, DECODE);
        assertEquals(32, prompts.share(), "nobody generates");
    }

    @Test
    void aStepWithPromptTokensLastsALittleLessThanThreeWithout() {
        PrefillPacing pacing = new PrefillPacing(32, 512);
        pacing.executed(4, 0, DECODE);
        steps(pacing, 20, 100_000);
        assertEquals(132, pacing.share(), 1);
        steps(pacing, 40, 500_000);
        assertEquals(26, pacing.share(), 1);
    }

    @Test
    void aPromptAloneTellsWhatATokenCosts() {
        PrefillPacing pacing = new PrefillPacing(32, 512);
        pacing.executed(0, 512, 512 * 200_000L);
        pacing.executed(4, 0, DECODE);
        assertEquals(66, pacing.share());
        pacing.executed(0, 512, 512 * 900_000L);
        assertEquals(66, pacing.share(), "as long as there is nothing better");
    }

    @Test
    void onePromptThatWasHeldUpChangesLittle() {
        PrefillPacing pacing = new PrefillPacing(32, 512);
        pacing.executed(4, 0, DECODE);
        steps(pacing, 20, 100_000);
        pacing.executed(4, 100, DECODE + 100 * 100_000_000L);
        // A quarter of four times what was expected.
        assertEquals(132 / 1.75, pacing.share(), 1);
        pacing.executed(4, 100, DECODE / 2);
        assertEquals(132 / 1.75 / 0.75, pacing.share(), 2, "nor does one that cost less than nothing");
    }

    @Test
    void aPromptAlwaysGetsOn() {
        PrefillPacing pacing = new PrefillPacing(32, 512);
        pacing.executed(1, 0, DECODE);
        steps(pacing, 40, 1_000_000_000);
        assertEquals(PrefillPacing.LEAST, pacing.share());
        assertEquals(4, new PrefillPacing(4, 4).share());
    }

    @Test
    void manyThatWaitGetMoreThanOne() {
        PrefillPacing pacing = new PrefillPacing(32, 512);
        assertEquals(32, pacing.share(4, 1, LONG));
        assertEquals(32, pacing.share(4, 4, LONG));
        assertEquals(64, pacing.share(4, 8, LONG));
        assertEquals(224, pacing.share(1, 7, LONG));
        assertEquals(512, pacing.share(1, 31, LONG));
    }

    @Test
    void theBeginningOfAPromptHasItsWholeShare() {
        PrefillPacing pacing = new PrefillPacing(32, 512);
        pacing.executed(1, 0, DECODE);
        steps(pacing, 40, 1_000_000_000);
        assertEquals(32, pacing.share(4, 1, 0));
        assertEquals(32, pacing.share(4, 1, 1023));
        assertEquals(PrefillPacing.LEAST, pacing.share(4, 1, 1024));
    }

    @Test
    void theBatchBoundsTheShare() {
        PrefillPacing pacing = new PrefillPacing(32, 64);
        pacing.executed(4, 0, DECODE);
        steps(pacing, 40, 1);
        assertEquals(64, pacing.share());
    }

    @Test
    void aPromptThatComesInASlowMomentIsPacedByTheUsualStep() {
        PrefillPacing pacing = new PrefillPacing(32, 512);
        for (int i = 0; i < 100; i++) {
            pacing.executed(4, 0, i % 10 == 5 ? 3 * DECODE : DECODE);
        }
        for (int i = 0; i < 8; i++) {
            pacing.executed(4, 0, 2 * DECODE);
        }
        steps(pacing, 40, 100_000);
        assertEquals(132, pacing.share(), 1);
    }

    @Test
    void theUsualStepIsTheMedianHoweverTheStepsCome() {
        PrefillPacing pacing = new PrefillPacing(32, 512);
        pacing.executed(0, 512, 512 * 200_000L);
        for (long nanos : new long[] {DECODE, 100 * DECODE, DECODE}) {
            pacing.executed(4, 0, nanos);
        }
        assertEquals(66, pacing.share());
    }

    @Test
    void aStepOfUnknownTimeTeachesNothing() {
        PrefillPacing pacing = new PrefillPacing(32, 512);
        pacing.executed(4, 0, DECODE);
        steps(pacing, 20, 100_000);
        int share = pacing.share();
        pacing.executed(4, 100, 0);
        pacing.executed(4, 100, -1);
        assertEquals(share, pacing.share());
    }

    @Test
    void oneSlowStepChangesLittle() {
        PrefillPacing pacing = new PrefillPacing(32, 512);
        pacing.executed(4, 0, DECODE);
        steps(pacing, 20, 100_000);
        pacing.executed(4, 0, 1000 * DECODE);
        assertTrue(pacing.share() < 240, "share " + pacing.share());
        pacing.executed(4, 0, 0);
        assertTrue(pacing.share() < 240, "an unknown time is none");
    }
}
