package io.llamanode.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.engine.contract.CacheUse;
import io.llamanode.engine.contract.EngineConfig;
import io.llamanode.engine.contract.Forecast;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.model.FakeModel;
import io.llamanode.engine.model.KvOperation;
import io.llamanode.engine.sampling.SamplingParams;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What requests find in the KV cache of their own session and of others. */
class PrefixTest {
    private static final String SYSTEM = "You are a llama. Be brief. ";

    private final FakeModel model = new FakeModel();

    private Engine engine(int slots) {
        return new Engine("test", model, model, new EngineConfig(slots, 128, 64, 32), () -> 0);
    }

    private GenerationRequest request(long id, long session, String prompt, int maxTokens, boolean reuse) {
        return new GenerationRequest(
                id,
                session,
                "somebody",
                model.tokenize(prompt, false, false),
                maxTokens,
                SamplingParams.GREEDY,
                List.of(),
                0,
                true,
                reuse ? CacheUse.ALL : CacheUse.NOTHING,
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
