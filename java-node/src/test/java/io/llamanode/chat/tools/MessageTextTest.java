package io.llamanode.chat.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MessageTextTest {
    @Test
    void aTextIsItself() {
        assertEquals("Hi\n", MessageText.of("Hi\n"));
        assertEquals("", MessageText.of(null));
        assertEquals("7", MessageText.of(7));
    }

    @Test
    void partsAreLinesAndThoseOfOtherTypesHaveNone() {
        assertEquals("", MessageText.of(List.of()));
        assertEquals(
                "a\nb",
                MessageText.of(List.of(
                        Map.of("type", "text", "text", "a"),
                        Map.of("type", "image_url", "image_url", "x"),
                        "c",
                        Map.of("type", "text", "text", 7),
                        Map.of("type", "text", "text", "b"))));
    }
}
