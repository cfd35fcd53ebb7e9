package io.llamanode.llama.functions;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/** The functions of llama.h on models and on the library itself. */
public interface ModelFunctions {

    @CFunction("llama_backend_init")
    void backendInit();

    @CFunction("llama_print_system_info")
    MemorySegment systemInfo();

    @CFunction("llama_log_set")
    void logSet(MemorySegment callback, MemorySegment userData);

    @CFunction("llama_model_free")
    void modelFree(MemorySegment model);

    @CFunction(value = "llama_model_get_vocab", returnsAtOnce = true)
    MemorySegment modelVocab(MemorySegment model);

    @CFunction(value = "llama_model_n_ctx_train", returnsAtOnce = true)
    int modelNCtxTrain(MemorySegment model);

    @CFunction(value = "llama_model_n_embd", returnsAtOnce = true)
    int modelNEmbd(MemorySegment model);

    @CFunction(value = "llama_model_n_layer", returnsAtOnce = true)
    int modelNLayer(MemorySegment model);

    @CFunction("llama_model_size")
    long modelSize(MemorySegment model);

    @CFunction("llama_model_n_params")
    long modelNParams(MemorySegment model);

    @CFunction("llama_model_desc")
    int modelDesc(MemorySegment model, MemorySegment buffer, long size);

    @CFunction(value = "llama_model_meta_count", returnsAtOnce = true)
    int modelMetaCount(MemorySegment model);

    @CFunction("llama_model_meta_key_by_index")
    int modelMetaKey(MemorySegment model, int index, MemorySegment buffer, long size);

    @CFunction("llama_model_meta_val_str_by_index")
    int modelMetaValue(MemorySegment model, int index, MemorySegment buffer, long size);

    @CFunction(value = "llama_model_has_encoder", returnsAtOnce = true)
    boolean modelHasEncoder(MemorySegment model);

    @CFunction(value = "llama_model_has_decoder", returnsAtOnce = true)
    boolean modelHasDecoder(MemorySegment model);

    @CFunction(value = "llama_model_decoder_start_token", returnsAtOnce = true)
    int modelDecoderStart(MemorySegment model);

    @CFunction(value = "llama_model_is_recurrent", returnsAtOnce = true)
    boolean modelIsRecurrent(MemorySegment model);

    @CFunction(value = "llama_model_rope_type", returnsAtOnce = true)
    int modelRopeType(MemorySegment model);

    @CFunction("llama_model_chat_template")
    MemorySegment chatTemplate(MemorySegment model, MemorySegment name);

    /** Into room for more than any release has, since it is asked before the release is believed. */
    @CFunction("llama_model_default_params")
    @Struct(StructTable.ANY)
    MemorySegment modelDefaultParams(SegmentAllocator allocator);

    /** As {@link #modelDefaultParams}. */
    @CFunction("llama_context_default_params")
    @Struct(StructTable.ANY)
    MemorySegment contextDefaultParams(SegmentAllocator allocator);

    @CFunction("llama_model_load_from_file")
    MemorySegment modelLoad(MemorySegment path, @Struct("llama_model_params") MemorySegment params);

    @CFunction("llama_init_from_model")
    MemorySegment contextInit(MemorySegment model, @Struct("llama_context_params") MemorySegment params);

    /** Of v0.5 and later; before, it is as wide as the embeddings inside. */
    @CFunction(value = "llama_model_n_embd_out", returnsAtOnce = true)
    default int modelEmbeddingWidth(MemorySegment model) {
        return modelNEmbd(model);
    }

    /** Of v0.5 and later; before, there were none. */
    @CFunction(value = "llama_model_is_hybrid", returnsAtOnce = true)
    default boolean modelIsHybrid(MemorySegment model) {
        return false;
    }
}
