package io.llamanode.llama.functions;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/** The functions of llama.h on models and on the library itself. */
public interface ModelFunctions {

    /** {@code llama_backend_init}: to be called once, before anything else. */
    @CFunction("llama_backend_init")
    void backendInit();

    /**
     * {@code llama_print_system_info}.
     *
     * @return what the CPU has and the library uses, terminated; overwritten by the next call
     */
    @CFunction("llama_print_system_info")
    MemorySegment systemInfo();

    /**
     * {@code llama_log_set}: sends the log elsewhere, for the whole library.
     *
     * @param callback a {@code ggml_log_callback}, called on any thread; stays valid for ever
     * @param userData handed to it as it is; may be null
     */
    @CFunction("llama_log_set")
    void logSet(MemorySegment callback, MemorySegment userData);

    /**
     * {@code llama_model_free}.
     *
     * @param model without a context or adapter in use; not to be used again
     */
    @CFunction("llama_model_free")
    void modelFree(MemorySegment model);

    /**
     * {@code llama_model_get_vocab}.
     *
     * @param model asked
     * @return its vocabulary, which lives as long as the model
     */
    @CFunction(value = "llama_model_get_vocab", returnsAtOnce = true)
    MemorySegment modelVocab(MemorySegment model);

    /**
     * {@code llama_model_n_ctx_train}.
     *
     * @param model asked
     * @return tokens of context it was trained for
     */
    @CFunction(value = "llama_model_n_ctx_train", returnsAtOnce = true)
    int modelNCtxTrain(MemorySegment model);

    /**
     * {@code llama_model_n_embd}.
     *
     * @param model asked
     * @return width of the embeddings inside
     */
    @CFunction(value = "llama_model_n_embd", returnsAtOnce = true)
    int modelNEmbd(MemorySegment model);

    /**
     * {@code llama_model_n_layer}.
     *
     * @param model asked
     * @return how many layers it has
     */
    @CFunction(value = "llama_model_n_layer", returnsAtOnce = true)
    int modelNLayer(MemorySegment model);

    /**
     * {@code llama_model_size}.
     *
     * @param model asked
     * @return bytes of all tensors
     */
    @CFunction("llama_model_size")
    long modelSize(MemorySegment model);

    /**
     * {@code llama_model_n_params}.
     *
     * @param model asked
     * @return how many weights it has
     */
    @CFunction("llama_model_n_params")
    long modelNParams(MemorySegment model);

    /**
     * {@code llama_model_desc}: architecture, size and type in words.
     *
     * @param model asked
     * @param buffer takes as much as fits, terminated
     * @param size bytes of {@code buffer}
     * @return as {@code snprintf}: {@link NativeText#read}
     */
    @CFunction("llama_model_desc")
    int modelDesc(MemorySegment model, MemorySegment buffer, long size);

    /**
     * {@code llama_model_meta_count}.
     *
     * @param model asked
     * @return how many of its metadata it keeps as text
     */
    @CFunction(value = "llama_model_meta_count", returnsAtOnce = true)
    int modelMetaCount(MemorySegment model);

    /**
     * {@code llama_model_meta_key_by_index}.
     *
     * @param model asked
     * @param index from 0, below {@link #modelMetaCount}
     * @param buffer takes as much as fits, terminated
     * @param size bytes of {@code buffer}
     * @return as {@code snprintf}, or -1 for no such index
     */
    @CFunction("llama_model_meta_key_by_index")
    int modelMetaKey(MemorySegment model, int index, MemorySegment buffer, long size);

    /**
     * {@code llama_model_meta_val_str_by_index}.
     *
     * @param model asked
     * @param index from 0, below {@link #modelMetaCount}
     * @param buffer takes as much of the value's text as fits, terminated
     * @param size bytes of {@code buffer}
     * @return as {@code snprintf}, or -1 for no such index
     */
    @CFunction("llama_model_meta_val_str_by_index")
    int modelMetaValue(MemorySegment model, int index, MemorySegment buffer, long size);

