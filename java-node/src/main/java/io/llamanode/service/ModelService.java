package io.llamanode.service;

import io.llamanode.account.Weight;
import io.llamanode.gguf.FreeMemory;
import io.llamanode.service.contract.Capability;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.Reply;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.ModelInspection;
import io.llamanode.service.contract.model.ModelReport;
import io.llamanode.service.contract.task.ChatTemplating;
import io.llamanode.service.contract.task.TokenPiece;
import io.llamanode.service.contract.task.TokenText;
import io.llamanode.service.model.ModelLoader;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What requests ask of models rather than of sessions and tasks. Safe for use by any thread; what
 * takes time is done aside, in turn with the owner's other work, and answered through a {@link Reply}.
 */
public final class ModelService {
    private static final int LONGEST_TEXT = 1 << 20;

    private final ModelRegistry models;
    private final ModelLoader loader;
    private final Asides asides;
    private final Asides inspections;

    ModelService(ModelRegistry models, ModelLoader loader, Asides asides, Asides inspections) {
        this.models = models;
        this.loader = loader;
        this.asides = asides;
        this.inspections = inspections;
    }

    /** {@return the loaded models, in the order of their loading} */
    public List<ModelReport> list() {
        return models.reports();
    }

    /**
     * {@return whether a model answers conversations with a template}
     *
     * @param modelId or {@code null} for the default model
     * @throws FailureException {@code invalid_argument} for a model that is not there, {@code unsupported} if none is
     */
    public boolean chats(@Nullable String modelId) {
        return models.find(modelId).work.info().capabilities().contains(Capability.CHAT);
    }

    /**
     * {@return the id of the first model that was loaded from a file, or {@code null}}
     *
     * @param file its path; another way to write the same path will do
     */
    public @Nullable String loadedFrom(Path file) {
        Path wanted = file.toAbsolutePath().normalize();
        return models.all().stream()
                .filter(model ->
                        model.config.path().toAbsolutePath().normalize().equals(wanted))
                .map(ServedModel::id)
                .findFirst()
                .orElse(null);
    }

    /** {@return the file that is being loaded, or {@code null}} */
    public @Nullable Path loading() {
        return models.loading();
    }

    /**
     * Reads a file's header, and estimates what loading it would take.
     *
     * @param owner in turn with whose other work
     * @param config the file, and how it would be loaded
     * @param reply told what it is; {@code model_load_failed} if it is no model
     * @throws FailureException {@code invalid_argument} for sizes that exclude each other
     */
    public void inspect(Owner owner, ModelConfig config, Reply<ModelInspection> reply) {
        if (config.server() != null) {
            throw new FailureException(
                    ErrorCode.UNSUPPORTED,
                    "inspect_model: reads files; list_models tells what a server says of its model");
        }
        ModelConfig completed = models.completed(config);
        completed.refuseContradictions();
        inspections.run(
                owner,
                null,
                Weight.of(config),
                () -> "path",
                () -> {
                    OptionalLong available = FreeMemory.available();
                    ModelLoader.Preview preview = loader.preview(completed);
                    return new ModelInspection(preview.header(), orNull(preview.requiredBytes()), orNull(available));
                },
                reply);
    }

    private static @Nullable Long orNull(OptionalLong number) {
        return number.isPresent() ? number.getAsLong() : null;
    }

    /**
     * Tokenizes a text.
     *
     * @param owner in turn with whose other work
     * @param text what and how, at most 2^20 characters
     * @param reply told the token ids; {@code unsupported} if the model has no tokenizer
     * @throws FailureException {@code invalid_argument} for a longer text or a model that is not there, {@code
     *     unsupported} if none is
     */
    public void tokenize(Owner owner, TokenText text, Reply<int[]> reply) {
        with(owner, checked(text), work -> work.tokenize(text), reply);
    }

    /**
     * Counts the tokens of a text.
     *
     * @param owner in turn with whose other work
     * @param text what and how, at most 2^20 characters
     * @param reply told how many there are; {@code unsupported} if the model has no tokenizer
     * @throws FailureException {@code invalid_argument} for a longer text or a model that is not there, {@code
     *     unsupported} if none is
     */
    public void countTokens(Owner owner, TokenText text, Reply<Integer> reply) {
        with(owner, checked(text), work -> work.tokenize(text).length, reply);
    }

    /**
     * Tokenizes a text, and tells what each token stands for.
     *
     * @param owner in turn with whose other work
     * @param text what and how, at most 2^20 characters
     * @param reply told the tokens; {@code unsupported} if the model has no tokenizer
     * @throws FailureException {@code invalid_argument} for a longer text or a model that is not there, {@code
     *     unsupported} if none is
     */
    public void pieces(Owner owner, TokenText text, Reply<List<TokenPiece>> reply) {
        with(owner, checked(text), work -> work.pieces(text), reply);
    }

    private static TokenText checked(TokenText text) {
        if (text.content().length() > LONGEST_TEXT) {
            throw FailureException.invalid("content: has %d characters, at most %d are tokenized"
                    .formatted(text.content().length(), LONGEST_TEXT));
        }
        return text;
    }

    private <T> void with(Owner owner, TokenText text, Function<ModelWork, T> use, Reply<T> reply) {
        with(owner, text.model(), text, "content", use, reply);
    }

    /**
     * Turns tokens into text.
     *
     * @param owner in turn with whose other work
     * @param modelId or {@code null} for the default model
     * @param tokens token ids
     * @param special whether control tokens are spelled; else they are left out
     * @param reply told the text, in which bytes that are not UTF-8 are replaced; {@code unsupported} if the model has
     *     no tokenizer
     * @throws FailureException {@code invalid_argument} for a token or a model that is not there, {@code unsupported}
     *     if none is
     */
    public void detokenize(Owner owner, @Nullable String modelId, int[] tokens, boolean special, Reply<String> reply) {
        Integer known = models.find(modelId).work.vocabularySize();
        int size = known == null ? Integer.MAX_VALUE : known;
        IntStream.of(tokens)
                .filter(token -> token < 0 || token >= size)
                .findFirst()
                .ifPresent(token -> {
                    throw FailureException.invalid(
                            "tokens: there is no token %d; the vocabulary has %d tokens".formatted(token, size));
                });
        with(owner, modelId, tokens, "tokens", work -> work.detokenize(tokens, special), reply);
    }

    /**
     * Renders a conversation with a chat template.
     *
     * @param owner in turn with whose other work
     * @param templating what to render
     * @param reply told the prompt, without a leading bos, or why the template refuses
     * @throws FailureException {@code invalid_argument} for a model that is not there, {@code unsupported} if none is
     */
    public void applyTemplate(Owner owner, ChatTemplating templating, Reply<String> reply) {
        with(owner, templating.model(), templating, "messages", work -> work.render(templating), reply);
    }

    private <T> void with(
            Owner owner,
            @Nullable String modelId,
            Object input,
            String key,
            Function<ModelWork, T> work,
            Reply<T> reply) {
        ServedModel model = models.use(modelId);
        asides.run(owner, model, Weight.of(input), () -> key, () -> work.apply(model.work), reply);
    }
}
