package io.llamanode.service;

import io.llamanode.chat.ChatRequest;
import io.llamanode.chat.ChatTemplate;
import io.llamanode.chat.RenderedChat;
import io.llamanode.chat.jinja.Span;
import io.llamanode.chat.jinja.TemplateException;
import io.llamanode.engine.Engine;
import io.llamanode.engine.SamplerFactory;
import io.llamanode.engine.Vocabulary;
import io.llamanode.engine.sampling.ChainParams;
import io.llamanode.engine.sampling.Grammar;
import io.llamanode.engine.sampling.Sampler;
import io.llamanode.engine.sampling.SamplingParams;
import io.llamanode.gguf.MemoryEstimate;
import io.llamanode.llama.GrammarException;
import io.llamanode.engine.vector.VectorEngine;
import io.llamanode.llama.LlamaModel;
import io.llamanode.llama.Vocab;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A GGUF model on its engine. */
final class NativeModel implements LoadedModel {
    private static final Logger LOG = LoggerFactory.getLogger(NativeModel.class);
    private static final int TEMPLATES_KEPT = 16;

    private final LlamaModel model;
    /** {@code null} if the model does not generate. */
    private final Engine engine;
    private final VectorEngines vectors;
    private final Vocabulary vocabulary;
    private final long cacheBytesPerToken;
    private final SamplerFactory samplers;
    private final ModelInfo info;
    /** {@code null} if the model has none, or one that cannot be used. */
    private final ChatTemplate own;
    private final String whyNoTemplate;
    /** Templates that requests brought, by source: a client sends the same one again and again. */
    private final Map<String, ChatTemplate> brought = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, ChatTemplate> eldest) {
            return size() > TEMPLATES_KEPT;
        }
    };

    NativeModel(
            String id,
            LlamaModel model,
            ModelTraits traits,
            ModelSizes sizes,
            Engine engine,
            VectorEngines vectors,
            Vocabulary vocabulary,
            int maxQueue) {
        this.model = model;
        this.engine = engine;
        this.vectors = vectors;
        this.vocabulary = vocabulary;
        int nCtx = sizes.nCtx();
        this.cacheBytesPerToken = MemoryEstimate.of(model.file(), nCtx, 1, 1, 1).kvCache() / nCtx;
        this.samplers = new SamplerFactory(model, vocabulary, nCtx);
        this.info = new ModelInfo(
                id,
                model.file().path().toString(),
                model.architecture(),
                model.description(),
                model.nParams(),
                model.sizeBytes(),
                sizes.nCtx(),
                model.nCtxTrain(),
                sizes.slots(),
                maxQueue,
                model.embeddingWidth(),
                traits.pooling(),
                traits.capabilities());
        ChatTemplate parsed = null;
        String problem = "model '" + id + "' has no chat template; give chat_template";
        if (model.chatTemplate().isPresent()) {
            try {
                parsed = ChatTemplate.parse(model.chatTemplate().get());
            } catch (TemplateException e) {
                problem = "the chat template of model '" + id + "' cannot be used: " + e.getMessage();
                LOG.warn("{}", problem);
            }
        }
        this.own = parsed;
        this.whyNoTemplate = problem;
    }

    @Override
    public ModelInfo info() {
        return info;
    }

    @Override
    public Engine engine() {
        return engine;
    }

    @Override
    public VectorEngine embedder() {
        return vectors.embedder();
    }

    @Override
    public VectorEngine ranker() {
        return vectors.ranker();
    }

    @Override
    public int[] pair(String query, String document) {
        return vectors.pair(query, document);
    }

    @Override
    public long cacheBytesPerToken() {
        return cacheBytesPerToken;
    }

    @Override
    public Vocabulary vocabulary() {
        return vocabulary;
    }

    @Override
    public Sampler sampler(SamplingParams params, ChainParams more, Grammar grammar) {
        try {
            return samplers.sampler(params, more, grammar);
        } catch (GrammarException e) {
            throw FailureException.invalid("grammar: " + e.getMessage());
        }
    }

    @Override
    public PromptText render(ChatTemplating request) {
        RenderedChat rendered;
        try {
            rendered = template(request.chatTemplate()).render(chatRequest(request));
        } catch (TemplateException e) {
            throw FailureException.invalid("messages: the chat template refuses them: " + e.getMessage());
        }
        PromptText.Builder prompt = new PromptText.Builder();
        for (Span span : rendered.spans()) {
            prompt.add(span.text(), span.trusted());
        }
        return prompt.build();
    }

    private ChatTemplate template(String source) {
        if (source == null) {
            if (own == null) {
                throw new FailureException(ErrorCode.UNSUPPORTED, whyNoTemplate);
            }
            return own;
        }
        synchronized (brought) {
            ChatTemplate known = brought.get(source);
            if (known == null) {
                try {
                    known = ChatTemplate.parse(source);
                } catch (TemplateException e) {
                    throw FailureException.invalid("chat_template: " + e.getMessage());
                }
                brought.put(source, known);
            }
            return known;
        }
    }

    private ChatRequest chatRequest(ChatTemplating request) {
        Vocab vocab = model.vocab();
        return ChatRequest.of(request.messages())
                .tools(request.tools())
                .addGenerationPrompt(request.addGenerationPrompt())
                .bosToken(vocab.bos() == Vocab.NONE ? "" : vocab.text(vocab.bos()))
                .eosToken(vocab.eos() == Vocab.NONE ? "" : vocab.text(vocab.eos()))
                .kwargs(request.chatTemplateKwargs())
                .build();
    }

    @Override
    public void close() {
        vectors.close();
        if (engine != null) {
            engine.close();
        }
        model.close();
    }
}
