package io.llamanode.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.task.Prompt;
import io.llamanode.service.contract.task.TaskEstimate;
import io.llamanode.service.contract.task.TaskInput;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Estimates of tasks that would be refused, or never come. */
class EstimatesTest extends ServiceFixture {
    private Answer<TaskEstimate> estimate(TaskInput input) {
        Answer<TaskEstimate> estimate = new Answer<>();
        service.estimates().ask(me, session(), input, estimate);
        return estimate;
    }

    private String refusal(TaskInput input) {
        return assertThrows(FailureException.class, () -> estimate(input))
                .failure()
                .message();
    }

    @Test
    void onlyTextIsEstimated() {
        assertEquals(
                "estimates of tasks that generate no text",
                refusal(new TaskInput.Embedding(
                        null,
                        false,
                        List.of(new Prompt.Text("a")),
                        true,
                        true,
                        null,
                        null,
                        TaskInput.Encoding.FLOAT,
                        null)));
    }

    @Test
    void aTextThatCannotFitIsRefusedAtOnce() {
        assertTrue(refusal(completion("a".repeat(256 * 128 + 1), GREEDY)).startsWith("prompt: 32769 characters"));
    }

    @Test
    void anEstimateLeavesNoTaskBehind() {
        assertEquals(
                new TaskEstimate(3, 0, 0), estimate(completion("abc", GREEDY)).value());
        assertEquals(0, service.status().counters().tasksCreated());
        assertEquals(0, service.models().list().getFirst().tasks());
    }

    @Test
    void anEngineThatIsClosedSaysSo() {
        model.close();
        Answer<TaskEstimate> refused = estimate(completion("abc", GREEDY));
        assertEquals("the model is being closed", refused.message());
        assertTrue(refused.failedWith(ErrorCode.CANCELLED));
    }
}
