package io.llamanode.service.contract.task;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.task.GenerationResult.Usage;
import java.util.List;
import org.junit.jupiter.api.Test;

class TaskEventTest {
    private static final Usage USAGE = new Usage(1, 1, 0);

    @Test
    void onlyAResultOrAFailureIsTheLastEvent() {
        assertTrue(
                new TaskEvent.Done(new RankingResult(1, "m", new float[0], List.of(), USAGE, 0, 0, 0), 0).isTerminal());
        assertTrue(new TaskEvent.Failed(new Failure(ErrorCode.CANCELLED, "why")).isTerminal());
        assertFalse(new TaskEvent.Chunk("a").isTerminal());
        assertFalse(new TaskEvent.Reasoning("a").isTerminal());
        assertFalse(new TaskEvent.ToolCall(0, "id", "f", "").isTerminal());
    }
}
