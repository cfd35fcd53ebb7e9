package io.llamanode.service.model;

import io.llamanode.engine.llama.LlamaVectorRunner;
import io.llamanode.engine.vector.VectorEngine;
import io.llamanode.gguf.GgmlType;
import io.llamanode.gguf.MemoryEstimate;
import io.llamanode.llama.ContextException;
import io.llamanode.llama.ContextParams;
import io.llamanode.llama.PoolingType;
import io.llamanode.llama.VocabType;
import io.llamanode.llama.context.LlamaContext;
import io.llamanode.llama.model.LlamaModel;
import io.llamanode.llama.model.Vocab;
import io.llamanode.service.contract.Capability;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The engines that turn texts into vectors with one model. Each has a context and a thread of its own,
 * which most users of a model that generates never need, so they are made when first asked for.
 */
final class VectorEngines implements AutoCloseable {
    private final String id;
    private final LlamaModel model;
    private final ModelTraits traits;
    private final ModelSizes sizes;
    private final int threads;
    private final int batchThreads;
    private final @Nullable Boolean flash;
    private final boolean together;
    private @Nullable VectorEngine embedder;
    private @Nullable VectorEngine ranker;
    private boolean closed;

    /**
     * @param flash whether flash attention is used, or {@code null} for what llama.cpp takes by itself
     * @param together whether texts of several requests are computed at once
     */
    VectorEngines(
            String id,
            LlamaModel model,
            ModelTraits traits,
            ModelSizes sizes,
            int threads,
            int batchThreads,
            @Nullable Boolean flash,
            boolean together) {
        this.id = id;
        this.model = model;
        this.traits = traits;
        this.sizes = traits.generates() ? sizes.forEmbedding(model.isRecurrent()) : sizes;
        this.threads = threads;
        this.batchThreads = batchThreads;
        this.flash = flash;
        this.together = together;
    }

    /** @see LoadedModel#embedder */
    synchronized VectorEngine embedder() {
        if (!traits.can(Capability.EMBEDDING)) {
            throw new FailureException(ErrorCode.UNSUPPORTED, "model '%s' gives no embeddings".formatted(id));
        }
        if (embedder == null) {
            embedder = start("embed-" + id, PoolingType.NONE);
        }
        return embedder;
    }

    /** @see LoadedModel#ranker */
    synchronized VectorEngine ranker() {
        if (!traits.can(Capability.RERANK)) {
            throw new FailureException(
                    ErrorCode.UNSUPPORTED,
                    "model '%s' does not rerank: that takes a model of the BERT family with a rank head".formatted(id));
        }
        if (ranker == null) {
            ranker = start("rank-" + id, PoolingType.RANK);
        }
        return ranker;
    }

    private VectorEngine start(String name, PoolingType pooling) {
        if (closed) {
            throw new FailureException(ErrorCode.CANCELLED, "the model is being closed");
        }
        MemoryEstimate required = sizes.estimateVectors(model.file()).withoutWeights();
        ModelSizes.refuseWhatDoesNotFit(
                "a context for vectors of model '%s'".formatted(id),
                required,
                model.library().contextAddresses());
        LlamaContext context;
        try {
            context = LlamaContext.create(
                    model,
                    new ContextParams(
                            sizes.vectorCells(),
                            sizes.nBatch(),
                            sizes.nUbatch(),
                            sizes.slots(),
                            threads,
                            batchThreads,
                            true,
                            pooling,
                            GgmlType.F16,
                            GgmlType.F16,
                            flash,
                            true));
        } catch (ContextException e) {
            throw new FailureException(ErrorCode.OUT_OF_MEMORY, e.getMessage());
        } catch (IllegalArgumentException e) {
            throw new FailureException(ErrorCode.UNSUPPORTED, Objects.requireNonNull(e.getMessage()));
        }
        try {
            ModelSizes.refuseWhatLeavesNothing("a context for vectors of model '%s'".formatted(id));
        } catch (FailureException e) {
            context.close();
            throw e;
        }
        VectorEngine engine = new VectorEngine(name, new LlamaVectorRunner(context, sizes.nBatch()), together);
        try {
            engine.start();
        } catch (OutOfMemoryError e) {
            engine.close();
            throw e;
        }
        return engine;
    }

    /** @see LoadedModel#pair */
    int[] pair(String query, String document) {
        Vocab vocab = model.vocab();
        IntStream first = IntStream.of(vocab.tokenize(query, true, false));
        IntStream second = IntStream.of(vocab.tokenize(document, false, false));
        int separator = vocab.sep() != Vocab.NONE ? vocab.sep() : vocab.eos();
        if (vocab.type() == VocabType.WPM) {
            // [CLS] query [SEP] document [SEP]: the tokenizer has put the first two there.
            return IntStream.concat(first, IntStream.concat(second, IntStream.of(separator)))
                    .toArray();
        }
        if (vocab.eos() == Vocab.NONE) {
            throw new FailureException(
                    ErrorCode.UNSUPPORTED,
                    "the model's file has no tokenizer.ggml.eos_token_id, which separates a query from a document");
        }
        // <s> query </s></s> document </s>
        IntStream end = vocab.addEos() ? IntStream.empty() : IntStream.of(vocab.eos());
        IntStream front = IntStream.concat(first, IntStream.concat(end, IntStream.of(separator)));
        return IntStream.concat(front, IntStream.concat(second, IntStream.of(vocab.eos())))
                .toArray();
    }

    /** Cancels what runs and gives the memory back. */
    @Override
    public void close() {
        VectorEngine first;
        VectorEngine second;
        synchronized (this) {
            closed = true;
            first = embedder;
            second = ranker;
        }
        if (first != null) {
            first.close();
        }
        if (second != null) {
            second.close();
        }
    }
}
