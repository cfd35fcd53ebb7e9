package io.llamanode.protocol;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangLong;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangTuple;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llamanode.protocol.Spelling.Ids;
import io.llamanode.protocol.Spelling.Ordered;
import io.llamanode.protocol.Spelling.Plainly;
import io.llamanode.service.contract.PrefixSharing;
import io.llamanode.service.contract.model.AdapterConfig;
import io.llamanode.service.contract.model.ModelConfig;
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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/** Writes requests as clients may by docs/protocol.md, sections 1 and 2: each time in one of the many ways there are. */
final class RequestWriter {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Random random;
    private final Spelling spelling;

    RequestWriter(Random random) {
        this.random = random;
        this.spelling = new Spelling(random);
    }

    /** {@return a term that stands for the request} */
    OtpErlangObject write(Request request) {
        return switch (request) {
            case Request.Ping() -> new OtpErlangAtom("ping");
            case Request.GetStatus() -> new OtpErlangAtom("get_status");
            case Request.ListModels() -> new OtpErlangAtom("list_models");
            case Request.ListAdapters() -> new OtpErlangAtom("list_adapters");
            case Request.LoadModel(ModelConfig config, var progress) ->
                call("load_model", spelling.text(config.path().toString()), model(config, progress));
            case Request.InspectModel(ModelConfig config) ->
                call("inspect_model", spelling.text(config.path().toString()), model(config, null));
            case Request.UnloadModel(String id) -> call("unload_model", spelling.text(id));
            case Request.CreateSession(SessionConfig config) -> call("create_session", spelling.whole(session(config)));
            case Request.UpdateSession(long id, SessionConfig change) ->
                call("update_session", id(id), spelling.whole(session(change)));
            case Request.CloseSession(long id) -> call("close_session", id(id));
            case Request.GetSessionInfo(long id) -> call("get_session_info", id(id));
            case Request.ForkSession(long id) -> call("fork_session", id(id));
            case Request.CheckpointSession(long id) -> call("checkpoint_session", id(id));
            case Request.RewindSession(long id, long checkpoint) ->
                call("rewind_session", id(id), checkpoint == 0 ? spelling.text("start") : id(checkpoint));
            case Request.ClearCache(long id, boolean keep) ->
                call(
                        "clear_cache",
                        id == 0 ? spelling.text("all") : id(id),
                        spelling.text(keep ? "all_but_system_prompt" : "all"));
            case Request.LoadAdapter(AdapterConfig config) -> {
                Map<String, Object> fields = new LinkedHashMap<>();
                put(fields, "id", config.id());
                put(fields, "model", config.model());
                put(fields, "probe", config.probe());
                yield call("load_adapter", spelling.text(config.path().toString()), spelling.whole(fields));
            }
            case Request.UnloadAdapter(String id, String model) -> {
                Map<String, Object> fields = new LinkedHashMap<>();
                put(fields, "model", model);
                yield call("unload_adapter", spelling.text(id), spelling.whole(fields));
            }
            case Request.EstimateTask(long id, TaskInput input) ->
                call("estimate_task", id(id), type(input), spelling.whole(task(input)));
            case Request.CreateTask(long id, TaskInput input) ->
                call("create_task", id(id), type(input), spelling.whole(task(input)));
            case Request.StreamToCaller(long id, TaskInput input, Delivery delivery) -> {
                Map<String, Object> fields = delivered(input, delivery);
                fields.put("stream", true);
                yield call("create_task", id(id), type(input), spelling.whole(fields));
            }
            case Request.Run(TaskInput input) -> call("run", type(input), spelling.whole(task(input)));
            case Request.GetResult(long id, long timeout) ->
                call("get_result", id(id), timeout < 0 ? new OtpErlangAtom("infinity") : id(timeout));
            case Request.Stream stream -> stream(stream);
            case Request.Active(long id, Demand demand) -> call("active", id(id), spelling.term(demand(demand)));
            case Request.CancelTask(long id) -> call("cancel_task", id(id));
            case Request.Tokenize(TokenText text, boolean withPieces) -> call("tokenize", tokens(text, withPieces));
            case Request.CountTokens(TokenText text) -> call("count_tokens", tokens(text, false));
            case Request.Detokenize(String model, int[] tokens, boolean special) -> {
                if (model == null && !special && random.nextBoolean()) {
                    yield call("detokenize", spelling.ids(tokens));
                }
                Map<String, Object> fields = new LinkedHashMap<>();
                put(fields, "model", model);
                fields.put("tokens", new Ids(tokens, false));
                flag(fields, "special", special, false);
                yield call("detokenize", spelling.whole(fields));
            }
            case Request.ApplyTemplate(ChatTemplating templating) ->
                call("apply_template", spelling.whole(templating(templating)));
            case Request.Match(OutputFormat format, StructureOptions structure, String text) -> {
                Map<String, Object> fields = new LinkedHashMap<>();
                format(fields, format);
                schema(fields, structure == null ? StructureOptions.NONE : structure);
                yield call("match", spelling.whole(fields), spelling.text(text));
            }
            case Request.CheckSchema(String schema) ->
                call("check_schema", spelling.term(random.nextBoolean() ? schema : Ordered.of(schema)));
        };
    }

