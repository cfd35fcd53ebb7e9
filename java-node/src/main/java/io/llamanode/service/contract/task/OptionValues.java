package io.llamanode.service.contract.task;

import io.llamanode.service.contract.Setting.Word;
import java.math.BigInteger;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Options as reports tell them: the values that are given, by the keys of docs/protocol.md, in a form that could be given
 * again. Where a key has two names, it is the one that people write.
 *
 * <p>Keeps no state: for any thread.
 */
public final class OptionValues {
    private OptionValues() {}

    /**
     * {@return the options of a task or a session that are given}
     *
     * @param options which need not be complete
     */
    public static Map<String, Object> of(GenerationOptions options) {
        Map<String, Object> values = new LinkedHashMap<>();
        put(values, "max_tokens", options.maxTokens());
        put(values, "temperature", real(options.temperature()));
        put(values, "top_k", options.topK());
        put(values, "top_p", real(options.topP()));
        put(values, "min_p", real(options.minP()));
        put(values, "repeat_penalty", real(options.repeatPenalty()));
        put(values, "repeat_last_n", options.repeatLastN());
        put(values, "frequency_penalty", real(options.frequencyPenalty()));
        put(values, "presence_penalty", real(options.presencePenalty()));
        put(values, "seed", seed(options));
        put(values, "logit_bias", biases(options.logitBias()));
        put(values, "stop", options.stop());
        put(values, "ignore_eos", options.ignoreEos());
        put(values, "n_keep", options.nKeep());
        put(values, "context_shift", options.contextShift());
        put(values, "cache_prompt", options.cachePrompt());
        put(values, "timeout", timeout(options.timeoutMs()));
        put(values, "priority", options.priority());
        put(values, "lora", adapters(options.lora()));
        alternatives(values, options.alternatives());
        format(values, options.format());
        if (options.structure() != null) {
            structure(values, options.structure());
        }
        put(
                values,
                "share_prefixes",
                options.sharePrefixes() == null
                        ? null
                        : new Word(options.sharePrefixes().wireName()));
        if (options.samplers() != null) {
            samplers(values, options.samplers());
        }
        return values;
    }

    private static void samplers(Map<String, Object> values, SamplerOptions options) {
        put(values, "samplers", names(options.samplers()));
        put(values, "typical_p", real(options.typicalP()));
        put(values, "top_n_sigma", real(options.topNSigma()));
        put(values, "dynatemp_range", real(options.dynatempRange()));
        put(values, "dynatemp_exponent", real(options.dynatempExponent()));
        put(values, "xtc_probability", real(options.xtcProbability()));
        put(values, "xtc_threshold", real(options.xtcThreshold()));
        put(values, "dry_multiplier", real(options.dryMultiplier()));
        put(values, "dry_base", real(options.dryBase()));
        put(values, "dry_allowed_length", options.dryAllowedLength());
        put(values, "dry_penalty_last_n", options.dryPenaltyLastN());
        put(values, "dry_sequence_breakers", options.drySequenceBreakers());
        put(values, "mirostat", options.mirostat());
        put(values, "mirostat_tau", real(options.mirostatTau()));
        put(values, "mirostat_eta", real(options.mirostatEta()));
    }

    /**
     * {@return how a conversation is put to the model, as far as it is given}
     *
     * @param chat which need not be complete
     */
    public static Map<String, Object> of(ChatOptions chat) {
        Map<String, Object> values = new LinkedHashMap<>();
        put(values, "tools", chat.tools());
        put(values, "tool_choice", choice(chat.toolChoice()));
        put(values, "parallel_tool_calls", chat.parallelToolCalls());
        put(values, "chat_template", chat.template() == null ? null : template(chat.template()));
        put(values, "chat_template_kwargs", chat.templateKwargs());
        put(values, "enable_thinking", chat.enableThinking());
        return values;
    }

    /**
     * {@return a template as {@code chat_template} takes it}
     *
     * @param choice that was made
     */
    public static Object template(TemplateChoice choice) {
        return switch (choice) {
            case TemplateChoice.Source(String jinja) -> jinja;
            case TemplateChoice.Variant(String name) -> name;
            case TemplateChoice.Simple(String system, String prefix, String postfix) ->
                new LinkedHashMap<>(Map.of("system", system, "prefix", prefix, "postfix", postfix));
        };
    }

    private static void put(Map<String, Object> values, String key, @Nullable Object value) {
        if (value != null) {
            values.put(key, value);
        }
    }

    /**
     * {@return the number that a caller wrote, rather than the nearest one of 32 bits}
     *
     * @param number that was made of it, or {@code null}
     */
    public static @Nullable Double real(@Nullable Float number) {
        return number == null ? null : (Double) Double.parseDouble(Float.toString(number));
    }

    private static @Nullable Object seed(GenerationOptions options) {
        if (options.seed() == null) {
            return Boolean.TRUE.equals(options.randomSeed()) ? (Integer) (-1) : null;
        }
        return new BigInteger(Long.toUnsignedString(options.seed()));
    }

    private static @Nullable Object biases(@Nullable Map<Integer, Float> biases) {
        if (biases == null) {
            return null;
        }
        Map<Integer, Object> told = new LinkedHashMap<>();
        biases.forEach((token, bias) -> told.put(
                token, bias == Float.NEGATIVE_INFINITY ? (Object) false : Double.parseDouble(bias.toString())));
        return told;
    }

    private static @Nullable Object timeout(@Nullable Long milliseconds) {
        return milliseconds == null || milliseconds >= 0 ? milliseconds : new Word("infinity");
    }

    private static @Nullable Object adapters(@Nullable List<AdapterScale> adapters) {
        return adapters == null
                ? null
                : adapters.stream()
                        .map(adapter -> Map.of(
                                "id", adapter.id(), "scale", Double.parseDouble(Float.toString(adapter.scale()))))
                        .toList();
    }

    private static void alternatives(Map<String, Object> values, @Nullable Integer number) {
        if (number != null && number == 0) {
            values.put("logprobs", true);
        } else if (number != null) {
            values.put("n_probs", Math.max(0, number));
        }
    }

    private static void format(Map<String, Object> values, @Nullable OutputFormat format) {
        switch (format) {
            case OutputFormat.Gbnf(String grammar) -> values.put("grammar", grammar);
            case OutputFormat.Regex(String pattern) -> values.put("regex", pattern);
            case OutputFormat.Choice(List<String> texts) -> values.put("choice", texts);
            case OutputFormat.Json(String _, String schema) -> values.put("json_schema", schema);
            case OutputFormat.Free() -> values.put("response_format", Map.of("type", "text"));
            case null -> {
                // Not given.
            }
        }
    }

    private static void structure(Map<String, Object> values, StructureOptions options) {
        Integer whitespace = options.whitespace();
        put(
                values,
                "whitespace",
                whitespace == null || whitespace > 0 ? whitespace : new Word(whitespace == 0 ? "compact" : "any"));
        put(values, "json_schema_lenient", options.lenient());
        put(values, "parse", options.parse());
    }

    private static @Nullable Object names(@Nullable List<SamplerOptions.Name> names) {
        return names == null
                ? null
                : names.stream()
                        .map(name -> new Word(name.name().toLowerCase(Locale.ROOT)))
                        .toList();
    }

    private static @Nullable Object choice(@Nullable ToolChoice choice) {
        return switch (choice) {
            case null -> null;
            case ToolChoice.Auto() -> new Word("auto");
            case ToolChoice.None() -> new Word("none");
            case ToolChoice.Required() -> new Word("required");
            case ToolChoice.Function(String name) -> Map.of("name", name);
        };
    }
}
