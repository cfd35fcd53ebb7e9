package io.llamanode.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.engine.contract.CacheUse;
import io.llamanode.engine.contract.EngineConfig;
import io.llamanode.engine.contract.Forecast;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.model.Adapter;
import io.llamanode.engine.model.AdapterSet;
import io.llamanode.engine.model.BatchPlan;
import io.llamanode.engine.model.FakeModel;
import io.llamanode.engine.model.KvOperation;
import io.llamanode.engine.sampling.SamplingParams;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What requests find in the KV cache of their own session and of others. */
class PrefixTest {
    private static final String SYSTEM = "You are a llama. Be brief. ";

    private final FakeModel model = new FakeModel();
    private long requests = 100;

    private Engine engine(int slots) {
        return new Engine("test", model, model, new EngineConfig(slots, 128, 64, 32), () -> 0);
    }

    private GenerationRequest request(long id, long session, String prompt, int maxTokens, boolean reuse) {
        return request(id, session, "somebody", prompt, maxTokens, reuse ? CacheUse.ALL : CacheUse.NOTHING);
    }

    private GenerationRequest request(
            long id, long session, String customer, String prompt, int maxTokens, CacheUse use) {
        return new GenerationRequest(
                id,
                session,
                customer,
                model.tokenize(prompt, false, false),
                maxTokens,
                SamplingParams.GREEDY,
                List.of(),
                0,
                true,
                use,
                GenerationRequest.NO_DEADLINE);
    }

    private Recorder run(Engine engine, long id, long session, String prompt, int maxTokens) {
        Recorder heard = new Recorder();
        assertTrue(engine.submit(request(id, session, prompt, maxTokens, true), heard, () -> {}));
        for (int i = 0; i < maxTokens + 8; i++) {
            engine.step();
        }
        return heard;
    }

    private int cached(Engine engine, long id, long session, String prompt) {
        return run(engine, id, session, prompt, 2).outcome().cachedTokens();
    }

    @Test
    void aSessionBeginsWithWhatAnotherOneHasEvaluated() {
        Engine engine = engine(2);
        assertEquals(0, cached(engine, 1, 1, SYSTEM + "Ask?"));
        assertEquals(SYSTEM.length(), cached(engine, 2, 2, SYSTEM + "Why?"));
        // Both go on by themselves: the fake model refuses positions that do not follow.
        assertEquals((SYSTEM + "Ask?!").length(), cached(engine, 3, 1, SYSTEM + "Ask?!!"));
        assertEquals((SYSTEM + "Why?!").length(), cached(engine, 4, 2, SYSTEM + "Why?!!"));
    }

    @Test
    void aShortPrefixIsNotWorthACopy() {
        Engine engine = engine(2);
        cached(engine, 1, 1, "You are a llama.!");
        assertEquals(0, cached(engine, 2, 2, "You are a llama?"));
    }

    @Test
    void theOnlySlotKeepsWhatItsNextSessionHasInCommon() {
        Engine engine = engine(1);
        cached(engine, 1, 1, SYSTEM + "Ask?");
        assertEquals(SYSTEM.length(), cached(engine, 2, 2, SYSTEM + "Why?"));
    }

    @Test
    void aSlotThatRunsGivesToo() {
        Engine engine = engine(2);
        Recorder running = new Recorder();
        assertTrue(engine.submit(request(1, 1, SYSTEM + "Ask?", 60, true), running, () -> {}));
        for (int i = 0; i < 5; i++) {
            engine.step();
        }
        assertEquals(SYSTEM.length(), cached(engine, 2, 2, SYSTEM + "Why?"));
        for (int i = 0; i < 60; i++) {
            engine.step();
        }
        assertEquals("!".repeat(60), running.text());
    }

