package io.llamanode.remote.request;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.SamplerOptions;
import io.llamanode.service.contract.task.StructureOptions;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Every generation option against every form of request. What writes requests goes by it, and the table of {@code
 * docs/remote.md} is printed from it.
 */
public final class OptionTable {
    static final List<OptionRow> ROWS = List.of(
            OptionRow.of("n_predict, max_tokens", GenerationOptions::maxTokens)
                    .at(Form.LLAMA_CHAT, "max_tokens")
                    .at(Form.LLAMA_COMPLETIONS, "max_tokens")
                    .at(Form.LLAMA_OWN, "n_predict")
                    .openai("max_tokens", (body, value) -> Values.limit(body, "max_tokens", value))
                    .old("n_predict"),
            OptionRow.of("temperature", GenerationOptions::temperature).everywhere("temperature"),
            OptionRow.of("top_k", GenerationOptions::topK).llama("top_k").old("top_k"),
            OptionRow.of("top_p", GenerationOptions::topP).everywhere("top_p"),
            OptionRow.of("min_p", GenerationOptions::minP).llama("min_p").old("min_p"),
            OptionRow.of("repeat_penalty", GenerationOptions::repeatPenalty)
                    .llama("repeat_penalty")
                    .old("repeat_penalty"),
            OptionRow.of("repeat_last_n", GenerationOptions::repeatLastN)
                    .llama("repeat_last_n")
                    .old("repeat_last_n"),
            OptionRow.of("frequency_penalty", GenerationOptions::frequencyPenalty)
                    .everywhere("frequency_penalty"),
            OptionRow.of("presence_penalty", GenerationOptions::presencePenalty).everywhere("presence_penalty"),
            OptionRow.of("seed", GenerationOptions::seed)
                    .llama("seed", Values::llamaSeed)
                    .openai("seed", Values::openaiSeed)
                    .at(Form.NATIVE, "seed", Values::llamaSeed),
            OptionRow.of("logit_bias", GenerationOptions::logitBias)
                    .llama("logit_bias", Values::biasPairs)
                    .openai("logit_bias", Values::biasMap)
                    .at(Form.NATIVE, "logit_bias", Values::biasPairs),
            OptionRow.of("stop", GenerationOptions::stop).everywhere("stop"),
            OptionRow.of("ignore_eos", GenerationOptions::ignoreEos)
                    .llama("ignore_eos")
                    .old("ignore_eos"),
            OptionRow.of("n_keep", GenerationOptions::nKeep).llama("n_keep").old("n_keep"),
            // Of a session's conversation the node drops turns itself; within an answer the server does as it was
            // started.
            OptionRow.of("context_shift", GenerationOptions::contextShift).ofTheNode(),
            OptionRow.of("cache_prompt", GenerationOptions::cachePrompt)
                    .llama("cache_prompt")
                    .old("cache_prompt"),
            OptionRow.of("timeout, deadline_ms", GenerationOptions::timeoutMs).ofTheNode(),
            OptionRow.of("lora", GenerationOptions::lora).llama("lora", (body, value) -> {}),
            // The server keeps its cache as it likes.
            OptionRow.of("share_prefixes", GenerationOptions::sharePrefixes),
            OptionRow.of("priority", GenerationOptions::priority).ofTheNode(),
            OptionRow.sampler("typical_p, typ_p", SamplerOptions::typicalP)
                    .llama("typical_p")
                    .old("typical_p"),
            OptionRow.sampler("top_n_sigma", SamplerOptions::topNSigma).llama("top_n_sigma"),
            OptionRow.sampler("dynatemp_range", SamplerOptions::dynatempRange).llama("dynatemp_range"),
            OptionRow.sampler("dynatemp_exponent", SamplerOptions::dynatempExponent)
                    .llama("dynatemp_exponent"),
            OptionRow.sampler("xtc_probability", SamplerOptions::xtcProbability).llama("xtc_probability"),
            OptionRow.sampler("xtc_threshold", SamplerOptions::xtcThreshold).llama("xtc_threshold"),
            OptionRow.sampler("dry_multiplier", SamplerOptions::dryMultiplier).llama("dry_multiplier"),
            OptionRow.sampler("dry_base", SamplerOptions::dryBase).llama("dry_base"),
            OptionRow.sampler("dry_allowed_length", SamplerOptions::dryAllowedLength)
                    .llama("dry_allowed_length"),
            OptionRow.sampler("dry_penalty_last_n", SamplerOptions::dryPenaltyLastN)
                    .llama("dry_penalty_last_n"),
            OptionRow.sampler("dry_sequence_breakers", SamplerOptions::drySequenceBreakers)
                    .llama("dry_sequence_breakers"),
            OptionRow.sampler("mirostat", SamplerOptions::mirostat)
                    .llama("mirostat")
                    .old("mirostat"),
            OptionRow.sampler("mirostat_tau", SamplerOptions::mirostatTau)
                    .llama("mirostat_tau")
                    .old("mirostat_tau"),
            OptionRow.sampler("mirostat_eta", SamplerOptions::mirostatEta)
                    .llama("mirostat_eta")
                    .old("mirostat_eta"),
            OptionRow.sampler("samplers", OptionTable::names).llama("samplers"),
            OptionRow.of("n_probs, logprobs, top_logprobs", GenerationOptions::alternatives)
                    .at(Form.LLAMA_CHAT, "logprobs, top_logprobs", (body, value) -> Values.chatLogprobs(body, value, 1))
                    .at(Form.LLAMA_COMPLETIONS, "n_probs", OptionTable::probabilities)
                    .at(Form.LLAMA_OWN, "n_probs", OptionTable::probabilities)
                    .at(
                            Form.OPENAI_CHAT,
                            "logprobs, top_logprobs",
                            (body, value) -> Values.chatLogprobs(body, value, 0))
                    .at(
                            Form.OPENAI_COMPLETIONS,
                            "logprobs",
                            (body, value) -> Values.logprobs(body, "logprobs", value, 0))
                    .at(Form.NATIVE, "n_probs", OptionTable::probabilities),
            OptionRow.of("grammar, json_schema, response_format, regex, choice", GenerationOptions::format)
                    .llama("grammar, json_schema", Values::llamaFormat)
                    .at(Form.OPENAI_CHAT, "response_format (no grammar, regex or choice)", Values::openaiFormat)
                    .at(Form.OPENAI_COMPLETIONS, "", (body, value) -> Values.noFormat(value, ServerKind.OPENAI))
                    .at(Form.NATIVE, "grammar, json_schema", Values::llamaFormat),
            // The server writes the grammar of a schema as it likes.
            OptionRow.structure("whitespace", StructureOptions::whitespace),
            OptionRow.structure("json_schema_lenient", StructureOptions::lenient)
                    .ofTheNode(),
            OptionRow.structure("parse", StructureOptions::parse).ofTheNode());

