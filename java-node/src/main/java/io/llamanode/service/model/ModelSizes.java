package io.llamanode.service.model;

import io.llamanode.gguf.FreeMemory;
import io.llamanode.gguf.GgufFile;
import io.llamanode.gguf.MemoryEstimate;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Origin;
import io.llamanode.service.contract.Setting;
import io.llamanode.service.contract.model.ModelConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * What the configuration and the model's header make of the sizes.
 *
 * @param nCtx tokens of context of each slot, or of a text to embed
 * @param slots sequences side by side
 * @param nBatch tokens of one decode call
 * @param nUbatch tokens the backend computes at once
 */
record ModelSizes(int nCtx, int slots, int nBatch, int nUbatch) {
    private static final int DEFAULT_CONTEXT = 4096;
    private static final String WISHED_CONTEXT = "llama_node.n_ctx";
    private static final int DEFAULT_SLOTS = 4;
    private static final int DEFAULT_BATCH = ModelConfig.DEFAULT_BATCH;
    /** What a process that probes takes besides the model. */
    private static final long PROCESS_BYTES = 192L << 20;
    /** llama.cpp counts cells in 32 bits, and rounds up. */
    private static final long MOST_CELLS = Integer.MAX_VALUE / 2;
    /** As many as a context can have: short texts are computed faster together. */
    private static final int MOST_TEXTS = 64;

    /** @throws FailureException {@code invalid_argument} for a context in which nothing fits */
    static ModelSizes of(ModelConfig config, GgufFile header, ModelTraits traits) {
        int trained = (int)
                Math.min(Integer.MAX_VALUE, header.parameter("context_length").orElse(DEFAULT_CONTEXT));
        int nCtx =
                config.nCtx() != null ? config.nCtx() : Math.min(Math.max(wished(header, trained), 2), DEFAULT_CONTEXT);
        if (nCtx < 2) {
            throw FailureException.invalid("n_ctx: %d leaves no room for a prompt and an answer".formatted(nCtx));
        }
        if (!traits.generates()) {
            return vectors(config, Math.min(nCtx, Math.max(trained, 2)));
        }
        if (traits.structure() == ModelTraits.Structure.ENCODER_DECODER) {
            return encoderDecoder(config, nCtx);
        }
        int slots = config.nParallel() != null ? config.nParallel() : DEFAULT_SLOTS;
        // A batch must hold a token of every slot.
        int nBatch = Math.max(slots, config.nBatch() != null ? config.nBatch() : DEFAULT_BATCH);
        int nUbatch = config.nUbatch() != null ? config.nUbatch() : DEFAULT_BATCH;
        // No computation is larger than what all slots hold together.
        return new ModelSizes(nCtx, slots, nBatch, (int) Math.min(Math.min(nUbatch, nBatch), (long) nCtx * slots));
    }

    /** What the file wishes for, where it does: a model may be of use beyond what it was trained with. */
    private static int wished(GgufFile header, int trained) {
        return Math.clamp(header.integer(WISHED_CONTEXT).orElse(trained), 0, Integer.MAX_VALUE);
    }

    /** {@return them by their keys, each with where it comes from if nobody gave it} */
    Map<String, Setting> settings(GgufFile header) {
        int trained = (int)
                Math.min(Integer.MAX_VALUE, header.parameter("context_length").orElse(DEFAULT_CONTEXT));
        return Map.of(
                "n_ctx", new Setting(nCtx, nCtx == wished(header, trained) ? Origin.MODEL : Origin.AUTO),
                "n_parallel", new Setting(slots, slots == 1 ? Origin.AUTO : Origin.DEFAULT),
                "n_batch", new Setting(nBatch, nBatch == DEFAULT_BATCH ? Origin.DEFAULT : Origin.AUTO),
                "n_ubatch", new Setting(nUbatch, nUbatch == DEFAULT_BATCH ? Origin.DEFAULT : Origin.AUTO));
    }

    /** llama.cpp keeps one encoder output a context, and the encoder reads a prompt at once. */
    private static ModelSizes encoderDecoder(ModelConfig config, int nCtx) {
        if (config.nParallel() != null && config.nParallel() > 1) {
            throw new FailureException(
                    ErrorCode.UNSUPPORTED,
                    "n_parallel: a model with an encoder and a decoder has one slot, not " + config.nParallel());
        }
        return new ModelSizes(nCtx, 1, nCtx, nCtx);
    }

    /** Where each token sees all others, a text is computed at once. */
    private static ModelSizes vectors(ModelConfig config, int nCtx) {
        int texts = config.nParallel() != null ? config.nParallel() : MOST_TEXTS;
        int batch = Math.max(nCtx, config.nBatch() != null ? config.nBatch() : DEFAULT_BATCH);
        return new ModelSizes(nCtx, texts, batch, batch);
    }

    /** {@return the sizes of the context in which a model that generates with these computes embeddings} */
    ModelSizes forEmbedding(boolean recurrent) {
        return new ModelSizes(nCtx, recurrent ? 1 : MOST_TEXTS, nBatch, Math.min(nUbatch, nBatch));
    }

    /** {@return cells of all slots, and the free ones without which a fragmented cache cannot be put in order} */
    long cells() {
        return (long) nCtx * slots + nUbatch;
    }