    @Test
    void whoWantsNoCacheGetsNone() {
        Engine engine = engine(2);
        cached(engine, 1, 1, SYSTEM + "Ask?");
        Recorder heard = new Recorder();
        assertTrue(engine.submit(request(2, 2, SYSTEM + "Why?", 2, false), heard, () -> {}));
        for (int i = 0; i < 8; i++) {
            engine.step();
        }
        assertEquals(0, heard.outcome().cachedTokens());
    }

    @Test
    void aModelThatCannotForgetGivesNothingAway() {
        model.canTruncate = false;
        Engine engine = engine(2);
        cached(engine, 1, 1, SYSTEM + "Ask?");
        assertEquals(0, cached(engine, 2, 2, SYSTEM + "Why?"));
    }

    @Test
    void sharedCellsAreDroppedRatherThanMoved() {
        model.sharesCells = true;
        Engine engine = engine(2);
        String prompt = SYSTEM.repeat(3);
        cached(engine, 1, 1, prompt + "Ask?");
        assertEquals(200, run(engine, 2, 2, prompt + "Why?", 200).outcome().completion().length);
        List<KvOperation.Discard> discards = model.plans.stream()
                .flatMap(plan -> plan.kv().stream())
                .filter(KvOperation.Discard.class::isInstance)
                .map(KvOperation.Discard.class::cast)
                .toList();
        // The first one goes behind what is shared, the next ones find nothing shared any more.
        assertEquals(prompt.length(), discards.getFirst().to());
        assertTrue(discards.size() > 1 && discards.get(1).to() < prompt.length());
    }

    /** {@return tokens that a request finds which is not of any session} */
    private int found(Engine engine, String customer, CacheUse use, String prompt) {
        Recorder heard = new Recorder();
        assertTrue(engine.submit(request(++requests, 0, customer, prompt, 2, use), heard, () -> {}));
        for (int i = 0; i < 10; i++) {
            engine.step();
        }
        return heard.outcome().cachedTokens();
    }

    @Test
    void requestsOfNoSessionFindWhatOthersLeft() {
        Engine engine = engine(2);
        assertEquals(0, found(engine, "a", CacheUse.ALL, SYSTEM + "Ask?"));
        assertEquals(SYSTEM.length() + 3, found(engine, "b", CacheUse.ALL, SYSTEM + "Ask?"));
        assertEquals(SYSTEM.length(), found(engine, "b", CacheUse.ALL, SYSTEM + "Why?"));
        assertEquals("", model.holds(1), "in the slot that had it");
    }

    @Test
    void whoeverSharesWithHisOwnFindsHisOwnOnly() {
        Engine engine = engine(4);
        found(engine, "a", CacheUse.CUSTOMER, SYSTEM + "Ask?");
        assertEquals(0, found(engine, "b", CacheUse.CUSTOMER, SYSTEM + "Why?"));
        assertEquals(0, found(engine, "c", CacheUse.ALL, SYSTEM + "Who?"));
        assertEquals(SYSTEM.length(), found(engine, "a", CacheUse.CUSTOMER, SYSTEM + "How?"));
        assertEquals((SYSTEM + "How?").length(), found(engine, "a", CacheUse.ALL, SYSTEM + "How? So"));
        // What that one left has something in it that was not for all.
        assertEquals(SYSTEM.length(), found(engine, "c", CacheUse.ALL, SYSTEM + "How? So?"), "its own of before");
    }

    @Test
    void whatNobodyMayHaveIsNotKept() {
        Engine engine = engine(2);
        found(engine, "a", CacheUse.KEY, SYSTEM + "Ask?");
        engine.step();
        assertEquals("", model.holds(0));
        found(engine, "a", CacheUse.NOTHING, SYSTEM + "Ask?");
        engine.step();
        assertEquals("", model.holds(0));
        assertEquals(0, found(engine, "a", CacheUse.ALL, SYSTEM + "Ask?"));
    }

