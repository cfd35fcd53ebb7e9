package io.llamanode.chat;

import io.llamanode.chat.jinja.Limits;
import io.llamanode.chat.jinja.Span;
import io.llamanode.chat.jinja.TemplateException;
import io.llamanode.chat.jinja.Trusted;
import io.llamanode.chat.jinja.render.Template;
import io.llamanode.chat.tools.AnswerFormat;
import java.time.Clock;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A model's chat template. Immutable and safe for use by several threads. */
public final class ChatTemplate {
    private static final Set<String> RESERVED =
            Set.of("messages", "tools", "bos_token", "eos_token", "add_generation_prompt");
    private static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern("dd MMM yyyy", Locale.ENGLISH);
    private static final DateTimeFormatter DATETIME = DateTimeFormatter.ofPattern("MMM dd yyyy", Locale.ENGLISH);

    private final Template template;
    private final Capabilities capabilities;
    private final MessageNormalizer normalizer;
    private final String source;
    /** Found when it is first asked for. */
    private volatile @Nullable AnswerFormat answerFormat;

    private ChatTemplate(Template template, String source) {
        this.template = template;
        this.capabilities = Capabilities.of(template, source);
        this.normalizer = new MessageNormalizer(capabilities, source);
        this.source = source;
    }

    /**
     * Parses a template and probes what it can render.
     *
     * @param source Jinja source, as in the GGUF key {@code tokenizer.chat_template}
     * @return the template
     * @throws TemplateException when the source is malformed, too large or uses a construct that is not supported
     */
    public static ChatTemplate parse(String source) {
        return parse(source, Limits.DEFAULT);
    }

    /**
     * Parses a template with bounds of one's own.
     *
     * @param source Jinja source
     * @param limits bounds on parsing and on every rendering
     * @return the template
     * @throws TemplateException as {@link #parse(String)}
     */
    public static ChatTemplate parse(String source, Limits limits) {
        return new ChatTemplate(Template.parse(source, limits), source);
    }

    /**
     * Renders a conversation the way llama.cpp's server does.
     *
     * @param request the conversation and the variables
     * @return the prompt
     * @throws TemplateException when the template fails, refuses the conversation (a
     *     {@link io.llamanode.chat.jinja.RaisedException}) or goes over a limit, or when a message is malformed
     */
    public RenderedChat render(ChatRequest request) {
        return withoutBos(template.render(variables(request), request.clock()), request.bosToken());
    }

    /**
     * Renders the template with exactly these variables; messages are not adapted and a bos token stays.
     *
     * @param variables JSON-like values, {@link Trusted} in place of strings of the model's own
     * @return the text by origin
     * @throws TemplateException when the template fails, refuses its input or goes over a limit
     */
    public List<Span> render(Map<String, Object> variables) {
        return template.render(variables, Clock.system(ZoneId.systemDefault()));
    }

    /**
     * What the template can render.
     *
     * @return the probed capabilities
     */
    public Capabilities capabilities() {
        return capabilities;
    }

    /**
     * How models of this template write reasoning and calls of tools. The first use renders a few small conversations.
     *
     * @return the format that the template shows
     */
    public AnswerFormat answerFormat() {
        AnswerFormat known = answerFormat;
        if (known == null) {
            known = AnswerFormat.detect(source, this::probe);
            answerFormat = known;
        }
        return known;
    }

    private Optional<String> probe(
            List<Map<String, Object>> messages, List<Map<String, Object>> tools, boolean generationPrompt) {
        try {
            return Optional.of(render(ChatRequest.of(messages)
                            .tools(tools)
                            .addGenerationPrompt(generationPrompt)
                            .build())
                    .text());
        } catch (TemplateException e) {
            return Optional.empty();
        }
    }

    /**
     * The text of a rendering without its origins.
     *
     * @param spans a rendering
     * @return the text of all spans
     */
    public static String text(List<Span> spans) {
        return spans.stream().map(Span::text).collect(Collectors.joining());
    }

    private Map<String, Object> variables(ChatRequest request) {
        ZonedDateTime now = ZonedDateTime.now(request.clock());
        Map<String, Object> variables = new LinkedHashMap<>();
        // llama.cpp sets these two for every template.
        variables.put("date_string", new Trusted(DATE.format(now)));
        variables.put("datetime", new Trusted(DATETIME.format(now)));
        variables.put("enable_thinking", request.enableThinking() && capabilities.thinking());
        variables.putAll(request.kwargs());
        for (String name : RESERVED) {
            if (request.kwargs().containsKey(name)) {
                throw new TemplateException("The variable '" + name + "' cannot be set by chat_template_kwargs", 0);
            }
        }
        variables.put("messages", normalizer.messages(request.messages()));
        // Without tools the variable is left undefined, which templates tell from an empty list.
        if (!request.tools().isEmpty()) {
            variables.put("tools", MessageNormalizer.tools(request.tools()));
        }
        variables.put("bos_token", new Trusted(request.bosToken()));
        variables.put("eos_token", new Trusted(request.eosToken()));
        variables.put("add_generation_prompt", request.addGenerationPrompt());
        return variables;
    }

    private static RenderedChat withoutBos(List<Span> spans, String bos) {
        if (bos.isEmpty()
                || spans.isEmpty()
                || !spans.getFirst().trusted()
                || !spans.getFirst().text().startsWith(bos)) {
            return new RenderedChat(List.copyOf(spans), false);
        }
        List<Span> rest = new ArrayList<>(spans);
        String first = rest.removeFirst().text().substring(bos.length());
        if (!first.isEmpty()) {
            rest.addFirst(new Span(first, true));
        }
        return new RenderedChat(List.copyOf(rest), true);
    }
}
