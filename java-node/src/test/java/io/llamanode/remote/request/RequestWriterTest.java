package io.llamanode.remote.request;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.llamanode.remote.answer.Trees;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.task.AdapterScale;
import io.llamanode.service.contract.task.ChatOptions;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.OutputFormat;
import io.llamanode.service.contract.task.SamplerOptions;
import io.llamanode.service.contract.task.TemplateChoice;
import io.llamanode.service.contract.task.ToolChoice;
import java.lang.reflect.Constructor;
import java.lang.reflect.RecordComponent;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class RequestWriterTest {
    private static final List<Map<String, Object>> HELLO = List.of(Map.of("role", "user", "content", "Hello"));

    private static RequestWriter writer(ServerKind kind) {
        return new RequestWriter(kind, "m", Map.of("style", 3), 512);
    }

    /** Options that say nothing but this. */
    private static GenerationOptions options(Map<String, Object> given) {
        try {
            RecordComponent[] components = GenerationOptions.class.getRecordComponents();
            Object[] values = new Object[components.length];
            for (int i = 0; i < values.length; i++) {
                values[i] = given.get(components[i].getName());
            }
            Constructor<?> constructor = Stream.of(GenerationOptions.class.getConstructors())
                    .filter(each -> each.getParameterCount() == components.length)
                    .findFirst()
                    .orElseThrow();
            return (GenerationOptions) constructor.newInstance(values);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    private static Asked asked(Map<String, Object> given) {
        return asked(given, ChatOptions.NONE);
    }

    private static Asked asked(Map<String, Object> given, ChatOptions chat) {
        GenerationOptions options = options(given);
        return new Asked(options, options.orElse(options(Map.of("temperature", 0.8f, "topK", 40))), chat, Map.of());
    }

    private static Failure refused(ServerKind kind, Asked asked) {
        return assertThrows(FailureException.class, () -> {
                    if (kind == ServerKind.NATIVE) {
                        writer(kind).completion(asked, "x");
                    } else {
                        writer(kind).chat(asked, HELLO);
                    }
                })
                .failure();
    }

    @Test
    void aWindowOfTheWholeContextIsTheContextsSizeForALlamaServer() {
        JsonNode body = writer(ServerKind.LLAMA_SERVER).completion(asked(Map.of("repeatLastN", -1)), "x");
        assertEquals(512, body.path("repeat_last_n").asInt());
        JsonNode old = writer(ServerKind.NATIVE).completion(asked(Map.of("repeatLastN", -1)), "x");
        assertEquals(-1, old.path("repeat_last_n").asInt());
    }

    /** A server that was started with adapters applies them to a request that says nothing of them. */
    @Test
    void aLlamaServerIsToldThatNoAdaptersAreWanted() {
        JsonNode body = writer(ServerKind.LLAMA_SERVER).completion(asked(Map.of()), "x");
        assertEquals("[{\"id\":3,\"scale\":0.0}]", body.path("lora").toString());
        JsonNode withoutAny =
                new RequestWriter(ServerKind.LLAMA_SERVER, "m", Map.of(), 512).completion(asked(Map.of()), "x");
        assertFalse(withoutAny.has("lora"));
    }

    @Test
    void aLlamaServerGetsTheValuesInForce() {
        JsonNode body = writer(ServerKind.LLAMA_SERVER).chat(asked(Map.of("temperature", 0.1f)), HELLO);
        assertEquals(0.1, body.path("temperature").asDouble());
        assertEquals(40, body.path("top_k").asInt());
        assertEquals("m", body.path("model").asText());
    }

    @Test
    void anotherServerGetsWhatWasGiven() {
        JsonNode body = writer(ServerKind.OPENAI).chat(asked(Map.of("topP", 0.5f)), HELLO);
        assertEquals(0.5, body.path("top_p").asDouble());
        assertFalse(body.has("temperature") || body.has("top_k"));
    }

    @ParameterizedTest
    @CsvSource({
        "topK, top_k",
        "minP, min_p",
        "repeatLastN, repeat_last_n",
        "ignoreEos, ignore_eos",
        "nKeep, n_keep",
        "cachePrompt, cache_prompt"
    })
    void whatHasNoPlaceIsRefusedByItsKey(String component, String key) {
        Object value = component.endsWith("P")
                ? (Object) 0.1f
                : component.matches("ignoreEos|cachePrompt") ? (Object) false : (Object) 1;
        Failure failure = refused(ServerKind.OPENAI, asked(Map.of(component, value)));
        assertEquals(ErrorCode.UNSUPPORTED, failure.code());
        assertTrue(failure.message().startsWith(key + ":"), failure.message());
        assertTrue(failure.message().contains("OpenAI-compatible"), failure.message());
    }

    @Test
    void newerSamplersAreRefusedForOldServers() {
        SamplerOptions dry = new SamplerOptions(
                null, null, null, null, null, null, null, 0.8f, null, null, null, null, null, null, null);
        assertTrue(refused(ServerKind.NATIVE, asked(Map.of("samplers", dry)))
                .message()
                .startsWith("dry_multiplier:"));
    }

    @ParameterizedTest
    @EnumSource(ServerKind.class)
    void theNodesOwnOptionsAreNotSent(ServerKind kind) {
        Asked asked = asked(Map.of("timeoutMs", 5L, "priority", 3, "contextShift", true));
        JsonNode body = kind == ServerKind.NATIVE
                ? writer(kind).completion(asked, "x")
                : writer(kind).chat(asked, HELLO);
        assertFalse(body.toString().contains("priority") || body.toString().contains("shift") || body.has("timeout"));
    }

    @Test
    void biasesHaveTheFormOfTheServer() {
        Map<Integer, Float> biases = new LinkedHashMap<>();
        biases.put(5, 1.5f);
        biases.put(6, Float.NEGATIVE_INFINITY);
        Asked asked = asked(Map.of("logitBias", biases));
        assertEquals(
                "[[5,1.5],[6,false]]",
                writer(ServerKind.LLAMA_SERVER)
                        .chat(asked, HELLO)
                        .path("logit_bias")
                        .toString());
        assertEquals(
                "{\"5\":1.5,\"6\":-100}",
                writer(ServerKind.OPENAI).chat(asked, HELLO).path("logit_bias").toString());
    }

    @Test
    void formatsHaveTheFormOfTheServer() {
        Asked schema = asked(
                Map.of("format", new OutputFormat.Json("json_schema", "{\"type\":\"object\",\"required\":[\"a\"]}")));
        assertTrue(writer(ServerKind.LLAMA_SERVER).chat(schema, HELLO).has("json_schema"));
        assertEquals(
                "json_schema",
                writer(ServerKind.OPENAI)
                        .chat(schema, HELLO)
                        .path("response_format")
                        .path("type")
                        .asText());
        Failure failure = assertThrows(
                        FailureException.class, () -> writer(ServerKind.OPENAI).completions(schema, "x"))
                .failure();
        assertTrue(failure.message().startsWith("json_schema:"), failure.message());
        Asked grammar = asked(Map.of("format", new OutputFormat.Gbnf("root ::= \"a\"")));
        assertTrue(refused(ServerKind.OPENAI, grammar).message().startsWith("grammar:"));
    }

    @Test
    void seedsThatDoNotFitAreRefused() {
        assertTrue(refused(ServerKind.LLAMA_SERVER, asked(Map.of("seed", 1L << 40)))
                .message()
                .startsWith("seed:"));
        assertTrue(
                refused(ServerKind.OPENAI, asked(Map.of("seed", -1L))).message().startsWith("seed:"));
        assertEquals(
                7,
                writer(ServerKind.OPENAI)
                        .chat(asked(Map.of("seed", 7L)), HELLO)
                        .path("seed")
                        .asInt());
    }

    @Test
    void probabilitiesAreAskedForInTheServersWay() {
        Asked none = asked(Map.of("alternatives", 0));
        assertEquals(
                1,
                writer(ServerKind.LLAMA_SERVER)
                        .chat(none, HELLO)
                        .path("top_logprobs")
                        .asInt());
        assertEquals(
                0,
                writer(ServerKind.OPENAI).chat(none, HELLO).path("top_logprobs").asInt(-1));
        assertEquals(
                3,
                writer(ServerKind.OPENAI)
                        .completions(asked(Map.of("alternatives", 3)), "x")
                        .path("logprobs")
                        .asInt());
        assertFalse(writer(ServerKind.OPENAI)
                .chat(asked(Map.of("alternatives", -1)), HELLO)
                .has("logprobs"));
    }

    @Test
    void anUnlimitedAnswerHasNoLimitInTheRequest() {
        assertFalse(writer(ServerKind.OPENAI)
                .chat(asked(Map.of("maxTokens", -1)), HELLO)
                .has("max_tokens"));
        assertEquals(
                0,
                writer(ServerKind.OPENAI)
                        .chat(asked(Map.of("maxTokens", 0)), HELLO)
                        .path("max_tokens")
                        .asInt(-1));
    }

    @Test
    void adaptersAreThoseOfTheServer() {
        Asked style = asked(Map.of("lora", List.of(new AdapterScale("style", 0.5f))));
        assertEquals(
                "[{\"id\":3,\"scale\":0.5}]",
                writer(ServerKind.LLAMA_SERVER).chat(style, HELLO).path("lora").toString());
        assertTrue(refused(ServerKind.OPENAI, style).message().startsWith("lora:"));
        Asked other = asked(Map.of("lora", List.of(new AdapterScale("other", 1f))));
        assertEquals(
                ErrorCode.INVALID_ARGUMENT,
                refused(ServerKind.LLAMA_SERVER, other).code());
    }

    @Test
    void toolsAndTheirChoiceAreSentAndTemplatesAreNot() {
        List<Map<String, Object>> tools = List.of(Map.of("type", "function", "function", Map.of("name", "f")));
        ChatOptions chat = new ChatOptions(tools, new ToolChoice.Function("f"), true, null, null, null);
        JsonNode body = writer(ServerKind.OPENAI).chat(asked(Map.of(), chat), HELLO);
        assertEquals("f", body.path("tool_choice").path("function").path("name").asText());
        assertTrue(body.path("parallel_tool_calls").asBoolean());
        ChatOptions template = new ChatOptions(null, null, null, new TemplateChoice.Source("{{ x }}"), null, null);
        assertTrue(refused(ServerKind.LLAMA_SERVER, asked(Map.of(), template))
                .message()
                .startsWith("chat_template:"));
        ChatOptions thinking = new ChatOptions(null, null, null, null, null, false);
        assertFalse(writer(ServerKind.LLAMA_SERVER)
                .chat(asked(Map.of(), thinking), HELLO)
                .path("chat_template_kwargs")
                .path("enable_thinking")
                .asBoolean(true));
        assertTrue(
                refused(ServerKind.OPENAI, asked(Map.of(), thinking)).message().startsWith("enable_thinking:"));
    }

    @Test
    void argumentsOfEarlierCallsAreTexts() {
        Map<String, Object> call =
                Map.of("id", "c", "type", "function", "function", Map.of("name", "f", "arguments", Map.of("a", 1)));
        JsonNode body = writer(ServerKind.OPENAI)
                .chat(
                        asked(Map.of()),
                        List.of(Map.of("role", "assistant", "content", "", "tool_calls", List.of(call))));
        assertEquals(
                "{\"a\":1}",
                body.path("messages")
                        .path(0)
                        .path("tool_calls")
                        .path(0)
                        .path("function")
                        .path("arguments")
                        .asText());
    }

    @Test
    void extraFieldsPassButNotThoseOfTheNode() {
        Asked asked = new Asked(options(Map.of()), options(Map.of()), ChatOptions.NONE, Map.of("min_tokens", 5));
        assertEquals(
                5,
                writer(ServerKind.OPENAI).chat(asked, HELLO).path("min_tokens").asInt());
        Asked stolen = new Asked(options(Map.of()), options(Map.of()), ChatOptions.NONE, Map.of("stream", false));
        assertEquals(
                ErrorCode.INVALID_ARGUMENT, refused(ServerKind.OPENAI, stolen).code());
    }

    @Test
    void theBodyIsJson() {
        assertEquals('{', Trees.bytes(writer(ServerKind.OPENAI).chat(asked(Map.of()), HELLO))[0]);
    }
}
