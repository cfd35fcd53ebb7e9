package io.llamanode.service;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.llamanode.account.MemoryAccount;
import io.llamanode.chat.tools.answer.ToolCall;
import io.llamanode.engine.contract.GenerationListener.Ending;
import io.llamanode.engine.contract.GenerationListener.Outcome;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.model.AdapterSet;
import io.llamanode.engine.sampling.Probabilities;
import io.llamanode.service.contract.Given;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.GenerationResult;
import io.llamanode.service.contract.task.GenerationResult.FinishReason;
import io.llamanode.service.contract.task.GenerationResult.StoppedBy;
import io.llamanode.service.contract.task.GenerationResult.Usage;
import io.llamanode.service.contract.task.Prompt;
import io.llamanode.service.contract.task.SessionConfig;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.model.FakeLoadedModel;
import io.llamanode.service.prompt.GenerationDefaults;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ResultAssemblyTest {
    private static final long SECOND = 1_000_000_000;
    private static final io.llamanode.chat.tools.answer.Answer PLAIN =
            new io.llamanode.chat.tools.answer.Answer("Hi", null, List.of());

    private record Process() implements Owner {}

    private final FakeLoadedModel model = new FakeLoadedModel("fake", 1, 1);

    @AfterEach
    void close() {
        model.close();
    }

    /** {@return a task that was made at 5 s and given to the engine at 7 s} */
    private Task task(Integer alternatives) {
        GenerationOptions options =
                GenerationDefaults.complete(Given.options("alternatives", alternatives), GenerationOptions.NONE);
        Session session = new Session(
                1,
                new Process(),
                new ServedModel(
                        new NativeWork(model, ModelConfig.of(Path.of("fake.gguf"))),
                        ModelConfig.of(Path.of("fake.gguf")),
                        Map.of(),
                        100),
                new SessionConfig(null, null, GenerationOptions.NONE),
                0,
                null);
        TaskInput input = new TaskInput.Completion(null, new Prompt.Text("a"), true, options);
        Task task = new Task(
                17,
                session,
                List.of(new Process()),
                input,
                100,
                options,
                null,
                AdapterSet.NONE,
                new MemoryAccount(1 << 20, 1).open(MemoryAccount.Kind.TASK, "a", "b"),
                5 * SECOND,
                GenerationRequest.NO_DEADLINE);
        task.submitted = 7 * SECOND;
        return task;
    }

    private static Outcome outcome(Ending ending, int completion, long prefill, long decode) {
        return new Outcome(
                ending, null, new int[completion], List.of(), 12, 2, SECOND / 2, prefill, decode, SECOND / 2 + prefill);
    }

    private GenerationResult of(io.llamanode.chat.tools.answer.Answer answer, Outcome outcome) {
        return ResultAssembly.of(task(null), 99, answer, outcome);
    }

    @Test
    void timesAreToldInMillisecondsAndSpeedsInTokensASecond() {
        GenerationResult.Timings timings =
                of(PLAIN, outcome(Ending.EOS, 5, 2 * SECOND, 4 * SECOND)).timings();
        assertEquals(2500, timings.queueMs(), "from the call to the slot");
        assertEquals(2000, timings.promptMs());
        assertEquals(4000, timings.predictedMs());
        assertEquals(5, timings.promptPerSecond(), "of the 10 tokens that were not cached");
        assertEquals(1, timings.predictedPerSecond(), "the first token comes with the prompt");
    }

    @Test
    void whatTookNoTimeHasNoSpeed() {
        GenerationResult.Timings timings =
                of(PLAIN, outcome(Ending.EOS, 5, 0, 0)).timings();
        assertEquals(0, timings.promptPerSecond());
        assertEquals(0, timings.predictedPerSecond());
        assertEquals(
                0, of(PLAIN, outcome(Ending.EOS, 0, 1, SECOND)).timings().predictedPerSecond(), "nothing was sampled");
    }

    @Test
    void aResultTellsItsTaskItsModelAndItsTokens() {
        GenerationResult result = of(PLAIN, outcome(Ending.EOS, 5, 1, 1));
        assertEquals(17, result.taskId());
        assertEquals("fake", result.model());
        assertEquals("Hi", result.content());
        assertNull(result.reasoning());
        assertEquals(99, result.seed());
        assertEquals(new Usage(12, 5, 2), result.usage());
    }

    @ParameterizedTest
    @CsvSource({"EOS, STOP, EOS", "STOP_STRING, STOP, STOP_STRING", "LIMIT, LENGTH, LIMIT", "CONTEXT, LENGTH, CONTEXT"})
    void anAnswerEndsForOneReason(Ending ending, FinishReason reason, StoppedBy stoppedBy) {
        GenerationResult result = of(PLAIN, outcome(ending, 1, 1, 1));
        assertEquals(reason, result.finishReason());
        assertEquals(stoppedBy, result.stoppedBy());
    }

    @Test
    void anAnswerWithCallsEndsForThemUnlessItIsCutOff() {
        io.llamanode.chat.tools.answer.Answer calls =
                new io.llamanode.chat.tools.answer.Answer("", "hm", List.of(new ToolCall("1", "f", Map.of("x", 1))));
        GenerationResult result = of(calls, outcome(Ending.EOS, 1, 1, 1));
        assertEquals(FinishReason.TOOL_CALLS, result.finishReason());
        assertEquals(List.of(new GenerationResult.Call("1", "f", Map.of("x", 1))), result.toolCalls());
        assertEquals("hm", result.reasoning());
        assertEquals(
                FinishReason.LENGTH, of(calls, outcome(Ending.LIMIT, 1, 1, 1)).finishReason());
    }

    @Test
    void aStopStringIsTold() {
        Outcome stopped = new Outcome(Ending.STOP_STRING, "END", new int[1], List.of(), 1, 0, 0, 0, 0, 0);
        assertEquals("END", of(PLAIN, stopped).stop());
    }

    @Test
    void probabilitiesAreToldToThoseWhoAsk() {
        Probabilities.Entry other = new Probabilities.Entry('b', -2, List.of());
        Probabilities.Entry sampled = new Probabilities.Entry('a', -1, List.of(other));
        Outcome outcome = new Outcome(Ending.EOS, null, new int[1], List.of(sampled), 1, 0, 0, 0, 0, 0);
        assertNull(of(PLAIN, outcome).logprobs());
        GenerationResult.Logprob told =
                ResultAssembly.of(task(0), 1, PLAIN, outcome).logprobs().getFirst();
        assertEquals('a', told.id());
        assertEquals(-1, told.logprob());
        assertArrayEquals("a".getBytes(StandardCharsets.US_ASCII), told.token());
        assertEquals('b', told.top().getFirst().id());
        assertEquals(-2, told.top().getFirst().logprob());
    }
}
