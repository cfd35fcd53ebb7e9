package io.llamanode.remote.answer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PieceReaderTest {
    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String told(Piece piece) {
        return switch (piece) {
            case Piece.Json(var value, boolean error) -> (error ? "!" : "") + value;
            case Piece.Done() -> "done";
        };
    }

    /** What a body gives that comes in these parts. */
    private static List<String> read(byte[]... parts) {
        List<String> pieces = new ArrayList<>();
        PieceReader reader = new PieceReader(piece -> pieces.add(told(piece)));
        for (byte[] part : parts) {
            reader.push(ByteBuffer.wrap(part));
        }
        reader.finish();
        return pieces;
    }

    /** What a body gives, which must be the same wherever it is cut, and byte by byte. */
    private static List<String> cutEverywhere(byte[] body) {
        List<String> whole = read(body);
        byte[][] single = new byte[body.length][];
        for (int i = 0; i < body.length; i++) {
            single[i] = new byte[] {body[i]};
            assertEquals(
                    whole,
                    read(java.util.Arrays.copyOf(body, i), java.util.Arrays.copyOfRange(body, i, body.length)),
                    "cut at " + i);
        }
        assertEquals(whole, read(single));
        return whole;
    }

    private static List<String> cutEverywhere(String body) {
        return cutEverywhere(utf8(body));
    }

    @Test
    void readsServerSentEventsCutAnywhere() {
        String body = "data: {\"a\":\"x\u00e9\ud83d\ude00\"}\n\ndata: {\"a\":2}\n\ndata: [DONE]\n\n";
        assertEquals(List.of("{\"a\":\"x\u00e9\ud83d\ude00\"}", "{\"a\":2}", "done"), cutEverywhere(body));
    }

    @ParameterizedTest
    @ValueSource(strings = {"\n", "\r\n", "\r"})
    void takesEachEndOfALine(String end) {
        String body = String.join(end, "data: {\"a\":1}", "", "data: {\"a\":2}", "", "data: [DONE]", "", "");
        assertEquals(List.of("{\"a\":1}", "{\"a\":2}", "done"), cutEverywhere(body));
    }

    @Test
    void passesOverCommentsNamesIdsAndEmptyData() {
        String body =
                ": ping\n\nid: 7\nretry: 10\nevent: message\ndata:{\"a\":1}\n\ndata\ndata:\n\n:\ndata: {\"a\":2}\n\n";
        assertEquals(List.of("{\"a\":1}", "{\"a\":2}"), cutEverywhere(body));
    }

    @Test
    void putsTheLinesOfAnEventTogether() {
        String body = "data: {\"a\":\ndata: [1,\ndata:  2]}\n\ndata: {}\n\n";
        assertEquals(List.of("{\"a\":[1,2]}", "{}"), cutEverywhere(body));
    }

    @Test
    void needsNoBlankLineBetweenData() {
        assertEquals(List.of("{\"a\":1}", "{\"a\":2}"), cutEverywhere("data: {\"a\":1}\ndata: {\"a\":2}\n"));
    }

    @Test
    void needsNoEndOfTheLastLine() {
        assertEquals(List.of("{\"a\":1}"), cutEverywhere("data: {\"a\":1}"));
    }

    @Test
    void readsLinesOfJson() {
        assertEquals(
                List.of("{\"a\":1}", "{\"b\":\"}\\\"{\"}", "done"),
                cutEverywhere("{\"a\":1}\n{\"b\":\"}\\\"{\"}\r\n[DONE]\n"));
    }

    @Test
    void readsOneDocumentOfSeveralLines() {
        assertEquals(List.of("{\"a\":[1,2]}"), cutEverywhere("\n  {\n  \"a\": [1,\r\n 2]\n}\n"));
    }

    @Test
    void readsEventsAndLinesInOneBody() {
        assertEquals(
                List.of("{\"a\":1}", "{\"a\":2}", "{\"a\":3}"),
                cutEverywhere("data: {\"a\":1}\n\n{\"a\":2}\ndata: {\"a\":3}\n\n"));
    }

    @Test
    void tellsAValueAtItsLastByte() {
        List<String> pieces = new ArrayList<>();
        PieceReader reader = new PieceReader(piece -> pieces.add(told(piece)));
        reader.push(ByteBuffer.wrap(utf8("{\"a\":1}")));
        assertEquals(List.of("{\"a\":1}"), pieces);
        reader.push(ByteBuffer.wrap(utf8("data: {\"a\":2}\n")));
        assertEquals(List.of("{\"a\":1}", "{\"a\":2}"), pieces);
    }

    @Test
    void marksErrors() {
        String body = "event: error\ndata: {\"m\":1}\n\nerror: {\"m\":2}\n\ndata: {\"m\":3}\n\n";
        assertEquals(List.of("!{\"m\":1}", "!{\"m\":2}", "{\"m\":3}"), cutEverywhere(body));
    }

    @Test
    void replacesWhatIsNotUtf8() {
        byte[] body = utf8("data: {\"a\":\"x?y\"}\n\n");
        body[13] = (byte) 0xff;
        assertEquals(List.of("{\"a\":\"x\ufffdy\"}"), cutEverywhere(body));
    }

    @Test
    void passesOverAByteOrderMark() {
        assertEquals(List.of("{\"a\":1}"), cutEverywhere("\ufeffdata: {\"a\":1}\n\n"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "data: {\"a\":}\n\n",
                "data: {\"a\":1\n\ndata: {}\n\n",
                "data: hello\n\n",
                "data: {\"a\":1} more\n\n",
                "{\"a\" 1}\n",
                "data: {\"a\":\n{}"
            })
    void refusesWhatIsNoJson(String body) {
        assertTrue(assertThrows(AnswerFault.class, () -> read(utf8(body)))
                .getMessage()
                .contains("no JSON"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"data: {\"a\":1", "{\"a\":[1", "{\"a\":\"}"})
    void refusesAnEndInTheMiddleOfAValue(String body) {
        assertTrue(assertThrows(AnswerFault.class, () -> read(utf8(body)))
                .getMessage()
                .contains("middle of a piece"));
    }

    @Test
    void keepsTheBeginningOfWhatIsNoneOfThese() {
        PieceReader reader = new PieceReader(piece -> {});
        reader.push(ByteBuffer.wrap(utf8("<html>\n<body>no</body>\n")));
        reader.finish();
        assertEquals("<html>", reader.stray());
    }

    @Test
    void readsALineOfAMegabyte() {
        String text = "x".repeat(1 << 20);
        assertEquals(List.of("{\"a\":\"" + text + "\"}"), read(utf8("data: {\"a\":\"" + text + "\"}\n\n")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"data: {\"a\":\"", "{\"a\":\"", "", "data: {\n"})
    void refusesALineThatIsTooLong(String beginning) {
        PieceReader reader = new PieceReader(piece -> {}, 1_000);
        reader.push(ByteBuffer.wrap(utf8(beginning)));
        AnswerFault fault = assertThrows(AnswerFault.class, () -> {
            for (int i = 0; i < 2_000; i++) {
                reader.push(ByteBuffer.wrap(utf8(beginning.endsWith("\n") ? "data: 1,\n" : "x")));
            }
        });
        assertTrue(fault.getMessage().contains("over 1000 bytes"));
    }

    @Test
    void theLongestLineHas16Mebibytes() {
        assertEquals(16 << 20, PieceReader.LONGEST_LINE);
    }
}
