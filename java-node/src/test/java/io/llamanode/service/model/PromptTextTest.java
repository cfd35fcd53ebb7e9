package io.llamanode.service.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class PromptTextTest {
    private static PromptText text(String trusted, String plain) {
        return new PromptText.Builder().add(trusted, true).add(plain, false).build();
    }

    @Test
    void everyCharacterKnowsWhoWroteIt() {
        PromptText text = text("ab", "c");
        assertEquals("abc", text.text());
        assertEquals(3, text.length());
        assertTrue(text.trusted(0) && text.trusted(1));
        assertFalse(text.trusted(2));
    }

    @Test
    void aBeginningIsOfTheSameCharactersAndTheSameTrust() {
        PromptText text = text("ab", "c");
        assertTrue(text.startsWith(text));
        assertTrue(text.startsWith(text("ab", "")));
        assertTrue(text.startsWith(text("", "")));
        assertFalse(text.startsWith(text("a", "b")));
        assertFalse(text.startsWith(text("ax", "")));
        assertFalse(text("ab", "").startsWith(text));
    }

    @Test
    void moreTextIsTrustedOrNot() {
        PromptText more = text("a", "").plus("bc", false).plus("d", true);
        assertEquals("abcd", more.text());
        assertTrue(more.trusted(0));
        assertFalse(more.trusted(1) || more.trusted(2));
        assertTrue(more.trusted(3));
    }

    @Test
    void theEndIsTheLastCharacterThatIsNoSpace() {
        assertTrue(text("a", "").endsTrusted());
        assertTrue(text("a", " \n").endsTrusted());
        assertFalse(text("a", "b").endsTrusted());
        assertFalse(text("", "b").plus(" ", true).endsTrusted());
        assertFalse(text("", "").endsTrusted());
        assertFalse(text(" ", "").endsTrusted(), "there is no such character");
    }
}
