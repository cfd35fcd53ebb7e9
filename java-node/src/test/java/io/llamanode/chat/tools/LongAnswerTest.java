package io.llamanode.chat.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** An answer in many small pieces. */
class LongAnswerTest {
    @Test
    void aLongAnswerCostsTimeByItsLength() {
        // A machine that began anew with every piece would need some 10^11 steps here.
        AnswerParser parser = AnswerParserTest.format("hermes", AnswerParserTest.THINK)
                .parser(AnswerParserTest.tools(), false, 8, () -> "id");
        parser.push("<tool_call>{\"name\": \"get_weather\", \"arguments\": {\"city\": \"");
        for (int i = 0; i < 500_000; i++) {
            parser.push("x");
        }
        parser.push("\"}}</tool_call>");
        parser.finish();
        assertEquals(
                500_000,
                ((String) parser.answer().calls().getFirst().arguments().get("city")).length());
        AnswerParser tags =
                AnswerParserTest.format("function tags", null).parser(AnswerParserTest.tools(), false, 8, () -> "id");
        tags.push("<tool_call><function=get_weather><parameter=city>");
        for (int i = 0; i < 500_000; i++) {
            tags.push("<");
        }
        tags.push("</parameter></function></tool_call>");
        tags.finish();
        assertEquals(
                500_000, ((String) tags.answer().calls().getFirst().arguments().get("city")).length());
    }
}
