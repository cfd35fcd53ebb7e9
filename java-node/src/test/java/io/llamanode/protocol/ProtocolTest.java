package io.llamanode.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangBinary;
import com.ericsson.otp.erlang.OtpErlangDouble;
import com.ericsson.otp.erlang.OtpErlangList;
import com.ericsson.otp.erlang.OtpErlangLong;
import com.ericsson.otp.erlang.OtpErlangMap;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangTuple;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llamanode.protocol.launch.ConfigDecoder;
import io.llamanode.protocol.launch.ControlEncoder;
import io.llamanode.protocol.launch.LogLevel;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.task.SessionInfo;
import io.llamanode.term.Terms;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What golden terms cannot say: secrets, equality, limits that need large or impossible terms. */
final class ProtocolTest {
    @Test
    void theCookieIsNeverShown() {
        String secret = "c00kie";
        List<OtpErlangObject> configs = List.of(
                map("node_name", atom("a@b"), "cookie", atom(secret)),
                map("node_name", atom("bad"), "cookie", atom(secret)),
                map("cookie", atom(secret)),
                map("node_name", atom("a@b"), "cookie", new OtpErlangTuple(atom(secret))),
                map("node_name", atom("a@b"), "cookie", atom(secret.repeat(50))),
                map("node_name", atom("a@b"), "cooki", atom(secret)),
                new OtpErlangList(new OtpErlangObject[] {atom("cookie"), text(secret)}),
                atom(secret),
                text(secret),
                text("{\"cookie\":\"" + secret + "\"}"));
        for (OtpErlangObject config : configs) {
            String shown;
            try {
                shown = ConfigDecoder.decode(config).toString();
            } catch (FailureException e) {
                shown = e.getMessage();
            }
            assertFalse(shown.contains(secret), shown);
        }
        assertEquals(secret, ConfigDecoder.decode(configs.getFirst()).cookie());
    }

    @Test
    void ownersAreEqualWhenEveryPartOfThePidIs() {
        ProcessOwner owner = new ProcessOwner(new OtpErlangPid("a@b", 90, 1, 7));
        ProcessOwner same = new ProcessOwner(new OtpErlangPid("a@b", 90, 1, 7));
        assertEquals(owner, same);
        assertEquals(owner.hashCode(), same.hashCode());
        assertNotEquals(owner, new ProcessOwner(new OtpErlangPid("a@b", 90, 1, 8)));
        assertNotEquals(owner, new ProcessOwner(new OtpErlangPid("a@b", 90, 2, 7)));
        assertNotEquals(owner, new ProcessOwner(new OtpErlangPid("a@b", 91, 1, 7)));
        assertNotEquals(owner, new ProcessOwner(new OtpErlangPid("a@c", 90, 1, 7)));
        assertEquals("<a@b.90.1>", owner.toString());
    }

    @Test
    void anOwnerThatIsNoProcessIsSentByItsName() {
        Owner client = new Owner() {
            @Override
            public String toString() {
                return "client 7";
            }
        };
        SessionInfo info = new SessionInfo(1, "m", client, 0, 0, 0, 0, 0L, null, 0, 0, 0, 0, 0, false, Map.of());
        assertEquals(Terms.text("client 7"), ReplyEncoder.sessionInfo(info).get(new OtpErlangAtom("owner")));
    }

    @Test
    void aRecordOfLevelNoneCannotBeMade() {
        assertThrows(IllegalArgumentException.class, () -> ControlEncoder.log(LogLevel.NONE, "l", "m"));
    }

    @Test
    void notANumberAndInfinityAreRefused() {
        for (double number : new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
            OtpErlangDouble term = new OtpErlangDouble(number);
            assertInvalid("temperature must be a number", map("temperature", term));
            assertInvalid("logit_bias.5 must be a number", map("logit_bias", map("5", term)));
        }
    }

    @Test
    void jsonHasALimitOfElements() {
        String items = IntStream.range(0, 1_000_000).mapToObj(i -> "1").collect(Collectors.joining(","));
        assertInvalid("config is not valid JSON: it has more than 1000000 elements", text("{\"a\":[" + items + "]}"));
    }