    @Test
    void theSlotOfASessionIsSparedAndCopied() {
        Engine engine = engine(2);
        cached(engine, 1001, 1, SYSTEM + "Ask?");
        assertEquals(SYSTEM.length(), found(engine, "b", CacheUse.ALL, SYSTEM + "Why?"));
        assertEquals(SYSTEM.length(), found(engine, "b", CacheUse.ALL, SYSTEM + "How?"));
        assertEquals((SYSTEM + "Ask?!").length(), cached(engine, 1002, 1, SYSTEM + "Ask?!!"));
        engine.leave(1);
        assertEquals(SYSTEM.length() + 3, found(engine, "b", CacheUse.ALL, SYSTEM + "Ask?"));
    }

    @Test
    void aConversationIsCopiedRatherThanCutByAnotherOneOfItsSystemPrompt() {
        Engine engine = engine(2);
        String first = SYSTEM + "What is a llama? It is an animal. And what does it eat? ";
        found(engine, "a", CacheUse.ALL, first);
        assertEquals(SYSTEM.length(), found(engine, "b", CacheUse.ALL, SYSTEM + "Ask?"));
        assertEquals(first.length() + 1, found(engine, "a", CacheUse.ALL, first + "!Grass."));
    }

    @Test
    void ofThoseThatBeginAlikeOneEvaluatesAndTheOthersWait() {
        Engine engine = engine(3);
        List<Recorder> heard = List.of(new Recorder(), new Recorder(), new Recorder());
        for (Recorder one : heard) {
            String prompt = SYSTEM.repeat(3) + "Question " + ++requests;
            assertTrue(engine.submit(request(requests, 0, "a", prompt, 2, CacheUse.ALL), one, () -> {}));
        }
        for (int i = 0; i < 20; i++) {
            engine.step();
        }
        int common = SYSTEM.length() * 3 + "Question 10".length();
        assertEquals(
                List.of(0, common, common),
                heard.stream().map(one -> one.outcome().cachedTokens()).toList());
        assertEquals(2 * common, engine.snapshot().cachedTokens());
        int evaluated = model.plans.stream().mapToInt(BatchPlan::tokenCount).sum();
        assertEquals(common + 3 * "1".length() + 3, evaluated);
    }

    @Test
    void whoWaitedEvaluatesItselfWhenTheOtherIsGone() {
        Engine engine = engine(2);
        Recorder first = new Recorder();
        Recorder second = new Recorder();
        String prompt = SYSTEM.repeat(4);
        assertTrue(engine.submit(request(1, 0, "a", prompt + "1", 2, CacheUse.ALL), first, () -> {}));
        assertTrue(engine.submit(request(2, 0, "a", prompt + "2", 2, CacheUse.ALL), second, () -> {}));
        engine.step();
        assertEquals("", model.holds(1));
        engine.cancel(1, () -> {});
        for (int i = 0; i < 12; i++) {
            engine.step();
        }
        assertEquals("!!", second.text());
        assertEquals(64, second.outcome().cachedTokens(), "what the other one had got to, a batch");
    }

    @Test
    void whatAShiftMovedIsOfNoUseToOthers() {
        Engine engine = engine(2);
        Recorder heard = new Recorder();
        String prompt = SYSTEM.repeat(3);
        assertTrue(engine.submit(request(1, 0, "a", prompt, 100, CacheUse.ALL), heard, () -> {}));
        for (int i = 0; i < 110; i++) {
            engine.step();
        }
        assertTrue(engine.snapshot().contextShifts() > 0);
        assertEquals(0, found(engine, "b", CacheUse.ALL, model.holds(0)));
    }

