package io.llamanode.llama.functions;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.util.function.ToIntFunction;

/** The two parameter structs of llama.h, as they changed from generation to generation. */
final class ParamStructs {

    /** A generation of the structs. */
    enum Since {
        B4916,
        V0_5,
        V0_7
    }

    private ParamStructs() {}

    /**
     * Room for what a default-parameters function returns before its struct is known: for more than any release has. The
     * callee is handed a pointer to it, as for every struct over 16 bytes.
     */
    static final class Room {
        static final StructLayout LAYOUT = words(128);

        private Room() {}
    }

    /** {@code llama_model_params} as an argument, of the release where it is longest. */
    static final class ModelParamsStruct {
        static final StructLayout LAYOUT =
                longest(release -> release.modelParams().bytes());

        private ModelParamsStruct() {}
    }

    /** {@code llama_context_params} as an argument, of the release where it is longest. */
    static final class ContextParamsStruct {
        static final StructLayout LAYOUT =
                longest(release -> release.contextParams().bytes());

        private ContextParamsStruct() {}
    }

    /**
     * An argument of over 16 bytes lies in memory, and a callee whose struct is shorter does not look at the rest. Only size
     * and alignment matter to the calling conventions.
     */
    private static StructLayout longest(ToIntFunction<ReleaseApi> bytes) {
        return words(ReleaseApi.KNOWN.stream().mapToInt(bytes).max().orElseThrow() / Long.BYTES);
    }

    private static StructLayout words(int count) {
        return MemoryLayout.structLayout(MemoryLayout.sequenceLayout(count, ValueLayout.JAVA_LONG));
    }

    static StructTable model(Since since, int bytes) {
        boolean v0 = since != Since.B4916;
        StructTable.Builder struct = StructTable.of("llama_model_params").pointer("devices");
        if (v0) {
            struct.pointer("tensor_buft_overrides");
        }
        struct.integer("n_gpu_layers", v0 ? -1 : null); // In b4916 0, or 999 on Apple Silicon.
        struct.integer("split_mode", 1);
        if (v0) {
            struct.integer("load_mode", -1); // Left to the device.
            struct.integer("lazy_mode", null);
        }
        struct.integer("main_gpu", 0);
        struct.pointer("tensor_split");
        struct.pointer("progress_callback");
        struct.pointer("progress_callback_user_data");
        struct.pointer("kv_overrides");
        struct.bool("vocab_only", false);
        if (!v0) {
            struct.bool("use_mmap", true);
            struct.bool("use_mlock", false);
        }
        struct.bool("check_tensors", false);
        if (v0) {
            struct.bool("use_extra_bufts", true);
            struct.bool("no_host", false);
            struct.bool("no_alloc", false);
            struct.bool("load_mtp", false);
        }
        return struct.ofBytes(bytes);
    }

    static StructTable context(Since since, int bytes) {
        boolean v0 = since != Since.B4916;
        StructTable.Builder struct = StructTable.of("llama_context_params");
        struct.integer("n_ctx", 512);
        struct.integer("n_batch", 2048);
        struct.integer("n_ubatch", 512);
        struct.integer("n_seq_max", 1);
        if (v0) {
            struct.integer("n_rs_seq", 0);
            struct.integer("n_outputs_max", 0); // As many as a batch has tokens.
            struct.integer("n_outputs_max_per_seq", 1); // Only of samplers in the context.
        }
        struct.integer("n_threads", null); // GGML_DEFAULT_N_THREADS
        struct.integer("n_threads_batch", null);
        if (v0) {
            struct.integer("ctx_type", 0);
        }
        struct.integer("rope_scaling_type", -1);
        struct.integer("pooling_type", -1);
        struct.integer("attention_type", -1);
        if (v0) {
            struct.integer("flash_attn_type", -1);
        }
        struct.real("rope_freq_base", 0);
        struct.real("rope_freq_scale", 0);
        struct.real("yarn_ext_factor", -1);
        struct.real("yarn_attn_factor", v0 ? -1 : 1);
        struct.real("yarn_beta_fast", v0 ? -1 : 32);
        struct.real("yarn_beta_slow", v0 ? -1 : 1);
        struct.integer("yarn_orig_ctx", 0);
        struct.real("defrag_thold", -1); // Without effect since v0.
        struct.pointer("cb_eval");
        struct.pointer("cb_eval_user_data");
        struct.integer("type_k", 1);
        struct.integer("type_v", 1);
        if (since == Since.V0_7) {
            struct.pointer("moe_cache_size"); // A size_t.
        }
        if (v0) {
            struct.pointer("abort_callback");
            struct.pointer("abort_callback_data");
        } else {
            struct.bool("logits_all", false);
        }
        struct.bool("embeddings", false);
        struct.bool("offload_kqv", true);
        if (v0) {
            struct.bool("no_perf", true);
            struct.bool("op_offload", true);
            struct.bool("swa_full", true);
            struct.bool("kv_unified", false);
            struct.pointer("samplers");
            struct.pointer("n_samplers"); // A size_t.
            struct.pointer("ctx_other");
        } else {
            struct.bool("flash_attn", false);
            struct.bool("no_perf", true);
            struct.pointer("abort_callback");
            struct.pointer("abort_callback_data");
        }
        return struct.ofBytes(bytes);
    }
}