    @Test
    void textsInMessagesAreShortAndOnOneLine() {
        FailureException e = assertThrows(
                FailureException.class,
                () -> RequestDecoder.decode(new OtpErlangTuple(new OtpErlangObject[] {
                    atom("create_session"), map("n_predict", text("line\n\u001b[31m" + "x".repeat(10_000)))
                })));
        String message = e.failure().message();
        assertTrue(message.length() < 200, message);
        assertTrue(message.chars().noneMatch(Character::isISOControl), message);
    }

    @Test
    void everyKindOfKeyIsDecoded() {
        OtpErlangMap keys = new OtpErlangMap(
                new OtpErlangObject[] {text("top_k"), new OtpErlangBinary(new byte[] {(byte) 0xff})},
                new OtpErlangObject[] {new OtpErlangLong(1), new OtpErlangLong(2)});
        assertInvalid("a key of config is not valid UTF-8", keys);
    }

    @Test
    void closeMatchesAreWithinTwoEdits() {
        List<String> known = List.of("temperature", "top_k", "stop");
        assertEquals("temperature", CloseMatch.of("temprature", known));
        assertEquals("temperature", CloseMatch.of("tepmeratuer", known));
        assertEquals("top_k", CloseMatch.of("topk", known));
        assertEquals("stop", CloseMatch.of("stpo", known));
        assertNull(CloseMatch.of("tmprtr", known));
        assertNull(CloseMatch.of("so", known));
        assertNull(CloseMatch.of("temperature".repeat(100), known));
    }

    @Test
    void aNameFromElsewhereIsTold() {
        List<String> generation = List.of("max_tokens", "stop", "top_p", "repeat_penalty", "presence_penalty", "n_ctx");
        Map<String, String> meant = Map.of(
                "maxTokens", "max_tokens",
                "num_predict", "max_tokens",
                "stopSequences", "stop",
                "topP", "top_p",
                "repetition_penalty", "repeat_penalty",
                "presencePenalty", "presence_penalty",
                "maxContextLen", "n_ctx",
                "--ctx-size", "n_ctx",
                "-c", "n_ctx",
                "stopSequence", "stop");
        meant.forEach((name, here) -> assertEquals(here, CloseMatch.of(name, generation), name));
        assertEquals("path", CloseMatch.of("modelPath", List.of("path", "id")));
        assertEquals("model", CloseMatch.of("modelPath", List.of("model", "id")));
        assertNull(CloseMatch.of("ngl", generation), "nothing of the kind is known here");
    }

    /** What a name leads to is taken somewhere, so that nobody is sent to what does not exist. */
    @Test
    void whatNamesFromElsewhereLeadToExists() throws IOException {
        JsonNode names = new ObjectMapper()
                .readTree(InputTable.root().resolve("priv/names.json").toFile())
                .path("names");
        assertTrue(names.size() > 100, () -> "only " + names.size());
        Set<String> known = new InputTable().keys();
        // Of the service and its command line, which are no inputs.
        known.addAll(Set.of("model", "node_name", "bridge", "log_file"));
        names.forEach(meant -> meant.forEach(name -> assertTrue(known.contains(name.asText()), name.asText())));
    }

    private static void assertInvalid(String start, OtpErlangObject config) {
        OtpErlangTuple request = new OtpErlangTuple(new OtpErlangObject[] {atom("create_session"), config});
        FailureException e = assertThrows(FailureException.class, () -> RequestDecoder.decode(request));
        assertEquals(ErrorCode.INVALID_ARGUMENT, e.failure().code());
        assertTrue(e.failure().message().startsWith(start), e.failure().message());
    }

    private static OtpErlangAtom atom(String name) {
        return new OtpErlangAtom(name.length() > 255 ? name.substring(0, 255) : name);
    }

    private static OtpErlangBinary text(String text) {
        return new OtpErlangBinary(text.getBytes(StandardCharsets.UTF_8));
    }

    private static OtpErlangMap map(Object... entries) {
        return new OtpErlangMap(
                IntStream.range(0, entries.length / 2)
                        .mapToObj(i -> atom((String) entries[2 * i]))
                        .toArray(OtpErlangObject[]::new),
                IntStream.range(0, entries.length / 2)
                        .mapToObj(i -> (OtpErlangObject) entries[2 * i + 1])
                        .toArray(OtpErlangObject[]::new));
    }
}
