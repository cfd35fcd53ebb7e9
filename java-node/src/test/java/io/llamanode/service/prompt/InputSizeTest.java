package io.llamanode.service.prompt;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.task.ChatOptions;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.Prompt;
import io.llamanode.service.contract.task.TaskInput;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class InputSizeTest {
    private static final int N_CTX = 2;
    /** As many characters as the tokens of that context can stand for. */
    private static final int MOST = 256;

    private static TaskInput completion(Prompt prompt) {
        return new TaskInput.Completion(null, prompt, true, GenerationOptions.NONE);
    }

    private static TaskInput chat(
            List<Map<String, Object>> messages, String content, List<Map<String, Object>> results) {
        return new TaskInput.Chat(null, messages, content, results, ChatOptions.NONE, GenerationOptions.NONE);
    }

    private static TaskInput embedding(boolean single, Prompt... texts) {
        return new TaskInput.Embedding(
                null, false, List.of(texts), single, true, null, null, TaskInput.Encoding.FLOAT, null);
    }

    private static TaskInput infill(String prefix, String suffix, String prompt) {
        return new TaskInput.Infill(null, prefix, suffix, List.of(), prompt, GenerationOptions.NONE);
    }

    private static Map<String, Object> message(String content) {
        return Map.of("content", content);
    }

    static Stream<Arguments> textsThatJustFit() {
        String fits = "x".repeat(MOST);
        String longer = fits + "x";
        String half = "x".repeat(MOST / 2);
        return Stream.of(
                Arguments.of("prompt", completion(new Prompt.Text(fits)), completion(new Prompt.Text(longer))),
                Arguments.of("prompt", completion(new Prompt.Special(fits)), completion(new Prompt.Special(longer))),
                Arguments.of("content", chat(null, fits, null), chat(null, longer, null)),
                Arguments.of(
                        "messages",
                        chat(List.of(message(half), message(half), Map.of()), null, null),
                        chat(List.of(message(half), message(half), message("x")), null, null)),
                Arguments.of(
                        "tool_results",
                        chat(null, null, List.of(message(fits))),
                        chat(null, null, List.of(message(longer)))),
                Arguments.of("input", embedding(true, new Prompt.Text(fits)), embedding(true, new Prompt.Text(longer))),
                Arguments.of(
                        "input[1]",
                        embedding(false, new Prompt.Text(fits), new Prompt.Text(fits)),
                        embedding(false, new Prompt.Text(fits), new Prompt.Text(longer))),
                Arguments.of(
                        "query",
                        new TaskInput.Rerank(null, fits, List.of(""), null, null),
                        new TaskInput.Rerank(null, longer, List.of(""), null, null)),
                Arguments.of(
                        "documents[1]",
                        new TaskInput.Rerank(null, "", List.of(fits, fits), null, null),
                        new TaskInput.Rerank(null, "", List.of(fits, longer), null, null)),
                Arguments.of("prompt", infill(longer, longer, fits), infill("", "", longer)));
    }

    @ParameterizedTest
    @MethodSource("textsThatJustFit")
    void aTextThatCannotFitIsRefusedByItsKey(String key, TaskInput fits, TaskInput longer) {
        assertDoesNotThrow(() -> InputSize.refuseHopelessLength(fits, N_CTX));
        FailureException refused =
                assertThrows(FailureException.class, () -> InputSize.refuseHopelessLength(longer, N_CTX));
        assertEquals(
                key + ": 257 characters do not fit into a context of 2 tokens (n_ctx)",
                refused.failure().message());
    }
}
