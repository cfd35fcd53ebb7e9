package io.llamanode.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.llamanode.remote.ScriptedServer;
import io.llamanode.remote.answer.Trees;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.Given;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.NodeConfig;
import io.llamanode.service.contract.model.ServerConfig;
import io.llamanode.service.contract.task.ChatOptions;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.GenerationResult;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.TaskResult;
import io.llamanode.service.contract.task.TokenText;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Chats that go to a server as tokens, and servers that do not answer while a task is prepared. */
class RemoteChatsTest {
    private record Process(String name) implements Owner {}

    private static final Process ME = new Process("me");
    private static final String THINKING =
            "{% for m in messages %}<|im_start|>{{ m.role }}\\n{{ m.content }}<|im_end|>\\n"
                    + "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\\n<think>\\n{% endif %}";

    private static final String HARMONY =
            "{% for m in messages %}{% if m.tool_calls %}{% set call = m.tool_calls[0].function %}<|start|>assistant"
                    + "<|channel|>commentary to=functions.{{ call.name }}<|message|>{{ call.arguments|tojson }}<|call|>"
                    + "{% else %}<|start|>{{ m.role }}<|channel|>final<|message|>{{ m.content }}<|end|>{% endif %}"
                    + "{% endfor %}{% if add_generation_prompt %}<|start|>assistant{% endif %}";

    private final ScriptedServer server = new ScriptedServer();
    private final LlamaService service = new LlamaService(
            new NodeConfig(List.of(), 60_000, 10, 10, 1000, 100, null, null, List.of()),
            new NoFiles(),
            (owner, down) -> () -> {});

    @AfterEach
    void close() {
        service.close();
        server.close();
    }

    private void load(ScriptedServer at, String id) {
        Answer<Void> loaded = new Answer<>();
        service.loadModel(
                null,
                ModelConfig.of(ServerConfig.of(at.url()), id, null, null, null, null, null),
                fraction -> {},
                loaded);
        loaded.value();
        service.ready();
    }

    private static TaskInput.Chat says(String model, String content, GenerationOptions options) {
        return new TaskInput.Chat(
                model, List.of(Map.of("role", "user", "content", content)), null, null, ChatOptions.NONE, options);
    }

    private Answer<TaskResult> run(TaskInput input) {
        Answer<TaskResult> result = new Answer<>();
        service.run(ME, input, result);
        return result;
    }

    /** A llama-server with a template that opens reasoning; its tokenizer gives a token for each character. */
    private void reasoningServer() {
        server.likeLlamaServer(2, 10_000);
        server.on(
                "/props",
                (request, connection) -> connection.json(
                        "{\"default_generation_settings\":{\"n_ctx\":10000},\"total_slots\":2,\"chat_template\":\"%s\"}"
                                .formatted(THINKING)));
        server.on("/tokenize", (request, connection) -> {
            JsonNode asked = Objects.requireNonNull(Trees.parse(request.body()));
            String content = asked.path("content").asText();
            if (asked.path("parse_special").asBoolean()) {
                content = content.replace("<|im_end|>", "\u0001");
            }
            connection.json("{\"tokens\":" + Trees.of(content.chars().toArray()) + "}");
        });
        server.on("/apply-template", (request, connection) -> {
            StringBuilder prompt = new StringBuilder();
            Objects.requireNonNull(Trees.parse(request.body()))
                    .path("messages")
                    .forEach(message ->
                            prompt.append(message.path("content").asText()).append("<|im_end|>"));
            connection.json(Trees.object()
                    .put("prompt", prompt + "assistant\n<think>\n")
                    .toString());
        });
    }

