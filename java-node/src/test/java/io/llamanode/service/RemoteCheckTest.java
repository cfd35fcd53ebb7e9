package io.llamanode.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
import io.llamanode.service.contract.task.GenerationResult.FinishReason;
import io.llamanode.service.contract.task.OutputFormat;
import io.llamanode.service.contract.task.StructureOptions;
import io.llamanode.service.contract.task.TaskEvent;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.TaskResult;
import io.llamanode.service.contract.task.ToolChoice;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Answers of a model that a server runs keep to what was asked for, or the task fails and says where they do not. */
class RemoteCheckTest {
    private record Process(String name) implements Owner {}

    private static final Process ME = new Process("me");
    private static final List<Map<String, Object>> ASKED = List.of(Map.of("role", "user", "content", "hi"));
    private static final String SCHEMA = "{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\"},"
            + "\"t\":{\"type\":\"string\"}},\"required\":[\"n\"],\"additionalProperties\":false}";

    private final ScriptedServer server = new ScriptedServer();
    private final LlamaService service = new LlamaService(
            new NodeConfig(List.of(), 60_000, 10, 10, 1000, 100, null, null, List.of()),
            new NoFiles(),
            (owner, down) -> () -> {});
    private final BlockingQueue<TaskEvent> events = new LinkedBlockingQueue<>();
    private String reason = "stop";

    @BeforeEach
    void load() {
        server.likeLlamaServer(2, 100);
        server.on("/tokenize", (request, connection) -> connection.json("{\"tokens\":[1]}"));
        Answer<Void> loaded = new Answer<>();
        service.loadModel(
                null,
                ModelConfig.of(ServerConfig.of(server.url()), null, null, null, null, null, null),
                fraction -> {},
                loaded);
        loaded.value();
        service.ready();
    }

    @AfterEach
    void close() {
        service.close();
        server.close();
    }

    private void writes(String delta) {
        server.on(
                "/v1/chat/completions",
                (request, connection) -> connection.events(
                        "{\"choices\":[{\"delta\":%s}]}".formatted(delta),
                        "{\"choices\":[{\"delta\":{},\"finish_reason\":\"%s\"}]}".formatted(reason),
                        "[DONE]"));
    }

    private static String content(String text) {
        return Trees.object().put("content", text).toString();
    }

    private Object asked(ChatOptions chat, GenerationOptions options) {
        Answer<TaskResult> result = new Answer<>();
        service.run(ME, new TaskInput.Chat(null, ASKED, null, null, chat, options), result);
        return result.await() instanceof Failure failure ? failure : result.value();
    }

    private Object asked(OutputFormat format, String text) {
        writes(content(text));
        return asked(ChatOptions.NONE, Given.options("format", format));
    }

    private Object json(String text) {
        return asked(new OutputFormat.Json("json_schema", SCHEMA), text);
    }

    private static void assertKept(Object outcome) {
        assertInstanceOf(GenerationResult.class, outcome, String.valueOf(outcome));
    }

    private void assertFails(String message, Object outcome) {
        Failure failure = assertInstanceOf(Failure.class, outcome);
        assertEquals(ErrorCode.INFERENCE_FAILED, failure.code());
        assertEquals(server.url() + ": " + message, failure.message());
    }

    @Test
    void anAnswerThatKeepsToItsSchemaIsTold() {
        assertKept(json("{\"n\":1,\"t\":\"a\"}"));
        assertKept(json("{\"t\":\"a\",\"n\":1}"));
        assertKept(json(" {\n  \"n\" : 12 }\n"));
        assertKept(json("{\"n\":1,\"t\":\"\\u00e9\\/\"}"));
    }

