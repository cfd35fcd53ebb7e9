package io.llamanode.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.engine.contract.CacheUse;
import io.llamanode.engine.contract.EngineConfig;
import io.llamanode.engine.contract.GenerationListener.Ending;
import io.llamanode.engine.contract.GenerationListener.FailureKind;
import io.llamanode.engine.contract.GenerationListener.Outcome;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.model.AdapterSet;
import io.llamanode.engine.model.FakeModel;
import io.llamanode.engine.sampling.Sampler;
import io.llamanode.engine.sampling.SamplingParams;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Slots that are wanted by several owners go from one to the next, and whoever had one goes on later where it was. */
class TurnsTest {
    private static final int N_CTX = 256;

    private final FakeModel model = model();
    private long now;

    private static FakeModel model() {
        FakeModel model = new FakeModel();
        // A token that was lost, or came twice, would change all that follow.
        model.hashes = true;
        return model;
    }

    private Engine engine(int slots, int tokens, long nanos) {
        return new Engine(
                "test", model, model, new EngineConfig(slots, N_CTX, 64, 16).withTurns(tokens, nanos), () -> now);
    }

    private static GenerationRequest request(long id, String owner, int maxTokens, long deadline) {
        return request(id, owner, maxTokens, deadline, null);
    }

    private static GenerationRequest request(
            long id, String owner, int maxTokens, long deadline, @Nullable Sampler sampler) {
        // Drawn with a seed, and with penalties: what is chosen depends on all that was chosen before.
        SamplingParams params = new SamplingParams(1, 40, 0.95f, 0.05f, 1.3f, 64, 0.2f, 0.1f, 7 * id, Map.of());
        return new GenerationRequest(
                id,
                id,
                owner,
                new FakeModel().tokenize("text " + id, false, false),
                maxTokens,
                params,
                List.of(),
                0,
                true,
                CacheUse.ALL,
                deadline,
                0,
                AdapterSet.NONE,
                GenerationRequest.NO_PROBABILITIES,
                sampler);
    }

    /** Says the alphabet, as a grammar would have it; told of a token that is not the next letter, it fails. */
    private static final class Alphabet implements Sampler {
        int next = 'a';
        int closes;

        @Override
        public void accept(int token) {
            assertEquals(next, token, "each token is told once, and no other");
            next = next == 'z' ? 'a' : next + 1;
        }

        @Override
        public int sample(float[] logits) {
            return next;
        }

        @Override
        public void close() {
            closes++;
        }
    }

