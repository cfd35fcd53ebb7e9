package io.llamanode.chat.tools.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** JSON that a model wrote is accepted if it can be sent on as a term. */
class JsonTextTest {
    @Test
    void readsWhatItIsAskedFor() {
        assertEquals(Map.of("a", List.of(1, 2.5)), JsonText.object(" {\"a\": [1, 2.5]} "));
        assertEquals(Map.of("a", 2), JsonText.object("{\"a\":1,\"a\":2}"), "the last counts");
        assertEquals("é\n", JsonText.string("\"\\u00e9\\n\""));
        assertEquals("😀", JsonText.string("\"\\ud83d\\ude00\""));
        assertEquals(7, JsonText.number("7"));
        assertEquals(-0.5, JsonText.number("-0.5"));
        assertTrue(JsonText.isValue("null") && JsonText.isValue("[\"\uD7FF\uE000\"]"));
        assertEquals("{\"a\":[null,\"x\"]}", JsonText.write(Map.of("a", Arrays.asList(null, "x"))));
        assertThrows(IllegalArgumentException.class, () -> JsonText.write(new Object()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "x",
                "{",
                "{} {}",
                "[1",
                "{\"a\":1e999}",
                "[1e999]",
                "1e999",
                "\"\\ud800\"",
                "\"\\udfff\"",
                "{\"\\ud83d\": 1}",
                "{\"a\": {\"b\": \"\\ude00\"}}",
                "\"a\" \"b\"",
                "7 8"
            })
    void refusesWhatIsMalformedOrUnfit(String text) {
        assertFalse(JsonText.isValue(text));
        assertNull(JsonText.object(text));
        assertNull(JsonText.string(text));
        assertNull(JsonText.number(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "true", "7", "\"x\"", "[]", "{}"})
    void tellsKindsApart(String text) {
        assertTrue(JsonText.isValue(text));
        assertEquals(text.equals("{}"), JsonText.object(text) != null);
        assertEquals(text.equals("\"x\""), JsonText.string(text) != null);
        assertEquals(text.equals("7"), JsonText.number(text) != null);
    }
}
