package io.llamanode.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.engine.contract.CacheUse;
import io.llamanode.engine.contract.EngineSnapshot.Phase;
import io.llamanode.engine.contract.GenerationListener.Ending;
import io.llamanode.engine.contract.GenerationListener.FailureKind;
import io.llamanode.engine.contract.GenerationListener.Outcome;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.model.Adapter;
import io.llamanode.engine.model.AdapterSet;
import io.llamanode.engine.model.ModelRunner.RunnerException;
import io.llamanode.engine.sampling.Probabilities;
import io.llamanode.engine.sampling.Sampler;
import io.llamanode.engine.sampling.SamplingException;
import io.llamanode.engine.sampling.SamplingParams;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** How an engine and what chooses a request's tokens work together. */
class EngineSamplingTest extends EngineFixture {
    /** Recites a text, then throws; remembers what it is told. */
    private static final class Reciter implements Sampler {
        final String text;
        final List<Integer> accepted = new ArrayList<>();
        int closes;

        Reciter(String text) {
            this.text = text;
        }

        @Override
        public void accept(int token) {
            accepted.add(token);
        }

        @Override
        public int sample(float[] logits) {
            if (accepted.size() == text.length()) {
                throw new SamplingException("nothing is left to say");
            }
            return text.charAt(accepted.size());
        }

        @Override
        public void close() {
            closes++;
            throw new IllegalStateException("a bug, which ends nothing");
        }
    }

    private GenerationRequest request(
            long id, String prompt, int maxTokens, SamplingParams sampling, int alternatives, Sampler sampler) {
        return new GenerationRequest(
                id,
                id,
                "somebody",
                model.tokenize(prompt, false, false),
                maxTokens,
                sampling,
                List.of(),
                0,
                true,
                CacheUse.ALL,
                GenerationRequest.NO_DEADLINE,
                0,
                AdapterSet.NONE,
                alternatives,
                sampler);
    }

    private GenerationRequest reciting(long id, int maxTokens, Sampler sampler) {
        return request(id, "p", maxTokens, SamplingParams.GREEDY, GenerationRequest.NO_PROBABILITIES, sampler);
    }

    @Test
    void aRequestsOwnSamplerChoosesAndIsToldOfWhatItChose() {
        Reciter sampler = new Reciter("four");
        Recorder heard = submit(reciting(1, 4, sampler));
        steps(5);
        assertEquals("four", heard.text());
        assertEquals(Ending.LIMIT, heard.outcome().ending());
        assertEquals(List.of((int) 'f', (int) 'o', (int) 'u', (int) 'r'), sampler.accepted, "the prompt it knows");
        assertEquals(1, sampler.closes);
    }

    @Test
    void aSamplerThatCanChooseNothingEndsItsRequestOnly() {
        Reciter sampler = new Reciter("x");
        String[] why = new String[1];
        Recorder failing = new Recorder() {
            @Override
            public void failed(FailureKind kind, String message) {
                why[0] = message;
                super.failed(kind, message);
            }
        };
        assertTrue(engine.submit(reciting(1, 5, sampler), failing, () -> {}));
        Recorder beside = submit(request(2, "b", 5));
        steps(2);
        assertEquals(FailureKind.DECODE_FAILED, failing.failure());
        assertEquals("nothing is left to say", why[0]);
        assertEquals("x", failing.text());
        assertEquals(Phase.IDLE, engine.snapshot().slots().get(0).phase());
        assertEquals(1, sampler.closes);
        steps(4);
        assertEquals("!!!!!", beside.text());
        engine.close();
        assertEquals(1, failing.endings.size());
    }

    /** Once, whatever ends the request; and the listener hears of one end. */
    @Test
    void aSamplerIsClosedWithItsRequest() {
        Reciter cancelled = new Reciter("x".repeat(50));
        Recorder first = submit(reciting(1, 50, cancelled));
        steps(1);
        engine.cancel(1, () -> {});
        steps(1);
        assertEquals(FailureKind.CANCELLED, first.failure());
        assertEquals(1, cancelled.closes);
        Reciter lost = new Reciter("x".repeat(50));
        Recorder second = submit(reciting(2, 50, lost));
        steps(1);
        model.failure = new RunnerException("no memory", null);
        steps(1);
        assertEquals(FailureKind.DECODE_FAILED, second.failure());
        assertEquals(1, lost.closes);
        Reciter last = new Reciter("x".repeat(50));
        Recorder third = submit(reciting(3, 50, last));
        steps(1);
        engine.close();
        assertEquals(FailureKind.CANCELLED, third.failure());
        for (Reciter sampler : List.of(cancelled, lost, last)) {
            assertEquals(1, sampler.closes);
        }
        for (Recorder heard : List.of(first, second, third)) {
            assertEquals(1, heard.endings.size());
        }
    }

    @Test
    void penaltiesCountThePromptAndWhatWasChosen() {
        SamplingParams once = new SamplingParams(0, 0, 1, 0, 1, -1, 0, 100, 0, Map.of());
        model.answer("abc", "ade");
        int[] chosen = run(request(1, "abc", 4, once, GenerationRequest.NO_PROBABILITIES, null))
                .completion();
        // Neither "a", which stands in the prompt, nor a second "!".
        assertArrayEquals(new int[] {0, '!', 1, 2}, chosen);
    }

    @Test
    void probabilitiesAreToldIfTheyAreAskedFor() {
        model.answer("p", "ab");
        Outcome outcome = run(request(1, "p", -1, SamplingParams.GREEDY, 2, null));
        float likely = (float) (10 - Math.log(Math.exp(10) + 256));
        List<Probabilities.Entry> told = outcome.probabilities();
        assertEquals(
                List.of((int) 'a', (int) 'b'),
                told.stream().map(Probabilities.Entry::token).toList());
        for (Probabilities.Entry entry : told) {
            assertEquals(likely, entry.logprob(), 1e-6);
            assertEquals(entry.token(), entry.top().getFirst().token());
            assertEquals(likely - 10, entry.top().get(1).logprob(), 1e-5);
            assertEquals(2, entry.top().size());
        }
        assertEquals(
                List.of(), run(request(2, "p", -1)).probabilities(), "and not if they are not, though there were some");
    }

    @Test
    void aListenerSpellsControlTokens() {
        model.control = '|';
        model.answer("p", "a|b");
        Recorder spelling = new Recorder() {
            @Override
            public byte[] spelling(int token) {
                return ("<" + token + ">").getBytes(StandardCharsets.UTF_8);
            }
        };
        assertTrue(engine.submit(request(1, "p", -1), spelling, () -> {}));
        Recorder usual = submit(request(2, "p", -1));
        steps(5);
        assertEquals("a<124>b", spelling.text());
        assertEquals("ab", usual.text());
        assertEquals(3, usual.outcome().completion().length);
    }

    @Test
    void anAdapterIsLetGoOfBeforeWhoeverWaitsIsTold() {
        Adapter adapter = () -> {};
        List<Adapter> seen = new ArrayList<>();
        engine.forget(adapter, () -> seen.addAll(model.forgotten));
        steps(1);
        assertEquals(List.of(adapter), seen);
    }
}
