package io.llamanode.transport.bridge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a line asks for. */
final class CommandTest {
    @Test
    void everyCommandHasAName() {
        assertEquals(new Command.Ping(), Command.parse("PING"));
        assertEquals(new Command.Status(), Command.parse("status"));
        assertEquals(new Command.Stop(), Command.parse("Stop  "));
        assertEquals(new Command.Quit(), Command.parse("QUIT"));
        assertEquals(new Command.Load("/a b.gguf"), Command.parse("LOAD  /a b.gguf "));
        assertEquals(new Command.Free(""), Command.parse("FREE"));
        assertEquals(new Command.Free("a"), Command.parse("free  a "));
        assertEquals(new Command.Infer("Hi"), Command.parse("INFER Hi"));
        assertEquals(new Command.InferStream("{}"), Command.parse("infer_stream {}"));
    }

    @Test
    void aPromptKeepsItsBlanks() {
        assertEquals(new Command.Infer(" Hi \t"), Command.parse("INFER  Hi \t"));
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            PING now,       PING takes no argument
            STATUS all,     STATUS takes no argument
            stop it,        STOP takes no argument
            QUIT now,       QUIT takes no argument
            LOAD,           LOAD takes a path
            INFER,          INFER takes a prompt
            INFER_STREAM,   INFER_STREAM takes a prompt
            """)
    void argumentsThatAreMissingOrTooMany(String line, String message) {
        assertRefused(line, message);
        assertRefused(line + "  ", message);
    }

    @Test
    void unknownNamesAreToldTheKnownOnes() {
        String known = "unknown command; known are PING, STATUS, LOAD, INFER, INFER_STREAM, FREE and QUIT";
        assertRefused("DANCE", known);
        assertRefused(" PING", known);
    }

    private static void assertRefused(String line, String message) {
        FailureException refused = assertThrows(FailureException.class, () -> Command.parse(line));
        assertEquals(ErrorCode.INVALID_ARGUMENT, refused.failure().code());
        assertEquals(message, refused.failure().message());
    }
}
