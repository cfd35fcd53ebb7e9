package io.llamanode.service;

import java.util.List;
import java.util.Map;

/** The checked input of a task. */
public sealed interface TaskInput {
    /** {@return id of the model to use, or {@code null} for the session's} */
    String model();

    /**
     * Continues a prompt.
     *
     * @param model model id or {@code null}
     * @param prompt what to continue
     * @param addSpecial whether the model's bos token goes first, where it has one
     * @param options how
     */
    record Completion(String model, Prompt prompt, boolean addSpecial, GenerationOptions options) implements TaskInput {}

    /**
     * Answers a conversation. Exactly one of {@code messages} and {@code content} is given.
     *
     * @param model model id or {@code null}
     * @param messages the whole conversation: maps with at least {@code role} and {@code content}; or {@code null}
     * @param content one user turn to append to the session's transcript; or {@code null}
     * @param chatTemplate Jinja source in place of the model's, or {@code null}
     * @param chatTemplateKwargs further template variables; may be empty
     * @param options how
     */
    record Chat(
            String model,
            List<Map<String, Object>> messages,
            String content,
            String chatTemplate,
            Map<String, Object> chatTemplateKwargs,
            GenerationOptions options)
            implements TaskInput {}

    /**
     * A kind of task that no engine of this version runs.
     *
     * @param model model id or {@code null}
     * @param type which kind
     */
    record Unsupported(String model, TaskType type) implements TaskInput {}
}
