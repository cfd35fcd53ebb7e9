package io.llamanode.llama;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A generation of the C API: what differs between releases of llama.cpp that this package can drive.
 *
 * @param name the release it was written for
 * @param modelParams {@code llama_model_params}
 * @param contextParams {@code llama_context_params}
 * @param memory binds the functions that manage the KV cache
 */
record Generation(String name, StructTable modelParams, StructTable contextParams, MemoryBinder memory) {

    /** Binds a {@link KvMemory}. */
    interface MemoryBinder {
        KvMemory bind(NativeFunctions functions);
    }

    /** The one of java-llama.cpp 4.2.0. */
    static final Generation B4916 =
            new Generation("b4916", modelParamsB4916(), contextParamsB4916(), KvMemoryB4916::new);

    private static StructTable modelParamsB4916() {
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

    private static StructTable contextParamsB4916() {
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
