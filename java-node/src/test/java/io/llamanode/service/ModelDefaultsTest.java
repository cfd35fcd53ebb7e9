package io.llamanode.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Given;
import io.llamanode.service.contract.NodeStatus;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.ModelDefaults;
import io.llamanode.service.contract.model.NodeConfig;
import io.llamanode.service.contract.task.ChatOptions;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.OutputFormat;
import io.llamanode.service.contract.task.Prompt;
import io.llamanode.service.contract.task.SessionConfig;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.model.FakeLoadedModel;
import io.llamanode.service.model.LoadedModel;
import io.llamanode.service.model.ModelLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What holds where a task does not say: its session's, its model's, the node's, the file's, the built-in. */
class ModelDefaultsTest {
    private record Process(String name) implements Owner {}

    private final Process me = new Process("me");
    private final List<ModelConfig> loads = new ArrayList<>();
    private GenerationOptions ofFile = GenerationOptions.NONE;
    private FakeLoadedModel model;
    private LlamaService service;

    @AfterEach
    void close() {
        service.close();
    }

    private static ModelConfig config(Integer nCtx, Integer nParallel, ModelDefaults defaults) {
        return Given.model("path", Path.of("fake.gguf"), "nCtx", nCtx, "nParallel", nParallel, "defaults", defaults);
    }

    private static ModelDefaults options(Object... pairs) {
        return new ModelDefaults(Given.options(pairs), ChatOptions.NONE, null);
    }

    private Answer<Void> load(ModelConfig ofNode, ModelConfig own) {
        service = new LlamaService(
                new NodeConfig(List.of(), 60_000, 10, 10, 100, 100, ofNode, null, List.of()),
                new ModelLoader() {
                    @Override
                    public LoadedModel load(ModelConfig config, LoadProgress progress) {
                        loads.add(config);
                        model = new FakeLoadedModel("fake", 2, 8);
                        model.sampling = ofFile;
                        return model;
                    }

                    @Override
                    public Preview preview(ModelConfig config) {
                        throw new UnsupportedOperationException();
                    }

                    @Override
                    public NodeStatus.Library library() {
                        return new NodeStatus.Library("fake", "0", "");
                    }
                },
                (owner, down) -> () -> {});
        Answer<Void> loaded = new Answer<>();
        service.loadModel(me, own, fraction -> {}, loaded);
        return loaded;
    }

    /** {@return tokens of the answer, which is as long as nobody limits it} */
    private int completion(GenerationOptions ofSession, GenerationOptions ofTask) {
        long session = service.sessions().create(me, new SessionConfig(null, null, ofSession));
        Answer<Long> created = new Answer<>();
        service.createTask(me, session, new TaskInput.Completion(null, new Prompt.Text("a"), true, ofTask), created);
        Answer<io.llamanode.service.contract.task.TaskResult> result = new Answer<>();
        service.getResult(me, created.value(), 30_000, result);
        return result.value().usage().completionTokens();
    }

    @Test
    void whatANodeIsConfiguredWithHoldsForAModelThatIsLoadedLater() {
        load(config(128, 2, options("temperature", 0.5f)), config(64, null, options("topK", 3)))
                .value();
        ModelConfig loaded = loads.getFirst();
        assertEquals(64, loaded.nCtx(), "its own");
        assertEquals(2, loaded.nParallel(), "the node's");
        assertEquals(0.5f, loaded.taskDefaults().options().temperature());
        assertEquals(3, loaded.taskDefaults().options().topK());
    }

    @Test
    void theNearestOneThatSaysAnythingCounts() {
        ofFile = Given.options("temperature", 0.1f, "topK", 11, "topP", 0.12f, "minP", 0.13f);
        load(
                        config(null, null, options("temperature", 0.2f, "topK", 21, "topP", 0.22f)),
                        config(null, null, options("temperature", 0.3f, "topK", 31)))
                .value();
        GenerationOptions complete =
                service.sessions().temporary(me, null).config.defaults();
        assertEquals(0.3f, complete.temperature(), "the model's own");
        assertEquals(31, complete.topK());
        assertEquals(0.22f, complete.topP(), "the node's");
        assertEquals(0.13f, complete.minP(), "the file's");
    }

