package io.llamanode.llama.context;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import io.llamanode.llama.ContextException;
import io.llamanode.llama.ContextParams;
import io.llamanode.llama.DecodeException;
import io.llamanode.llama.PoolingType;
import io.llamanode.llama.UnsupportedException;
import io.llamanode.llama.functions.ContextFunctions;
import io.llamanode.llama.library.LlamaLibrary;
import io.llamanode.llama.memory.NativeHandle;
import io.llamanode.llama.memory.ReleasedMemory;
import io.llamanode.llama.model.LlamaModel;
import io.llamanode.llama.model.LoraAdapter;
import io.llamanode.llama.watch.WatchedCalls;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * A context: a KV cache and the buffers to compute with. For use by one thread at a time; only {@link #close} may
 * be called by another one meanwhile.
 *
 * <p>Sequence ids run from 0 to {@link #nSeqMax()}-1. Ranges of positions are half open; a negative end means "to
 * the end".
 */
public final class LlamaContext implements AutoCloseable {

    private static final BooleanSupplier NEVER = () -> false;

    private final LlamaLibrary library;
    private final LlamaModel model;
    private final NativeHandle handle;
    private final Arena arena = Arena.ofShared(); // The scope of the views of logits and embeddings.
    private final ContextLimits limits;
    private final int nCtx;
    private final int nBatch;
    private final int nUbatch;
    private final int nSeqMax;
    private final boolean kvUnified;
    private final boolean embeddings;
    private final PoolingType pooling;
    private final BitSet outputs = new BitSet(); // Indexes with output in the last batch.
    private final Computation computation;
    private boolean encoded;

    private LlamaContext(LlamaModel model, MemorySegment pointer, ContextParams params, WatchedCalls calls) {
        this.library = model.library();
        this.model = model;
        ContextFunctions f = library.contexts;
        this.nCtx = f.nCtx(pointer);
        this.nBatch = f.nBatch(pointer);
        this.nUbatch = f.nUbatch(pointer);
        this.nSeqMax = params.nSeqMax();
        this.kvUnified = params.kvUnified();
        this.embeddings = params.embeddings();
        this.pooling = PoolingType.of(f.pooling(pointer));
        this.limits = new ContextLimits(model, nBatch, nUbatch, params, pooling);
        this.computation = new Computation(calls);
        f.setAbortCallback(pointer, computation.callback(arena), MemorySegment.NULL);
        this.handle = new NativeHandle("The context", pointer, () -> {
            calls.close();
            f.free(pointer);
            arena.close();
            model.handle().release();
            ReleasedMemory.returnToSystem();
        });
    }

    /**
     * Makes a context and allocates its KV cache and buffers ({@code llama_init_from_model}).
     *
     * @param model stays loaded until the context is closed
     * @param params sizes and modes
     * @return the context, to be closed
     * @throws ContextException when it cannot be made, most often for want of memory
     * @throws IllegalArgumentException when the parameters do not suit the model
     */
    public static LlamaContext create(LlamaModel model, ContextParams params) {
        ContextLimits.check(model, params);
        MemorySegment modelPointer = model.handle().acquire(); // Released when the context is freed.
        WatchedCalls calls = model.library().watch.calls(model.file().path().toString());
        boolean done = false;
        try (Arena arena = Arena.ofConfined()) {
            LlamaLibrary library = model.library();
            MemorySegment struct = library.models.contextDefaultParams(arena);
            library.generation.write(params, struct);
            library.log.startCapture();
            MemorySegment pointer;
            String reason;
            calls.begin("llama_init_from_model");
            try {
                pointer = library.models.contextInit(modelPointer, struct);
            } finally {
                calls.end();
                reason = library.log.endCapture();
            }
            if (pointer.equals(MemorySegment.NULL)) {
                throw new ContextException("A context of " + params.nCtx() + " cells cannot be made: " + reason);
            }
            LlamaContext context = new LlamaContext(model, pointer, params, calls);
            done = true;
            return context;
        } finally {
            if (!done) {
                calls.close();
                model.handle().release();
            }
        }
    }

    /**
     * Computes a batch and adds its tokens to the KV cache ({@code llama_decode}).
     *
     * @param batch 1 to {@link #nBatch()} tokens
     * @throws DecodeException when it fails; the cache is as before
     * @throws IllegalArgumentException when the batch does not suit the context
     * @throws IllegalStateException when the model has no decoder, or one that waits for {@link #encode}
     */
    public void decode(LlamaBatch batch) {
        decode(batch, NEVER);
    }

    /**
     * Computes a batch and adds its tokens to the KV cache, unless that is given up meanwhile.
     *
     * @param batch 1 to {@link #nBatch()} tokens
     * @param givenUp asked on this thread, often, and not at all by backends other than the CPU's; must be quick and
     *     throw nothing
     * @throws DecodeException when it fails, of kind {@link DecodeException.Kind#ABORTED ABORTED} when it was given up;
     *     the cache is as before, but that of v0.5 and later keeps what had been computed of the batch until then
     * @throws IllegalArgumentException when the batch does not suit the context
     * @throws IllegalStateException when the model has no decoder, or one that waits for {@link #encode}
     */
    public void decode(LlamaBatch batch, BooleanSupplier givenUp) {
        limits.checkDecode(batch, encoded);
        computation.givenUp(givenUp);
        compute(batch, "llama_decode", library.contexts::decode);
    }

    /**
     * Computes a batch with the encoder of the model ({@code llama_encode}), for the decoder to attend to.
     *
     * @param batch 1 to {@link #nUbatch()} tokens
     * @throws DecodeException when it fails
     * @throws IllegalArgumentException when the batch does not suit the context
     * @throws IllegalStateException when the model has no encoder
     */
    public void encode(LlamaBatch batch) {
        encode(batch, NEVER);
    }

    /**
     * Computes a batch with the encoder of the model ({@code llama_encode}), unless that is given up meanwhile.
     *
     * @param batch 1 to {@link #nUbatch()} tokens
     * @param givenUp as for {@link #decode(LlamaBatch, BooleanSupplier)}
     * @throws DecodeException when it fails, of kind {@link DecodeException.Kind#ABORTED ABORTED} when it was given up
     * @throws IllegalArgumentException when the batch does not suit the context
     * @throws IllegalStateException when the model has no encoder
     */
    public void encode(LlamaBatch batch, BooleanSupplier givenUp) {
        limits.checkEncode(batch);
        computation.givenUp(givenUp);
        compute(batch, "llama_encode", library.contexts::encode);
        encoded = true;
    }

    private interface Function {
        int run(MemorySegment context, MemorySegment batch);
    }

    private void compute(LlamaBatch batch, String name, Function function) {
        MemorySegment struct = batch.acquire();
        try {
            MemorySegment context = handle.acquire();
            try {
                outputs.clear();
                library.log.startCapture();
                int code = 0;
                String reason;
                computation.calls().begin(name);
                try {
                    code = function.run(context, struct);
                } finally {
                    computation.calls().end();
                    reason = library.log.endCapture();
                }
                if (code != 0) {
                    DecodeException.Kind kind = library.generation.decodeFailure(code);
                    throw new DecodeException(
                            kind,
                            code,
                            name + " returned " + code + " (" + kind + ") for " + batch.size()
                                    + " tokens in a context of " + nCtx + " cells: " + reason);
                }
                limits.recordOutputs(batch, outputs);
            } finally {
                handle.release();
            }
        } finally {
            batch.release();
        }
    }

    /**
     * The logits of a token of the last batch ({@code llama_get_logits_ith}), without copying them.
     *
     * @param index index of the token in the batch
     * @return {@code nTokens} floats, valid until the next decode or close and no longer
     * @throws IllegalArgumentException when no output was asked for at this index, or the last call failed
     * @throws IllegalStateException when the context yields embeddings, or is closed
     */
    public MemorySegment logits(int index) {
        if (embeddings) {
            throw new IllegalStateException("The context yields embeddings instead of logits");
        }
        requireOutput(index);
        return view(c -> library.contexts.logits(c, index), model.vocab().nTokens(), "logits");
    }

    /**
     * The embedding of a token of the last batch ({@code llama_get_embeddings_ith}).
     *
     * @param index index of the token in the batch
     * @return {@code embeddingWidth} floats of the model, valid until the next decode or close and no longer
     * @throws IllegalArgumentException when no output was asked for at this index
     * @throws IllegalStateException when the context yields none for single tokens, or is closed
     */
    public MemorySegment embeddings(int index) {
        if (!embeddings || pooling != PoolingType.NONE) {
            throw new IllegalStateException("The context yields no embeddings of single tokens");
        }
        requireOutput(index);
        return view(c -> library.contexts.embeddings(c, index), model.embeddingWidth(), "embeddings");
    }

    /**
     * The pooled embedding of a sequence of the last batch ({@code llama_get_embeddings_seq}).
     *
     * @param seqId sequence
     * @return {@code embeddingWidth} floats of the model, or one score with {@link PoolingType#RANK}; valid until the
     *     next decode or close
     * @throws IllegalArgumentException when the last batch had no token of this sequence
     * @throws IllegalStateException when the context does not pool embeddings, or is closed
     */
    public MemorySegment sequenceEmbedding(int seqId) {
        checkSeqId(seqId);
        if (!embeddings || pooling == PoolingType.NONE) {
            throw new IllegalStateException("The context does not pool embeddings");
        }
        int length = pooling == PoolingType.RANK ? 1 : model.embeddingWidth();
        return view(c -> library.contexts.sequenceEmbeddings(c, seqId), length, "embedding");
    }

    private interface View {
        MemorySegment of(MemorySegment context);
    }

    private MemorySegment view(View view, int floats, String what) {
        MemorySegment context = handle.acquire();
        try {
            MemorySegment start = view.of(context);
            if (start.equals(MemorySegment.NULL)) {
                throw new IllegalArgumentException("The last batch has no such " + what);
            }
            return start.reinterpret(floats * JAVA_FLOAT.byteSize(), arena, null);
        } finally {
            handle.release();
        }
    }

    private void requireOutput(int index) {
        if (!hasOutput(index)) {
            throw new IllegalArgumentException("The last batch has no output at index " + index);
        }
    }

    boolean hasOutput(int index) {
        return index >= 0 && outputs.get(index);
    }

    /** Empties the KV cache ({@code llama_memory_clear}). */
    public void clear() {
        run(library.memory::clear);
    }

    /**
     * Empties the KV cache but for some sequences, and zeroes all other cells: forgotten ones are multiplied as well, by
     * zero, and a NaN in one of them would spoil whatever it is added to. What is pending, such as a shift, is lost.
     *
     * @param kept sequences that stay; cells that they had in common are their own from here on
     * @throws DecodeException when it fails; the cache is empty then
     */
    public void clearAllBut(int... kept) {
        run(c -> SavedSequences.keep(library, c, kept));
    }

    /**
     * Removes tokens of a sequence ({@code llama_memory_seq_rm}).
     *
     * @param seqId sequence
     * @param from first position
     * @param to position after the last one; negative: to the end
     * @return {@code false} when the cache cannot forget a part, as with recurrent models; nothing was removed
     */
    public boolean seqRemove(int seqId, int from, int to) {
        checkSeqId(seqId);
        return call(c -> library.memory.seqRemove(c, seqId, from, to));
    }

    /**
     * Lets a sequence share tokens of another one ({@code llama_memory_seq_cp}), without copying them; {@linkplain
     * ContextParams#kvUnified separate} sequences get a copy with the next decode.
     *
     * @param source sequence
     * @param target sequence
     * @param from first position
     * @param to position after the last one; negative: to the end
     */
    public void seqCopy(int source, int target, int from, int to) {
        checkSeqId(source);
        checkSeqId(target);
        limits.checkCopy(from, to);
        run(c -> library.memory.seqCopy(c, source, target, from, to));
    }

    /** {@return whether a copied sequence shares its cells with its source, so that {@link #seqAdd} moves both} */
    public boolean sharesCopiedCells() {
        return kvUnified || library.memory.alwaysUnified();
    }

    /**
     * Removes all other sequences ({@code llama_memory_seq_keep}).
     *
     * @param seqId sequence to keep
     */
    public void seqKeep(int seqId) {
        checkSeqId(seqId);
        if (kvUnified) {
            run(c -> library.memory.seqKeep(c, seqId));
            return;
        }
        for (int other = 0; other < nSeqMax; other++) { // v0.5 looks only at the cells of the sequence itself.
            if (other != seqId) {
                seqRemove(other, 0, -1);
            }
        }
    }

    /**
     * Moves tokens of a sequence to other positions ({@code llama_memory_seq_add}). Tokens moved before position 0 are
     * removed.
     *
     * @param seqId sequence
     * @param from first position
     * @param to position after the last one; negative: to the end
     * @param delta how far, negative towards the front
     * @throws IllegalStateException when the cache cannot; see {@link #canShift()}
     */
    public void seqAdd(int seqId, int from, int to, int delta) {
        checkSeqId(seqId);
        if (!canShift()) {
            throw new IllegalStateException("The cache of this model cannot be shifted");
        }
        run(c -> library.memory.seqAdd(c, seqId, from, to, delta));
    }

    /**
     * The last position of a sequence ({@code llama_memory_seq_pos_max}).
     *
     * @param seqId sequence
     * @return the position; for a sequence without tokens -1, or with b4916 0
     */
    public int seqPosMax(int seqId) {
        checkSeqId(seqId);
        return call(c -> library.memory.seqPosMax(c, seqId));
    }

    /** {@return whether {@link #seqAdd} is possible ({@code llama_memory_can_shift})} */
    public boolean canShift() {
        return call(library.memory::canShift);
    }

    /**
     * The number of used cells ({@code llama_kv_self_used_cells}, which b4916 alone has).
     *
     * @return the number
     * @throws UnsupportedException with later releases, which do not tell
     */
    public int usedCells() {
        return call(library.memory::usedCells);
    }

    /**
     * Applies pending shifts now rather than with the next decode ({@code llama_kv_self_update} of b4916); does nothing
     * with later releases.
     */
    public void update() {
        run(library.memory::update);
    }

    /**
     * Moves the used cells together, so that the free ones lie side by side. Only b4916 needs that
     * ({@code llama_kv_self_defrag}).
     *
     * @return {@code false} if nothing was moved: there are too few free cells for it, or it is never needed
     */
    public boolean defragment() {
        if (!library.memory.needsDefragmenting()) {
            return false;
        }
        // b4916 then reserves buffers for a whole computation behind the last used cell, and aborts without room.
        if (usedCells() + Math.min(nCtx, nUbatch) > nCtx) {
            return false;
        }
        run(library.memory::defragment);
        update();
        return true;
    }

    /**
     * Makes adapters change what is computed from here on, in place of those set before ({@code
     * llama_set_adapters_lora}, with b4916 {@code llama_set_adapter_lora}).
     *
     * @param adapters of the context's model, which stay open while they are set
     * @param scales strength of each, 1 as trained; as many as adapters
     * @throws IllegalArgumentException when an adapter is of another model
     * @throws IllegalStateException when an adapter or the context is closed
     * @throws ContextException when llama.cpp refuses
     */
    public void setAdapters(List<LoraAdapter> adapters, float[] scales) {
        MemorySegment[] pointers = new MemorySegment[adapters.size()];
        for (int i = 0; i < pointers.length; i++) {
            LoraAdapter adapter = adapters.get(i);
            if (adapter.model() != model) {
                throw new IllegalArgumentException("The adapter is of another model than the context");
            }
            pointers[i] = adapter.handle().acquire();
            adapter.handle().release();
        }
        run(c -> library.adapters.set(c, pointers, scales));
    }

    /** Waits for the computation to end ({@code llama_synchronize}); fetching logits or embeddings does so too. */
    public void synchronize() {
        run(library.contexts::synchronize);
    }

    /** {@return the number of cells, one a token ({@code llama_n_ctx})} */
    public int nCtx() {
        return nCtx;
    }

    /**
     * {@return the most tokens of a batch ({@code llama_n_batch}), which llama.cpp may have lowered to {@link #nCtx()}
     * or raised}
     */
    public int nBatch() {
        return nBatch;
    }

    /** {@return the most tokens computed at once ({@code llama_n_ubatch})} */
    public int nUbatch() {
        return nUbatch;
    }

    /** {@return the number of sequences; their ids are below it} */
    public int nSeqMax() {
        return nSeqMax;
    }

    /** {@return how embeddings are pooled ({@code llama_pooling_type}), with {@link PoolingType#MODEL} resolved} */
    public PoolingType pooling() {
        return pooling;
    }

    /** {@return the model} */
    public LlamaModel model() {
        return model;
    }

    /** {@return whether {@link #close} was called} */
    public boolean isClosed() {
        return handle.isClosed();
    }

    /** Frees the context; does nothing when it is closed already. */
    @Override
    public void close() {
        handle.close();
    }

    /** {@return the native context, for the calls that take it} */
    public NativeHandle handle() {
        return handle;
    }

    private void checkSeqId(int seqId) {
        if (seqId < 0 || seqId >= nSeqMax) {
            throw new IllegalArgumentException("seqId is " + seqId + "; the context has " + nSeqMax + " sequences");
        }
    }

    private interface Call<T> {
        T on(MemorySegment context);
    }

    private <T> T call(Call<T> call) {
        MemorySegment context = handle.acquire();
        try {
            return call.on(context);
        } finally {
            handle.release();
        }
    }

    private interface Run {
        void on(MemorySegment context);
    }

    private void run(Run run) {
        MemorySegment context = handle.acquire();
        try {
            run.on(context);
        } finally {
            handle.release();
        }
    }
}
