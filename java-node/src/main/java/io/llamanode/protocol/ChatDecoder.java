package io.llamanode.protocol;

import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.task.ChatOptions;
import io.llamanode.service.contract.task.ChatTemplating;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.TemplateChoice;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Conversations, and how they are put to a model; docs/protocol.md, section 2. */
final class ChatDecoder {
    private ChatDecoder() {}

    static TaskInput chat(@Nullable String model, Fields in) {
        InputValue messages = in.get("messages");
        InputValue content = in.either("content", "prompt");
        InputValue results = in.get("tool_results");
        long given =
                Stream.of(messages, content, results).filter(Objects::nonNull).count();
        ChatOptions options = options(in);
        GenerationOptions generation = OptionsDecoder.decode(in);
        in.end();
        if (given != 1) {
            throw FailureException.invalid(
                    given == 0
                            ? "messages, content or tool_results is required"
                            : "messages, content and tool_results exclude each other; give only one");
        }
        return new TaskInput.Chat(
                model,
                messages == null ? null : MessagesDecoder.decode(messages),
                content == null ? null : MessagesDecoder.content(content),
                ToolsDecoder.results(results),
                options,
                generation);
    }

    /** {@return the options that a session has as well} */
    static ChatOptions options(Fields in) {
        return options(template(in.get("chat_template")), in);
    }

    /** {@return the options that a model has as well, besides its template, which is looked at when it is loaded} */
    static ChatOptions withoutTemplate(Fields in) {
        return options(null, in);
    }

    private static ChatOptions options(@Nullable TemplateChoice template, Fields in) {
        return new ChatOptions(
                ToolsDecoder.tools(in.get("tools")),
                ToolsDecoder.choice(in.get("tool_choice")),
                in.flag("parallel_tool_calls"),
                template,
                kwargs(in),
                in.flag("enable_thinking"));
    }

    private static @Nullable Map<String, Object> kwargs(Fields in) {
        InputValue kwargs = in.get("chat_template_kwargs");
        return kwargs == null ? null : Plain.map(kwargs);
    }

    /** Text without any of Jinja's tags can only be a name. */
    static @Nullable TemplateChoice template(@Nullable InputValue value) {
        if (value == null) {
            return null;
        }
        if (!value.isText()) {
            Fields in = new Fields(value);
            var simple = new TemplateChoice.Simple(
                    orEmpty(in.text("system")), orEmpty(in.text("prefix")), orEmpty(in.text("postfix")));
            in.end();
            return simple;
        }
        String text = value.nonEmptyText();
        return text.contains("{{") || text.contains("{%")
                ? new TemplateChoice.Source(text)
                : new TemplateChoice.Variant(text);
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }

    static ChatTemplating templating(Fields in) {
        InputValue messages = in.wanted("messages");
        ChatOptions options = options(in);
        String model = in.nonEmptyText("model");
        boolean opensAnswer = in.flag("add_generation_prompt", true);
        boolean adaptsTools = in.flag("adapt_tools", false);
        in.end();
        return new ChatTemplating(
                model,
                MessagesDecoder.decode(Objects.requireNonNull(messages)),
                options.callable(),
                options.template(),
                options.variables(),
                opensAnswer,
                adaptsTools);
    }
}