    private static OtpErlangObject call(String name, OtpErlangObject... arguments) {
        OtpErlangObject[] elements = new OtpErlangObject[arguments.length + 1];
        elements[0] = new OtpErlangAtom(name);
        System.arraycopy(arguments, 0, elements, 1, arguments.length);
        return new OtpErlangTuple(elements);
    }

    private static OtpErlangObject id(long number) {
        return new OtpErlangLong(number);
    }

    /** What is not given is left out, or said not to be given. */
    private void put(Map<String, Object> fields, String key, Object value) {
        if (value != null || random.nextInt(30) == 0) {
            fields.put(key, value);
        }
    }

    private void flag(Map<String, Object> fields, String key, boolean value, boolean otherwise) {
        if (value != otherwise || random.nextBoolean()) {
            fields.put(key, value);
        }
    }

    private String either(String... names) {
        return names[random.nextInt(names.length)];
    }

    private OtpErlangObject model(ModelConfig config, OtpErlangObject progress) {
        Map<String, Object> fields = new LinkedHashMap<>();
        put(fields, "id", config.id());
        put(fields, "n_ctx", config.nCtx());
        put(fields, "n_parallel", config.nParallel());
        put(fields, "n_batch", config.nBatch());
        put(fields, "n_ubatch", config.nUbatch());
        put(fields, "n_threads", config.nThreads());
        put(fields, "n_threads_batch", config.nThreadsBatch());
        put(fields, "max_queue", config.maxQueue());
        put(fields, "use_mmap", config.useMmap());
        put(fields, "n_gpu_layers", config.nGpuLayers());
        if (config.defaults() != null) {
            put(fields, "system_prompt", config.defaults().systemPrompt());
            options(fields, config.defaults().options());
            chat(fields, config.defaults().chat());
        }
        put(fields, "chat_template", template(config.chatTemplate()));
        put(fields, "vocab_only", config.vocabOnly());
        put(fields, "check_tensors", config.checkTensors());
        put(fields, "probe", config.probe());
        put(fields, "default", config.asDefault());
        put(fields, "slot_tokens", config.slotTokens());
        put(fields, "slot_ms", config.slotMs());
        put(fields, "share_prefixes", wire(config.sharePrefixes()));
        put(fields, "slot_prompt_similarity", config.slotPromptSimilarity());
        put(
                fields,
                "flash_attn",
                switch (config.flashAttn()) {
                    case null -> null;
                    case AUTO -> "auto";
                    case ON -> true;
                    case OFF -> false;
                });
        put(fields, "cont_batching", config.contBatching());
        put(fields, "stand_in", config.standIn());
        if (progress != null) {
            fields.put("progress", progress);
        }
        return spelling.whole(fields);
    }

    private Map<String, Object> session(SessionConfig config) {
        Map<String, Object> fields = new LinkedHashMap<>();
        if (config.model() != null) {
            fields.put("model", config.model());
        }
        put(fields, "system_prompt", config.systemPrompt());
        options(fields, config.defaults());
        chat(fields, config.chat());
        return fields;
    }

