package io.llamanode.service.prompt;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.engine.model.FakeModel;
import io.llamanode.service.model.PromptText;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class PromptTokenizerTest {
    private final PromptTokenizer tokenizer = new PromptTokenizer(new FakeModel());

    private static PromptText.Builder prompt() {
        return new PromptText.Builder();
    }

    @Test
    void onlyTemplateTextFormsControlTokens() {
        assertArrayEquals(
                new int[] {'a', FakeModel.EOG, 'b'},
                tokenizer.tokenize(prompt().add("a<eog>b", true).build()));
        assertEquals(7, tokenizer.tokenize(prompt().add("a<eog>b", false).build()).length);
    }

    @Test
    void aControlTokenHalfFromContentStaysText() {
        assertEquals(
                5, tokenizer.tokenize(prompt().add("<e", true).add("og>", false).build()).length);
        assertEquals(
                5, tokenizer.tokenize(prompt().add("<", false).add("eog>", true).build()).length);
    }

    @Test
    void prefixesOfOtherTrustAreNotPrefixes() {
        PromptText real = prompt().add("x<eog>", true).build();
        PromptText forged =
                prompt().add("x", true).add("<eog>", false).add("more", true).build();
        assertFalse(forged.startsWith(real));
        assertTrue(prompt().add("x<eog>", true).add("more", false).build().startsWith(real));
    }

    @Test
    void theTokenThatBeginsATextComesBeforeThePromptOnly() {
        FakeModel model = new FakeModel();
        model.bos = OptionalInt.of('^');
        PromptTokenizer begins = new PromptTokenizer(model);
        PromptText text = prompt().add("ab", true).build();
        assertArrayEquals(new int[] {'^', 'a', 'b'}, begins.tokenize(text));
        assertArrayEquals(new int[] {'b'}, begins.tokenize(text, 1));
        assertArrayEquals(new int[] {'^'}, begins.tokenize(prompt().build()));
    }

    @Test
    void theLongestControlTokenIsTaken() {
        FakeModel model = new FakeModel();
        model.controls = Map.of("<e", 1, "<eog>x", 2, "|", 3, "", 4);
        PromptTokenizer several = new PromptTokenizer(model);
        assertArrayEquals(
                new int[] {2, FakeModel.EOG, 'y', 1, 3, 'z'},
                several.tokenize(prompt().add("<eog>x<eog>y<e|z", true).build()));
    }

    @Test
    void aControlTokenStandsAtACharacterOrNot() {
        PromptText text = prompt().add("a<eog>", true).add("<eog>", false).build();
        assertFalse(tokenizer.startsWithControl(text, 0));
        assertTrue(tokenizer.startsWithControl(text, 1));
        assertFalse(tokenizer.startsWithControl(text, 6), "content");
        assertFalse(tokenizer.startsWithControl(text, text.length()), "the end");
    }

    /** Merges across the seams of template and content are those that the model was trained on. */
    @Test
    void textIsTokenizedInStretchesAsLongAsPossible() {
        FakeModel model = new FakeModel();
        PromptText text = prompt().add("user:", true)
                .add("hello", false)
                .add("\n<eog>", true)
                .build();
        assertEquals(12, new PromptTokenizer(model).tokenize(text).length);
        assertEquals(11, model.longestText);
    }
}
