package io.llamanode.engine;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.engine.contract.CacheUse;
import io.llamanode.engine.contract.EngineConfig;
import io.llamanode.engine.contract.GenerationListener.Outcome;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.model.FakeModel;
import io.llamanode.engine.sampling.SamplingParams;
import java.util.List;

/** An engine of two slots on a fake model, whose clock is the test's and whose steps are, unless its thread is started. */
abstract class EngineFixture {
    final FakeModel model = new FakeModel();
    long now;
    Engine engine = engine(2, 64, 32, 8);

    final Engine engine(int slots, int nCtx, int nBatch, int prefillShare) {
        return new Engine("test", model, model, new EngineConfig(slots, nCtx, nBatch, prefillShare), () -> now);
    }

    static GenerationRequest request(long id, String prompt, int maxTokens, String... stop) {
        return request(id, id, prompt, maxTokens, GenerationRequest.NO_DEADLINE, stop);
    }

    static GenerationRequest request(
            long id, long cacheKey, String prompt, int maxTokens, long deadline, String... stop) {
        return new GenerationRequest(
                id,
                cacheKey,
                "somebody",
                new FakeModel().tokenize(prompt, false, false),
                maxTokens,
                SamplingParams.GREEDY,
                List.of(stop),
                0,
                true,
                CacheUse.ALL,
                deadline);
    }

    final Recorder submit(GenerationRequest request) {
        Recorder recorder = new Recorder();
        assertTrue(engine.submit(request, recorder, () -> {}));
        return recorder;
    }

    final void steps(int count) {
        for (int i = 0; i < count; i++) {
            engine.step();
        }
    }

    /** Steps until the request has ended. */
    final Outcome run(GenerationRequest request) {
        Recorder recorder = submit(request);
        for (int i = 0; i < 1_000 && !recorder.ending.isDone(); i++) {
            engine.step();
        }
        return recorder.outcome();
    }
}
