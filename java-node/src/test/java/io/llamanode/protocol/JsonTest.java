package io.llamanode.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.ericsson.otp.erlang.OtpErlangLong;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpOutputStream;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.task.ChatOptions;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.GenerationResult;
import io.llamanode.service.contract.task.Prompt;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.term.PlainTerms;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** JSON, what it holds as terms, and the requests and answers of peers that speak it. */
final class JsonTest {
    private final Random random = new Random(11);
    private final RandomRequests requests = new RandomRequests(random);

    @Test
    void whatIsWrittenAsJsonIsReadAgain() throws Exception {
        ObjectMapper writer = new ObjectMapper();
        for (int run = 0; run < 1000; run++) {
            Object tree = requests.tree(4);
            assertEquals(tree, JsonReader.parse("text", writer.writeValueAsString(tree)));
        }
    }

    @Test
    void aTermOfATreeIsReadAsTheTree() throws Exception {
        for (int run = 0; run < 1000; run++) {
            Object tree = requests.tree(4);
            OtpErlangObject term = PlainTerms.of(tree);
            assertEquals(tree, Plain.of(InputValue.root("value", term)));
            byte[] bytes = new OtpOutputStream(term).toByteArray();
            assertEquals(tree, Plain.of(InputValue.root("value", Vectors.decode(bytes))));
        }
    }

    @Test
    void orderIsKept() {
        Object tree = JsonReader.parse("text", "{\"b\": 1, \"a\": {\"d\": 2, \"c\": 3}}");
        assertEquals("{b=1, a={d=2, c=3}}", tree.toString());
    }

    static Stream<Arguments> faults() {
        return Stream.of(
                arguments("", "it is empty (line 1, column 1)"),
                arguments("  ", "it is empty (line 1, column 3)"),
                arguments("1 2", "something follows the value (line 1, column 4)"),
                arguments("{\"a\": 1, \"a\": 2}", "the key \"a\" is given twice (line 1, column 16)"),
                arguments("{\"a\": null, \"a\": 2}", "the key \"a\" is given twice (line 1, column 19)"),
                arguments("[1e999]", "a number is too large (line 1, column 7)"),
                arguments("[-1e999]", "a number is too large (line 1, column 8)"),
                arguments("[\"\\ud83d\"]", "a string holds half a surrogate pair (line 1, column 10)"),
                arguments("[".repeat(65) + "]".repeat(65), "it is nested more than 64 deep (line 1, column 66)"));
    }

    @ParameterizedTest(name = "{1}")
    @MethodSource("faults")
    void faultsAreToldWithTheirPlace(String text, String fault) {
        assertEquals("text is not valid JSON: " + fault, refusal(() -> JsonReader.parse("text", text)));
    }

    @Test
    void whatJacksonRefusesIsToldOnOneLineWithItsPlace() {
        String refusal = refusal(() -> JsonReader.parse("text", "{\n  \"a\": oops\n}"));
        assertEquals(true, refusal.matches("text is not valid JSON: [^\n:]+ \\(line 2, column \\d+\\)"), refusal);
    }

    private static String refusal(org.junit.jupiter.api.function.Executable executable) {
        return assertThrows(FailureException.class, executable).failure().message();
    }

    @Test
    void sixtyFourContainersMayStandWithinOneAnother() {
        String deepest = "[".repeat(64) + "]".repeat(64);
        assertEquals(deepest, JsonReader.parse("text", deepest).toString());
        String siblings = "[" + "[],".repeat(100) + "{}]";
        assertEquals(101, ((List<?>) JsonReader.parse("text", siblings)).size());
    }

    @Test
    void numbersOfNoTypeMayHave3000Bits() {
        BigInteger largest = BigInteger.TWO.pow(3000).subtract(BigInteger.ONE);
        assertEquals(largest, Plain.of(InputValue.root("value", new OtpErlangLong(largest))));
        assertEquals(
                "value must be a map, list, text, number, boolean or null, not a very large integer",
                refusal(() -> Plain.of(InputValue.root("value", new OtpErlangLong(BigInteger.TWO.pow(3000))))));
    }

