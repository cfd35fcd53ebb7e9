package io.llamanode.service.prompt;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.engine.model.FakeModel;
import io.llamanode.service.model.PromptText;
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
}
