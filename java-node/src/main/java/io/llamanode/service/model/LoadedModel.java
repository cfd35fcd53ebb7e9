package io.llamanode.service.model;

import io.llamanode.account.Holding;
import io.llamanode.chat.tools.AnswerFormat;
import io.llamanode.engine.Engine;
import io.llamanode.engine.model.Adapter;
import io.llamanode.engine.model.Vocabulary;
import io.llamanode.engine.sampling.ChainParams;
import io.llamanode.engine.sampling.Grammar;
import io.llamanode.engine.sampling.Sampler;
import io.llamanode.engine.sampling.SamplingParams;
import io.llamanode.engine.vector.VectorEngine;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Setting;
import io.llamanode.service.contract.model.ModelHeader;
import io.llamanode.service.contract.model.ModelInfo;
import io.llamanode.service.contract.task.ChatTemplating;
import io.llamanode.service.contract.task.GenerationOptions;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A model that is ready to work: what the service needs of it.
 *
 * <p>For any thread, except what says that it is slow: that is for the threads that load and prepare. {@link #close} is for the
 * thread that loads, once nobody finds the model any more.
 */
public interface LoadedModel extends AutoCloseable {
    /** {@return facts} */
    ModelInfo info();

    /** {@return what its file tells} */
    ModelHeader header();

    /** {@return how its makers want it to be sampled, as far as its file says} */
    GenerationOptions sampling();

    /**
     * {@return what it was loaded with, by the keys of docs/protocol.md, each with where it comes from if nobody gave it}
     */
    Map<String, Setting> settings();

    /** {@return the running engine, or {@code null} if the model does not generate} */
    @Nullable
    Engine engine();

    /**
     * The engine of embeddings, which is made at the first call. Slow then.
     *
     * @return it, running
     * @throws FailureException {@code unsupported}, {@code out_of_memory}
     */
    VectorEngine embedder();

    /**
     * The engine of scores, which is made at the first call. Slow then.
     *
     * @return it, running; its vectors are one score each
     * @throws FailureException {@code unsupported}, {@code out_of_memory}
     */
    VectorEngine ranker();

    /**
     * The input of {@link #ranker}.
     *
     * @param query what is looked for
     * @param document where
     * @return tokens of both, joined in the way of the model's tokenizer
     */
    int[] pair(String query, String document);

    /**
     * Loads a LoRA adapter. Slow.
     *
     * @param path a GGUF file
     * @return the adapter, to be closed by the caller once the engine has let go of it
     * @throws FailureException {@code model_load_failed} if the file is unfit
     */
    Adapter loadAdapter(Path path);

    /** {@return bytes of the KV cache that a token takes, about} */
    long cacheBytesPerToken();

    /** {@return tokenizer and token properties} */
    Vocabulary vocabulary();

    /**
     * Makes a sampler that needs more than {@link SamplingParams}. Slow for a large grammar.
     *
     * @param params how tokens are chosen
     * @param more what llama.cpp's samplers are to do, or {@code null}
     * @param grammar what the answer must keep to, or {@code null}
     * @param holding of the request, whose owner is charged with the grammar; {@code null} if it is only tried
     * @return the sampler, to be closed by the caller or by the engine that takes it
     * @throws io.llamanode.grammar.language.LanguageException if the grammar is none
     * @throws io.llamanode.grammar.automaton.GrammarLimitException if it is too large, or no text keeps to it
     * @throws io.llamanode.account.NoRoomException if its owner may not hold the grammar
     * @throws java.util.concurrent.CancellationException if it is not wanted any more
     */
    Sampler sampler(
            SamplingParams params, @Nullable ChainParams more, @Nullable Grammar grammar, @Nullable Holding holding);

    /**
     * Renders a conversation with the model's chat template.
     *
     * @param request what to render
     * @return the prompt, in which only template text counts as trusted; without a leading bos
     * @throws FailureException {@code invalid_argument} if the template or the messages are at
     *     fault, {@code unsupported} if the model has no template
     */
    PromptText render(ChatTemplating request);

    /**
     * How answers to a conversation are written.
     *
     * @param request what is rendered
     * @return the format that its chat template shows
     * @throws FailureException as {@link #render}
     */
    AnswerFormat answerFormat(ChatTemplating request);

    /** Stops the engine, which cancels its requests, and gives the memory back. */
    @Override
    void close();
}
