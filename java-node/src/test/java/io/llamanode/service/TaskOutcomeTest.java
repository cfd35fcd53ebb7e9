package io.llamanode.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.llamanode.account.Weight;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.task.GenerationResult.Usage;
import io.llamanode.service.contract.task.RankingResult;
import io.llamanode.service.contract.task.TaskEvent;
import io.llamanode.service.contract.task.TaskResult;
import java.util.List;
import org.junit.jupiter.api.Test;

class TaskOutcomeTest {
    private static final TaskResult RESULT =
            new RankingResult(1, "m", new float[2], List.of(1), new Usage(1, 0, 0), 0, 0, 0);
    private static final Failure FAILURE = new Failure(ErrorCode.TIMEOUT, "late");

    @Test
    void aResultIsToldAsSuch() {
        TaskOutcome outcome = new TaskOutcome.Success(RESULT, 77);
        Answer<TaskResult> answer = new Answer<>();
        outcome.answer(answer);
        assertSame(RESULT, answer.value());
        assertEquals(new TaskEvent.Done(RESULT, 77), outcome.event());
        assertEquals(77, outcome.weight());
    }

    @Test
    void aFailureIsToldAsSuch() {
        TaskOutcome outcome = new TaskOutcome.Failed(FAILURE);
        Answer<TaskResult> answer = new Answer<>();
        outcome.answer(answer);
        assertEquals("late", answer.message());
        assertEquals(new TaskEvent.Failed(FAILURE), outcome.event());
        assertEquals(Weight.of(FAILURE), outcome.weight());
    }
}
