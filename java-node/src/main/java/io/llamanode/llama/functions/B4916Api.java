package io.llamanode.llama.functions;

import io.llamanode.llama.ContextParams;
import io.llamanode.llama.DecodeException;
import io.llamanode.llama.ModelParams;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;

/** {@link ReleaseApi#B4916}. */
final class B4916Api extends StructuredApi {

    B4916Api() {
        super("b4916", modelParamsTable(), contextParamsTable());
    }

    @Override
    public boolean includes(String version) {
        return version.equals("b4916");
    }

    @Override
    public void write(ModelParams params, MemorySegment struct) {
        modelParams().setInt(struct, "n_gpu_layers", params.nGpuLayers());
        modelParams().setBool(struct, "use_mmap", params.useMmap());
        modelParams().setBool(struct, "use_mlock", params.useMlock());
        modelParams().setBool(struct, "vocab_only", params.vocabOnly());
    }

    @Override
    public void write(ContextParams params, MemorySegment struct) {
        ReleaseApi.writeCommon(params, contextParams(), struct);
        contextParams().setBool(struct, "flash_attn", params.flashAttn());
    }

    @Override
    public Class<? extends KvMemory> memory() {
        return KvMemoryB4916.class;
    }

    @Override
    public Class<? extends SamplerFunctions> samplers() {
        return SamplerFunctions.B4916.class;
    }

    @Override
    public Class<? extends AdapterFunctions> adapters() {
        return AdapterFunctions.B4916.class;
    }

    @Override
    public int maxExperts() {
        return 256;
    }

    @Override
    public boolean poolsAnyMean() {
        return false;
    }

    @Override
    public boolean runsEncodersAlone() {
        return false; // It has no graph for them, and aborts.
    }

    @Override
    public DecodeException.Kind decodeFailure(int code) {
        return switch (code) {
            // b4916 returns -3 when no cells are free, and 1 is what its header promises; its CPU backend
            // knows no other failure of a computation than an abort.
            case 1, -3 -> DecodeException.Kind.NO_KV_SLOT;
            case 2 -> DecodeException.Kind.ABORTED;
            case -1 -> DecodeException.Kind.INVALID_BATCH;
            case -2 -> DecodeException.Kind.OUT_OF_MEMORY;
            default -> DecodeException.Kind.FAILED;
        };
    }

    private static StructTable modelParamsTable() {
        Map<String, StructTable.Field> fields = new LinkedHashMap<>();
        fields.put("devices", StructTable.pointer(0));
        fields.put("n_gpu_layers", StructTable.integer(8, null)); // 0, or 999 on Apple Silicon
        fields.put("split_mode", StructTable.integer(12, 1));
        fields.put("main_gpu", StructTable.integer(16, 0));
        fields.put("tensor_split", StructTable.pointer(24));
        fields.put("progress_callback", StructTable.pointer(32));
        fields.put("progress_callback_user_data", StructTable.pointer(40));
        fields.put("kv_overrides", StructTable.pointer(48));
        fields.put("vocab_only", StructTable.bool(56, false));
        fields.put("use_mmap", StructTable.bool(57, true));
        fields.put("use_mlock", StructTable.bool(58, false));
        fields.put("check_tensors", StructTable.bool(59, false));
        return new StructTable("llama_model_params", 64, fields);
    }

    private static StructTable contextParamsTable() {
        Map<String, StructTable.Field> fields = new LinkedHashMap<>();
        fields.put("n_ctx", StructTable.integer(0, 512));
        fields.put("n_batch", StructTable.integer(4, 2048));
        fields.put("n_ubatch", StructTable.integer(8, 512));
        fields.put("n_seq_max", StructTable.integer(12, 1));
        fields.put("n_threads", StructTable.integer(16, null)); // GGML_DEFAULT_N_THREADS
        fields.put("n_threads_batch", StructTable.integer(20, null));
        fields.put("rope_scaling_type", StructTable.integer(24, -1));
        fields.put("pooling_type", StructTable.integer(28, -1));
        fields.put("attention_type", StructTable.integer(32, -1));
        fields.put("rope_freq_base", StructTable.real(36, 0));
        fields.put("rope_freq_scale", StructTable.real(40, 0));
        fields.put("yarn_ext_factor", StructTable.real(44, -1));
        fields.put("yarn_attn_factor", StructTable.real(48, 1));
        fields.put("yarn_beta_fast", StructTable.real(52, 32));
        fields.put("yarn_beta_slow", StructTable.real(56, 1));
        fields.put("yarn_orig_ctx", StructTable.integer(60, 0));
        fields.put("defrag_thold", StructTable.real(64, -1));
        fields.put("cb_eval", StructTable.pointer(72));
        fields.put("cb_eval_user_data", StructTable.pointer(80));
        fields.put("type_k", StructTable.integer(88, 1));
        fields.put("type_v", StructTable.integer(92, 1));
        fields.put("logits_all", StructTable.bool(96, false));
        fields.put("embeddings", StructTable.bool(97, false));
        fields.put("offload_kqv", StructTable.bool(98, true));
        fields.put("flash_attn", StructTable.bool(99, false));
        fields.put("no_perf", StructTable.bool(100, true));
        fields.put("abort_callback", StructTable.pointer(104));
        fields.put("abort_callback_data", StructTable.pointer(112));
        return new StructTable("llama_context_params", 120, fields);
    }
}
