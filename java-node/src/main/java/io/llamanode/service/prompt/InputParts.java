package io.llamanode.service.prompt;

import io.llamanode.account.Weight;
import io.llamanode.service.contract.task.ChatOptions;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.OutputFormat;
import io.llamanode.service.contract.task.SessionConfig;
import io.llamanode.service.contract.task.TaskInput;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What of an input takes the memory, by the key that its caller knows it by.
 *
 * <p>Keeps no state: for any thread.
 */
public final class InputParts {
    private InputParts() {}

    /**
     * Names what is to be made smaller.
     *
     * @param input of a task that takes too much memory
     * @return the key of its largest part
     */
    public static String largest(TaskInput input) {
        Map<String, Long> parts = new HashMap<>();
        switch (input) {
            case TaskInput.Completion completion -> add(parts, "prompt", completion.prompt());
            case TaskInput.Chat chat -> {
                add(parts, "messages", chat.messages());
                add(parts, "content", chat.content());
                add(parts, "tool_results", chat.toolResults());
                add(parts, chat.chat());
            }
            case TaskInput.Embedding embedding -> add(parts, "input", embedding.inputs());
            case TaskInput.Rerank rerank -> {
                add(parts, "query", rerank.query());
                add(parts, "documents", rerank.documents());
            }
            case TaskInput.Infill infill -> {
                add(parts, "input_prefix", infill.prefix());
                add(parts, "input_suffix", infill.suffix());
                add(parts, "input_extra", infill.extra());
                add(parts, "prompt", infill.prompt());
            }
        }
        if (input instanceof TaskInput.Generating generating) {
            add(parts, generating.options());
        }
        return largest(parts);
    }

    /**
     * Names what is to be made smaller.
     *
     * @param config of a session that takes too much memory
     * @return the key of its largest part
     */
    public static String largest(SessionConfig config) {
        Map<String, Long> parts = new HashMap<>();
        add(parts, "system_prompt", config.systemPrompt());
        add(parts, config.chat());
        add(parts, config.defaults());
        return largest(parts);
    }

    private static void add(Map<String, Long> parts, ChatOptions chat) {
        add(parts, "tools", chat.tools());
        add(parts, "chat_template", chat.template());
        add(parts, "chat_template_kwargs", chat.templateKwargs());
    }

    private static void add(Map<String, Long> parts, GenerationOptions options) {
        add(parts, "logit_bias", options.logitBias());
        add(parts, "stop", options.stop());
        add(parts, "lora", options.lora());
        if (options.samplers() != null) {
            add(parts, "samplers", options.samplers().samplers());
            add(parts, "dry_sequence_breakers", options.samplers().drySequenceBreakers());
        }
        add(
                parts,
                options.format() instanceof OutputFormat.Json(String key, String _) ? key : "grammar",
                options.format());
    }

    private static void add(Map<String, Long> parts, String key, @Nullable Object part) {
        parts.put(key, Weight.of(part));
    }

    private static String largest(Map<String, Long> parts) {
        return parts.entrySet().stream()
                .max(Comparator.comparingLong((Map.Entry<String, Long> part) -> part.getValue())
                        .thenComparing(Map.Entry::getKey))
                .orElseThrow()
                .getKey();
    }
}
