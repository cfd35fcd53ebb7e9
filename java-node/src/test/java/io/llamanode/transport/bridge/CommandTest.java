package io.llamanode.transport.bridge;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.llamanode.protocol.LineInput.Kind;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
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
        assertEquals(new Command.Health(), Command.parse("HEALTH"));
        assertEquals(new Command.Models(), Command.parse("models"));
        assertEquals(new Command.Run(Kind.INFER, "Hi"), Command.parse("INFER Hi"));
        assertEquals(new Command.Run(Kind.COMPLETE, "Hi"), Command.parse("complete Hi"));
        assertEquals(new Command.Run(Kind.CHAT, "{}"), Command.parse("CHAT {}"));
        assertEquals(new Command.Run(Kind.EMBED, "Hi"), Command.parse("EMBED Hi"));
        assertEquals(new Command.Run(Kind.RERANK, "{}"), Command.parse("RERANK {}"));
        assertEquals(new Command.Run(Kind.INFILL, "{}"), Command.parse("INFILL {}"));
        assertEquals(new Command.Stream("{}"), Command.parse("infer_stream {}"));
        assertEquals(new Command.Tokenize("Hi"), Command.parse("TOKENIZE Hi"));
        assertEquals(new Command.OpenSession(""), Command.parse("SESSION OPEN"));
        assertEquals(new Command.OpenSession("Be brief."), Command.parse("session open Be brief."));
        assertEquals(new Command.UseSession(7), Command.parse("SESSION USE 7"));
        assertEquals(new Command.UseSession(0), Command.parse("SESSION USE"));
        assertEquals(new Command.CloseSession(7), Command.parse("SESSION CLOSE 7"));
        assertEquals(new Command.CloseSession(0), Command.parse("SESSION CLOSE"));
        assertEquals(new Command.Start(Kind.INFER, " Hi"), Command.parse("START INFER  Hi"));
        assertEquals(new Command.Start(Kind.EMBED, "Hi"), Command.parse("start embed Hi"));
        assertEquals(new Command.Result(7, -1), Command.parse("RESULT 7"));
        assertEquals(new Command.Result(7, 100), Command.parse("RESULT 7 100"));
        assertEquals(new Command.Cancel(7), Command.parse("CANCEL 7"));
        assertEquals(new Command.Auth("a b"), Command.parse("AUTH a b "));
    }

    @Test
    void noLogLineCanShowASecret() {
        assertEquals("Auth", Command.parse("AUTH swordfish").toString());
    }

    @Test
    void aPromptKeepsItsBlanks() {
        assertEquals(new Command.Run(Kind.INFER, " Hi \t"), Command.parse("INFER  Hi \t"));
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
            COMPLETE,       COMPLETE takes a prompt
            CHAT,           CHAT takes a message
            EMBED,          EMBED takes a text
            RERANK,         RERANK takes a JSON object
            INFILL,         INFILL takes a JSON object
            TOKENIZE,       TOKENIZE takes a text
            MODELS all,     MODELS takes no argument
            HEALTH now,     HEALTH takes no argument
            START INFER,    START INFER takes a prompt
            CANCEL,         CANCEL takes a task id
            CANCEL x,       CANCEL takes a task id
            CANCEL -1,      CANCEL takes a task id
            CANCEL 1234567890123456789, CANCEL takes a task id
            AUTH,           AUTH takes the secret
            SESSION USE x,  'SESSION USE takes a session id, or nothing'
            SESSION CLOSE x, 'SESSION CLOSE takes a session id, or nothing'
            SESSION,        'SESSION takes OPEN with a system prompt or a JSON object or nothing, USE or CLOSE'
            SESSION 7,      'SESSION takes OPEN with a system prompt or a JSON object or nothing, USE or CLOSE'
            RESULT,         'RESULT takes a task id and, if it is not to wait for ever, milliseconds'
            RESULT 7 soon,  RESULT takes milliseconds after the task id
            """)
    void argumentsThatAreMissingOrTooMany(String line, String message) {
        assertRefused(line, message);
        assertRefused(line + "  ", message);
    }

    @Test
    void aStartSaysWhatIsToBeStarted() {
        String known = "START takes a command and what it takes, as START INFER <prompt>; commands are INFER, COMPLETE,"
                + " CHAT, EMBED, RERANK, INFILL";
        assertRefused("START", known);
        assertRefused("START Tell me about AI", known);
    }

    @Test
    void unknownNamesAreToldTheKnownOnes() {
        String known = "unknown command; known are PING, HEALTH, STATUS, MODELS, LOAD, FREE, INFER, INFER_STREAM,"
                + " COMPLETE, CHAT, EMBED, RERANK, INFILL, TOKENIZE, SESSION, START, RESULT, CANCEL, AUTH and QUIT";
        assertRefused("DANCE", known);
        assertRefused(" PING", known);
    }

    private static void assertRefused(String line, String message) {
        assertEquals(new Command.Bad(new Failure(ErrorCode.INVALID_ARGUMENT, message)), Command.parse(line));
    }
}
