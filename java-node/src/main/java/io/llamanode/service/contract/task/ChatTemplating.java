package io.llamanode.service.contract.task;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a chat template is asked to render.
 *
 * <p>Never changes: for any thread.
 *
 * @param model model id or {@code null}
 * @param messages maps with at least {@code role} and {@code content}
 * @param tools tool definitions as maps, or {@code null}
 * @param template in place of the model's, or {@code null}
 * @param templateKwargs further template variables; may be empty
 * @param addGenerationPrompt whether the prompt ends where the assistant's answer begins
 * @param adaptTools whether tools, calls and results that the template leaves out are put into messages
 */
public record ChatTemplating(
        @Nullable String model,
        List<Map<String, Object>> messages,
        @Nullable List<Map<String, Object>> tools,
        @Nullable TemplateChoice template,
        Map<String, Object> templateKwargs,
        boolean addGenerationPrompt,
        boolean adaptTools) {

    /** {@return the tools, empty if there are none} */
    public List<Map<String, Object>> toolList() {
        return tools == null ? List.of() : tools;
    }
}
