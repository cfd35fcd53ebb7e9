package io.llamanode.remote.request;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llamanode.remote.answer.Trees;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.task.AdapterScale;
import io.llamanode.service.contract.task.ChatOptions;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.ToolChoice;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Writes the bodies of requests for text. For any thread. */
public final class RequestWriter {
    /** What a request says of itself, and the node relies on. */
    private static final Set<String> OWN = Set.of(
            "model", "messages", "prompt", "stream", "stream_options", "n", "id_slot", "input_prefix", "input_suffix");
    /** Fields that count tokens back from the newest one. */
    private static final List<String> WINDOWS = List.of("repeat_last_n", "dry_penalty_last_n");

    private final ServerKind kind;
    private final String model;
    private final Map<String, Integer> adapters;
    private final @Nullable Integer nCtx;

    /**
     * Writes for one model of one server.
     *
     * @param kind of the server
     * @param model its name there
     * @param adapters that the server has loaded: their numbers by name
     * @param nCtx tokens of its context, if it tells
     */
    public RequestWriter(ServerKind kind, String model, Map<String, Integer> adapters, @Nullable Integer nCtx) {
        this.kind = kind;
        this.model = model;
        this.adapters = Map.copyOf(adapters);
        this.nCtx = nCtx;
    }

    /** {@return a failure for what this kind of server can not do} */
    static FailureException refused(String key, ServerKind kind) {
        return unsupported("%s: %s has no field for it; extra passes what yours knows".formatted(key, kind.words()));
    }

    static FailureException unsupported(String message) {
        return new FailureException(ErrorCode.UNSUPPORTED, message);
    }

    /**
     * Writes a request for the answer to a conversation.
     *
     * @param asked how
     * @param messages the whole conversation
     * @return the body
     * @throws FailureException {@code unsupported} naming the key that has no place
     */
    public ObjectNode chat(Asked asked, List<Map<String, Object>> messages) {
        Form form = kind == ServerKind.LLAMA_SERVER ? Form.LLAMA_CHAT : Form.OPENAI_CHAT;
        ObjectNode body = begin(true);
        body.set(
                "messages",
                Trees.of(messages.stream().map(RequestWriter::message).toList()));
        options(form, asked, body);
        conversation(asked.chat(), body);
        return end(asked, body);
    }

    /**
     * Writes a request for the continuation of a prompt at an endpoint of OpenAI's.
     *
     * @param asked how
     * @param prompt text, or an {@code int[]} of tokens
     * @return the body
     * @throws FailureException {@code unsupported} naming the key that has no place
     */
    public ObjectNode completions(Asked asked, Object prompt) {
        Form form = kind == ServerKind.LLAMA_SERVER ? Form.LLAMA_COMPLETIONS : Form.OPENAI_COMPLETIONS;
        ObjectNode body = begin(true);
        body.set("prompt", Trees.of(prompt));
        options(form, asked, body);
        return end(asked, body);
    }

    /**
     * Writes a request for the continuation of a prompt at a llama-server's own endpoint.
     *
     * @param asked how
     * @param prompt text, or an {@code int[]} of tokens
     * @return the body
     * @throws FailureException {@code unsupported} naming the key that has no place
     */
    public ObjectNode completion(Asked asked, Object prompt) {
        ObjectNode body = begin(false);
        body.set("prompt", Trees.of(prompt));
        options(kind == ServerKind.LLAMA_SERVER ? Form.LLAMA_OWN : Form.NATIVE, asked, body);
        return end(asked, body);
    }

    /**
     * Writes a request to fill a gap.
     *
     * @param asked how
     * @param prefix before the gap
     * @param suffix behind it
     * @param extra other texts, by name
     * @param prompt how the filling begins
     * @return the body
     * @throws FailureException {@code unsupported} naming the key that has no place, or the task
     */
    public ObjectNode infill(
            Asked asked, String prefix, String suffix, List<Map.Entry<String, String>> extra, String prompt) {
        if (kind != ServerKind.LLAMA_SERVER) {
            throw unsupported("infill: %s has no endpoint for it".formatted(kind.words()));
        }
        ObjectNode body = begin(false);
        body.put("input_prefix", prefix);
        body.put("input_suffix", suffix);
        ArrayNode others = body.putArray("input_extra");
        extra.forEach(
                other -> others.addObject().put("filename", other.getKey()).put("text", other.getValue()));
        body.put("prompt", prompt);
        options(Form.LLAMA_OWN, asked, body);
        return end(asked, body);
    }

    /** @param openai whether the endpoint is one of OpenAI's, which tells usage in streams only where it is asked to */
    private ObjectNode begin(boolean openai) {
        ObjectNode body = Trees.object();
        body.put("model", model);
        body.put("stream", true);
        if (openai) {
            body.putObject("stream_options").put("include_usage", true);
        }
        return body;
    }