    /** v0.5 gives each slot its cells apart, and rounds their number up to 256. */
    private long paddedCells() {
        return (cells() / slots + 255) / 256 * 256 * slots;
    }

    /** {@return cells of a context that holds one long text or a batch of short ones} */
    int vectorCells() {
        return Math.max(nCtx, nBatch);
    }

    MemoryEstimate estimate(GgufFile header, ModelTraits traits) {
        return traits.generates()
                ? MemoryEstimate.of(header, paddedCells(), nBatch, nUbatch, slots)
                : estimateVectors(header);
    }

    /** Every token of a batch puts out a vector. */
    MemoryEstimate estimateVectors(GgufFile header) {
        return MemoryEstimate.of(header, vectorCells(), nBatch, nUbatch, slots).withOutputs(header, nBatch);
    }

    /**
     * @param what is to be allocated
     * @throws FailureException {@code out_of_memory} if llama.cpp has no numbers for so many cells
     */
    void refuseWhatCannotBeCounted(String what) {
        if (cells() > MOST_CELLS) {
            throw new FailureException(
                    ErrorCode.OUT_OF_MEMORY,
                    "%s: n_ctx %d in %d slots (n_parallel) is %d cells of KV cache; at most %d can be made"
                            .formatted(what, nCtx, slots, cells(), MOST_CELLS));
        }
    }

    /**
     * Where an allocation that fails is told of, only what is needed for certain counts.
     *
     * @param what is to be allocated
     * @param required its memory
     * @param fixed bytes of addresses that its context takes in any case
     * @throws FailureException {@code out_of_memory} that says how much there is, and what takes most of it
     */
    static void refuseWhatDoesNotFit(String what, MemoryEstimate required, long fixed) {
        refuseWhatDoesNotFit(what, required, fixed, FreeMemory.rooms());
    }

    static void refuseWhatDoesNotFit(String what, MemoryEstimate required, long fixed, List<FreeMemory.Room> rooms) {
        for (FreeMemory.Room room : rooms) {
            MemoryEstimate counting = room.limit().told() ? required.atLeast(fixed) : required;
            if (counting.total() > room.bytes()) {
                throw doesNotFit(
                        what,
                        counting,
                        "%d bytes %s".formatted(room.bytes(), room.limit().words()));
            }
        }
        if (required.counted().isEmpty()) {
            throw doesNotFit(what, required, "an unknown number of bytes");
        }
    }

    private static FailureException doesNotFit(String what, MemoryEstimate required, String available) {
        OptionalLong counted = required.counted();
        String needed = counted.isPresent()
                ? "about %d bytes".formatted(counted.getAsLong())
                : "more memory than can be counted";
        return new FailureException(
                ErrorCode.OUT_OF_MEMORY,
                "%s needs %s, most of it for %s; %s are available"
                        .formatted(what, needed, mostOf(required), available));
    }

    /**
     * To be called when something was made, before anybody uses it: a node that has nothing left ends where it cannot be told.
     *
     * @param what was made
     * @throws FailureException {@code out_of_memory} if it took what the process itself needs
     */
    static void refuseWhatLeavesNothing(String what) {
        refuseWhatLeavesNothing(what, FreeMemory.rooms());
    }

    static void refuseWhatLeavesNothing(String what, List<FreeMemory.Room> rooms) {
        for (FreeMemory.Room room : rooms) {
            if (room.limit().told() && room.bytes() == 0) {
                throw new FailureException(
                        ErrorCode.OUT_OF_MEMORY,
                        ("%s leaves less than %d bytes %s, which the node needs for itself; fewer slots (n_parallel), less "
                                        + "context (n_ctx) or a smaller batch (n_batch) take less")
                                .formatted(
                                        what, FreeMemory.RESERVE, room.limit().words()));
            }
        }
    }

    /**
     * What limits each process by itself leaves the other one as much as any.
     *
     * @param file that a process of its own is to load
     * @param model what it takes there besides what this process holds already
     * @throws FailureException {@code out_of_memory} if that process does not fit
     */
    static void refuseProcess(Path file, MemoryEstimate model) {
        OptionalLong available = FreeMemory.rooms().stream()
                .filter(room -> !room.limit().told())
                .mapToLong(FreeMemory.Room::bytes)
                .min();
        if (available.isPresent() && model.total() > available.getAsLong() - PROCESS_BYTES) {
            throw new FailureException(
                    ErrorCode.OUT_OF_MEMORY,
                    "probe: a process that loads %s needs about %d bytes, %d of them for itself; %d bytes are available"
                            .formatted(file, model.total() + PROCESS_BYTES, PROCESS_BYTES, available.getAsLong()));
        }
    }

    private static String mostOf(MemoryEstimate estimate) {
        long most = Math.max(
                Math.max(estimate.weights(), estimate.kvCache()), Math.max(estimate.compute(), estimate.output()));
        if (most == estimate.weights()) {
            return "the weights";
        }
        if (most == estimate.kvCache()) {
            return "the KV cache (n_ctx, n_parallel)";
        }
        return most == estimate.compute()
                ? "the buffers of a computation (n_ctx, n_ubatch)"
                : "the outputs of a batch (n_batch, n_parallel)";
    }
}
