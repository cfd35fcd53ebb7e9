package io.llamanode.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.engine.contract.CacheUse;
import io.llamanode.engine.contract.EngineSnapshot;
import io.llamanode.engine.contract.GenerationListener.Ending;
import io.llamanode.engine.contract.GenerationListener.FailureKind;
import io.llamanode.engine.contract.GenerationListener.Outcome;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.model.BatchPlan;
import io.llamanode.engine.model.ModelRunner.MemoryException;
import io.llamanode.engine.model.ModelRunner.RunnerException;
import io.llamanode.engine.sampling.SamplingParams;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The engine stepped by hand on a fake model, and its loop thread where the thread is the point. */
class EngineTest extends EngineFixture {
    @Test
    void recitesTheAnswerTokenByToken() {
        model.answer("2+2=", "four");
        Recorder heard = submit(request(1, "2+2=", -1));
        steps(10);
        Outcome outcome = heard.outcome();
        assertEquals(List.of("f", "o", "u", "r"), heard.texts);
        assertEquals(Ending.EOS, outcome.ending());
        assertEquals(4, outcome.promptTokens());
        assertEquals(4, outcome.completion().length);
        assertEquals(0, outcome.cachedTokens());
    }

    @Test
    void requestsJoinAndLeaveAtEveryStep() {
        model.answer("a", "0123456789").answer("b", "xy");
        Recorder a = submit(request(1, "a", -1));
        steps(3);
        Recorder b = submit(request(2, "b", -1));
        steps(2);
        assertEquals("01234", a.text());
        assertEquals("xy", b.text());
        assertEquals(2, model.plans.getLast().spans().size());
        steps(10);
        assertEquals("0123456789", a.text());
        assertEquals(Ending.EOS, b.outcome().ending());
    }

    @Test
    void aLongPromptGoesInChunksBesideARunningDecode() {
        model.answer("a", "0123456789");
        Recorder a = submit(request(1, "a", -1));
        steps(1);
        submit(request(2, "p".repeat(20), 1));
        steps(3);
        assertEquals("0123", a.text());
        assertEquals(
                List.of(9, 9, 5),
                model.plans.subList(1, 4).stream().map(BatchPlan::tokenCount).toList());
    }

    @Test
    void withoutADecodeAPromptFillsTheBatch() {
        submit(request(1, "p".repeat(40), 1));
        steps(2);
        assertEquals(
                List.of(32, 8), model.plans.stream().map(BatchPlan::tokenCount).toList());
    }

    @Test
    void waitsForASlotInOrder() {
        Recorder first = submit(request(1, "a", 2));
        submit(request(2, "b", 4));
        Recorder third = submit(request(3, "c", 1));
        steps(1);
        assertEquals(1, engine.snapshot().waiting());
        steps(1);
        assertEquals(Ending.LIMIT, first.outcome().ending());
        assertFalse(third.ending.isDone());
        steps(1);
        assertEquals(Ending.LIMIT, third.outcome().ending());
    }

    @Test
    void customersAreServedInTurn() {
        engine = engine(1, 64, 32, 8);
        List<Recorder> many = new ArrayList<>();
        for (int id = 1; id <= 5; id++) {
            many.add(submit(request(id, "a", 1)));
        }
        Recorder other = submit(new GenerationRequest(
                6,
                6,
                "another",
                new int[] {'b'},
                1,
                SamplingParams.GREEDY,
                List.of(),
                0,
                true,
                CacheUse.ALL,
                GenerationRequest.NO_DEADLINE));
        steps(2);
        assertTrue(many.get(0).ending.isDone());
        assertTrue(other.ending.isDone());
        assertFalse(many.get(1).ending.isDone());
        steps(4);
        assertTrue(many.get(4).ending.isDone());
    }

    @Test
    void aSessionsNextTurnEvaluatesOnlyWhatIsNew() {
        model.answer("Hi ", "you").answer("Hi you. And ", "me");
        assertEquals(
                Ending.EOS,
                run(request(1, 7, "Hi ", -1, GenerationRequest.NO_DEADLINE)).ending());
        Outcome second = run(request(2, 7, "Hi you. And ", -1, GenerationRequest.NO_DEADLINE));
        assertEquals(6, second.cachedTokens());
        assertEquals(12, second.promptTokens());
    }

    @Test
    void aShortBeginningOfAnotherSessionsPromptIsNotTaken() {
        model.answer("secret", "s");
        run(request(1, 7, "secret", -1, GenerationRequest.NO_DEADLINE));
        run(request(2, 8, "x", 1, GenerationRequest.NO_DEADLINE));
        Outcome other = run(request(3, 9, "secret too", -1, GenerationRequest.NO_DEADLINE));
        assertEquals(0, other.cachedTokens());
    }

    @Test
    void theSamePromptAgainEvaluatesItsLastToken() {
        model.answer("same", "s");
        run(request(1, 7, "same", -1, GenerationRequest.NO_DEADLINE));
        assertEquals(
                3, run(request(2, 7, "same", -1, GenerationRequest.NO_DEADLINE)).cachedTokens());
    }

