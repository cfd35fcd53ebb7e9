package io.llamanode.transport.bridge;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.llamanode.transport.bridge.LineReader.Line;
import io.llamanode.transport.mailbox.Patience;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a client sends, cut into lines. */
final class LineReaderTest {
    private static final Patience UNUSED = new Patience(Duration.ofHours(1), () -> {});

    private static List<Line> lines(int limit, byte[] sent) throws IOException {
        LineReader reader = new LineReader(Channels.newChannel(new ByteArrayInputStream(sent)), limit, UNUSED);
        List<Line> lines = new ArrayList<>();
        for (Line line = reader.next(); line != null; line = reader.next()) {
            lines.add(line);
        }
        return lines;
    }

    private static List<Line> lines(int limit, String sent) throws IOException {
        return lines(limit, sent.getBytes(UTF_8));
    }

    private static Line text(String text) {
        return new Line.Text(text);
    }

    @Test
    void theLastLineNeedsNoEnd() throws Exception {
        assertEquals(List.of(), lines(10, ""));
        assertEquals(List.of(text("a"), text("b")), lines(10, "a\nb\n"));
        assertEquals(List.of(text("a"), text("b")), lines(10, "a\nb"));
        assertEquals(List.of(text(""), text(""), text("ä☃")), lines(10, "\n\nä☃"));
    }

    @Test
    void aCarriageReturnBelongsToTheEnd() throws Exception {
        assertEquals(List.of(text("a\rb"), text("\r"), text("")), lines(10, "a\rb\r\n\r\r\n\r"));
    }

    @Test
    void aLineOverTheLimitIsReadPast() throws Exception {
        Line tooLong = new Line.Bad("the line is longer than 4 bytes");
        assertEquals(List.of(text("1234"), tooLong, text("a")), lines(4, "1234\n12345\na"));
        assertEquals(List.of(tooLong), lines(4, "x".repeat(20_000)));
        assertEquals(List.of(tooLong, text("")), lines(4, "x".repeat(20_000) + "\n\n"));
    }

    @Test
    void linesLongerThanTheBufferAreWhole() throws Exception {
        String text = "0123456789".repeat(2000);
        assertEquals(List.of(text(text), text("a"), text(text)), lines(1 << 20, text + "\na\n" + text + "\n"));
    }

    @Test
    void otherBytesThanUtf8AreNoLine() throws Exception {
        assertEquals(
                List.of(new Line.Bad("the line is not UTF-8"), text("a")),
                lines(10, new byte[] {'P', (byte) 0xff, '\n', 'a', '\n'}));
    }
}
