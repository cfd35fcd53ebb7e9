package io.llamanode.llama.functions;

import io.llamanode.llama.ContextParams;
import io.llamanode.llama.DecodeException;
import io.llamanode.llama.ModelParams;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/** The generations with semantic versions ({@link ReleaseApi#V0_5} and later), which differ only in their structs. */
final class V0Api extends StructuredApi {

    // enum llama_load_mode: two bits.
    private static final int LOAD_MODE_MMAP = 1;
    private static final int LOAD_MODE_MLOCK = 2;

    private static final int FLASH_ATTN_AUTO = -1;
    private static final int FLASH_ATTN_ENABLED = 1;

    private V0Api(String name, StructTable contextParams) {
        super(name, modelParamsTable(), contextParams);
    }

    static ReleaseApi v05() {
        return new V0Api("v0.5", contextParamsTable());
    }

    /** Its header differs from the one before in one field of the context's parameters, and in functions it adds. */
    static ReleaseApi v07() {
        return new V0Api(
                "v0.7", contextParamsTable().inserted("moe_cache_size", StructTable.pointer(112))); // A size_t.
    }

    @Override
    public boolean includes(String version) {
        return version.matches(Pattern.quote(name()) + "\\.\\d+(-.*)?");
    }

    @Override
    public void write(ModelParams params, MemorySegment struct) {
        modelParams().setInt(struct, "n_gpu_layers", params.nGpuLayers());
        modelParams()
                .setInt(
                        struct,
                        "load_mode",
                        (params.useMmap() ? LOAD_MODE_MMAP : 0) | (params.useMlock() ? LOAD_MODE_MLOCK : 0));
        modelParams().setBool(struct, "vocab_only", params.vocabOnly());
    }

    @Override
    public void write(ContextParams params, MemorySegment struct) {
        ReleaseApi.writeCommon(params, contextParams(), struct);
        // Room for an output of every sequence, without which v0.5 and later end the process.
        contextParams().setInt(struct, "n_ctx", Math.max(params.nCtx(), params.nSeqMax()));
        contextParams().setInt(struct, "n_batch", Math.max(params.nBatch(), params.nSeqMax()));
        // Without it, attention of separate sequences is slower than of unified ones; with it, it is faster.
        contextParams().setInt(struct, "flash_attn_type", params.flashAttn() ? FLASH_ATTN_ENABLED : FLASH_ATTN_AUTO);
        contextParams().setBool(struct, "kv_unified", params.kvUnified());
    }

    @Override
    public Class<? extends KvMemory> memory() {
        return KvMemoryV0.class;
    }

    @Override
    public Class<? extends SamplerFunctions> samplers() {
        return SamplerFunctions.V0.class;
    }

    @Override
    public Class<? extends AdapterFunctions> adapters() {
        return AdapterFunctions.V0.class;
    }

    @Override
    public int maxExperts() {
        return 512;
    }

    @Override
    public boolean poolsAnyMean() {
        return true;
    }

    @Override
    public boolean runsEncodersAlone() {
        return true;
    }

    @Override
    public DecodeException.Kind decodeFailure(int code) {
        return switch (code) {
            case 1 -> DecodeException.Kind.NO_KV_SLOT;
            case 2 -> DecodeException.Kind.ABORTED;
            case -1 -> DecodeException.Kind.INVALID_BATCH;
            case -2 -> DecodeException.Kind.OUT_OF_MEMORY;
            default -> DecodeException.Kind.FAILED;
        };
    }

    private static StructTable modelParamsTable() {
        Map<String, StructTable.Field> fields = new LinkedHashMap<>();
        fields.put("devices", StructTable.pointer(0));
        fields.put("tensor_buft_overrides", StructTable.pointer(8));
        fields.put("n_gpu_layers", StructTable.integer(16, -1));
        fields.put("split_mode", StructTable.integer(20, 1));
        fields.put("load_mode", StructTable.integer(24, -1)); // Left to the device.
        fields.put("lazy_mode", StructTable.integer(28, null));
        fields.put("main_gpu", StructTable.integer(32, 0));
        fields.put("tensor_split", StructTable.pointer(40));
        fields.put("progress_callback", StructTable.pointer(48));
        fields.put("progress_callback_user_data", StructTable.pointer(56));
        fields.put("kv_overrides", StructTable.pointer(64));
        fields.put("vocab_only", StructTable.bool(72, false));
        fields.put("check_tensors", StructTable.bool(73, false));
        fields.put("use_extra_bufts", StructTable.bool(74, true));
        fields.put("no_host", StructTable.bool(75, false));
        fields.put("no_alloc", StructTable.bool(76, false));
        fields.put("load_mtp", StructTable.bool(77, false));
        return new StructTable("llama_model_params", 80, fields);
    }

    private static StructTable contextParamsTable() {
        Map<String, StructTable.Field> fields = new LinkedHashMap<>();
        fields.put("n_ctx", StructTable.integer(0, 512));
        fields.put("n_batch", StructTable.integer(4, 2048));
        fields.put("n_ubatch", StructTable.integer(8, 512));
        fields.put("n_seq_max", StructTable.integer(12, 1));
        fields.put("n_rs_seq", StructTable.integer(16, 0));
        fields.put("n_outputs_max", StructTable.integer(20, 0)); // As many as a batch has tokens.
        fields.put("n_outputs_max_per_seq", StructTable.integer(24, 1)); // Only of samplers in the context.
        fields.put("n_threads", StructTable.integer(28, null)); // GGML_DEFAULT_N_THREADS
        fields.put("n_threads_batch", StructTable.integer(32, null));
        fields.put("ctx_type", StructTable.integer(36, 0));
        fields.put("rope_scaling_type", StructTable.integer(40, -1));
        fields.put("pooling_type", StructTable.integer(44, -1));
        fields.put("attention_type", StructTable.integer(48, -1));
        fields.put("flash_attn_type", StructTable.integer(52, -1));
        fields.put("rope_freq_base", StructTable.real(56, 0));
        fields.put("rope_freq_scale", StructTable.real(60, 0));
        fields.put("yarn_ext_factor", StructTable.real(64, -1));
        fields.put("yarn_attn_factor", StructTable.real(68, -1));
        fields.put("yarn_beta_fast", StructTable.real(72, -1));
        fields.put("yarn_beta_slow", StructTable.real(76, -1));
        fields.put("yarn_orig_ctx", StructTable.integer(80, 0));
        fields.put("defrag_thold", StructTable.real(84, -1)); // Without effect.
        fields.put("cb_eval", StructTable.pointer(88));
        fields.put("cb_eval_user_data", StructTable.pointer(96));
        fields.put("type_k", StructTable.integer(104, 1));
        fields.put("type_v", StructTable.integer(108, 1));
        fields.put("abort_callback", StructTable.pointer(112));
        fields.put("abort_callback_data", StructTable.pointer(120));
        fields.put("embeddings", StructTable.bool(128, false));
        fields.put("offload_kqv", StructTable.bool(129, true));
        fields.put("no_perf", StructTable.bool(130, true));
        fields.put("op_offload", StructTable.bool(131, true));
        fields.put("swa_full", StructTable.bool(132, true));
        fields.put("kv_unified", StructTable.bool(133, false));
        fields.put("samplers", StructTable.pointer(136));
        fields.put("n_samplers", StructTable.pointer(144));
        fields.put("ctx_other", StructTable.pointer(152));
        return new StructTable("llama_context_params", 160, fields);
    }
}