    private ObjectNode end(Asked asked, ObjectNode body) {
        asked.extra().forEach((field, value) -> {
            if (OWN.contains(field)) {
                throw FailureException.invalid("extra: '%s' is for the node to say".formatted(field));
            }
            body.set(field, Trees.of(value));
        });
        return body;
    }

    private void options(Form form, Asked asked, ObjectNode body) {
        for (OptionRow row : OptionTable.ROWS) {
            Object given = row.in(asked.given());
            Object value = form.takesDefaults() ? row.in(asked.complete()) : given;
            switch (row.at(form)) {
                case Place.Field(String _, var writer) when value != null -> writer.accept(body, value);
                case Place.Refused _ when asksForSomething(given) -> throw refused(row.name(), kind);
                case Place.Field _, Place.Refused _, Place.Node _ -> {
                    // Nothing was asked for, or it is not the server's business.
                }
            }
        }
        windows(body);
        adapters(asked.complete(), body);
    }

    /** Of the whole context: newer llama-servers take no -1 for it. */
    private void windows(ObjectNode body) {
        if (kind == ServerKind.LLAMA_SERVER && nCtx != null) {
            for (String field : WINDOWS) {
                if (body.path(field).asInt() < 0) {
                    body.put(field, nCtx);
                }
            }
        }
    }

    /** No adapters, as a session may say in place of its model's, is what servers do that have none. */
    private static boolean asksForSomething(@Nullable Object given) {
        return given != null && !(given instanceof List<?> list && list.isEmpty());
    }

    private void adapters(GenerationOptions options, ObjectNode body) {
        if (kind != ServerKind.LLAMA_SERVER) {
            return;
        }
        Map<Integer, Float> scales = new LinkedHashMap<>();
        // What is not named in a request, or all where nothing is, the server applies as it was started.
        adapters.values().forEach(number -> scales.put(number, 0f));
        for (AdapterScale adapter : options.lora() == null ? List.<AdapterScale>of() : options.lora()) {
            Integer number = adapters.get(adapter.id());
            if (number == null) {
                throw FailureException.invalid(
                        "lora: the server has no adapter '%s'; it has %s".formatted(adapter.id(), adapters.keySet()));
            }
            scales.put(number, adapter.scale());
        }
        if (!scales.isEmpty()) {
            ArrayNode lora = body.putArray("lora");
            scales.forEach((number, scale) ->
                    lora.addObject().put("id", number).put("scale", Double.parseDouble(Float.toString(scale))));
        }
    }

    private void conversation(ChatOptions chat, ObjectNode body) {
        chat.refuseContradictions();
        if (chat.template() != null) {
            throw unsupported(
                    "chat_template: %s renders conversations with its own template; extra passes what yours knows"
                            .formatted(kind.words()));
        }
        Map<String, Object> variables = chat.variables();
        if (!variables.isEmpty()) {
            if (kind != ServerKind.LLAMA_SERVER) {
                throw refused(chat.templateKwargs() != null ? "chat_template_kwargs" : "enable_thinking", kind);
            }
            body.set("chat_template_kwargs", Trees.of(variables));
        }
        List<Map<String, Object>> tools = chat.callable();
        if (tools.isEmpty()) {
            return;
        }
        body.set("tools", Trees.of(tools));
        switch (chat.toolChoice()) {
            case ToolChoice.Required _ -> body.put("tool_choice", "required");
            case ToolChoice.Function(String name) -> {
                ObjectNode choice = body.putObject("tool_choice");
                choice.put("type", "function");
                choice.putObject("function").put("name", name);
            }
            case ToolChoice.Auto _ -> body.put("tool_choice", "auto");
            case ToolChoice.None _ -> body.put("tool_choice", "none");
            case null -> {
                // As the model likes.
            }
        }
        if (chat.parallelToolCalls() != null) {
            body.put("parallel_tool_calls", chat.parallelToolCalls());
        }
    }

    /** Arguments of calls are texts in OpenAI's protocol, and maps here. */
    private static Map<String, Object> message(Map<String, Object> message) {
        if (!(message.get("tool_calls") instanceof List<?> calls)) {
            return message;
        }
        Map<String, Object> copy = new LinkedHashMap<>(message);
        copy.put("tool_calls", calls.stream().map(RequestWriter::call).toList());
        return copy;
    }

    private static Object call(Object call) {
        if (!(call instanceof Map<?, ?> given)
                || !(given.get("function") instanceof Map<?, ?> function)
                || !(function.get("arguments") instanceof Map<?, ?> arguments)) {
            return call;
        }
        Map<String, Object> written = new LinkedHashMap<>();
        function.forEach((key, value) -> written.put(String.valueOf(key), value));
        written.put("arguments", Trees.of(arguments).toString());
        Map<String, Object> copy = new LinkedHashMap<>();
        given.forEach((key, value) -> copy.put(String.valueOf(key), value));
        copy.put("function", written);
        return copy;
    }
}
