package io.llamanode.service.contract.task;

import io.llamanode.service.contract.FailureException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How to put a conversation to a model, as far as the caller said; {@code null} means "not given".
 *
 * <p>Never changes: for any thread.
 *
 * @param tools definitions in OpenAI's form: {@code type}, {@code function} with {@code name}, {@code description} and
 *     {@code parameters}, a JSON schema
 * @param toolChoice whether they may or must be called
 * @param parallelToolCalls whether one answer may call several times
 * @param template in place of the model's
 * @param templateKwargs further template variables
 * @param enableThinking whether the model may reason before it answers
 */
public record ChatOptions(
        @Nullable List<Map<String, Object>> tools,
        @Nullable ToolChoice toolChoice,
        @Nullable Boolean parallelToolCalls,
        @Nullable TemplateChoice template,
        @Nullable Map<String, Object> templateKwargs,
        @Nullable Boolean enableThinking) {

    /** Nothing given. */
    public static final ChatOptions NONE = new ChatOptions(null, null, null, null, null, null);

    /** The template variable that {@code enableThinking} is as well. */
    private static final String THINKING = "enable_thinking";

    /**
     * Fills in what these options leave open.
     *
     * @param base what holds where this does not say
     * @return these options completed by {@code base}; template variables are those of both
     */
    public ChatOptions orElse(ChatOptions base) {
        Map<String, Object> variables = templateKwargs == null ? base.templateKwargs : templateKwargs;
        if (templateKwargs != null && base.templateKwargs != null) {
            variables = new LinkedHashMap<>(base.templateKwargs);
            variables.putAll(templateKwargs);
        }
        return new ChatOptions(
                tools != null ? tools : base.tools,
                toolChoice != null ? toolChoice : base.toolChoice,
                parallelToolCalls != null ? parallelToolCalls : base.parallelToolCalls,
                template != null ? template : base.template,
                variables,
                thinking() != null ? thinking() : base.enableThinking);
    }

    /** {@return whether the model may reason, as far as this says, or {@code null}} */
    public @Nullable Boolean thinking() {
        if (enableThinking != null) {
            return enableThinking;
        }
        return templateKwargs != null && templateKwargs.get(THINKING) instanceof Boolean flag ? flag : null;
    }

    /** {@return the template variables, never {@code null}} */
    public Map<String, Object> variables() {
        Map<String, Object> variables = new LinkedHashMap<>(templateKwargs == null ? Map.of() : templateKwargs);
        if (enableThinking != null) {
            variables.put(THINKING, enableThinking);
        }
        return variables;
    }

    /** {@return the tools that the answer may call; empty if there are none} */
    public List<Map<String, Object>> callable() {
        return tools == null || toolChoice instanceof ToolChoice.None ? List.of() : tools;
    }

    /**
     * Refuses a {@code tool_choice} that no answer could follow.
     *
     * @throws FailureException {@code invalid_argument} if a tool must be called that there is not
     */
    public void refuseContradictions() {
        switch (toolChoice) {
            case ToolChoice.Required()
            when callable().isEmpty() -> throw FailureException.invalid("tool_choice: there are no tools to call");
            case ToolChoice.Function(String name)
            when callable().stream().noneMatch(tool -> name.equals(name(tool))) ->
                throw FailureException.invalid("tool_choice: there is no tool '" + name + "'");
            case null, default -> {
                // What may be called need not be there.
            }
        }
    }

    /**
     * {@return the name of a tool, or {@code null} where {@code function} or its {@code name} is missing}
     *
     * @param tool as of OpenAI's API: {@code type} and {@code function}
     */
    public static @Nullable String name(Map<String, Object> tool) {
        return tool.get("function") instanceof Map<?, ?> function && function.get("name") instanceof String name
                ? name
                : null;
    }
}