    @Test
    void aModelThatCannotTruncateStartsAnew() {
        model.canTruncate = false;
        engine = engine(2, 64, 32, 8);
        model.answer("abc", "d").answer("abx", "y");
        run(request(1, 7, "abc", -1, GenerationRequest.NO_DEADLINE));
        assertEquals(
                0, run(request(2, 7, "abx", -1, GenerationRequest.NO_DEADLINE)).cachedTokens());
    }

    @Test
    void aSlotKeepsItsCellsWhenNobodyComesBackForThem() {
        run(request(1, 7, "a prompt of some length", 2, GenerationRequest.NO_DEADLINE));
        engine.leave(7);
        steps(1);
        assertEquals("a prompt of some length!", model.holds(0));
        assertEquals(0, engine.snapshot().slots().getFirst().cacheKey());
        // Nor is the other slot, which is empty, taken for one that has the same to say.
        assertEquals(
                22,
                run(request(2, 0, "a prompt of some length", 2, GenerationRequest.NO_DEADLINE))
                        .cachedTokens());
        assertEquals("", model.holds(1));
    }

    @Test
    void shorteningToNothingEmptiesTheSlot() {
        model.answer("abc", "d");
        run(request(1, 7, "abc", -1, GenerationRequest.NO_DEADLINE));
        assertEquals("abcd", model.holds(0));
        engine.shorten(7, 0, () -> {});
        steps(1);
        assertEquals("", model.holds(0));
        assertEquals(
                0, run(request(2, 7, "abc", -1, GenerationRequest.NO_DEADLINE)).cachedTokens());
    }

    @Test
    void aCancelledRequestFreesItsSlotBeforeTheAcknowledgement() {
        Recorder heard = submit(request(1, "a", -1));
        steps(3);
        boolean[] idle = {false};
        engine.cancel(1, () -> idle[0] = engine.snapshot().slots().get(0).phase() == EngineSnapshot.Phase.IDLE);
        steps(1);
        assertEquals(FailureKind.CANCELLED, heard.failure());
        assertTrue(idle[0]);
        assertEquals("!!!", heard.text());
    }

    @Test
    void aWaitingRequestCanBeCancelledAndUnknownOnesAreAcknowledged() {
        submit(request(1, "a", -1));
        submit(request(2, "a", -1));
        Recorder waiting = submit(request(3, "a", -1));
        steps(1);
        CountDownLatch acknowledged = new CountDownLatch(2);
        engine.cancel(3, acknowledged::countDown);
        engine.cancel(99, acknowledged::countDown);
        steps(1);
        assertEquals(FailureKind.CANCELLED, waiting.failure());
        assertEquals(0, acknowledged.getCount());
    }

    @Test
    void deadlinesEndWaitingAndRunningRequests() {
        Recorder running = submit(request(1, 1, "a", -1, 100));
        submit(request(2, "a", -1));
        Recorder waiting = submit(request(3, 3, "a", -1, 200));
        steps(2);
        now = 100;
        steps(1);
        assertEquals(FailureKind.TIMEOUT, running.failure());
        now = 1_000;
        steps(1);
        assertEquals(FailureKind.TIMEOUT, waiting.failure());
    }

    @Test
    void aFailedDecodeFailsItsRequestsOnly() {
        Recorder a = submit(request(1, "a", 3));
        steps(1);
        model.failure = new RunnerException("no memory", null);
        steps(1);
        assertEquals(FailureKind.DECODE_FAILED, a.failure());
        model.answer("ok", "fine");
        assertEquals(
                4, run(request(2, 1, "ok", -1, GenerationRequest.NO_DEADLINE)).completion().length);
    }

    @Test
    void aDecodeThatFoundNoMemoryIsToldApart() {
        Recorder a = submit(request(1, "a", 3));
        steps(1);
        model.failure = new MemoryException("no memory", null);
        steps(1);
        assertEquals(FailureKind.OUT_OF_MEMORY, a.failure());
    }

    @Test
    void aSlotIsEmptiedAfterAFailureEvenIfItsTruncationWasLost() {
        model.answer("abc", "d");
        run(request(1, 7, "abc", -1, GenerationRequest.NO_DEADLINE));
        engine.shorten(7, 0, () -> {});
        submit(request(2, 8, "zz", 1, GenerationRequest.NO_DEADLINE));
        model.failure = new RunnerException("lost", null);
        steps(2);
        assertEquals("", model.holds(0) + model.holds(1));
    }

    @Test
    void stopStringsAreHeldBackAndNeverShown() {
        model.answer("p", "one\n\nUser: two");
        Recorder heard = submit(request(1, "p", -1, "\nUser:"));
        steps(30);
        assertEquals("one\n", heard.text());
        assertEquals(Ending.STOP_STRING, heard.outcome().ending());
        assertEquals("\nUser:", heard.outcome().stop());
        assertFalse(heard.texts.contains(""));
    }

    @Test
    void textHeldForAStopStringThatDoesNotComeIsShownAtTheEnd() {
        model.answer("p", "ends with a sto");
        Recorder heard = submit(request(1, "p", -1, "stop"));
        steps(30);
        assertEquals("ends with a sto", heard.text());
    }

