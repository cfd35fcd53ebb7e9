package io.llamanode.service.prompt;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.chat.tools.answer.Answer;
import io.llamanode.chat.tools.answer.ToolCall;
import io.llamanode.engine.contract.GenerationListener.Ending;
import io.llamanode.engine.contract.GenerationListener.Outcome;
import io.llamanode.engine.model.FakeModel;
import io.llamanode.service.model.PromptText;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TranscriptTest {
    private static final Map<String, Object> QUESTION = Map.of("role", "user", "content", "q");
    private static final int[] PROMPT = {'q', ':'};
    private static final int[] SAID = {'H', 'i'};

    private static Transcript answered(Answer answer, Ending ending) {
        PromptText text = new PromptText.Builder().add("q:", true).build();
        PreparedPrompt prepared = new PreparedPrompt(PROMPT, 0, List.of(QUESTION), text, null, null);
        return Transcript.answered(
                prepared, answer, new Outcome(ending, null, SAID, List.of(), 2, 0, 0, 0, 0, 0), new FakeModel());
    }

    @Test
    void aNewSessionHasSaidNothing() {
        assertEquals(List.of(), Transcript.EMPTY.messages());
        assertNull(Transcript.EMPTY.prompt());
        assertEquals(0, Transcript.EMPTY.tokens().length);
    }

    @Test
    void anAnswerFollowsItsPromptAsItWasSampled() {
        Transcript transcript = answered(new Answer("Hi", null, List.of()), Ending.EOS);
        assertEquals(List.of(QUESTION, Map.of("role", "assistant", "content", "Hi")), transcript.messages());
        assertArrayEquals(new int[] {'q', ':', 'H', 'i'}, transcript.tokens());
        assertEquals("q:Hi", transcript.prompt().text());
        assertTrue(transcript.prompt().trusted(1));
        assertFalse(transcript.prompt().trusted(2), "what the model says is no template text");
    }

    /** Its tokens stand for something else than what the template will write. */
    @Test
    void thePromptIsNotKnownWhereTheAnswerIsNotWhatWasSampled() {
        assertNull(
                answered(new Answer("Hi", null, List.of()), Ending.STOP_STRING).prompt());
        assertNull(answered(new Answer("Hi", "hm", List.of()), Ending.EOS).prompt());
        assertNull(answered(new Answer("Hi", null, List.of(new ToolCall("1", "f", Map.of()))), Ending.EOS)
                .prompt());
        assertNull(answered(new Answer("Ho", null, List.of()), Ending.EOS).prompt());
        Transcript cut = answered(new Answer("H", null, List.of()), Ending.STOP_STRING);
        assertArrayEquals(new int[] {'q', ':', 'H', 'i'}, cut.tokens());
    }
}