    @Test
    void fieldsOfServersAreRefusedWhenTheNodeLoadsTheModelItself() {
        assertEquals(
                ErrorCode.UNSUPPORTED,
                load(null, config(null, null, options("extra", Map.of("min_tokens", 5))))
                        .error());
    }

    @Test
    void aTaskAndItsSessionOutrankTheModel() {
        load(null, config(null, null, options("maxTokens", 3, "temperature", 0f)))
                .value();
        assertEquals(3, completion(GenerationOptions.NONE, GenerationOptions.NONE));
        assertEquals(2, completion(Given.options("maxTokens", 2), GenerationOptions.NONE));
        assertEquals(1, completion(Given.options("maxTokens", 2), Given.options("maxTokens", 1)));
    }

    @Test
    void aSystemPromptOfTheModelIsThatOfItsSessionsUnlessTheyHaveTheirOwn() {
        load(null, config(null, null, new ModelDefaults(GenerationOptions.NONE, ChatOptions.NONE, "Be brief.")))
                .value();
        long plain = service.sessions().create(me, new SessionConfig(null, null, GenerationOptions.NONE));
        long own = service.sessions().create(me, new SessionConfig(null, "Be long.", GenerationOptions.NONE));
        assertTrue(service.sessions().info(plain).systemPrompt());
        assertEquals("Be brief.", service.sessions().all().get(plain).config.systemPrompt());
        assertEquals("Be long.", service.sessions().all().get(own).config.systemPrompt());
        long fork = service.sessions().fork(me, plain);
        assertEquals("Be brief.", service.sessions().all().get(fork).config.systemPrompt());
    }

    @Test
    void stopTextsOfTheModelDoNotForbidJson() {
        load(null, config(null, null, options("stop", List.of("x")))).value();
        GenerationOptions json = Given.options("format", new OutputFormat.Json("json_schema", "{}"));
        Session session = service.sessions().temporary(me, null);
        TaskInput input = new TaskInput.Completion(null, new Prompt.Text("a"), true, json);
        assertEquals(List.of(), Admission.options(input, session).stop());
        TaskInput free = new TaskInput.Completion(null, new Prompt.Text("a"), true, GenerationOptions.NONE);
        assertEquals(List.of("x"), Admission.options(free, session).stop());
    }

    @Test
    void aLoadIsRefusedWhereEveryTaskWouldBe() {
        assertEquals(
                ErrorCode.INVALID_ARGUMENT,
                load(null, config(null, null, options("logitBias", Map.of(1_000_000, 1f))))
                        .error());
        assertTrue(model.model.closed, "nothing stays loaded");
        service.close();
        assertEquals(
                "tool_choice: there are no tools to call",
                load(
                                null,
                                config(
                                        null,
                                        null,
                                        new ModelDefaults(
                                                GenerationOptions.NONE,
                                                new ChatOptions(
                                                        null,
                                                        new io.llamanode.service.contract.task.ToolChoice.Required(),
                                                        null,
                                                        null,
                                                        null,
                                                        null),
                                                null)))
                        .message());
        service.close();
        assertEquals(
                "stop: could cut the JSON that the answer must be",
                load(
                                null,
                                config(
                                        null,
                                        null,
                                        options(
                                                "stop",
                                                List.of("x"),
                                                "format",
                                                new OutputFormat.Json("json_schema", "{}"))))
                        .message());
    }

    @Test
    void aComputationLargerThanABatchIsRefusedOnceBothAreKnown() {
        ModelConfig large =
                new ModelConfig(Path.of("fake.gguf"), null, null, null, null, 600, null, null, null, null, null);
        assertTrue(load(null, large).message().startsWith("n_ubatch: 600 is more than the 512"));
        service.close();
        ModelConfig ofNode = new ModelConfig(Path.of(""), null, null, null, 1024, null, null, null, null, null, null);
        load(ofNode, large).value();
    }
}
