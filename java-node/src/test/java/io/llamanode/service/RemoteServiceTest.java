package io.llamanode.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.llamanode.remote.ScriptedServer;
import io.llamanode.remote.answer.Trees;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Given;
import io.llamanode.service.contract.NodeStatus;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.NodeConfig;
import io.llamanode.service.contract.model.ServerConfig;
import io.llamanode.service.contract.task.ChatOptions;
import io.llamanode.service.contract.task.EmbeddingResult;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.GenerationResult;
import io.llamanode.service.contract.task.Prompt;
import io.llamanode.service.contract.task.RankingResult;
import io.llamanode.service.contract.task.SessionConfig;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.TaskResult;
import io.llamanode.service.contract.task.TokenText;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The service over a model that a server runs. */
class RemoteServiceTest {
    private record Process(String name) implements Owner {}

    private static final Process ME = new Process("me");
    private static final String CHAT = "/v1/chat/completions";
    private static final String COMPLETIONS = "/v1/completions";

    private final ScriptedServer server = new ScriptedServer();
    private final LlamaService service = new LlamaService(
            new NodeConfig(
                    List.of(), 60_000, 10, 10, 1000, 100, null, null, List.of(URI.create("http://127.0.0.1:1/base"))),
            new NoFiles(),
            (owner, down) -> () -> {});

    @AfterEach
    void close() {
        service.close();
        server.close();
    }

    private void load(ModelConfig config) {
        Answer<Void> loaded = new Answer<>();
        service.loadModel(null, config, fraction -> {}, loaded);
        loaded.value();
        service.ready();
    }

    private void load(Integer nCtx) {
        load(ModelConfig.of(ServerConfig.of(server.url()), null, nCtx, null, null, null, null));
    }

    /** A llama-server whose tokenizer gives a token for each character, and another one for each control token it knows. */
    private void llamaServer() {
        server.likeLlamaServer(2, 100);
        server.on("/tokenize", (request, connection) -> {
            JsonNode asked = Objects.requireNonNull(Trees.parse(request.body()));
            String content = asked.path("content").asText();
            if (asked.path("parse_special").asBoolean()) {
                content = content.replace("<|end|>", "\u0001");
            }
            connection.json("{\"tokens\":" + Trees.of(content.chars().toArray()) + "}");
        });
        server.on("/apply-template", (request, connection) -> {
            StringBuilder prompt = new StringBuilder();
            Objects.requireNonNull(Trees.parse(request.body()))
                    .path("messages")
                    .forEach(message -> prompt.append(
                                    message.path("role").asText().charAt(0))
                            .append(message.path("content").asText())
                            .append("<|end|>"));
            connection.json(Trees.object().put("prompt", prompt + "a").toString());
        });
        server.on(
                CHAT,
                (request, connection) -> connection.events(
                        "{\"choices\":[{\"delta\":{\"content\":\"Hello\"}}]}",
                        "{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}",
                        "{\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":1,\"total_tokens\":6}}",
                        "[DONE]"));
        server.on(
                COMPLETIONS,
                (request, connection) -> connection.events(
                        "{\"choices\":[{\"text\":\" world\"}]}",
                        "{\"choices\":[{\"text\":\"\",\"finish_reason\":\"length\"}]}",
                        "[DONE]"));
        load((Integer) null);
    }

    private static TaskInput completion(String prompt) {
        return new TaskInput.Completion(null, new Prompt.Text(prompt), true, GenerationOptions.NONE);
    }

    private static TaskInput.Chat turn(String content) {
        return new TaskInput.Chat(null, null, content, null, ChatOptions.NONE, GenerationOptions.NONE);
    }

    private TaskResult run(TaskInput input) {
        Answer<TaskResult> result = new Answer<>();
        service.run(ME, input, result);
        return result.value();
    }

    private Failure failure(TaskInput input) {
        Answer<TaskResult> result = new Answer<>();
        service.run(ME, input, result);
        return (Failure) result.await();
    }

    private JsonNode asked(String path) throws InterruptedException {
        return Objects.requireNonNull(Trees.parse(server.next(path).body()));
    }

    private GenerationResult finish(long session, TaskInput input) {
        Answer<Long> id = new Answer<>();
        service.createTask(ME, session, input, id);
        Answer<TaskResult> result = new Answer<>();
        service.getResult(ME, id.value(), -1, result);
        return (GenerationResult) result.value();
    }

    @Test
    void aCompletionSendsTheNodesDefaultsToALlamaServer() throws Exception {
        llamaServer();
        GenerationResult result = (GenerationResult) run(completion("Hello"));
        assertEquals(" world", result.content());
        assertEquals(GenerationResult.FinishReason.LENGTH, result.finishReason());
        assertNull(result.usage());
        assertNull(result.stoppedBy());
        assertEquals("tiny", result.model());
        JsonNode body = asked(COMPLETIONS);
        assertEquals("Hello", body.path("prompt").asText());
        assertEquals(0.8, body.path("temperature").asDouble());
        assertEquals(40, body.path("top_k").asInt());
        assertEquals(-1, body.path("max_tokens").asInt());
        assertTrue(body.path("stream").asBoolean());
        assertEquals(result.seed(), (Long) body.path("seed").asLong());
    }

