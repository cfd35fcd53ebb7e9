package io.llamanode.llama.context;

import io.llamanode.gguf.GgmlType;
import io.llamanode.gguf.GgufFile;
import io.llamanode.gguf.GgufTensor;
import io.llamanode.llama.ContextParams;
import io.llamanode.llama.PoolingType;
import io.llamanode.llama.model.LlamaModel;
import java.util.BitSet;
import java.util.Set;

/** What llama.cpp would answer with an abort when a context is made or used; each is checked here instead. */
final class ContextLimits {

    /** The architectures whose graphs put out all tokens when they pool. */
    private static final Set<String> ENCODERS = Set.of("bert", "nomic-bert", "jina-bert-v2");

    private final LlamaModel model;
    private final int nBatch;
    private final int nUbatch;
    private final int nSeqMax;
    private final boolean kvUnified;
    private final boolean embeddings;
    private final PoolingType pooling;
    private final boolean singleComputation;
    private final int nPositions;

    ContextLimits(LlamaModel model, int nBatch, int nUbatch, ContextParams params, PoolingType pooling) {
        this.model = model;
        this.nBatch = nBatch;
        this.nUbatch = nUbatch;
        this.nSeqMax = params.nSeqMax();
        this.kvUnified = params.kvUnified();
        this.embeddings = params.embeddings();
        this.pooling = pooling;
        GgufFile file = model.file();
        boolean causal = file.bool(file.architecture() + ".attention.causal").orElse(true);
        this.singleComputation = !causal || isPooled();
        this.nPositions = positions(model);
    }

    /** Learned position embeddings are a table, and a position beyond it would be read from nowhere. */
    private static int positions(LlamaModel model) {
        GgufTensor table = model.file().tensors().get("position_embd.weight");
        return table == null || table.dims().size() < 2 || model.hasRotaryPositions()
                ? Integer.MAX_VALUE
                : Math.toIntExact(table.dims().get(1));
    }

    static void check(LlamaModel model, ContextParams params) {
        if (model.params().vocabOnly()) {
            throw new IllegalArgumentException("Only the vocabulary of the model is loaded");
        }
        long headK = headLength(model.file(), "attention.key_length");
        long headV = headLength(model.file(), "attention.value_length");
        if (params.typeK().isQuantized() && headK % params.typeK().blockElements() != 0) {
            throw new IllegalArgumentException(unfit("typeK", params.typeK(), headK));
        }
        if (params.typeV().isQuantized() && headV % params.typeV().blockElements() != 0) {
            throw new IllegalArgumentException(unfit("typeV", params.typeV(), headV));
        }
        if (!model.library().generation.poolsAnyMean()
                && params.embeddings()
                && isMean(model.file(), params.pooling())
                && !ENCODERS.contains(model.architecture())) {
            throw new IllegalArgumentException("pooling MEAN ends the process with models of the architecture "
                    + model.architecture() + "; use NONE and average the embeddings");
        }
        boolean encoderOnly = model.hasEncoder() && !model.hasDecoder();
        if (encoderOnly && !model.library().generation.runsEncodersAlone()) {
            throw new IllegalArgumentException(
                    "llama.cpp " + model.library().version() + " cannot run models of the architecture "
                            + model.architecture() + model.library().advice());
        }
        if (encoderOnly && (!params.embeddings() || params.pooling() != PoolingType.NONE)) {
            throw new IllegalArgumentException("A model with only an encoder needs embeddings and pooling NONE");
        }
    }

    private static boolean isMean(GgufFile file, PoolingType asked) {
        return asked == PoolingType.MEAN
                || asked == PoolingType.MODEL && file.parameter("pooling_type").orElse(0) == PoolingType.MEAN.code();
    }

    private static String unfit(String name, GgmlType type, long head) {
        return name + " is " + type + ", which cannot store heads of " + head + " elements";
    }

    private static long headLength(GgufFile file, String key) {
        long heads = Math.max(1, file.parameter("attention.head_count").orElse(1));
        return file.parameter(key).orElse(file.parameter("embedding_length").orElse(0) / heads);
    }

    private boolean isPooled() {
        return embeddings && pooling != PoolingType.NONE;
    }

    void checkDecode(LlamaBatch batch, boolean encoded) {
        if (!model.hasDecoder()) {
            throw new IllegalStateException("The model has no decoder");
        }
        if (model.hasEncoder() && !encoded) {
            throw new IllegalStateException("The decoder of this model needs a call of encode first");
        }
        check(batch, singleComputation ? Math.min(nBatch, nUbatch) : nBatch);
        if (isPooled() && batch.maxSeqId() >= batch.size()) {
            throw new IllegalArgumentException("The batch has the sequence " + batch.maxSeqId() + " and " + batch.size()
                    + " tokens; pooling needs sequence ids below the number of tokens");
        }
    }

    /** The cells of separate sequences cannot be shared, only copied as a whole. */
    void checkCopy(int from, int to) {
        if (!kvUnified && (from > 0 || to >= 0)) {
            throw new IllegalArgumentException("Only whole sequences can be copied where they are separate");
        }
    }

    void checkEncode(LlamaBatch batch) {
        if (!model.hasEncoder()) {
            throw new IllegalStateException("The model has no encoder");
        }
        check(batch, Math.min(nBatch, nUbatch));
    }

    private void check(LlamaBatch batch, int maxTokens) {
        if (batch.size() < 1 || batch.size() > maxTokens) {
            throw new IllegalArgumentException(
                    "The batch has " + batch.size() + " tokens; the context takes 1 to " + maxTokens);
        }
        model.vocab().check(batch.maxToken());
        if (batch.maxSeqId() >= nSeqMax) {
            throw new IllegalArgumentException(
                    "The batch has the sequence " + batch.maxSeqId() + "; the context has " + nSeqMax);
        }
        if (!kvUnified && batch.maxSeqIdsPerToken() > 1) {
            throw new IllegalArgumentException("The batch has a token of several sequences, which are separate");
        }
        if (batch.maxPosition() >= nPositions) {
            throw new IllegalArgumentException(
                    "The batch has the position " + batch.maxPosition() + "; the model has " + nPositions);
        }
    }

    /** Pooled batches put out all tokens, whatever was asked for. */
    void recordOutputs(LlamaBatch batch, BitSet outputs) {
        for (int i = 0; i < batch.size(); i++) {
            outputs.set(i, batch.isOutput(i) || isPooled());
        }
    }
}
