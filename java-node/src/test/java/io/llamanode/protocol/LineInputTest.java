package io.llamanode.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.protocol.LineInput.Kind;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.task.Prompt;
import io.llamanode.service.contract.task.SessionConfig;
import io.llamanode.service.contract.task.TaskInput;
import org.junit.jupiter.api.Test;

/** What follows a command of the line bridge. */
final class LineInputTest {
    private static TaskInput task(Kind kind, String text) {
        return LineInput.task(kind, text, null, () -> true).input();
    }

    private static String refusal(Kind kind, String text) {
        return assertThrows(FailureException.class, () -> task(kind, text))
                .failure()
                .message();
    }

    private static String content(TaskInput input) {
        return String.valueOf(assertInstanceOf(TaskInput.Chat.class, input).content());
    }

    private static String prompt(TaskInput input) {
        Prompt prompt = assertInstanceOf(TaskInput.Completion.class, input).prompt();
        return assertInstanceOf(Prompt.Text.class, prompt).text();
    }

    @Test
    void plainTextIsWhatTheCommandNeedsMost() {
        assertEquals("Hi", content(task(Kind.INFER, "Hi")));
        assertEquals(
                "Hi", prompt(LineInput.task(Kind.INFER, "Hi", null, () -> false).input()));
        assertEquals("Hi", prompt(task(Kind.COMPLETE, "Hi")));
        assertEquals("Hi", content(task(Kind.CHAT, "Hi")));
        assertInstanceOf(TaskInput.Embedding.class, task(Kind.EMBED, "Hi"));
        assertEquals("RERANK takes a JSON object", refusal(Kind.RERANK, "Hi"));
        assertEquals("INFILL takes a JSON object", refusal(Kind.INFILL, "Hi"));
    }

    @Test
    void anObjectSaysByItsKeysWhatItIs() {
        assertEquals("Hi", prompt(task(Kind.INFER, "{\"prompt\": \"Hi\"}")));
        assertEquals("Hi", content(task(Kind.INFER, "{\"content\": \"Hi\"}")));
        assertInstanceOf(
                TaskInput.Chat.class, task(Kind.INFER, "{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}"));
        assertInstanceOf(TaskInput.Rerank.class, task(Kind.RERANK, "{\"query\": \"a\", \"documents\": [\"b\"]}"));
        assertInstanceOf(
                TaskInput.Infill.class, task(Kind.INFILL, "{\"input_prefix\": \"a\", \"input_suffix\": \"b\"}"));
        assertTrue(
                refusal(Kind.INFER, "{\"prompt\": \"Hi\", \"temprature\": 1}").contains("temprature"));
        assertTrue(refusal(Kind.INFER, "{\"prompt\"").startsWith("input is not valid JSON"));
    }

    @Test
    void theModelOfTheConnectionIsUsedWhereTheTextDoesNotSay() {
        assertEquals(
                "m", LineInput.task(Kind.INFER, "Hi", "m", () -> true).input().model());
        assertEquals(
                "m",
                LineInput.task(Kind.INFER, "{\"prompt\": \"Hi\", \"model\": null}", "m", () -> true)
                        .input()
                        .model());
        assertEquals(
                "own",
                LineInput.task(Kind.INFER, "{\"prompt\": \"Hi\", \"model\": \"own\"}", "m", () -> true)
                        .input()
                        .model());
        assertEquals("m", LineInput.tokenize("Hi", "m").text().model());
    }

    @Test
    void whetherToStreamIsTheCommandsToDecide() {
        assertNull(LineInput.task(Kind.INFER, "Hi", null, () -> true).stream());
        assertNull(LineInput.task(Kind.INFER, "{\"prompt\": \"Hi\"}", null, () -> true).stream());
        for (boolean stream : new boolean[] {true, false}) {
            assertEquals(
                    stream,
                    LineInput.task(Kind.INFER, "{\"prompt\": \"Hi\", \"stream\": " + stream + "}", null, () -> true)
                            .stream());
        }
        assertEquals("stream must be true or false, not 1", refusal(Kind.INFER, "{\"prompt\": \"Hi\", \"stream\": 1}"));
    }

    @Test
    void aSessionHasASystemPromptOrAConfiguration() {
        assertNull(LineInput.session("", null).systemPrompt());
        assertEquals("Be brief.", LineInput.session("Be brief.", "m").systemPrompt());
        SessionConfig config = LineInput.session("{\"system_prompt\": \"Hi\", \"max_tokens\": 3}", "m");
        assertEquals("Hi", config.systemPrompt());
        assertEquals("m", config.model());
        assertEquals(3, config.defaults().maxTokens());
    }
}