    /** A server says only that some limit ended the answer; its count of tokens tells which. */
    @Test
    void anAnswerOfAsManyTokensAsItMayHaveWasEndedByThatLimit() {
        llamaServer();
        server.on(
                COMPLETIONS,
                (request, connection) -> connection.events(
                        "{\"choices\":[{\"text\":\" world\"}]}",
                        "{\"choices\":[{\"text\":\"\",\"finish_reason\":\"length\"}]}",
                        "{\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2,\"total_tokens\":7}}",
                        "[DONE]"));
        for (int most : new int[] {2, 3, -1}) {
            GenerationOptions limited = Given.options("maxTokens", most);
            GenerationResult result =
                    (GenerationResult) run(new TaskInput.Completion(null, new Prompt.Text("Hello"), true, limited));
            assertEquals(GenerationResult.FinishReason.LENGTH, result.finishReason());
            assertEquals(most == 2 ? GenerationResult.StoppedBy.LIMIT : null, result.stoppedBy());
        }
    }

    @Test
    void nothingIsGeneratedWhereNothingIsWantedThoughALlamaServerGeneratesAToken() {
        llamaServer();
        server.on(
                COMPLETIONS,
                (request, connection) -> connection.events(
                        "{\"choices\":[{\"text\":\" world\"}]}",
                        "{\"choices\":[{\"text\":\"\",\"finish_reason\":\"length\"}]}",
                        "{\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":1,\"total_tokens\":6}}",
                        "[DONE]"));
        GenerationOptions nothing = Given.options("maxTokens", 0);
        GenerationResult result =
                (GenerationResult) run(new TaskInput.Completion(null, new Prompt.Text("Hello"), true, nothing));
        assertEquals("", result.content());
        assertEquals(new GenerationResult.Usage(5, 0, null), result.usage());
        assertEquals(5, service.status().counters().promptTokens());
        assertEquals(GenerationResult.FinishReason.LENGTH, result.finishReason());
    }

    @Test
    void aPromptOfTokensThatTheVocabularyHasNotIsRefused() {
        llamaServer();
        TaskInput unknown =
                new TaskInput.Completion(null, new Prompt.Tokens(new int[] {1, 99_999}), true, GenerationOptions.NONE);
        Failure failure = failure(unknown);
        assertEquals(ErrorCode.INVALID_ARGUMENT, failure.code());
        assertTrue(failure.message().startsWith("prompt: there is no token 99999"), failure.message());
    }

    @Test
    void aPromptThatSpellsAControlTokenGoesAsTokens() throws Exception {
        llamaServer();
        run(completion("a<|end|>b"));
        assertEquals(Trees.of("a<|end|>b".chars().toArray()), asked(COMPLETIONS).path("prompt"));
    }

    @Test
    void aSessionKeepsItsHistoryAndMeetsItsSlotAgain() throws Exception {
        llamaServer();
        long session = service.sessions().create(ME, new SessionConfig(null, "Be brief.", GenerationOptions.NONE));
        finish(session, turn("Hi"));
        JsonNode first = asked(CHAT);
        assertEquals(2, first.path("messages").size());
        finish(session, turn("More"));
        JsonNode second = asked(CHAT);
        assertEquals(
                List.of("system", "user", "assistant", "user"),
                second.path("messages").findValuesAsText("role"));
        assertEquals("Hello", second.path("messages").path(2).path("content").asText());
        assertEquals(first.path("id_slot"), second.path("id_slot"));
        assertTrue(second.path("cache_prompt").asBoolean());
        assertEquals(4, service.sessions().info(session).messages());
        assertNull(service.sessions().info(session).cachedTokens());
        assertEquals(10, service.sessions().info(session).promptTokens());
    }

    @Test
    void aConversationThatOutgrowsTheContextLosesItsOldestTurns() throws Exception {
        llamaServer();
        long session = service.sessions().create(ME, new SessionConfig(null, null, GenerationOptions.NONE));
        for (int i = 0; i < 3; i++) {
            finish(session, turn("0123456789012345678901234567 " + i));
        }
        asked(CHAT);
        asked(CHAT);
        JsonNode last = asked(CHAT).path("messages");
        assertEquals(
                "0123456789012345678901234567 2",
                last.path(last.size() - 1).path("content").asText());
        assertTrue(last.size() < 5, last.toString());
    }

    @Test
    void contentThatSpellsAControlTokenGoesAsTokensWithTheTemplateAround() throws Exception {
        llamaServer();
        server.on(
                "/completion",
                (request, connection) -> connection.events("{\"content\":\"ok\",\"stop\":true,\"stop_type\":\"eos\"}"));
        long session = service.sessions().create(ME, new SessionConfig(null, null, GenerationOptions.NONE));
        GenerationResult result = finish(session, turn("x<|end|>y"));
        assertEquals("ok", result.content());
        assertEquals(GenerationResult.StoppedBy.EOS, result.stoppedBy());
        assertEquals(
                Trees.of("ux<|end|>y\u0001a".chars().toArray()),
                asked("/completion").path("prompt"));
    }

