package io.llamanode.protocol;

import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangRef;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llamanode.service.contract.PrefixSharing;
import io.llamanode.service.contract.model.AdapterConfig;
import io.llamanode.service.contract.model.FlashAttention;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.ModelDefaults;
import io.llamanode.service.contract.task.AdapterScale;
import io.llamanode.service.contract.task.ChatOptions;
import io.llamanode.service.contract.task.ChatTemplating;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.OutputFormat;
import io.llamanode.service.contract.task.Prompt;
import io.llamanode.service.contract.task.SamplerOptions;
import io.llamanode.service.contract.task.SessionConfig;
import io.llamanode.service.contract.task.StructureOptions;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.TemplateChoice;
import io.llamanode.service.contract.task.TokenText;
import io.llamanode.service.contract.task.ToolChoice;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Random requests within the ranges of docs/protocol.md, their bounds more often than chance would have it. */
final class RandomRequests {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MAX = Integer.MAX_VALUE;
    private static final long MAX_MS = 4_294_967_295L;
    private static final int[] CHARACTERS = "aZ_ 0{}[]\"\\\n'é漢😀".codePoints().toArray();

    private final Random random;

    RandomRequests(Random random) {
        this.random = random;
    }

    Request request() {
        return switch (random.nextInt(33)) {
            case 0 -> new Request.Ping();
            case 1 -> new Request.GetStatus();
            case 2 -> new Request.ListModels();
            case 3 -> new Request.ListAdapters();
            case 4 -> new Request.LoadModel(model(), random.nextBoolean() ? pid() : null);
            case 5 -> new Request.InspectModel(model());
            case 6 -> new Request.UnloadModel(name());
            case 7, 8 -> new Request.CreateSession(session());
            case 9 -> random.nextBoolean() ? new Request.CloseSession(id()) : new Request.UpdateSession(id(), change());
            case 10 -> new Request.GetSessionInfo(id());
            case 11 -> new Request.ForkSession(id());
            case 12 -> new Request.CheckpointSession(id());
            case 13 -> new Request.RewindSession(id(), random.nextBoolean() ? 0 : id());
            case 14 -> new Request.ClearCache(random.nextInt(3) == 0 ? 0 : id(), random.nextBoolean());
            case 15 -> new Request.LoadAdapter(new AdapterConfig(path(), maybe(this::name), maybe(this::name), flag()));
            case 16 -> new Request.UnloadAdapter(name(), maybe(this::name));
            case 17 -> new Request.EstimateTask(id(), task());
            case 18, 19 -> new Request.CreateTask(id(), task());
            case 20 -> new Request.StreamToCaller(id(), task(), delivery());
            case 21 -> new Request.Run(task());
            case 22 -> new Request.GetResult(id(), random.nextInt(4) == 0 ? -1 : milliseconds(0));
            case 23, 24 -> stream();
            case 25 -> new Request.Active(id(), demand());
            case 26 -> new Request.CancelTask(id());
            case 27 -> new Request.Tokenize(tokenText(), random.nextBoolean());
            case 28 -> new Request.CountTokens(tokenText());
            case 29 -> new Request.Detokenize(maybe(this::name), ids(0), random.nextBoolean());
            case 30 -> new Request.CheckSchema(schema());
            case 31 -> match();
            default -> new Request.ApplyTemplate(templating());
        };
    }

    private <T> T maybe(Supplier<T> value) {
        return random.nextInt(3) == 0 ? value.get() : null;
    }

    private <T> List<T> several(int least, int most, Supplier<T> value) {
        return Stream.generate(value)
                .limit(random.nextInt(least, most + 1))
                .collect(ArrayList::new, List::add, List::addAll);
    }

    private int integer(int min, int max) {
        return (int) integer((long) min, max);
    }

    private long integer(long min, long max) {
        return switch (random.nextInt(4)) {
            case 0 -> min;
            case 1 -> max;
            default -> min == max ? min : random.nextLong(min, max);
        };
    }

    private float real(double min, double max) {
        return switch (random.nextInt(5)) {
            case 0 -> (float) min;
            case 1 -> (float) max;
            case 2 -> (float) Math.rint(random.nextDouble(min, max)) + 0f; // An integer has no -0.
            default -> (float) random.nextDouble(min, max);
        };
    }

    private Integer integers(int min, int max) {
        return maybe(() -> integer(min, max));
    }

    private Float reals(double min, double max) {
        return maybe(() -> real(min, max));
    }

    private long id() {
        return integer(1, Long.MAX_VALUE);
    }

