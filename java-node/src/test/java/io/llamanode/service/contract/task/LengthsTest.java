package io.llamanode.service.contract.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.Given;
import io.llamanode.service.contract.task.GenerationResult.Call;
import io.llamanode.service.contract.task.GenerationResult.FinishReason;
import io.llamanode.service.contract.task.GenerationResult.Logprob;
import io.llamanode.service.contract.task.GenerationResult.StoppedBy;
import io.llamanode.service.contract.task.GenerationResult.Timings;
import io.llamanode.service.contract.task.GenerationResult.Usage;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What inputs and results take of the memory that is counted in characters, and which events are the last. */
class LengthsTest {
    private static final Usage USAGE = new Usage(1, 1, 0);

    private static GenerationResult text(
            String content, String reasoning, List<Call> calls, List<Logprob> probabilities) {
        return new GenerationResult(
                1,
                "m",
                content,
                reasoning,
                calls,
                FinishReason.STOP,
                StoppedBy.EOS,
                null,
                1,
                USAGE,
                new Timings(0, 0, 0, 0, 0),
                probabilities);
    }

    @Test
    void aGeneratedTextCountsWithItsReasoningAndItsCalls() {
        assertEquals(4, text("four", null, List.of(), null).length());
        assertEquals(4 + 3, text("four", "hmm", List.of(), null).length());
        Call call = new Call("id", "f", Map.of("city", "Oslo"));
        assertEquals(4 + 8 + 8, text("four", null, List.of(call, call), null).length());
    }

    @Test
    void probabilitiesCountByTheTokensThatTheyTellOf() {
        Logprob alone = new Logprob(1, new byte[1], 0, List.of());
        Logprob among = new Logprob(1, new byte[1], 0, List.of(alone, alone));
        assertEquals(0, text("", null, List.of(), List.of()).length());
        long one = text("", null, List.of(), List.of(alone)).length();
        assertTrue(one > 0);
        assertEquals(4 * one, text("", null, List.of(), List.of(alone, among)).length());
    }

    /** A float has the bytes of two characters. */
    @Test
    void numbersCountAsTheTextOfTheirSize() {
        EmbeddingResult vectors = new EmbeddingResult(
                1, "m", List.of(new float[3], new float[4]), 3, TaskInput.Pooling.MEAN, false, USAGE, 0, 0);
        assertEquals(14, vectors.length());
        RankingResult ranking = new RankingResult(1, "m", new float[3], List.of(2, 0), USAGE, 0, 0);
        assertEquals(6 + 16, ranking.length());
    }

    @Test
    void formatsAndTemplatesCountByTheirTexts() {
        assertEquals(0, new OutputFormat.Free().length());
        assertEquals(4, new OutputFormat.Gbnf("root").length());
        assertEquals(2, new OutputFormat.Json("json_schema", "{}").length());
        assertEquals(5, new TemplateChoice.Source("{{x}}").length());
        assertEquals(3, new TemplateChoice.Variant("rag").length());
        assertEquals(6, new TemplateChoice.Simple("a", "bb", "ccc").length());
    }

    @Test
    void anInfillCountsAllItsTexts() {
        TaskInput.Snippet snippet = new TaskInput.Snippet("ab", "cde");
        TaskInput.Infill infill =
                new TaskInput.Infill(null, "1", "22", List.of(snippet, snippet), "333", GenerationOptions.NONE);
        assertEquals(6 + 10, infill.length());
    }

    @Test
    void aSessionCountsItsPromptItsGrammarAndItsChat() {
        long nothing = new SessionConfig(null, null, GenerationOptions.NONE).length();
        assertEquals(nothing + 9, new SessionConfig(null, "Be brief.", GenerationOptions.NONE).length());
        GenerationOptions grammar = Given.options("format", new OutputFormat.Gbnf("root"));
        assertEquals(nothing + 4, new SessionConfig(null, null, grammar).length());
        ChatOptions chat = new ChatOptions(null, null, null, new TemplateChoice.Source("abc"), null, null);
        assertEquals(nothing + 3, new SessionConfig(null, null, GenerationOptions.NONE, chat).length());
    }

    @Test
    void onlyAResultOrAFailureIsTheLastEvent() {
        assertTrue(new TaskEvent.Done(text("", null, List.of(), null)).isTerminal());
        assertTrue(new TaskEvent.Failed(new Failure(ErrorCode.CANCELLED, "why")).isTerminal());
        assertFalse(new TaskEvent.Chunk("a").isTerminal());
        assertFalse(new TaskEvent.Reasoning("a").isTerminal());
        assertFalse(new TaskEvent.ToolCall(0, "id", "f", "").isTerminal());
    }
}
