package io.llamanode.llama.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LogLinesTest {

    private static String bytes(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    @Test
    void piecesOfTheLogBecomeWholeLines() {
        List<String> lines = new ArrayList<>();
        LogLines log = new LogLines((level, line) -> lines.add(level + ":" + line));
        log.append(LogLines.INFO, "loading ");
        log.append(LogLines.CONTINUATION, "..");
        log.append(LogLines.CONTINUATION, ".\nnext\n\nhalf");
        log.append(LogLines.WARN, "careful\n");
        log.append(LogLines.CONTINUATION, "more\n");
        String bytes = bytes("\uD83E\uDD99\n");
        log.append(LogLines.ERROR, bytes.substring(0, 2));
        log.append(LogLines.ERROR, bytes.substring(2));
        assertEquals(List.of("2:loading ...", "2:next", "2:half", "3:careful", "3:more", "4:\uD83E\uDD99"), lines);
    }

    @Test
    void anEndlessLineIsCut() {
        List<String> lines = new ArrayList<>();
        LogLines log = new LogLines((level, line) -> lines.add(line));
        for (int i = 0; i < 100; i++) {
            log.append(LogLines.CONTINUATION, "x".repeat(1000));
        }
        assertTrue(lines.size() >= 5, lines.size() + " lines");
    }
}