    private long milliseconds(long min) {
        return integer(min, MAX_MS);
    }

    private Boolean flag() {
        return maybe(random::nextBoolean);
    }

    private String text(int least, int most) {
        return random.ints(random.nextInt(least, most + 1), 0, CHARACTERS.length)
                .collect(StringBuilder::new, (text, i) -> text.appendCodePoint(CHARACTERS[i]), StringBuilder::append)
                .toString();
    }

    private String text() {
        return text(0, 12);
    }

    /** {@return a text that is not empty} */
    private String name() {
        return text(1, 8);
    }

    private Path path() {
        return Path.of("/models/" + name());
    }

    private OtpErlangPid pid() {
        return new OtpErlangPid("a@b", 1 + random.nextInt(1000), 0, 7);
    }

    private int[] ids(int least) {
        int bound = random.nextBoolean() ? 256 : MAX;
        return random.ints(random.nextInt(least, 6), 0, bound).toArray();
    }

    private ModelConfig model() {
        Integer batch = integers(1, 65_536);
        return new ModelConfig(
                path(),
                maybe(this::name),
                integers(1, MAX),
                integers(1, 64),
                batch,
                maybe(() -> integer(1, batch == null ? 65_536 : batch)),
                integers(1, 512),
                integers(1, 512),
                integers(0, 1_000_000),
                flag(),
                integers(-1, MAX),
                maybe(this::template),
                flag(),
                flag(),
                flag(),
                flag(),
                integers(0, MAX),
                maybe(() -> integer(0L, 0xffff_ffffL)),
                sharing(),
                reals(0, 1),
                maybe(() -> any(FlashAttention.values())),
                flag(),
                flag(),
                maybe(this::defaults),
                null);
    }

    private ModelDefaults defaults() {
        ChatOptions chat = chat();
        ModelDefaults defaults = new ModelDefaults(
                options(null),
                new ChatOptions(
                        chat.tools(),
                        chat.toolChoice(),
                        chat.parallelToolCalls(),
                        null,
                        chat.templateKwargs(),
                        chat.enableThinking()),
                maybe(this::text));
        return defaults.equals(ModelDefaults.NONE) ? null : defaults;
    }

    private PrefixSharing sharing() {
        return maybe(() -> PrefixSharing.values()[random.nextInt(3)]);
    }

    private SessionConfig session() {
        return new SessionConfig(maybe(this::name), maybe(this::text), options(), chat());
    }

    private SessionConfig change() {
        return new SessionConfig(null, maybe(this::text), options(), chat());
    }

    private Request.Stream stream() {
        Request.StreamEnd end =
                maybe(() -> new Request.StreamEnd(new OtpErlangRef(90, "a@b", new int[] {1, 2, 3}, 7), pid()));
        return new Request.Stream(id(), task(), pid(), end, delivery());
    }

    private Delivery delivery() {
        return new Delivery(maybe(this::demand), maybe(() -> integer(0L, 60_000)));
    }

    private Demand demand() {
        return switch (random.nextInt(4)) {
            case 0 -> new Demand.All();
            case 1 -> new Demand.None();
            case 2 -> new Demand.Once();
            default -> new Demand.More(integer(1, MAX));
        };
    }

    private TokenText tokenText() {
        return new TokenText(maybe(this::name), text(), random.nextBoolean(), random.nextBoolean());
    }

    private Long deadline() {
        return maybe(() -> random.nextInt(4) == 0 ? -1L : milliseconds(1));
    }

    private TaskInput task() {
        String model = maybe(this::name);
        return switch (random.nextInt(6)) {
            case 0 -> new TaskInput.Completion(model, prompt(true), random.nextBoolean(), options());
            case 1 ->
                new TaskInput.Infill(
                        model,
                        text(),
                        text(),
                        several(0, 2, () -> new TaskInput.Snippet(random.nextBoolean() ? "tmp" : text(), text())),
                        text(),
                        options());
            case 2 -> embedding(model);
            case 3 -> new TaskInput.Rerank(model, text(), several(1, 3, this::text), integers(0, MAX), deadline());
            default -> chatTask(model);
        };
    }

    private Prompt prompt(boolean special) {
        return switch (random.nextInt(special ? 3 : 2)) {
            case 0 -> new Prompt.Text(name());
            case 1 -> new Prompt.Tokens(ids(1));
            default -> new Prompt.Special(text());
        };
    }

