package io.llamanode.service.model;

import io.llamanode.chat.ChatRequest;
import io.llamanode.chat.ChatTemplate;
import io.llamanode.chat.RenderedChat;
import io.llamanode.chat.SimpleTemplate;
import io.llamanode.chat.jinja.Span;
import io.llamanode.chat.jinja.TemplateException;
import io.llamanode.chat.tools.AnswerFormat;
import io.llamanode.llama.model.LlamaModel;
import io.llamanode.llama.model.Vocab;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Origin;
import io.llamanode.service.contract.Setting;
import io.llamanode.service.contract.task.ChatTemplating;
import io.llamanode.service.contract.task.OptionValues;
import io.llamanode.service.contract.task.TemplateChoice;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The chat templates of one model: its own, its variants by name, and those that requests bring. */
final class ChatTemplates {
    private static final Logger LOG = LoggerFactory.getLogger(ChatTemplates.class);
    private static final int TEMPLATES_KEPT = 16;
    private static final String KEY = "tokenizer.chat_template.";
    private static final String DEFAULT = "default";
    /** The variant that some models have for conversations with tools. */
    private static final String FOR_TOOLS = "tool_use";

    private final String id;
    private final String bos;
    private final String eos;
    /** Sources by name. */
    private final Map<String, String> variants = new TreeMap<>();
    /** {@code null} if the model has none, or one that cannot be used. */
    private final @Nullable ChatTemplate own;

    private final @Nullable TemplateChoice override;
    private final String whyNoTemplate;
    /** Whether it was said that nobody knows how the model calls tools. */
    private final AtomicBoolean warned = new AtomicBoolean();
    /** Those that were asked for, by source: a client sends the same one again and again. */
    private final Map<String, ChatTemplate> parsed = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, ChatTemplate> eldest) {
            return size() > TEMPLATES_KEPT;
        }
    };

    /**
     * @param id of the model, for messages
     * @param model whose metadata have the templates
     * @param override in place of the model's default, or {@code null}
     * @throws FailureException {@code invalid_argument} if the override cannot be used
     */
    ChatTemplates(String id, LlamaModel model, @Nullable TemplateChoice override) {
        this(
                id,
                source(model),
                variants(model),
                override,
                text(model.vocab(), model.vocab().bos()),
                text(model.vocab(), model.vocab().eos()));
    }

    ChatTemplates(
            String id,
            @Nullable String ownSource,
            Map<String, String> variants,
            @Nullable TemplateChoice override,
            String bos,
            String eos) {
        this.id = id;
        this.bos = bos;
        this.eos = eos;
        // A template of nothing but space is how some files say that they have none.
        variants.forEach((name, source) -> {
            if (!source.isBlank()) {
                this.variants.put(name, source);
            }
        });
        String given = ownSource != null && !ownSource.isBlank() ? ownSource : null;
        if (given != null) {
            this.variants.put(DEFAULT, given);
        }
        this.override = override;
        String problem = "model '" + id + "' has no chat template; give chat_template";
        ChatTemplate usable = null;
        if (override != null) {
            usable = find(override);
        } else if (given != null) {
            try {
                usable = ChatTemplate.parse(given);
                if (usable.capabilities().silent()) {
                    problem = "the chat template of model '" + id + "' renders nothing; give chat_template";
                    usable = null;
                    LOG.warn("{}", problem);
                }
            } catch (TemplateException e) {
                problem = "the chat template of model '" + id + "' cannot be used: " + e.getMessage();
                LOG.warn("{}", problem);
            }
        }
        this.own = usable;
        this.whyNoTemplate = problem;
    }

    /** {@return which template is in force where nobody asks for another} */
    Setting setting() {
        if (override != null) {
            return new Setting(OptionValues.template(override), Origin.OPTION);
        }
        return own == null ? new Setting(new Setting.Word("none"), Origin.DEFAULT) : new Setting(DEFAULT, Origin.MODEL);
    }

    private static @Nullable String source(LlamaModel model) {
        return model.chatTemplate().orElse(null);
    }

    private static Map<String, String> variants(LlamaModel model) {
        Map<String, String> variants = new TreeMap<>();
        model.metadata().forEach((key, source) -> {
            if (key.startsWith(KEY)) {
                variants.put(key.substring(KEY.length()), source);
            }
        });
        return variants;
    }

    private static String text(Vocab vocab, int token) {
        return token == Vocab.NONE ? "" : vocab.text(token);
    }

    /**
     * @param choice {@code null}: the model's own
     * @throws FailureException {@code invalid_argument} if there is no such template, {@code unsupported} if the
     *     model has none
     */
    private ChatTemplate find(@Nullable TemplateChoice choice) {
        return switch (choice) {
            case null -> {
                if (own == null) {
                    throw new FailureException(ErrorCode.UNSUPPORTED, whyNoTemplate);
                }
                yield own;
            }
            case TemplateChoice.Source(String jinja) -> parse(jinja);
            case TemplateChoice.Simple(String system, String prefix, String postfix) ->
                parse(new SimpleTemplate(system, prefix, postfix).source());
            case TemplateChoice.Variant(String name) -> {
                String source = variants.get(name);
                if (source == null) {
                    throw FailureException.invalid(
                            "chat_template: '%s' is neither a Jinja template nor a variant of ".formatted(name)
                                    + "the model's; it has " + (variants.isEmpty() ? "none" : variants.keySet()));
                }
                yield parse(source);
            }
        };
    }

    private ChatTemplate parse(String source) {
        synchronized (parsed) {
            ChatTemplate known = parsed.get(source);
            if (known == null) {
                try {
                    known = ChatTemplate.parse(source);
                } catch (TemplateException e) {
                    throw FailureException.invalid("chat_template: " + e.getMessage());
                }
                if (known.capabilities().silent()) {
                    throw FailureException.invalid("chat_template: it renders nothing of a conversation");
                }
                parsed.put(source, known);
            }
            return known;
        }
    }

    private ChatTemplate find(ChatTemplating request) {
        TemplateChoice choice = request.template();
        boolean forTools =
                choice == null && override == null && !request.toolList().isEmpty();
        return find(forTools && variants.containsKey(FOR_TOOLS) ? new TemplateChoice.Variant(FOR_TOOLS) : choice);
    }

    AnswerFormat answerFormat(ChatTemplating request) {
        AnswerFormat format = find(request).answerFormat();
        if (!request.toolList().isEmpty() && !format.isKnown() && warned.compareAndSet(false, true)) {
            LOG.warn(
                    "the chat template of model '{}' shows no known syntax of tool calls; they are asked for, and read, as JSON",
                    id);
        }
        return format;
    }

    PromptText render(ChatTemplating request) {
        ChatTemplate template = find(request);
        RenderedChat rendered;
        try {
            rendered = template.render(chatRequest(request, template));
        } catch (TemplateException e) {
            throw FailureException.invalid("messages: the chat template refuses them: " + e.getMessage());
        }
        PromptText.Builder prompt = new PromptText.Builder();
        for (Span span : rendered.spans()) {
            prompt.add(span.text(), span.trusted());
        }
        return prompt.build();
    }

    private ChatRequest chatRequest(ChatTemplating request, ChatTemplate template) {
        List<Map<String, Object>> messages = request.adaptTools()
                ? template.answerFormat().adapt(request.messages(), request.toolList())
                : request.messages();
        return ChatRequest.of(messages)
                .tools(request.tools())
                .addGenerationPrompt(request.addGenerationPrompt())
                .bosToken(bos)
                .eosToken(eos)
                .kwargs(request.templateKwargs())
                .build();
    }
}