    @Test
    void textThatIsNoObjectIsAPrompt() {
        assertEquals(
                new TaskInput.Completion(null, new Prompt.Text("Hi [1]"), true, GenerationOptions.NONE),
                JsonForm.task("Hi [1]", false));
        assertEquals("prompt must not be empty", refusal(() -> JsonForm.task("", false)));
    }

    @Test
    void anObjectIsAChatIfItHasMessagesOrContent() {
        Map<String, Object> message = new LinkedHashMap<>();
        message.put("role", "user");
        message.put("content", "Hi");
        assertEquals(
                new TaskInput.Chat(null, List.of(message), null, null, ChatOptions.NONE, GenerationOptions.NONE),
                JsonForm.task("{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}", false));
        assertEquals(
                new TaskInput.Chat(null, null, "Hi", null, ChatOptions.NONE, GenerationOptions.NONE),
                JsonForm.task("{\"content\": \"Hi\"}", false));
        assertEquals(
                new TaskInput.Completion("m", new Prompt.Text("Hi"), false, GenerationOptions.NONE),
                JsonForm.task("{\"prompt\": \"Hi\", \"model\": \"m\", \"add_special\": false}", false));
        assertEquals("prompt is required", refusal(() -> JsonForm.task("{}", false)));
    }

    @Test
    void anObjectMayOnlySayThatItStreamsWhereItIsStreamed() {
        assertEquals(
                new TaskInput.Completion(null, new Prompt.Text("Hi"), true, GenerationOptions.NONE),
                JsonForm.task("{\"prompt\": \"Hi\", \"stream\": false}", false));
        assertEquals(
                new TaskInput.Completion(null, new Prompt.Text("Hi"), true, GenerationOptions.NONE),
                JsonForm.task("{\"prompt\": \"Hi\", \"stream\": true}", true));
        assertEquals(
                "stream: is true, and INFER answers with the whole result; leave it out, or use INFER_STREAM",
                refusal(() -> JsonForm.task("{\"prompt\": \"Hi\", \"stream\": true}", false)));
        assertEquals(
                "stream: is false, and INFER_STREAM sends tokens; leave it out, or use INFER",
                refusal(() -> JsonForm.task("{\"prompt\": \"Hi\", \"stream\": false}", true)));
    }

    @Test
    void aModelIsAPathOrAnObjectWithOne() {
        assertEquals(ModelConfig.of(Path.of("/m.gguf")), JsonForm.model("/m.gguf"));
        ModelConfig config = JsonForm.model("{\"path\": \"/m.gguf\", \"n_ctx\": 8, \"id\": \"x\"}");
        assertEquals(Path.of("/m.gguf"), config.path());
        assertEquals(8, config.nCtx());
        assertEquals("x", config.id());
        assertNull(config.nBatch());
        assertEquals("path is required", refusal(() -> JsonForm.model("{\"n_ctx\": 8}")));
        assertEquals("unknown option 'pth' (did you mean 'path'?)", refusal(() -> JsonForm.model("{\"pth\": \"/m\"}")));
    }

    @Test
    void aResultIsToldWithTheKeysOfATerm() {
        Map<String, Object> result = JsonForm.result(new GenerationResult(
                5,
                "tiny",
                "Hi",
                GenerationResult.FinishReason.STOP,
                GenerationResult.StoppedBy.EOS,
                null,
                -1,
                new GenerationResult.Usage(12, 3, 4),
                new GenerationResult.Timings(0.25, 10.5, 30, 800, 100, 1_700_000_000_000L, 10.75)));
        assertEquals("Hi", result.get("content"));
        assertEquals("stop", result.get("finish_reason"));
        assertEquals(BigInteger.TWO.pow(64).subtract(BigInteger.ONE), result.get("seed"));
        assertEquals(
                Map.of("prompt_tokens", 12L, "completion_tokens", 3L, "total_tokens", 15L, "cached_tokens", 4L),
                result.get("usage"));
        assertEquals(false, result.containsKey("stop"));
    }
}