    private TaskInput embedding(String model) {
        boolean single = random.nextBoolean();
        return new TaskInput.Embedding(
                model,
                random.nextBoolean(),
                single ? List.of(prompt(false)) : several(1, 3, () -> prompt(false)),
                single,
                random.nextBoolean(),
                maybe(() -> any(TaskInput.Pooling.values())),
                integers(-1, 100),
                any(TaskInput.Encoding.values()),
                deadline());
    }

    private <T> T any(T[] values) {
        return values[random.nextInt(values.length)];
    }

    private TaskInput chatTask(String model) {
        int kind = random.nextInt(3);
        return new TaskInput.Chat(
                model,
                kind == 0 ? messages() : null,
                kind == 1 ? text() : null,
                kind == 2 ? several(1, 2, this::result) : null,
                chat(),
                options());
    }

    private List<Map<String, Object>> messages() {
        return several(1, 4, this::message);
    }

    private Map<String, Object> message() {
        Map<String, Object> message = new LinkedHashMap<>();
        String role = any(new String[] {"system", "user", "assistant", "tool", "developer"});
        List<Map<String, Object>> calls = maybe(() -> several(0, 2, this::call));
        message.put("role", role);
        message.put("content", role.equals("assistant") && calls != null && random.nextBoolean() ? null : text());
        if (calls != null) {
            message.put("tool_calls", calls);
        }
        for (String key : List.of("name", "tool_call_id", "reasoning_content")) {
            if (random.nextInt(4) == 0) {
                message.put(key, text());
            }
        }
        return message;
    }

    private Map<String, Object> call() {
        Map<String, Object> call = new LinkedHashMap<>();
        if (random.nextBoolean()) {
            call.put("id", text());
        }
        call.put("type", "function");
        call.put("function", new LinkedHashMap<>(Map.of("name", toolName(), "arguments", object(2))));
        return call;
    }

    private Map<String, Object> result() {
        Map<String, Object> result =
                new LinkedHashMap<>(Map.of("role", "tool", "content", text(), "tool_call_id", name()));
        if (random.nextBoolean()) {
            result.put("name", text());
        }
        return result;
    }

    private String toolName() {
        return random.ints(random.nextInt(1, 65), 0, 8)
                .collect(StringBuilder::new, (text, i) -> text.append("azAZ09_-.".charAt(i)), StringBuilder::append)
                .toString();
    }

    private ChatOptions chat() {
        return new ChatOptions(
                maybe(this::tools),
                maybe(() -> switch (random.nextInt(4)) {
                    case 0 -> new ToolChoice.Auto();
                    case 1 -> new ToolChoice.None();
                    case 2 -> new ToolChoice.Required();
                    default -> new ToolChoice.Function(text());
                }),
                flag(),
                maybe(this::template),
                maybe(() -> object(2)),
                flag());
    }

    private List<Map<String, Object>> tools() {
        Map<String, Map<String, Object>> tools = new LinkedHashMap<>();
        for (int i = random.nextInt(3); i >= 0; i--) {
            Map<String, Object> parameters = object(1);
            parameters.put("type", "object");
            parameters.put("properties", random.nextBoolean() ? Map.of() : object(1));
            Map<String, Object> function = new LinkedHashMap<>();
            function.put("name", toolName());
            function.put("description", text());
            function.put("parameters", parameters);
            if (random.nextBoolean()) {
                function.put("strict", random.nextBoolean());
            }
            Map<String, Object> tool = new LinkedHashMap<>();
            tool.put("type", "function");
            tool.put("function", function);
            tools.put((String) function.get("name"), tool);
        }
        return List.copyOf(tools.values());
    }

    private TemplateChoice template() {
        return switch (random.nextInt(4)) {
            case 0 -> new TemplateChoice.Source(text() + "{{ a }}");
            case 1 -> new TemplateChoice.Source("{% a %}" + text());
            case 2 -> new TemplateChoice.Variant("v" + random.nextInt(10));
            default -> new TemplateChoice.Simple(name(), random.nextBoolean() ? "" : text(), "");
        };
    }

    private ChatTemplating templating() {
        return new ChatTemplating(
                maybe(this::name),
                messages(),
                random.nextBoolean() ? List.of() : tools(),
                maybe(this::template),
                object(2),
                random.nextBoolean(),
                random.nextBoolean());
    }