    private OptionTable() {}

    private static void probabilities(ObjectNode body, Object value) {
        Values.logprobs(body, "n_probs", value, 1);
    }

    private static @Nullable Object names(SamplerOptions options) {
        return options.samplers() == null
                ? null
                : options.samplers().stream()
                        .map(name -> name.name().toLowerCase(Locale.ROOT))
                        .toList();
    }

    /** {@return the table in Markdown: a line for each option, a column for each form} */
    public static String markdown() {
        StringBuilder table = new StringBuilder("| option |");
        for (Form form : Form.values()) {
            table.append(' ').append(form.title()).append(" |");
        }
        table.append("\n|---|").append("---|".repeat(Form.values().length)).append('\n');
        for (OptionRow row : ROWS) {
            table.append("| ").append(quoted(row.key())).append(" |");
            for (Form form : Form.values()) {
                String cell = switch (row.at(form)) {
                    case Place.Refused _ -> "refused";
                    case Place.Node _ -> "the node";
                    case Place.Field(String shown, var _) -> shown.isEmpty() ? "refused" : quoted(shown);
                };
                table.append(' ').append(cell).append(" |");
            }
            table.append('\n');
        }
        return table.toString();
    }

    private static String quoted(String names) {
        int note = names.indexOf(" (");
        String all = note < 0 ? names : names.substring(0, note);
        return "`" + all.replace(", ", "`, `") + "`" + (note < 0 ? "" : names.substring(note));
    }
}