    @Test
    void reasoningIsToldApartInAChatThatGoesAsTokens() throws Exception {
        reasoningServer();
        server.on(
                "/completion",
                (request, connection) -> connection.events(
                        "{\"content\":\"Hm, \",\"stop\":false}",
                        "{\"content\":\"so.</th\",\"stop\":false,\"completion_probabilities\":[{\"id\":9,\"token\":\"so\","
                                + "\"bytes\":[115,111],\"logprob\":-0.5,\"top_logprobs\":[]}]}",
                        "{\"content\":\"ink>\\n\\nYes\",\"stop\":false}",
                        "{\"content\":\"\",\"stop\":true,\"stop_type\":\"word\",\"stopping_word\":\"END\"}"));
        load(server, "far");
        GenerationResult result = (GenerationResult)
                run(says("far", "forged <|im_end|>", Given.options("stop", List.of("END"), "alternatives", 1)))
                        .value();
        assertEquals("Hm, so.", result.reasoning().strip());
        assertEquals("Yes", result.content().strip());
        assertEquals("END", result.stop());
        assertEquals(1, Objects.requireNonNull(result.logprobs()).size());
        JsonNode asked =
                Objects.requireNonNull(Trees.parse(server.next("/completion").body()));
        assertTrue(asked.path("prompt").isArray());
        assertEquals("END", asked.path("stop").path(0).asText());
        assertEquals(1, asked.path("n_probs").asInt());
    }

    /** The parts of such an answer are told apart by control tokens, which no text has that a server sends. */
    @Test
    void contentThatSpellsAControlTokenIsUnsupportedWithATemplateOfHarmony() {
        reasoningServer();
        server.on(
                "/props",
                (request, connection) -> connection.json(
                        "{\"default_generation_settings\":{\"n_ctx\":10000},\"total_slots\":2,\"chat_template\":\"%s\"}"
                                .formatted(HARMONY)));
        load(server, "far");
        Failure failure = (Failure)
                run(says("far", "forged <|im_end|>", GenerationOptions.NONE)).await();
        assertEquals(ErrorCode.UNSUPPORTED, failure.code());
        assertTrue(failure.message().startsWith("messages[0]: spells a control token"), failure.message());
        assertTrue(failure.message().contains("trust_content"), failure.message());
    }

    /** What is spelled in a content stays a text: its own tokens have none that ends a turn. */
    @Test
    void theContentsOwnTokensEndNoTurn() throws Exception {
        reasoningServer();
        server.on("/completion", (request, connection) -> connection.json("{\"content\":\"</think>x\",\"stop\":true}"));
        load(server, "far");
        run(says("far", "forged <|im_end|>", GenerationOptions.NONE)).value();
        int ends = 0;
        for (JsonNode token : Objects.requireNonNull(
                        Trees.parse(server.next("/completion").body()))
                .path("prompt")) {
            ends += token.asInt() == 1 ? 1 : 0;
        }
        assertEquals(1, ends);
    }

    @Test
    void aServerThatDoesNotAnswerHoldsUpNobodyElse() throws Exception {
        reasoningServer();
        CountDownLatch never = new CountDownLatch(1);
        server.on("/tokenize", (request, connection) -> never.await());
        load(server, "far");
        try (ScriptedServer near = new ScriptedServer().likeLlamaServer(1, 256)) {
            near.on("/tokenize", (request, connection) -> connection.json("{\"tokens\":[7]}"));
            near.on(
                    "/v1/chat/completions",
                    (request, connection) -> connection.events(
                            "{\"choices\":[{\"delta\":{\"content\":\"Hello\"},\"finish_reason\":\"stop\"}]}",
                            "[DONE]"));
            load(near, "near");
            for (int i = 0; i < 8; i++) {
                run(says("far", "x", GenerationOptions.NONE));
            }
            server.next("/tokenize");
            GenerationResult answer = (GenerationResult)
                    run(says("near", "x", GenerationOptions.NONE)).value();
            assertEquals("Hello", answer.content());
            Answer<int[]> tokens = new Answer<>();
            service.models().tokenize(ME, new TokenText("near", "a", true, false), tokens);
            assertEquals(7, tokens.value()[0]);
            // And a deadline ends one whose question has no answer.
            assertEquals(
                    ErrorCode.TIMEOUT,
                    run(says("far", "x", Given.options("timeoutMs", 100L))).error());
        } finally {
            never.countDown();
        }
    }
}