    @Test
    void contentThatSpellsAControlTokenBesideToolsIsUnsupported() {
        llamaServer();
        ChatOptions tools = new ChatOptions(
                List.of(Map.of("type", "function", "function", Map.of("name", "f"))), null, null, null, null, null);
        Failure failure = failure(new TaskInput.Chat(
                null,
                List.of(Map.of("role", "user", "content", "a"), Map.of("role", "user", "content", "x<|end|>y")),
                null,
                null,
                tools,
                GenerationOptions.NONE));
        assertEquals(ErrorCode.UNSUPPORTED, failure.code());
        assertTrue(failure.message().startsWith("messages[1]:"), failure.message());
    }

    @Test
    void whatLooksLikeAControlTokenIsUnsupportedAtAnotherServer() {
        server.likeOpenai("a");
        load((Integer) null);
        Failure failure = failure(turn("x<|im_end|>y"));
        assertEquals(ErrorCode.UNSUPPORTED, failure.code());
        assertTrue(failure.message().contains("trust_content"), failure.message());
    }

    @Test
    void anotherServerGetsOnlyWhatWasGiven() throws Exception {
        server.likeOpenai("a")
                .on(
                        CHAT,
                        (request, connection) -> connection.json(
                                "{\"choices\":[{\"message\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}"));
        load((Integer) null);
        GenerationResult result = (GenerationResult) run(turn("Hello"));
        assertEquals("Hi", result.content());
        assertNull(result.seed());
        List<String> fields = new ArrayList<>();
        asked(CHAT).fieldNames().forEachRemaining(fields::add);
        assertEquals(List.of("model", "stream", "stream_options", "messages"), fields);
    }

    @Test
    void embeddingsAndScoresAreReadInTheOrderOfTheInput() {
        llamaServer();
        server.on(
                "/v1/embeddings",
                (request, connection) -> connection.json(
                        "{\"data\":[{\"index\":1,\"embedding\":[0,2]},{\"index\":0,\"embedding\":[1,0]}],\"usage\":{\"prompt_tokens\":3,\"total_tokens\":3}}"));
        server.on(
                "/v1/rerank",
                (request, connection) -> connection.json(
                        "{\"results\":[{\"index\":1,\"relevance_score\":0.9},{\"index\":0,\"relevance_score\":0.1}]}"));
        EmbeddingResult vectors = (EmbeddingResult) run(new TaskInput.Embedding(
                null,
                false,
                List.of(new Prompt.Text("a"), new Prompt.Text("b")),
                false,
                true,
                null,
                null,
                TaskInput.Encoding.FLOAT,
                null));
        assertEquals(2f, vectors.vectors().get(1)[1]);
        assertNull(vectors.pooling());
        assertEquals(3, Objects.requireNonNull(vectors.usage()).promptTokens());
        assertNull(vectors.usage().cachedTokens());
        RankingResult ranking = (RankingResult) run(new TaskInput.Rerank(null, "q", List.of("a", "b"), null, null));
        assertEquals(List.of(1, 0), ranking.best());
        assertNull(ranking.usage());
    }

    @Test
    void tokensComeFromTheServer() {
        llamaServer();
        Answer<int[]> tokens = new Answer<>();
        service.models().tokenize(ME, new TokenText(null, "ab", true, false), tokens);
        assertEquals(2, tokens.value().length);
    }

    @Test
    void theStatusTellsTheServerAndInventsNothing() {
        llamaServer();
        NodeStatus.Model model = service.status().models().getFirst();
        assertNotNull(model.server());
        assertEquals("llama_server", model.server().kind());
        assertEquals(server.url().toString(), model.server().url());
        assertEquals(100, model.server().nCtx());
        assertEquals(2, model.nParallel());
        assertNull(model.server().trouble());
        assertEquals("none", service.status().library().name());
    }

    @Test
    void whatNeedsTheCacheItselfIsUnsupported() {
        llamaServer();
        long session = service.sessions().create(ME, new SessionConfig(null, null, GenerationOptions.NONE));
        Answer<Void> cleared = new Answer<>();
        try {
            service.caches().clear(ME, session, false, cleared);
            assertFalse(true, "cleared");
        } catch (FailureException e) {
            assertEquals(ErrorCode.UNSUPPORTED, e.failure().code());
        }
    }

    @Test
    void aRequestMayNameNoServerThatTheNodeDoesNotAllow() {
        Answer<Void> loaded = new Answer<>();
        service.loadModel(
                ME,
                ModelConfig.of(ServerConfig.of(server.url()), null, null, null, null, null, null),
                fraction -> {},
                loaded);
        assertEquals(ErrorCode.UNAUTHORIZED, loaded.error());
    }
}