    @Test
    void anAnswerThatDoesNotKeepToItFailsAndNamesThePlace() {
        assertFails(
                "the answer does not keep to json_schema: at byte 5 (character 5) stands \"\"é\"}\", which can not come there",
                json("{\"n\":\"é\"}"));
        assertFails(
                "the answer does not keep to json_schema: at byte 0 (character 0) stands \"Sure! {\"n\":1}\", which can not"
                        + " come there",
                json("Sure! {\"n\":1}"));
        assertFails(
                "the answer does not keep to json_schema: it ends at byte 6 (character 6), where more must come",
                json("{\"n\":1"));
        assertFails(
                "the answer does not keep to json_schema: it ends at byte 0 (character 0), where more must come",
                json(""));
    }

    @Test
    void patternsAndChoicesAreCheckedToo() {
        assertKept(asked(new OutputFormat.Regex("a+b?"), "aab"));
        assertFails(
                "the answer does not keep to regex: at byte 1 (character 1) stands \"c\", which can not come there",
                asked(new OutputFormat.Regex("a+b?"), "ac"));
        assertKept(asked(new OutputFormat.Choice(List.of("yes", "no")), "no"));
        assertFails(
                "the answer does not keep to choice: it ends at byte 1 (character 1), where more must come",
                asked(new OutputFormat.Choice(List.of("yes", "no")), "n"));
    }

    @Test
    void whatOfASchemaIsNotHonouredFailsNothingWhereThatIsSaid() {
        OutputFormat format = new OutputFormat.Json(
                "json_schema", "{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"uniqueItems\":true}");
        StructureOptions lenient = new StructureOptions(null, true, null);
        writes(content("[\"a\",\"a\"]"));
        GenerationResult twice = assertInstanceOf(
                GenerationResult.class, asked(ChatOptions.NONE, Given.options("format", format, "structure", lenient)));
        assertEquals(
                "content is not valid by json_schema at #: uniqueItems: items 0 and 1 are equal",
                Objects.requireNonNull(twice.structure().check()).fault(twice.content()));
        writes(content("[1]"));
        assertInstanceOf(Failure.class, asked(ChatOptions.NONE, Given.options("format", format, "structure", lenient)));
    }

    @Test
    void placesCountBytesAndCharacters() {
        assertFails(
                "the answer does not keep to grammar: at byte 5 (character 2) stands \"x\", which can not come there",
                asked(new OutputFormat.Gbnf("root ::= \"😀\" \"a\" \"b\""), "😀ax"));
    }

    @Test
    void whatWasCutOffStaysSo() {
        reason = "length";
        GenerationResult result = assertInstanceOf(GenerationResult.class, json("{\"n\":"));
        assertEquals(FinishReason.LENGTH, result.finishReason());
    }

    @Test
    void aStopTextMayEndAnAnswerInTheMiddle() {
        writes(content("ab"));
        OutputFormat format = new OutputFormat.Gbnf("root ::= \"abc\"");
        assertKept(asked(ChatOptions.NONE, Given.options("format", format, "stop", List.of("c"))));
        writes(content("ax"));
        assertInstanceOf(Failure.class, asked(ChatOptions.NONE, Given.options("format", format, "stop", List.of("c"))));
    }

    @Test
    void onlyTheContentIsChecked() {
        writes("{\"reasoning_content\":\"hm\",\"content\":\"{\\\"n\\\":1}\"}");
        assertKept(asked(ChatOptions.NONE, Given.options("format", new OutputFormat.Json("json_schema", SCHEMA))));
    }

    /** The server holds all of the text to it, and takes the reasoning out afterwards. */
    @Test
    void aGrammarMayBeOfReasoningToo() {
        OutputFormat format = new OutputFormat.Gbnf("root ::= \"<think>hm</think>Yes.\"");
        writes("{\"reasoning_content\":\"hm\",\"content\":\"Yes.\"}");
        assertKept(asked(ChatOptions.NONE, Given.options("format", format)));
        writes(content("Yes."));
        assertInstanceOf(Failure.class, asked(ChatOptions.NONE, Given.options("format", format)));
    }

