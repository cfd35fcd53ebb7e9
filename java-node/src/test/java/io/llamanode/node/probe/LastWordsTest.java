package io.llamanode.node.probe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class LastWordsTest {
    private static String of(String said) {
        LastWords words = new LastWords();
        words.read(new ByteArrayInputStream(said.getBytes(StandardCharsets.UTF_8)));
        return words.toString();
    }

    @Test
    void theLastLinesAreKept() {
        assertEquals("two; three; four", of("one\n\ntwo\n  three \nfour"));
        assertEquals("", of(""));
    }

    @Test
    void howeverMuchIsWrittenLittleIsKept() {
        assertTrue(of("x".repeat(1 << 20)).length() <= 300);
        assertTrue(of(("y".repeat(5000) + "\n").repeat(100)).length() <= 1000);
    }

    /** As HotSpot writes it to standard error, with the whole of its report behind it. */
    @Test
    void ofACrashTheSignalAndTheFrameAreTold() {
        String report = """
                loading
                #
                # A fatal error has been detected by the Java Runtime Environment:
                #
                #  SIGSEGV (0xb) at pc=0x00007f1234, pid=12, tid=13
                #
                # JRE version: OpenJDK Runtime Environment (25.0) (build 25)
                # Problematic frame:
                # C  [libllama.so+0x1234]  llama_model_load+0x5
                #
                # If you would like to submit a bug report, please visit:
                #   https://bugreport.java.com/bugreport/crash.jsp
                #

                ---------------  S U M M A R Y ------------
                Command Line: -Xmx512m
                #
                # C  [libllama.so+0x9999]  again
                """;
        assertEquals(
                "loading; SIGSEGV (0xb) at pc=0x00007f1234, pid=12, tid=13; C  [libllama.so+0x1234]  llama_model_load+0x5",
                of(report));
    }
}