    private OtpErlangObject type(TaskInput input) {
        return spelling.text(input.getClass().getSimpleName().toLowerCase(Locale.ROOT));
    }

    private Map<String, Object> delivered(TaskInput input, Delivery delivery) {
        Map<String, Object> fields = task(input);
        put(fields, "active", delivery.active() == null ? null : demand(delivery.active()));
        put(fields, "coalesce_ms", delivery.coalesceMs());
        return fields;
    }

    private OtpErlangObject stream(Request.Stream stream) {
        Map<String, Object> fields = delivered(stream.input(), stream.delivery());
        put(fields, "stream", random.nextBoolean() ? true : null);
        OtpErlangObject sink = stream.end() == null
                ? stream.sink()
                : new OtpErlangTuple(new OtpErlangObject[] {
                    stream.sink(), stream.end().alias(), stream.end().watcher()
                });
        return call("stream", id(stream.sessionId()), type(stream.input()), spelling.whole(fields), sink);
    }

    private static Object demand(Demand demand) {
        return switch (demand) {
            case Demand.All() -> true;
            case Demand.None() -> false;
            case Demand.Once() -> "once";
            case Demand.More(int events) -> events;
        };
    }

    private Map<String, Object> task(TaskInput input) {
        Map<String, Object> fields = new LinkedHashMap<>();
        put(fields, "model", input.model());
        switch (input) {
            case TaskInput.Completion completion -> {
                fields.put("prompt", prompt(completion.prompt()));
                flag(fields, "parse_special", completion.prompt() instanceof Prompt.Special, false);
                flag(fields, "add_special", completion.addSpecial(), true);
                options(fields, completion.options());
            }
            case TaskInput.Chat chat -> {
                put(fields, "messages", chat.messages() == null ? null : messages(chat.messages()));
                put(fields, either("content", "prompt"), chat.content() == null ? null : content(chat.content()));
                put(fields, "tool_results", chat.toolResults() == null ? null : results(chat.toolResults()));
                chat(fields, chat.chat());
                options(fields, chat.options());
            }
            case TaskInput.Infill infill -> {
                fields.put("input_prefix", infill.prefix());
                fields.put("input_suffix", infill.suffix());
                put(fields, "input_extra", infill.extra().isEmpty() ? null : snippets(infill));
                put(fields, "prompt", infill.prompt().isEmpty() ? null : infill.prompt());
                options(fields, infill.options());
            }
            case TaskInput.Embedding embedding -> embedding(fields, embedding);
            case TaskInput.Rerank rerank -> {
                fields.put("query", rerank.query());
                fields.put("documents", rerank.documents());
                put(fields, "top_n", rerank.topN());
                put(fields, "timeout", timeout(rerank.timeoutMs()));
            }
        }
        return fields;
    }

    private List<Object> snippets(TaskInput.Infill infill) {
        List<Object> snippets = new ArrayList<>();
        for (TaskInput.Snippet snippet : infill.extra()) {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("text", snippet.text());
            if (!snippet.filename().equals("tmp") || random.nextBoolean()) {
                fields.put("filename", snippet.filename());
            }
            snippets.add(fields);
        }
        return snippets;
    }

    private void embedding(Map<String, Object> fields, TaskInput.Embedding embedding) {
        List<Object> inputs =
                embedding.inputs().stream().map(RequestWriter::prompt).toList();
        fields.put(embedding.key(), embedding.single() ? inputs.getFirst() : inputs);
        flag(fields, "add_special", embedding.addSpecial(), true);
        put(fields, "pooling", embedding.pooling() == null ? null : lower(embedding.pooling()));
        Integer norm = embedding.normalize();
        if (norm != null && (norm == 2 || norm == -1) && random.nextBoolean()) {
            fields.put("normalize", norm == 2);
        } else {
            put(fields, "embd_normalize", norm);
        }
        put(
                fields,
                "encoding_format",
                embedding.encoding() != TaskInput.Encoding.FLOAT || random.nextBoolean()
                        ? lower(embedding.encoding())
                        : null);
        put(fields, "timeout", timeout(embedding.timeoutMs()));
    }