    /** {@return what a JSON document may hold} */
    Object tree(int depth) {
        return switch (random.nextInt(depth > 0 ? 8 : 6)) {
            case 0 -> random.nextLong() >> random.nextInt(64);
            case 1 -> BigInteger.TWO.pow(64 + random.nextInt(100));
            case 2 -> random.nextInt(-1000, 1000) / 8.0;
            case 3 -> random.nextBoolean();
            case 4 -> null;
            case 5 -> text();
            case 6 -> Collections.unmodifiableList(several(0, 3, () -> tree(depth - 1)));
            default -> object(depth - 1);
        };
    }

    private Map<String, Object> object(int depth) {
        Map<String, Object> object = new LinkedHashMap<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            object.put("k" + random.nextInt(100), tree(depth));
        }
        return object;
    }

    private GenerationOptions options() {
        return options(sharing());
    }

    private GenerationOptions options(PrefixSharing sharing) {
        boolean random = this.random.nextInt(8) == 0;
        return new GenerationOptions(
                integers(-1, MAX),
                reals(0, 100),
                integers(0, MAX),
                reals(0, 1),
                reals(0, 1),
                maybe(() -> Math.max(Float.MIN_VALUE, real(0, 100))),
                integers(-1, MAX),
                reals(-100, 100),
                reals(-100, 100),
                random ? null : maybe(this.random::nextLong),
                random ? Boolean.TRUE : null,
                maybe(this::biases),
                maybe(() -> several(0, 3, this::name)),
                flag(),
                integers(-1, MAX),
                flag(),
                flag(),
                deadline(),
                maybe(this::format),
                structure(),
                samplers(),
                integers(-100, 100),
                maybe(this::adapters),
                integers(-1, 100),
                sharing,
                null);
    }

    private Map<Integer, Float> biases() {
        Map<Integer, Float> biases = new LinkedHashMap<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            biases.put(integer(0, MAX), random.nextInt(3) == 0 ? Float.NEGATIVE_INFINITY : real(-1e6, 1e6));
        }
        return biases;
    }

    private List<AdapterScale> adapters() {
        Map<String, AdapterScale> adapters = new LinkedHashMap<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            String name = name();
            adapters.put(name, new AdapterScale(name, random.nextInt(3) == 0 ? 1 : real(-100, 100)));
        }
        return List.copyOf(adapters.values());
    }

    /** None is as good as nothing given. */
    private StructureOptions structure() {
        StructureOptions options = new StructureOptions(integers(-1, 1000), flag(), flag());
        return options.equals(StructureOptions.NONE) ? null : options;
    }

    private OutputFormat format() {
        return switch (random.nextInt(8)) {
            case 0 -> new OutputFormat.Free();
            case 1 -> new OutputFormat.Gbnf(name());
            case 6 -> new OutputFormat.Regex(name());
            case 7 -> new OutputFormat.Choice(several(1, 4, this::name));
            case 2 -> new OutputFormat.Json("response_format", "{\"type\":\"object\"}");
            case 3 -> new OutputFormat.Json("json_schema", schema());
            case 4 -> new OutputFormat.Json("response_format.schema", schema());
            default -> new OutputFormat.Json("response_format.json_schema.schema", schema());
        };
    }

    private Request match() {
        OutputFormat format = switch (random.nextInt(4)) {
            case 0 -> new OutputFormat.Gbnf(name());
            case 1 -> new OutputFormat.Regex(name());
            case 2 -> new OutputFormat.Choice(several(1, 3, this::name));
            default -> new OutputFormat.Json("json_schema", schema());
        };
        StructureOptions structure = new StructureOptions(integers(-1, 1000), flag(), null);
        return new Request.Match(format, structure.equals(StructureOptions.NONE) ? null : structure, text());
    }

    private String schema() {
        try {
            return JSON.writeValueAsString(object(2));
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }

    private SamplerOptions samplers() {
        if (random.nextBoolean()) {
            return null;
        }
        var options = new SamplerOptions(
                maybe(this::order),
                reals(0, 1),
                reals(-1, 100),
                reals(0, 100),
                reals(0, 100),
                reals(0, 1),
                reals(0, 1),
                reals(0, 100),
                reals(1, 100),
                integers(0, MAX),
                integers(-1, MAX),
                maybe(() -> several(0, 3, this::name)),
                integers(0, 2),
                reals(0, 100),
                reals(0, 100));
        return options.equals(SamplerOptions.NONE) ? null : options;
    }

    private List<SamplerOptions.Name> order() {
        List<SamplerOptions.Name> names = new ArrayList<>(Arrays.asList(SamplerOptions.Name.values()));
        Collections.shuffle(names, random);
        return names.subList(0, random.nextInt(names.size() + 1));
    }
}
