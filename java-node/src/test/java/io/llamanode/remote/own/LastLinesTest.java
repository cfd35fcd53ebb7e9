package io.llamanode.remote.own;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LastLinesTest {
    private final List<String> log = new ArrayList<>();
    private final LastLines lines = new LastLines(line -> line.replace("sesame", "***"), log::add);

    private void read(byte[] bytes) throws IOException {
        lines.read(new ByteArrayInputStream(bytes));
    }

    private void read(String text) throws IOException {
        read(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void everyLineIsPassedOnAndTheLastOnesAreKept() throws IOException {
        read(IntStream.rangeClosed(1, 20).mapToObj(i -> "l" + i).collect(Collectors.joining("\n")));
        assertEquals(20, log.size());
        assertEquals("l13; l14; l15; l16; l17; l18; l19; l20", lines.joined());
    }

    @Test
    void emptyLinesAndReturnsEndLinesAndAreNone() throws IOException {
        read("10%\r20%\r\n\n  \nend  \n");
        assertEquals(List.of("10%", "20%", "end"), log);
    }

    @Test
    void aKeyIsStruckOut() throws IOException {
        read("key sesame\n");
        assertEquals(List.of("key ***"), log);
        assertEquals("key ***", lines.joined());
    }

    @Test
    void ofALongLineTheBeginningIsKept() throws IOException {
        read("a".repeat(1 << 20) + "\nb");
        assertEquals(List.of("a".repeat(2_000), "b"), log);
    }

    @Test
    void whatIsNoTextIsReplaced() throws IOException {
        read(new byte[] {'a', (byte) 0xff, 'b', '\n'});
        assertEquals(List.of("a\ufffdb"), log);
    }
}