    /**
     * {@code llama_model_has_encoder}.
     *
     * @param model asked
     * @return whether {@code llama_encode} comes first
     */
    @CFunction(value = "llama_model_has_encoder", returnsAtOnce = true)
    boolean modelHasEncoder(MemorySegment model);

    /**
     * {@code llama_model_has_decoder}.
     *
     * @param model asked
     * @return whether {@code llama_decode} does anything
     */
    @CFunction(value = "llama_model_has_decoder", returnsAtOnce = true)
    boolean modelHasDecoder(MemorySegment model);

    /**
     * {@code llama_model_decoder_start_token}.
     *
     * @param model with an encoder and a decoder
     * @return the token that its decoder begins with, or -1: bos
     */
    @CFunction(value = "llama_model_decoder_start_token", returnsAtOnce = true)
    int modelDecoderStart(MemorySegment model);

    /**
     * {@code llama_model_is_recurrent}.
     *
     * @param model asked
     * @return whether it keeps a state instead of a KV cache, which cannot be cut
     */
    @CFunction(value = "llama_model_is_recurrent", returnsAtOnce = true)
    boolean modelIsRecurrent(MemorySegment model);

    /**
     * {@code llama_model_rope_type}.
     *
     * @param model asked
     * @return {@code enum llama_rope_type}; -1: positions are not rotary
     */
    @CFunction(value = "llama_model_rope_type", returnsAtOnce = true)
    int modelRopeType(MemorySegment model);

    /**
     * {@code llama_model_chat_template}.
     *
     * @param model asked
     * @param name of a template, terminated; null: the one without a name
     * @return the template's text, terminated; null if there is none of the name
     */
    @CFunction("llama_model_chat_template")
    MemorySegment chatTemplate(MemorySegment model, MemorySegment name);

    /**
     * {@code llama_model_default_params}, into room for more than any release has, since it is asked before the release
     * is believed.
     *
     * @param allocator makes the room, as {@link StructTable#marked}
     * @return the room
     */
    @CFunction("llama_model_default_params")
    @Struct(ParamStructs.Room.class)
    MemorySegment modelDefaultParams(SegmentAllocator allocator);

    /**
     * {@code llama_context_default_params}, as {@link #modelDefaultParams}.
     *
     * @param allocator makes the room, as {@link StructTable#marked}
     * @return the room
     */
    @CFunction("llama_context_default_params")
    @Struct(ParamStructs.Room.class)
    MemorySegment contextDefaultParams(SegmentAllocator allocator);

    /**
     * {@code llama_model_load_from_file}. Reads the whole file, unless it is mapped.
     *
     * @param path of the GGUF file, terminated; of a split model the first file
     * @param params a {@code llama_model_params}
     * @return the model, or null if it cannot be loaded or the progress callback said no; the log has the reason
     */
    @CFunction("llama_model_load_from_file")
    MemorySegment modelLoad(MemorySegment path, @Struct(ParamStructs.ModelParamsStruct.class) MemorySegment params);

    /**
     * {@code llama_init_from_model}: makes a context and all its memory.
     *
     * @param model stays loaded as long as the context
     * @param params a {@code llama_context_params}
     * @return the context, or null if it cannot be made; the log has the reason
     */
    @CFunction("llama_init_from_model")
    MemorySegment contextInit(
            MemorySegment model, @Struct(ParamStructs.ContextParamsStruct.class) MemorySegment params);

    /**
     * {@code llama_model_n_embd_out} of v0.5 and later; before, it is as wide as the embeddings inside.
     *
     * @param model asked
     * @return floats of an embedding that it gives
     */
    @CFunction(value = "llama_model_n_embd_out", returnsAtOnce = true)
    default int modelEmbeddingWidth(MemorySegment model) {
        return modelNEmbd(model);
    }

    /**
     * {@code llama_model_is_hybrid} of v0.5 and later; before, there were none.
     *
     * @param model asked
     * @return whether some layers keep a KV cache and others a state
     */
    @CFunction(value = "llama_model_is_hybrid", returnsAtOnce = true)
    default boolean modelIsHybrid(MemorySegment model) {
        return false;
    }
}