    @Test
    void whatWasStreamedStaysStreamed() throws InterruptedException {
        writes(content("{\"n\":x"));
        Answer<Long> created = new Answer<>();
        service.runStream(
                ME,
                new TaskInput.Chat(
                        null,
                        ASKED,
                        null,
                        null,
                        ChatOptions.NONE,
                        Given.options("format", new OutputFormat.Json("json_schema", SCHEMA))),
                (id, event) -> events.add(event),
                created);
        created.value();
        assertEquals(new TaskEvent.Chunk("{\"n\":x"), events.poll(30, TimeUnit.SECONDS));
        TaskEvent.Failed failed = assertInstanceOf(TaskEvent.Failed.class, events.poll(30, TimeUnit.SECONDS));
        assertTrue(
                failed.failure().message().contains("at byte 5 "),
                failed.failure().message());
    }

    @Test
    void whatNoAnswerCanBeCheckedByIsRefused() {
        writes(content("a"));
        for (OutputFormat format : List.of(
                new OutputFormat.Json("json_schema", "{\"type\":\"array\",\"uniqueItems\":true}"),
                new OutputFormat.Gbnf("root ::= (\"a\""))) {
            Failure failure = assertInstanceOf(Failure.class, asked(ChatOptions.NONE, Given.options("format", format)));
            assertEquals(ErrorCode.INVALID_ARGUMENT, failure.code(), failure.message());
            assertTrue(failure.message().startsWith(format.key() + ": "), failure.message());
        }
    }

    private static ChatOptions tools(ToolChoice choice, Boolean several) {
        List<Map<String, Object>> tools = List.of(tool("look"), tool("go"));
        return new ChatOptions(tools, choice, several, null, null, null);
    }

    private static Map<String, Object> tool(String name) {
        return Map.of(
                "type",
                "function",
                "function",
                Map.of(
                        "name",
                        name,
                        "parameters",
                        Map.of("type", "object", "properties", Map.of("n", Map.of("type", "integer")))));
    }

    private static String calls(String... calls) {
        StringBuilder all = new StringBuilder("{\"tool_calls\":[");
        for (int i = 0; i < calls.length; i += 2) {
            all.append(i == 0 ? "" : ",")
                    .append("{\"index\":%d,\"id\":\"c%d\",\"type\":\"function\",\"function\":".formatted(i / 2, i))
                    .append(Trees.object().put("name", calls[i]).put("arguments", calls[i + 1]))
                    .append("}");
        }
        return all + "]}";
    }

    private Object called(ChatOptions chat, String delta) {
        writes(delta);
        return asked(chat, GenerationOptions.NONE);
    }

    @Test
    void aRequiredCallIsThereAndFits() {
        ChatOptions required = tools(new ToolChoice.Required(), null);
        assertKept(called(required, calls("look", "{\"n\":1}")));
        assertKept(called(required, calls("look", "{}", "go", "{\"n\":1.0}")));
        assertFails("tool_choice requires a call, and the answer has none", called(required, content("No.")));
        assertFails("the answer calls \"fly\", which tool_choice does not allow", called(required, calls("fly", "{}")));
        assertFails(
                "the answer calls \"go\", which tool_choice does not allow",
                called(tools(new ToolChoice.Function("look"), null), calls("go", "{}")));
        assertFails(
                "parallel_tool_calls is false, and the answer has 2 calls",
                called(tools(new ToolChoice.Required(), false), calls("look", "{}", "go", "{}")));
        assertFails(
                "the arguments \"{\"n\":\"1\"}\" do not keep to the parameters of look: at byte 5 (character 5) stands"
                        + " \"\"1\"}\", which can not come there",
                called(required, calls("look", "{\"n\":\"1\"}")));
    }

    @Test
    void callsThatNeedNotBeThereAreNotChecked() {
        assertKept(called(tools(null, null), content("No.")));
        assertKept(called(tools(null, null), calls("fly", "{}")));
    }
}