    private static Object prompt(Prompt prompt) {
        return switch (prompt) {
            case Prompt.Text(String text) -> text;
            case Prompt.Special(String text) -> text;
            case Prompt.Tokens(int[] ids) -> new Ids(ids, true);
        };
    }

    private static String lower(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    private static Object timeout(Long timeoutMs) {
        return timeoutMs == null || timeoutMs > 0 ? timeoutMs : (Object) "infinity";
    }

    private OtpErlangObject tokens(TokenText text, boolean withPieces) {
        if (text.model() == null && !text.addSpecial() && !text.parseSpecial() && !withPieces && random.nextBoolean()) {
            return spelling.text(text.content());
        }
        Map<String, Object> fields = new LinkedHashMap<>();
        put(fields, "model", text.model());
        fields.put("content", text.content());
        flag(fields, "add_special", text.addSpecial(), false);
        flag(fields, "parse_special", text.parseSpecial(), false);
        if (withPieces) {
            fields.put("with_pieces", true);
        }
        // Text is taken as it is here, so JSON would be text.
        return spelling.fields(fields);
    }

    private Map<String, Object> templating(ChatTemplating templating) {
        Map<String, Object> fields = new LinkedHashMap<>();
        put(fields, "model", templating.model());
        fields.put("messages", messages(templating.messages()));
        put(fields, "tools", templating.tools().isEmpty() ? null : tools(templating.tools()));
        put(fields, "chat_template", template(templating.template()));
        Map<String, Object> variables = new LinkedHashMap<>(templating.templateKwargs());
        if (variables.get("enable_thinking") instanceof Boolean flag && random.nextBoolean()) {
            variables.remove("enable_thinking");
            fields.put("enable_thinking", flag);
        }
        put(fields, "chat_template_kwargs", variables.isEmpty() ? null : new Plainly(variables));
        flag(fields, "add_generation_prompt", templating.addGenerationPrompt(), true);
        flag(fields, "adapt_tools", templating.adaptTools(), false);
        return fields;
    }

    private void chat(Map<String, Object> fields, ChatOptions chat) {
        put(fields, "tools", chat.tools() == null ? null : tools(chat.tools()));
        put(
                fields,
                "tool_choice",
                switch (chat.toolChoice()) {
                    case null -> null;
                    case ToolChoice.Auto() -> "auto";
                    case ToolChoice.None() -> "none";
                    case ToolChoice.Required() -> "required";
                    case ToolChoice.Function(String name) -> framed(new LinkedHashMap<>(Map.of("name", name)));
                });
        put(fields, "parallel_tool_calls", chat.parallelToolCalls());
        put(fields, "chat_template", template(chat.template()));
        put(fields, "chat_template_kwargs", chat.templateKwargs() == null ? null : new Plainly(chat.templateKwargs()));
        put(fields, "enable_thinking", chat.enableThinking());
    }

    private static Object template(TemplateChoice template) {
        return switch (template) {
            case null -> null;
            case TemplateChoice.Source(String jinja) -> jinja;
            case TemplateChoice.Variant(String name) -> name;
            case TemplateChoice.Simple(String system, String prefix, String postfix) -> {
                Map<String, Object> fields = new LinkedHashMap<>();
                Map.of("system", system, "prefix", prefix, "postfix", postfix).forEach((key, text) -> {
                    if (!text.isEmpty()) {
                        fields.put(key, text);
                    }
                });
                yield fields;
            }
        };
    }

    /** {@return the function as it is, or in OpenAI's frame} */
    private Map<String, Object> framed(Map<String, Object> function) {
        return switch (random.nextInt(3)) {
            case 0 -> function;
            case 1 -> new LinkedHashMap<>(Map.of("function", function));
            default -> new LinkedHashMap<>(Map.of("type", "function", "function", function));
        };
    }

    private List<Object> tools(List<Map<String, Object>> tools) {
        List<Object> written = new ArrayList<>();
        for (Map<String, Object> tool : tools) {
            Map<String, Object> function = copy(tool.get("function"));
            if (function.get("description").equals("")) {
                function.remove("description");
            }
            Map<String, Object> parameters = copy(function.get("parameters"));
            if (parameters.get("properties").equals(Map.of()) && random.nextBoolean()) {
                parameters.remove("properties");
                parameters.remove("type");
            }
            function.put("parameters", new Plainly(parameters));
            written.add(framed(function));
        }
        return written;
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> copy(Object map) {
        return new LinkedHashMap<>((Map<String, Object>) map);
    }

    private List<Object> messages(List<Map<String, Object>> messages) {
        List<Object> written = new ArrayList<>();
        for (Map<String, Object> message : messages) {
            Map<String, Object> fields = new LinkedHashMap<>(message);
            if (message.get("content") == null) {
                fields.remove("content");
            } else {
                fields.put("content", content((String) message.get("content")));
            }
            fields.computeIfPresent("tool_calls", (key, calls) -> calls((List<?>) calls));
            written.add(fields);
        }
        return written;
    }

    /** Parts of a content are joined with line breaks. */
    private Object content(String text) {
        if (random.nextInt(3) > 0) {
            return text;
        }
        return Arrays.stream(text.split("\n", -1))
                .map(part -> new LinkedHashMap<String, Object>(Map.of("type", "text", "text", part)))
                .toList();
    }

    private List<Object> calls(List<?> calls) {
        List<Object> written = new ArrayList<>();
        for (Object call : calls) {
            Map<String, Object> fields = copy(call);
            Map<String, Object> function = copy(fields.get("function"));
            Object arguments = function.get("arguments");
            function.put("arguments", random.nextBoolean() ? new Plainly(arguments) : json(arguments));
            Map<String, Object> framed = framed(function);
            put(framed, "id", fields.get("id"));
            written.add(framed);
        }
        return written;
    }

    private static String json(Object tree) {
        try {
            return JSON.writeValueAsString(tree);
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }

    private List<Object> results(List<Map<String, Object>> results) {
        List<Object> written = new ArrayList<>();
        for (Map<String, Object> result : results) {
            Map<String, Object> fields = new LinkedHashMap<>(result);
            fields.remove("role");
            fields.put("content", content((String) result.get("content")));
            written.add(fields);
        }
        return written;
    }

    private void options(Map<String, Object> fields, GenerationOptions options) {
        put(fields, either("n_predict", "max_tokens"), options.maxTokens());
        put(fields, "temperature", options.temperature());
        put(fields, "top_k", options.topK());
        put(fields, "top_p", options.topP());
        put(fields, "min_p", options.minP());
        put(fields, "repeat_penalty", options.repeatPenalty());
        put(fields, "repeat_last_n", options.repeatLastN());
        put(fields, "frequency_penalty", options.frequencyPenalty());
        put(fields, "presence_penalty", options.presencePenalty());
        Long seed = options.seed();
        put(fields, "seed", options.randomSeed() != null ? (Object) (-1) : seed == null ? null : unsigned(seed));
        put(fields, "logit_bias", options.logitBias() == null ? null : biases(options.logitBias()));
        List<String> stop = options.stop();
        put(fields, "stop", stop != null && stop.size() == 1 && random.nextBoolean() ? stop.getFirst() : stop);
        put(fields, "ignore_eos", options.ignoreEos());
        put(fields, "n_keep", options.nKeep());
        put(fields, "context_shift", options.contextShift());
        put(fields, "cache_prompt", options.cachePrompt());
        put(fields, "share_prefixes", wire(options.sharePrefixes()));
        put(fields, either("timeout", "deadline_ms"), timeout(options.timeoutMs()));
        format(fields, options.format());
        if (options.structure() != null) {
            structure(fields, options.structure());
        }
        samplers(fields, options.samplers() == null ? SamplerOptions.NONE : options.samplers());
        put(fields, "priority", options.priority());
        put(fields, "lora", options.lora() == null ? null : adapters(options));
        alternatives(fields, options.alternatives());
    }

    private static String wire(PrefixSharing sharing) {
        return sharing == null ? null : sharing.wireName();
    }

    private static BigInteger unsigned(long number) {
        return new BigInteger(Long.toUnsignedString(number));
    }

    private Object biases(Map<Integer, Float> biases) {
        Map<String, Object> fields = new LinkedHashMap<>();
        List<Object> pairs = new ArrayList<>();
        biases.forEach((token, bias) -> {
            Object value = bias.isInfinite() ? (Object) false : bias;
            fields.put(token.toString(), value);
            pairs.add(new Spelling.Pair(token, value));
        });
        return random.nextBoolean() ? new Spelling.Keyed(fields) : pairs;
    }

    private List<Object> adapters(GenerationOptions options) {
        List<Object> written = new ArrayList<>();
        for (var adapter : options.lora()) {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("id", adapter.id());
            if (adapter.scale() != 1 || random.nextBoolean()) {
                fields.put("scale", adapter.scale());
            }
            written.add(random.nextBoolean() ? fields : new Spelling.Pair(adapter.id(), adapter.scale()));
        }
        return written;
    }

    private void alternatives(Map<String, Object> fields, Integer number) {
        if (number == null) {
            return;
        }
        if (number != 0 && random.nextBoolean()) {
            fields.put("n_probs", Math.max(0, number));
        } else {
            fields.put("logprobs", number >= 0);
            if (number > 0) {
                fields.put("top_logprobs", number);
            }
        }
    }

    private void structure(Map<String, Object> fields, StructureOptions options) {
        schema(fields, options);
        put(fields, "parse", options.parse());
    }

    private void schema(Map<String, Object> fields, StructureOptions options) {
        Integer whitespace = options.whitespace();
        put(fields, "whitespace", whitespace == null ? null : whitespace == -1 ? (Object) "any" : whitespace);
        put(fields, "json_schema_lenient", options.lenient());
    }

    private void format(Map<String, Object> fields, OutputFormat format) {
        switch (format) {
            case null -> {}
            case OutputFormat.Free() -> fields.put("response_format", new LinkedHashMap<>(Map.of("type", "text")));
            case OutputFormat.Gbnf(String grammar) -> fields.put("grammar", grammar);
            case OutputFormat.Regex(String pattern) -> fields.put("regex", pattern);
            case OutputFormat.Choice(List<String> texts) -> fields.put("choice", texts);
            case OutputFormat.Json(String key, String schema) -> {
                Object written = random.nextBoolean() ? schema : Ordered.of(schema);
                Map<String, Object> outer = new LinkedHashMap<>();
                outer.put("type", key.contains("json_schema") ? "json_schema" : "json_object");
                switch (key) {
                    case "json_schema" -> fields.put("json_schema", written);
                    case "response_format" -> fields.put("response_format", outer);
                    case "response_format.schema" -> {
                        outer.put("schema", written);
                        fields.put("response_format", outer);
                    }
                    default -> {
                        Map<String, Object> named = new LinkedHashMap<>();
                        named.put("schema", written);
                        put(named, "name", random.nextBoolean() ? "n" : null);
                        put(named, "description", random.nextBoolean() ? "d" : null);
                        put(named, "strict", random.nextBoolean() ? true : null);
                        outer.put("json_schema", named);
                        fields.put("response_format", outer);
                    }
                }
            }
        }
    }

    private void samplers(Map<String, Object> fields, SamplerOptions options) {
        put(
                fields,
                "samplers",
                options.samplers() == null
                        ? null
                        : options.samplers().stream().map(this::sampler).toList());
        put(fields, either("typical_p", "typ_p"), options.typicalP());
        put(fields, "top_n_sigma", options.topNSigma());
        put(fields, "dynatemp_range", options.dynatempRange());
        put(fields, "dynatemp_exponent", options.dynatempExponent());
        put(fields, "xtc_probability", options.xtcProbability());
        put(fields, "xtc_threshold", options.xtcThreshold());
        put(fields, "dry_multiplier", options.dryMultiplier());
        put(fields, "dry_base", options.dryBase());
        put(fields, "dry_allowed_length", options.dryAllowedLength());
        put(fields, "dry_penalty_last_n", options.dryPenaltyLastN());
        put(fields, "dry_sequence_breakers", options.drySequenceBreakers());
        put(fields, "mirostat", options.mirostat());
        put(fields, "mirostat_tau", options.mirostatTau());
        put(fields, "mirostat_eta", options.mirostatEta());
    }

    private String sampler(SamplerOptions.Name name) {
        return name == SamplerOptions.Name.TYP_P ? either("typ_p", "typical_p") : lower(name);
    }
}
