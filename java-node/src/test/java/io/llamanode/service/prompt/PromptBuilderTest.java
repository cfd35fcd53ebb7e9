package io.llamanode.service.prompt;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.llamanode.engine.model.FakeModel;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.task.ChatOptions;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.Prompt;
import io.llamanode.service.contract.task.SessionConfig;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.model.FakeLoadedModel;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PromptBuilderTest {
    private static final SessionConfig SESSION = new SessionConfig(null, null, GenerationOptions.NONE);
    private static final GenerationOptions OPTIONS =
            GenerationDefaults.complete(GenerationOptions.NONE, GenerationOptions.NONE);

    private final FakeLoadedModel model = new FakeLoadedModel("fake", 1, 1);
    private final PromptBuilder builder = new PromptBuilder(model);

    @AfterEach
    void close() {
        model.close();
    }

    private PreparedPrompt prepare(TaskInput.Generating input) {
        return builder.prepare(input, SESSION, Transcript.EMPTY, OPTIONS);
    }

    private static TaskInput.Generating completion(Prompt prompt, boolean addSpecial) {
        return new TaskInput.Completion(null, prompt, addSpecial, GenerationOptions.NONE);
    }

    private int[] tokens(Prompt prompt, boolean addSpecial) {
        return PromptBuilder.tokens("input[3]", prompt, addSpecial, model.model);
    }

    private static String refusal(org.junit.jupiter.api.function.Executable call) {
        return assertThrows(FailureException.class, call).failure().message();
    }

    @Test
    void controlTokensAreReadWhereTheyAreAskedFor() {
        assertArrayEquals(new int[] {'a', FakeModel.EOG}, tokens(new Prompt.Special("a<eog>"), false));
        assertEquals(6, tokens(new Prompt.Text("a<eog>"), false).length);
    }

    @Test
    void theTokenThatBeginsATextIsAddedWhereItIsAskedFor() {
        model.model.bos = OptionalInt.of('^');
        assertArrayEquals(new int[] {'^', 'a'}, tokens(new Prompt.Text("a"), true));
        assertArrayEquals(new int[] {'a'}, tokens(new Prompt.Text("a"), false));
        assertArrayEquals(new int[] {'^', 'a'}, tokens(new Prompt.Special("a"), true));
        assertArrayEquals(new int[] {'a'}, tokens(new Prompt.Tokens(new int[] {'a'}), true));
        assertArrayEquals(
                new int[] {'^', 'a'},
                prepare(completion(new Prompt.Text("a"), true)).tokens());
        assertArrayEquals(
                new int[] {'a'},
                prepare(completion(new Prompt.Text("a"), false)).tokens());
    }

    @Test
    void anEmptyTextIsRefusedByItsPlace() {
        assertEquals("input[3]: must not be empty", refusal(() -> tokens(new Prompt.Text(""), false)));
        assertEquals("input[3]: must not be empty", refusal(() -> tokens(new Prompt.Special(""), false)));
        assertEquals("prompt: has no tokens", refusal(() -> prepare(completion(new Prompt.Tokens(new int[0]), false))));
    }

    @Test
    void everyTokenMustBeInTheVocabulary() {
        assertArrayEquals(new int[] {0, 256}, tokens(new Prompt.Tokens(new int[] {0, 256}), false));
        assertEquals(
                "input[3]: there is no token 257; the vocabulary has 257 tokens",
                refusal(() -> tokens(new Prompt.Tokens(new int[] {0, 257}), false)));
        assertEquals(
                "input[3]: there is no token -1; the vocabulary has 257 tokens",
                refusal(() -> tokens(new Prompt.Tokens(new int[] {-1}), false)));
    }

    @Test
    void aCompletionIsNoConversation() {
        PreparedPrompt prepared = prepare(completion(new Prompt.Text("a"), false));
        assertNull(prepared.messages());
        assertNull(prepared.text());
        assertNull(prepared.reader());
        assertEquals(0, prepared.nKeep());
    }

    @Test
    void aPromptLeavesRoomForAnAnswer() {
        model.nCtx = 40;
        assertEquals(
                39, prepare(completion(new Prompt.Text("x".repeat(39)), false)).tokens().length);
        assertEquals(
                "prompt: the prompt has 40 tokens, which leaves no room in a context of 40 (n_ctx)",
                refusal(() -> prepare(completion(new Prompt.Text("x".repeat(40)), false))));
        TaskInput.Chat chat =
                new TaskInput.Chat(null, null, "x".repeat(40), null, ChatOptions.NONE, GenerationOptions.NONE);
        assertEquals(
                "content: the prompt has 56 tokens, which leaves no room in a context of 40 (n_ctx)",
                refusal(() -> prepare(chat)));
    }

    @Test
    void aGapIsFilledFromBothSides() {
        TaskInput.Infill infill = new TaskInput.Infill(null, "p", "s", List.of(), "", GenerationOptions.NONE);
        assertArrayEquals(new int[] {'<', 'p', '>', 's', '|'}, prepare(infill).tokens());
    }
}
