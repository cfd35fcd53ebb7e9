package io.llamanode.service;

import java.util.List;
import java.util.Map;

/**
 * What {@code apply_template} is asked for.
 *
 * @param model model id or {@code null}
 * @param messages maps with at least {@code role} and {@code content}
 * @param tools tool definitions as maps, or {@code null}
 * @param chatTemplate Jinja source in place of the model's, or {@code null}
 * @param chatTemplateKwargs further template variables; may be empty
 * @param addGenerationPrompt whether the prompt ends where the assistant's answer begins
 */
public record ChatTemplating(
        String model,
        List<Map<String, Object>> messages,
        List<Map<String, Object>> tools,
        String chatTemplate,
        Map<String, Object> chatTemplateKwargs,
        boolean addGenerationPrompt) {}
