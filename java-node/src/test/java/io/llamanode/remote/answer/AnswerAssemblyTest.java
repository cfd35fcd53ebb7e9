package io.llamanode.remote.answer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.service.contract.task.GenerationResult.FinishReason;
import io.llamanode.service.contract.task.GenerationResult.StoppedBy;
import io.llamanode.service.contract.task.GenerationResult.Usage;
import io.llamanode.service.contract.task.TaskEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AnswerAssemblyTest {
    private final List<String> events = new ArrayList<>();
    private final AtomicLong held = new AtomicLong();
    private final AnswerAssembly assembly = new AnswerAssembly(
            event -> events.add(
                    switch (event) {
                        case TaskEvent.Chunk(String text) -> text;
                        case TaskEvent.Reasoning(String text) -> "(" + text + ")";
                        case TaskEvent.ToolCall(int index, String id, String name, String delta) ->
                            "%d:%s:%s:%s".formatted(index, id, name, delta);
                        case TaskEvent.Done _, TaskEvent.Failed _ -> throw new IllegalStateException();
                    }),
            held::addAndGet);

    private RemoteAnswer read(String... values) {
        for (String value : values) {
            take(value);
        }
        assertTrue(assembly.isComplete());
        return assembly.finish();
    }

    private void take(String value) {
        assembly.take(new Piece.Json(Objects.requireNonNull(Trees.parse(value)), false));
    }

    @Test
    void readsAChatInChunks() {
        RemoteAnswer answer = read(
                "{\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":null}}]}",
                "{\"choices\":[{\"delta\":{\"reasoning_content\":\"hm\"}}]}",
                "{\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]}",
                "{\"choices\":[{\"delta\":{\"content\":\"lo\"},\"finish_reason\":null}]}",
                "{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}",
                "{\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2,\"total_tokens\":7,"
                        + "\"prompt_tokens_details\":{\"cached_tokens\":3}}}");
        assertEquals("Hello", answer.content());
        assertEquals("hm", answer.reasoning());
        assertEquals(FinishReason.STOP, answer.finishReason());
        assertEquals(new Usage(5, 2, 3), answer.usage());
        assertEquals(List.of("(hm)", "Hel", "lo"), events);
    }

    @Test
    void readsAWholeChat() {
        RemoteAnswer answer = read(
                "{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Hello\"},\"finish_reason\":\"length\"}]}");
        assertEquals("Hello", answer.content());
        assertEquals(FinishReason.LENGTH, answer.finishReason());
        assertEquals(List.of("Hello"), events);
    }

    @Test
    void inventsNothingThatTheServerDoesNotTell() {
        RemoteAnswer answer = read("{\"choices\":[{\"text\":\"x\",\"finish_reason\":\"stop\"}]}");
        assertNull(answer.usage());
        assertNull(answer.seed());
        assertNull(answer.stoppedBy());
        assertNull(answer.stop());
        assertNull(answer.reasoning());
        assertNull(answer.logprobs());
        assertEquals(RemoteAnswer.Timing.UNKNOWN, answer.timing());
    }

    @Test
    void tellsCachedTokensOnlyWhereTheServerDoes() {
        RemoteAnswer answer = read(
                "{\"choices\":[{\"text\":\"x\",\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":1}}");
        assertEquals(new Usage(4, 1, null), answer.usage());
    }

    @Test
    void readsTheTimingsOfALlamaServer() {
        RemoteAnswer answer = read(
                "{\"choices\":[{\"text\":\"x\",\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":1},"
                        + "\"timings\":{\"prompt_n\":4,\"prompt_ms\":2.5,\"prompt_per_second\":1600.0,\"predicted_n\":1,"
                        + "\"predicted_ms\":3.5,\"predicted_per_second\":285.7}}");
        assertEquals(new RemoteAnswer.Timing(2.5, 3.5, 1600.0, 285.7), answer.timing());
        assertEquals(new Usage(10, 1, 6), answer.usage());
    }

    @Test
    void readsTheOwnAnswersOfALlamaServer() {
        RemoteAnswer answer = read(
                "{\"content\":\"Hel\",\"stop\":false,\"tokens_predicted\":1,\"tokens_evaluated\":4}",
                "{\"content\":\"lo\",\"stop\":false}",
                "{\"content\":\"\",\"stop\":true,\"stop_type\":\"word\",\"stopping_word\":\"END\",\"tokens_predicted\":2,"
                        + "\"tokens_evaluated\":4,\"generation_settings\":{\"seed\":7},\"timings\":{\"cache_n\":3,\"prompt_n\":1}}");
        assertEquals("Hello", answer.content());
        assertEquals(StoppedBy.STOP_STRING, answer.stoppedBy());
        assertEquals("END", answer.stop());
        assertEquals(7L, answer.seed());
        assertEquals(new Usage(4, 2, 3), answer.usage());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"content\":\"x\",\"stop\":true,\"stop_type\":\"limit\",\"truncated\":false}",
                "{\"content\":\"x\",\"stop\":true,\"stopped_limit\":true}"
            })
    void readsWhyOldAndNewServersStopped(String value) {
        RemoteAnswer answer = read(value);
        assertEquals(StoppedBy.LIMIT, answer.stoppedBy());
        assertEquals(FinishReason.LENGTH, answer.finishReason());
    }

    @Test
    void putsCallsTogetherThatComeInFragments() {
        RemoteAnswer answer = read(
                "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"add\",\"arguments\":\"\"}}]}}]}",
                "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"a\\\"\"}}]}}]}",
                "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":1,\"id\":\"c2\",\"function\":{\"name\":\"sub\",\"arguments\":\"{}\"}}]}}]}",
                "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\":1}\"}}]}}]}",
                "{\"choices\":[{\"delta\":{},\"finish_reason\":\"tool_calls\"}]}");
        assertEquals(FinishReason.TOOL_CALLS, answer.finishReason());
        assertEquals("add", answer.calls().getFirst().name());
        assertEquals(Map.of("a", 1), answer.calls().getFirst().arguments());
        assertEquals("c2", answer.calls().get(1).id());
        assertEquals(List.of("0:c1:add:", "0:c1:add:{\"a\"", "1:c2:sub:{}", "0:c1:add::1}"), events);
    }

    /** As Ollama gives them: with {@code stop}, without an index, and some servers give arguments as an object. */
    @Test
    void takesWholeCalls() {
        RemoteAnswer answer = read(
                "{\"choices\":[{\"message\":{\"content\":\"\",\"tool_calls\":[{\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":{\"x\":true}}},"
                        + "{\"function\":{\"name\":\"g\",\"arguments\":\"{}\"}}]},\"finish_reason\":\"stop\"}]}");
        assertEquals(FinishReason.TOOL_CALLS, answer.finishReason());
        assertEquals(Map.of("x", true), answer.calls().getFirst().arguments());
        assertNotNull(answer.calls().get(1).id());
    }

    @Test
    void refusesArgumentsThatAreNoObject() {
        take(
                "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"function\":{\"name\":\"f\",\"arguments\":\"{oh\"}}]},\"finish_reason\":\"tool_calls\"}]}");
        assertTrue(
                assertThrows(AnswerFault.class, assembly::finish).getMessage().contains("'f'"));
    }

    @Test
    void anAnswerThatReachedALimitHasTheCallsThatWereNotCut() {
        RemoteAnswer answer = read(
                "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}}]}",
                "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":1,\"id\":\"b\",\"function\":{\"name\":\"g\",\"arguments\":\"{\\\"x\"}}]}}]}",
                "{\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}");
        assertEquals(FinishReason.LENGTH, answer.finishReason());
        assertEquals(
                List.of("f"), answer.calls().stream().map(call -> call.name()).toList());
    }

    @Test
    void tellsWholeCodePointsOnly() {
        RemoteAnswer answer = read(
                "{\"choices\":[{\"text\":\"a\\ud83d\"}]}",
                "{\"choices\":[{\"text\":\"\\ude00b\"}]}",
                "{\"choices\":[{\"text\":\"\\ud83d\",\"finish_reason\":\"stop\"}]}");
        assertEquals(List.of("a", "\ud83d\ude00b", "\ufffd"), events);
        assertEquals("a\ud83d\ude00b\ufffd", answer.content());
    }

    @Test
    void anAnswerWithoutAFinishReasonIsNotComplete() {
        take("{\"choices\":[{\"delta\":{\"content\":\"x\"}}]}");
        assertFalse(assembly.isComplete());
        assertThrows(AnswerFault.class, assembly::finish);
        AnswerAssembly own = new AnswerAssembly(event -> {}, bytes -> {});
        own.take(new Piece.Json(Objects.requireNonNull(Trees.parse("{\"content\":\"x\",\"stop\":false}")), false));
        assertFalse(own.isComplete());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"error\":{\"message\":\"too long\",\"type\":\"x\"}}",
                "{\"error\":\"too long\"}",
                "{\"object\":\"error\",\"message\":\"too long\"}"
            })
    void anErrorEndsTheAnswerWithItsMessage(String value) {
        assertEquals(
                "the server says: too long",
                assertThrows(AnswerFault.class, () -> take(value)).getMessage());
    }

    @Test
    void readsProbabilitiesOfChats() {
        RemoteAnswer answer = read(
                "{\"choices\":[{\"delta\":{\"content\":\"a\"},\"logprobs\":{\"content\":[{\"id\":5,\"token\":\"a\",\"logprob\":-0.5,"
                        + "\"bytes\":[97],\"top_logprobs\":[{\"token\":\"b\",\"logprob\":-1.5,\"bytes\":null}]}]},\"finish_reason\":\"stop\"}]}");
        var logprob = Objects.requireNonNull(answer.logprobs()).getFirst();
        assertEquals(5, logprob.id());
        assertEquals(-0.5f, logprob.logprob());
        assertEquals("b", new String(logprob.top().getFirst().token(), java.nio.charset.StandardCharsets.UTF_8));
        assertNull(logprob.top().getFirst().id());
    }

    @Test
    void readsProbabilitiesOfCompletions() {
        RemoteAnswer answer =
                read("{\"choices\":[{\"text\":\"a\",\"logprobs\":{\"tokens\":[\"a\"],\"token_logprobs\":[-0.5],"
                        + "\"top_logprobs\":[{\"b\":-2.0,\"a\":-0.5}]},\"finish_reason\":\"stop\"}]}");
        var logprob = Objects.requireNonNull(answer.logprobs()).getFirst();
        assertEquals(-0.5f, logprob.logprob());
        assertEquals(-0.5f, logprob.top().getFirst().logprob());
    }

    @Test
    void readsProbabilitiesOfALlamaServer() {
        RemoteAnswer answer = read(
                "{\"content\":\"a\",\"stop\":true,\"completion_probabilities\":[{\"id\":3,\"token\":\"a\",\"bytes\":[97],"
                        + "\"logprob\":-0.25,\"top_logprobs\":[{\"id\":3,\"token\":\"a\",\"bytes\":[97],\"logprob\":-0.25}]}]}");
        assertEquals(3, Objects.requireNonNull(answer.logprobs()).getFirst().id());
    }

    @Test
    void whatIsKeptBesidesThePartsIsHeldAsWell() {
        take("{\"choices\":[{\"delta\":{},\"logprobs\":{\"content\":[{\"token\":\"a\",\"logprob\":-1,"
                + "\"top_logprobs\":[{\"token\":\"b\",\"logprob\":-2}]}]}}]}");
        assertTrue(held.get() > 100, held::toString);
        held.set(0);
        take("{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"%s\"}}]}}]}"
                .formatted("x".repeat(1000)));
        assertTrue(held.get() >= 2000, held::toString);
        assertEquals(List.of(), events);
    }

    /** A float that is none would make the message one that a BEAM closes the connection for. */
    @Test
    void numbersThatNoFloatHoldsAreNone() {
        RemoteAnswer answer =
                read("{\"content\":\"x\",\"stop\":true,\"timings\":{\"prompt_ms\":1e999,\"predicted_ms\":2},"
                        + "\"completion_probabilities\":[{\"id\":1,\"token\":\"x\",\"logprob\":-1e999},"
                        + "{\"content\":\"y\",\"probs\":[{\"tok_str\":\"z\",\"prob\":0}]}]}");
        assertNull(answer.timing().promptMs());
        assertEquals(2, answer.timing().predictedMs());
        var logprobs = Objects.requireNonNull(answer.logprobs());
        assertEquals(1, logprobs.size());
        assertEquals(-Float.MAX_VALUE, logprobs.getFirst().logprob());
        assertEquals(-Float.MAX_VALUE, logprobs.getFirst().top().getFirst().logprob());
    }

    @Test
    void argumentsWithANumberThatNoFloatHoldsAreRefused() {
        take("{\"choices\":[{\"message\":{\"tool_calls\":[{\"function\":{\"name\":\"f\","
                + "\"arguments\":\"{\\\"a\\\":[1e999]}\"}}]},\"finish_reason\":\"tool_calls\"}]}");
        assertTrue(
                assertThrows(AnswerFault.class, assembly::finish).getMessage().contains("'f'"));
    }

    private static RemoteAnswer ended(FinishReason reason, StoppedBy stoppedBy) {
        return new RemoteAnswer(
                "",
                null,
                List.of(),
                reason,
                stoppedBy,
                null,
                null,
                new Usage(5, 3, null),
                RemoteAnswer.Timing.UNKNOWN,
                null);
    }

    /** llama-server counts the token that ends an answer, and the embedded engine does not. */
    @Test
    void countsTheTokensOfTheTextAlone() {
        RemoteAnswer answer = ended(FinishReason.STOP, null).ofLlamaCpp(false);
        assertEquals(new Usage(5, 2, null), answer.usage());
        assertEquals(StoppedBy.EOS, answer.stoppedBy());
        assertEquals(
                new Usage(5, 2, null),
                ended(FinishReason.STOP, StoppedBy.EOS).ofLlamaCpp(true).usage());
    }

    @Test
    void countsAsToldWhereNoTokenEndedTheAnswerOrThatIsNotKnown() {
        for (RemoteAnswer told : List.of(
                ended(FinishReason.LENGTH, null),
                ended(FinishReason.LENGTH, StoppedBy.LIMIT),
                ended(FinishReason.STOP, StoppedBy.STOP_STRING),
                ended(FinishReason.STOP, null))) {
            assertEquals(told, told.ofLlamaCpp(true));
        }
        assertEquals(
                new Usage(5, 3, null),
                ended(FinishReason.LENGTH, null).ofLlamaCpp(false).usage());
    }
}