    @Test
    void codePointsAreNeverSplit() {
        model.answer("p", "żółć 🦙 ok");
        Recorder heard = submit(request(1, "p", -1));
        steps(30);
        assertEquals("żółć 🦙 ok", heard.text());
        assertTrue(heard.texts.contains("🦙"));
    }

    @Test
    void bytesThatAreNotUtf8AreReplaced() {
        model.answer("p", new byte[] {'a', (byte) 0xFF, 'b', (byte) 0xC3});
        Recorder heard = submit(request(1, "p", -1));
        steps(10);
        assertEquals("a\uFFFDb", heard.text());
    }

    @Test
    void zeroTokensEvaluateThePromptOnly() {
        Outcome outcome = run(request(1, "abc", 0));
        assertEquals(Ending.LIMIT, outcome.ending());
        assertEquals(0, outcome.completion().length);
        assertEquals("abc", model.holds(0));
    }

    @Test
    void theContextEndsAnUnlimitedRequest() {
        Outcome outcome = run(request(1, "p".repeat(60), -1));
        assertEquals(Ending.CONTEXT, outcome.ending());
        assertEquals(5, outcome.completion().length);
    }

    @Test
    void aFullContextIsShiftedWhenMoreIsAskedFor() {
        Outcome outcome = run(request(1, "p".repeat(60), 100));
        assertEquals(Ending.LIMIT, outcome.ending());
        assertEquals(100, outcome.completion().length);
        assertTrue(engine.snapshot().contextShifts() >= 3);
    }

    @Test
    void aModelThatCannotShiftFinishesAtTheEndOfTheContext() {
        model.canShift = false;
        engine = engine(2, 64, 32, 8);
        assertEquals(Ending.CONTEXT, run(request(1, "p".repeat(60), 100)).ending());
    }

    @Test
    void keepsTheFrontWhenShifting() {
        GenerationRequest keep = new GenerationRequest(
                1,
                1,
                "somebody",
                model.tokenize("KEEP" + "p".repeat(56), false, false),
                30,
                SamplingParams.GREEDY,
                List.of(),
                4,
                true,
                CacheUse.ALL,
                GenerationRequest.NO_DEADLINE);
        run(keep);
        assertTrue(model.holds(0).startsWith("KEEPp"));
        assertTrue(model.holds(0).length() < 64);
    }

    private String shifted(String prompt, int nKeep) {
        long before = engine.snapshot().contextShifts();
        assertEquals(
                100,
                run(new GenerationRequest(
                                1,
                                1,
                                "somebody",
                                model.tokenize(prompt, false, false),
                                100,
                                SamplingParams.GREEDY,
                                List.of(),
                                nKeep,
                                true,
                                CacheUse.ALL,
                                GenerationRequest.NO_DEADLINE))
                        .completion()
                        .length);
        assertTrue(engine.snapshot().contextShifts() - before >= 2);
        return model.holds(0);
    }

    @Test
    void aShiftKeepsTheTokenThatBeginsATextWhereTheModelWantsOne() {
        String prompt = "^" + "p".repeat(20);
        assertTrue(shifted(prompt, 0).startsWith("!"), "nobody wants it");
        model.bos = OptionalInt.of('^');
        assertTrue(shifted(prompt, 0).startsWith("^!"), "it alone");
        assertTrue(shifted(prompt, 1).startsWith("^!"), "it is the one token");
        assertTrue(shifted(prompt, 3).startsWith("^pp!"), "it is one of them");
        assertTrue(shifted(prompt, -1).startsWith(prompt + "!"), "all");
        // A prompt of tokens may lack it; then there is nothing to keep.
        assertTrue(shifted("p".repeat(20), 0).startsWith("!"));
    }

    @Test
    void closingCancelsEverythingAndRefusesMore() throws InterruptedException {
        engine.start();
        Recorder a = submit(request(1, "a", 1_000_000));
        engine.close();
        assertEquals(FailureKind.CANCELLED, a.failure());
        assertFalse(engine.submit(request(2, "a", 1), new Recorder(), () -> {}));
        CountDownLatch acknowledged = new CountDownLatch(1);
        engine.cancel(1, acknowledged::countDown);
        assertTrue(acknowledged.await(1, TimeUnit.SECONDS));
        engine.close();
    }

    @Test
    void timingsComeFromTheClock() {
        model.answer("p", "ab");
        now = 10;
        Recorder heard = submit(request(1, "p", -1));
        engine.step();
        now = 40;
        steps(3);
        Outcome outcome = heard.outcome();
        assertEquals(0, outcome.queued());
        assertEquals(0, outcome.prefill());
        assertEquals(30, outcome.decode());
        assertNull(outcome.stop());
    }

    @Test
    void aPromptThatLeavesNoRoomIsAMisuse() {
        GenerationRequest tooLong = request(1, "p".repeat(64), 1);
        assertThrows(IllegalArgumentException.class, () -> engine.submit(tooLong, new Recorder(), () -> {}));
    }
}