    @Test
    void whatAnAdapterComputedIsDroppedWithTheAdapter() {
        Engine engine = engine(2);
        Adapter adapter = () -> {};
        AdapterSet set = new AdapterSet(List.of(new AdapterSet.Use(adapter, 1)));
        for (AdapterSet one : List.of(set, AdapterSet.NONE)) {
            GenerationRequest plain = request(++requests, 0, "a", SYSTEM + "Ask?", 2, CacheUse.ALL);
            GenerationRequest request = new GenerationRequest(
                    plain.id(),
                    0,
                    "a",
                    plain.prompt(),
                    2,
                    SamplingParams.GREEDY,
                    List.of(),
                    0,
                    true,
                    CacheUse.ALL,
                    GenerationRequest.NO_DEADLINE,
                    0,
                    one,
                    GenerationRequest.NO_PROBABILITIES,
                    null);
            Recorder heard = new Recorder();
            assertTrue(engine.submit(request, heard, () -> {}));
            for (int i = 0; i < 10; i++) {
                engine.step();
            }
            assertEquals(0, heard.outcome().cachedTokens());
        }
        engine.forget(adapter, () -> {});
        engine.step();
        assertEquals(List.of("", SYSTEM + "Ask?!"), List.of(model.holds(0), model.holds(1)));
    }

    @Test
    void whatWasSpoiltIsNotKept() {
        model.spoil = (text, logits) -> {
            if (text.contains("Bad")) {
                Arrays.fill(logits, Float.NaN);
            }
        };
        Engine engine = engine(2);
        Recorder bad = new Recorder();
        assertTrue(engine.submit(request(1, 0, "a", SYSTEM + "Bad", 2, CacheUse.ALL), bad, () -> {}));
        for (int i = 0; i < 10; i++) {
            engine.step();
        }
        assertTrue(bad.failure() != null);
        assertEquals("", model.holds(0) + model.holds(1));
        assertEquals(0, found(engine, "a", CacheUse.ALL, SYSTEM + "Good"));
    }

    @Test
    void aModelThatCannotForgetGoesOnFromAllThatASlotHolds() {
        model.canTruncate = false;
        Engine engine = engine(2);
        String prompt = SYSTEM + "Ask?";
        found(engine, "a", CacheUse.ALL, prompt);
        assertEquals(0, found(engine, "b", CacheUse.ALL, prompt));
        // All of the first one's prompt, and what it answered but for the last token.
        assertEquals(prompt.length() + 1, found(engine, "b", CacheUse.ALL, prompt + "!!"));
    }

    @Test
    void aCacheCanBeShortened() {
        Engine engine = engine(2);
        cached(engine, 1, 1, SYSTEM + "Ask?");
        int[] told = new int[1];
        engine.shorten(1, 10, () -> told[0] = engine.snapshot().slots().get(0).cachedTokens());
        engine.step();
        assertEquals(10, told[0], "when whoever waits for it is told");
        assertEquals(10, cached(engine, 2, 1, SYSTEM + "Why?"));
        engine.shorten(1, 0, () -> {});
        assertEquals(0, cached(engine, 3, 1, SYSTEM + "Why?"));
    }

    @Test
    void aForecastTellsWhatARequestWouldFind() {
        Engine engine = engine(1);
        assertEquals(new Forecast(0, 0), forecast(engine, 2, SYSTEM));
        cached(engine, 1, 1, SYSTEM + "Ask?");
        assertEquals(new Forecast(SYSTEM.length(), 0), forecast(engine, 2, SYSTEM + "Why?"));
        assertTrue(engine.submit(request(2, 1, SYSTEM + "Ask?", 100, true), new Recorder(), () -> {}));
        assertTrue(engine.submit(request(3, 3, SYSTEM + "Ask?", 100, true), new Recorder(), () -> {}));
        engine.step();
        engine.step();
        Forecast busy = forecast(engine, 1, SYSTEM + "Why?");
        assertEquals(new Forecast(SYSTEM.length(), 2), busy);
        engine.close();
        assertTrue(!engine.forecast(request(9, 9, "a", 1, true), told -> {}));
    }

    private Forecast forecast(Engine engine, long session, String prompt) {
        Forecast[] told = new Forecast[1];
        assertTrue(engine.forecast(request(9, session, prompt, 1, true), forecast -> told[0] = forecast));
        engine.step();
        return told[0];
    }
}