    /** What a grammar has read is neither lost nor read again when its request goes on. */
    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void aGrammarGoesOnWhereItWas(int tokens) {
        Engine engine = engine(1, tokens, 0);
        List<Alphabet> grammars = List.of(new Alphabet(), new Alphabet(), new Alphabet());
        List<Recorder> all = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            all.add(submit(engine, request(i + 1, "owner " + i, 30, GenerationRequest.NO_DEADLINE, grammars.get(i))));
        }
        for (int step = 0; !all.stream().allMatch(one -> one.ending.isDone()); step++) {
            assertTrue(step < 1_000, "somebody never ends");
            engine.step();
        }
        for (int i = 0; i < 3; i++) {
            assertEquals("abcdefghijklmnopqrstuvwxyzabcd", all.get(i).text());
            assertEquals(Ending.LIMIT, all.get(i).outcome().ending());
            assertEquals(1, grammars.get(i).closes, "only at its end");
        }
        assertTrue(
                model.plans.stream().mapToInt(plan -> plan.tokenCount()).sum() > 3 * ("text 1".length() + 29),
                "each had to give up its slot, and to be evaluated again");
    }

    private static Recorder submit(Engine engine, long id, String owner, int maxTokens) {
        return submit(engine, request(id, owner, maxTokens, GenerationRequest.NO_DEADLINE));
    }

    private static Recorder submit(Engine engine, GenerationRequest request) {
        Recorder recorder = new Recorder();
        assertTrue(engine.submit(request, recorder, () -> {}));
        return recorder;
    }

    private static String alone(long id, int maxTokens) {
        FakeModel model = model();
        Engine engine = new Engine("alone", model, model, new EngineConfig(1, N_CTX, 64, 16), () -> 0);
        Recorder recorder = submit(engine, id, "somebody", maxTokens);
        while (!recorder.ending.isDone()) {
            engine.step();
        }
        return recorder.text();
    }

    @ParameterizedTest
    @CsvSource({"1, 5", "2, 1", "4, 7"})
    void everybodySaysWhatTheyWouldHaveSaidAlone(int slots, int tokens) {
        Engine engine = engine(slots, tokens, 0);
        int count = 2 * slots + 3;
        List<Recorder> all = new ArrayList<>();
        for (int id = 1; id <= count; id++) {
            all.add(submit(engine, id, "owner " + id % 3, 20 + 5 * id));
        }
        for (int step = 0; !all.stream().allMatch(one -> one.ending.isDone()); step++) {
            assertTrue(step < 5_000, "somebody never ends");
            engine.step();
        }
        for (int id = 1; id <= count; id++) {
            Outcome outcome = all.get(id - 1).outcome();
            assertEquals(20 + 5 * id, outcome.completion().length);
            assertEquals(alone(id, 20 + 5 * id), all.get(id - 1).text(), "request " + id);
            assertEquals(1, all.get(id - 1).endings.size());
        }
    }

    @Test
    void thoseWhoNeverEndDoNotKeepAnotherFromItsAnswer() {
        Engine engine = engine(4, 6, 0);
        for (int id = 1; id <= 4; id++) {
            submit(engine, id, "endless " + id, Integer.MAX_VALUE);
        }
        for (int step = 0; step < 50; step++) {
            engine.step();
        }
        Recorder fifth = submit(engine, 5, "patient", 15);
        for (int step = 0; !fifth.ending.isDone(); step++) {
            assertTrue(step < 60, "it waits for ever");
            engine.step();
        }
        assertEquals(Ending.LIMIT, fifth.outcome().ending());
        assertEquals(alone(5, 15), fifth.text());
    }

    @Test
    void thoseOfOneOwnerWaitForEachOtherToEnd() {
        Engine engine = engine(1, 3, 0);
        Recorder first = submit(engine, 1, "somebody", 30);
        Recorder second = submit(engine, 2, "somebody", 3);
        for (int step = 0; !first.ending.isDone(); step++) {
            assertTrue(step < 100);
            engine.step();
        }
        assertEquals(List.of(), second.texts, "nobody else wanted the slot");
        assertEquals(
                model.plans.stream().mapToInt(plan -> plan.tokenCount()).sum(),
                "text 1".length() + 29,
                "nothing was evaluated twice");
    }

    @Test
    void aTurnEndsByTimeAsWell() {
        Engine engine = engine(1, 0, 1_000);
        Recorder endless = submit(engine, 1, "endless", Integer.MAX_VALUE);
        for (int step = 0; step < 20; step++) {
            engine.step();
        }
        Recorder other = submit(engine, 2, "patient", 2);
        engine.step();
        now += 999;
        engine.step();
        assertTrue(other.texts.isEmpty());
        now += 1;
        for (int step = 0; !other.ending.isDone(); step++) {
            assertTrue(step < 10);
            engine.step();
        }
        assertFalse(endless.ending.isDone());
    }

    @Test
    void timesOfAResultTellTurnsFromWaiting() {
        Engine engine = engine(1, 5, 0);
        model.whileExecuting = plan -> now += 10;
        Recorder first = submit(engine, 1, "one", 15);
        Recorder second = submit(engine, 2, "other", 5);
        while (!first.ending.isDone() || !second.ending.isDone()) {
            engine.step();
        }
        Outcome outcome = first.outcome();
        assertEquals(0, outcome.cachedTokens());
        // Five steps of the other one's turn.
        assertEquals(50, outcome.queued());
        assertEquals(10, outcome.prefill());
        assertEquals(140, outcome.decode(), "fourteen more tokens, the text evaluated anew beside one of them");
        assertEquals(50, second.outcome().queued());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whoWaitsForAnotherTurnCanBeCancelledAndRunsIntoItsDeadline(boolean cancelled) {
        Engine engine = engine(1, 2, 0);
        Recorder paused = submit(engine, request(1, "one", 1000, 5_000));
        for (int step = 0; step < 3; step++) {
            engine.step();
        }
        Recorder runs = submit(engine, 2, "other", 6);
        engine.step();
        assertEquals(2, engine.snapshot().slots().getFirst().requestId());
        assertEquals(1, engine.snapshot().waiting());
        if (cancelled) {
            engine.cancel(1, () -> {});
        } else {
            now = 5_000;
        }
        engine.step();
        assertEquals(cancelled ? FailureKind.CANCELLED : FailureKind.TIMEOUT, paused.failure());
        assertEquals(0, engine.snapshot().waiting());
        for (int step = 0; !runs.ending.isDone(); step++) {
            assertTrue(step < 20);
            engine.step();
        }
        assertEquals(alone(2, 6), runs.text());
    }

    @Test
    void whatAModelCannotGoOnWithKeepsItsSlot() {
        model.canResume = false;
        Engine engine = engine(1, 2, 0);
        Recorder first = submit(engine, 1, "one", 20);
        Recorder second = submit(engine, 2, "other", 1);
        while (!first.ending.isDone()) {
            engine.step();
        }
        assertTrue(second.texts.isEmpty());
        assertArrayEquals(new int[] {20}, new int[] {first.outcome().completion().length});
    }
}
