package io.llamanode.engine.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.llamanode.engine.model.AdapterSet;
import io.llamanode.engine.sampling.SamplingParams;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is asked of an engine: which of it is refused, and what its parts say of themselves. */
class ContractTest {
    @ParameterizedTest
    @CsvSource({"1, 2, 1, 1", "4, 64, 4, 1", "4, 64, 32, 8"})
    void theLeastSizesAreAllowed(int slots, int nCtx, int nBatch, int prefillShare) {
        assertEquals(slots, new EngineConfig(slots, nCtx, nBatch, prefillShare).slots());
    }

    @ParameterizedTest
    @CsvSource({"0, 64, 32, 8", "4, 1, 32, 8", "4, 64, 3, 8", "4, 64, 32, 0"})
    void sizesThatNoPlanCouldRespectAreRefusedByName(int slots, int nCtx, int nBatch, int prefillShare) {
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> new EngineConfig(slots, nCtx, nBatch, prefillShare));
        assertEquals(
                "slots %d, nCtx %d, nBatch %d, prefillShare %d, turnTokens 0, turnNanos 0"
                        .formatted(slots, nCtx, nBatch, prefillShare),
                refused.getMessage());
    }

    private static GenerationRequest request(int[] prompt, List<String> stop, long deadline) {
        return new GenerationRequest(
                7, 8, "somebody", prompt, 9, SamplingParams.GREEDY, stop, 0, true, CacheUse.NOTHING, deadline);
    }

    @Test
    void whatIsNotSaidOfARequestIsUsual() {
        GenerationRequest request = request(new int[] {1}, List.of(), 100);
        assertEquals(0, request.priority());
        assertEquals(AdapterSet.NONE, request.adapters());
        assertEquals(GenerationRequest.NO_PROBABILITIES, request.alternatives());
        assertEquals(null, request.sampler());
    }

    @Test
    void anEmptyPromptIsRefused() {
        IllegalArgumentException refused = assertThrows(
                IllegalArgumentException.class, () -> request(new int[0], List.of(), GenerationRequest.NO_DEADLINE));
        assertEquals("empty prompt", refused.getMessage());
    }

    @Test
    void stopStringsAreThoseOfTheBeginning() {
        List<String> stop = new ArrayList<>(List.of("a"));
        GenerationRequest request = request(new int[] {1}, stop, GenerationRequest.NO_DEADLINE);
        stop.add("b");
        assertEquals(List.of("a"), request.stop());
    }

    @Test
    void timesAddUpEachForItself() {
        StepTimes once = StepTimes.NONE.plus(1, 20, 300, 4000);
        assertEquals(new StepTimes(1, 20, 300, 4000), once);
        assertEquals(new StepTimes(2, 40, 600, 8000), once.plus(1, 20, 300, 4000));
    }
}
