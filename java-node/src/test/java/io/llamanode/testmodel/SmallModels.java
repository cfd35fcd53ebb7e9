package io.llamanode.testmodel;

import io.llamanode.gguf.GgmlType;
import io.llamanode.gguf.GgufWriter;
import java.util.ArrayList;
import java.util.List;

/** Generates very small models of many architectures with random weights. The same call gives the same bytes. */
public final class SmallModels {
    private static final int LAYERS = 2;
    private static final int WIDTH = 64;
    private static final int HEADS = 4;
    private static final int HEADS_KV = 2;
    private static final int KV = WIDTH / HEADS * HEADS_KV;
    private static final int FF = 96;
    private static final int CONTEXT = 128;
    private static final int TOKENS = 300;
    private static final int NORMAL = 1;
    private static final int CONTROL = 3;
    private static final String RMS = "attention.layer_norm_rms_epsilon";
    private static final String NORM = "attention.layer_norm_epsilon";

    private final String architecture;
    private final GgufWriter writer = new GgufWriter();
    private long seed = 1;

    private SmallModels(String architecture) {
        this.architecture = architecture;
        writer.text("general.architecture", architecture)
                .text("general.name", "small")
                .uint32("general.file_type", 0);
        whole("block_count", LAYERS)
                .whole("context_length", CONTEXT)
                .whole("embedding_length", WIDTH)
                .whole("feed_forward_length", FF)
                .whole("attention.head_count", HEADS)
                .whole("attention.head_count_kv", HEADS_KV);
    }

    private SmallModels whole(String key, int value) {
        writer.uint32(architecture + "." + key, value);
        return this;
    }

    private SmallModels real(String key, float value) {
        writer.float32(architecture + "." + key, value);
        return this;
    }

    private void matrix(String name, long... dims) {
        long elements = 1;
        for (long dim : dims) {
            elements *= dim;
        }
        float scale = (float) Math.sqrt(3.0 / dims[0]);
        writer.tensor(name, GgmlType.F32, dims, RandomWeights.of(GgmlType.F32, elements, scale, seed++));
    }

    private void ones(String name, long length) {
        writer.tensor(name, GgmlType.F32, new long[] {length}, RandomWeights.constant(length, 1));
    }

    private void biased(String name, long... dims) {
        matrix(name + ".weight", dims);
        ones(name + ".bias", dims[dims.length - 1]);
    }

    private void norm(String name, long width) {
        ones(name + ".weight", width);
        ones(name + ".bias", width);
    }

    private SmallModels sentencePiece() {
        SyntheticModels.generatedVocabulary(TOKENS, writer);
        return this;
    }

    /** Pieces of a byte-level tokenizer: all bytes as GPT-2 spells them, two merges, an end. */
    private SmallModels bytePairs() {
        List<String> tokens = new ArrayList<>();
        int spare = 256;
        for (int b = 0; b < 256; b++) {
            boolean printable = b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE;
            tokens.add(String.valueOf((char) (printable ? b : spare++)));
        }
        tokens.addAll(List.of("ab", "abc", "<|endoftext|>"));
        while (tokens.size() < TOKENS) {
            tokens.add("piece" + tokens.size());
        }
        int[] types = new int[TOKENS];
        for (int i = 0; i < TOKENS; i++) {
            types[i] = i == 258 ? CONTROL : NORMAL;
        }
        writer.text("tokenizer.ggml.model", "gpt2")
                .text("tokenizer.ggml.pre", "gpt-2")
                .texts("tokenizer.ggml.tokens", tokens)
                .int32s("tokenizer.ggml.token_type", types)
                .texts("tokenizer.ggml.merges", List.of("a b", "ab c"))
                .uint32("tokenizer.ggml.bos_token_id", 258)
                .uint32("tokenizer.ggml.eos_token_id", 258);
        return this;
    }

    private SmallModels wordPieces() {
        List<String> tokens = new ArrayList<>(List.of("[PAD]"));
        while (tokens.size() < 100) {
            tokens.add("[unused" + tokens.size() + "]");
        }
        tokens.addAll(List.of("[UNK]", "[CLS]", "[SEP]", "[MASK]"));
        for (char c = 'a'; c <= 'z'; c++) {
            tokens.add("\u2581" + c);
            tokens.add(String.valueOf(c));
        }
        while (tokens.size() < TOKENS) {
            tokens.add("\u2581piece" + tokens.size());
        }
        int[] types = new int[TOKENS];
        for (int i = 0; i < TOKENS; i++) {
            types[i] = i < 104 ? CONTROL : NORMAL;
        }
        writer.text("tokenizer.ggml.model", "bert")
                .text("tokenizer.ggml.pre", "default")
                .texts("tokenizer.ggml.tokens", tokens)
                .int32s("tokenizer.ggml.token_type", types)
                .uint32("tokenizer.ggml.token_type_count", 2)
                .uint32("tokenizer.ggml.cls_token_id", 101)
                .uint32("tokenizer.ggml.bos_token_id", 101)
                .uint32("tokenizer.ggml.seperator_token_id", 102)
                .uint32("tokenizer.ggml.unknown_token_id", 100)
                .uint32("tokenizer.ggml.padding_token_id", 0);
        return this;
    }

    private void attention(String block) {
        matrix(block + "attn_q.weight", WIDTH, WIDTH);
        matrix(block + "attn_k.weight", WIDTH, KV);
        matrix(block + "attn_v.weight", WIDTH, KV);
        matrix(block + "attn_output.weight", WIDTH, WIDTH);
    }

    private void gated(String block) {
        matrix(block + "ffn_gate.weight", WIDTH, FF);
        matrix(block + "ffn_up.weight", WIDTH, FF);
        matrix(block + "ffn_down.weight", FF, WIDTH);
    }

    private interface Layer {
        void at(String block);
    }

    private GgufWriter with(boolean output, Layer layer) {
        matrix("token_embd.weight", WIDTH, TOKENS);
        ones("output_norm.weight", WIDTH);
        if (output) {
            matrix("output.weight", WIDTH, TOKENS);
        }
        for (int i = 0; i < LAYERS; i++) {
            layer.at("blk." + i + ".");
        }
        return writer;
    }

    /** {@return llama, with experts} */
    public static GgufWriter experts() {
        SmallModels m = new SmallModels("llama").sentencePiece().real(RMS, 1e-5f);
        m.whole("rope.dimension_count", WIDTH / HEADS).whole("expert_count", 4).whole("expert_used_count", 2);
        return m.with(true, block -> {
            m.ones(block + "attn_norm.weight", WIDTH);
            m.attention(block);
            m.ones(block + "ffn_norm.weight", WIDTH);
            m.matrix(block + "ffn_gate_inp.weight", WIDTH, 4);
            m.matrix(block + "ffn_gate_exps.weight", WIDTH, FF, 4);
            m.matrix(block + "ffn_up_exps.weight", WIDTH, FF, 4);
            m.matrix(block + "ffn_down_exps.weight", FF, WIDTH, 4);
        });
    }

    /** {@return gemma2: windows, capped logits, norms behind the layers, an output that is the embedding} */
    public static GgufWriter gemma2() {
        SmallModels m = new SmallModels("gemma2").sentencePiece().real(RMS, 1e-6f);
        m.whole("attention.key_length", WIDTH / HEADS)
                .whole("attention.value_length", WIDTH / HEADS)
                .whole("attention.sliding_window", 32)
                .real("attn_logit_softcapping", 50)
                .real("final_logit_softcapping", 30);
        return m.with(false, block -> {
            m.ones(block + "attn_norm.weight", WIDTH);
            m.attention(block);
            m.ones(block + "post_attention_norm.weight", WIDTH);
            m.ones(block + "ffn_norm.weight", WIDTH);
            m.gated(block);
            m.ones(block + "post_ffw_norm.weight", WIDTH);
        });
    }

    /** {@return gpt2: learned positions, biases, byte-level pieces} */
    public static GgufWriter gpt2() {
        SmallModels m = new SmallModels("gpt2").bytePairs().real(NORM, 1e-5f).whole("attention.head_count_kv", HEADS);
        m.matrix("position_embd.weight", WIDTH, CONTEXT);
        m.ones("output_norm.bias", WIDTH);
        return m.with(true, block -> {
            m.norm(block + "attn_norm", WIDTH);
            m.biased(block + "attn_qkv", WIDTH, 3L * WIDTH);
            m.biased(block + "attn_output", WIDTH, WIDTH);
            m.norm(block + "ffn_norm", WIDTH);
            m.biased(block + "ffn_up", WIDTH, FF);
            m.biased(block + "ffn_down", FF, WIDTH);
        });
    }

    /** {@return falcon: one matrix of queries, keys and values, rotary positions} */
    public static GgufWriter falcon() {
        SmallModels m = new SmallModels("falcon").bytePairs().real(NORM, 1e-5f);
        m.ones("output_norm.bias", WIDTH);
        return m.with(true, block -> {
            m.norm(block + "attn_norm", WIDTH);
            m.matrix(block + "attn_qkv.weight", WIDTH, WIDTH + 2L * KV);
            m.matrix(block + "attn_output.weight", WIDTH, WIDTH);
            m.matrix(block + "ffn_up.weight", WIDTH, FF);
            m.matrix(block + "ffn_down.weight", FF, WIDTH);
        });
    }

    /** {@return mpt: positions by a bias of the scores} */
    public static GgufWriter mpt() {
        SmallModels m = new SmallModels("mpt").bytePairs().real(NORM, 1e-5f).real("attention.max_alibi_bias", 8);
        m.whole("attention.head_count_kv", HEADS);
        return m.with(true, block -> {
            m.ones(block + "attn_norm.weight", WIDTH);
            m.matrix(block + "attn_qkv.weight", WIDTH, 3L * WIDTH);
            m.matrix(block + "attn_output.weight", WIDTH, WIDTH);
            m.ones(block + "ffn_norm.weight", WIDTH);
            m.matrix(block + "ffn_up.weight", WIDTH, FF);
            m.matrix(block + "ffn_down.weight", FF, WIDTH);
        });
    }

    /** {@return phi3: fused matrices, a window, factors of the rotation} */
    public static GgufWriter phi3() {
        SmallModels m = new SmallModels("phi3").sentencePiece().real(RMS, 1e-5f);
        m.whole("rope.dimension_count", WIDTH / HEADS)
                .whole("rope.scaling.original_context_length", CONTEXT)
                .whole("attention.sliding_window", 64)
                .real("rope.scaling.attn_factor", 1);
        m.ones("rope_factors_long.weight", WIDTH / HEADS / 2);
        m.ones("rope_factors_short.weight", WIDTH / HEADS / 2);
        return m.with(true, block -> {
            m.ones(block + "attn_norm.weight", WIDTH);
            m.matrix(block + "attn_qkv.weight", WIDTH, WIDTH + 2L * KV);
            m.matrix(block + "attn_output.weight", WIDTH, WIDTH);
            m.ones(block + "ffn_norm.weight", WIDTH);
            m.matrix(block + "ffn_up.weight", WIDTH, 2L * FF);
            m.matrix(block + "ffn_down.weight", FF, WIDTH);
        });
    }

    /** {@return qwen2moe: experts beside a shared one} */
    public static GgufWriter qwen2moe() {
        SmallModels m = new SmallModels("qwen2moe").bytePairs().real(RMS, 1e-6f);
        m.whole("expert_count", 4)
                .whole("expert_used_count", 2)
                .whole("expert_feed_forward_length", 32)
                .whole("expert_shared_feed_forward_length", FF);
        return m.with(true, block -> {
            m.ones(block + "attn_norm.weight", WIDTH);
            m.attention(block);
            m.ones(block + "attn_q.bias", WIDTH);
            m.ones(block + "attn_k.bias", KV);
            m.ones(block + "attn_v.bias", KV);
            m.ones(block + "ffn_norm.weight", WIDTH);
            m.matrix(block + "ffn_gate_inp.weight", WIDTH, 4);
            m.matrix(block + "ffn_gate_exps.weight", WIDTH, 32, 4);
            m.matrix(block + "ffn_up_exps.weight", WIDTH, 32, 4);
            m.matrix(block + "ffn_down_exps.weight", 32, WIDTH, 4);
            m.ones(block + "ffn_gate_inp_shexp.weight", WIDTH);
            m.matrix(block + "ffn_gate_shexp.weight", WIDTH, FF);
            m.matrix(block + "ffn_up_shexp.weight", WIDTH, FF);
            m.matrix(block + "ffn_down_shexp.weight", FF, WIDTH);
        });
    }

    /** {@return mamba: a state instead of a cache} */
    public static GgufWriter mamba() {
        int inner = 2 * WIDTH;
        SmallModels m = new SmallModels("mamba").bytePairs().real(RMS, 1e-5f);
        m.whole("attention.head_count", 0)
                .whole("attention.head_count_kv", 0)
                .whole("feed_forward_length", 0)
                .whole("ssm.conv_kernel", 4)
                .whole("ssm.inner_size", inner)
                .whole("ssm.state_size", 16)
                .whole("ssm.time_step_rank", 4);
        return m.with(true, block -> {
            m.ones(block + "attn_norm.weight", WIDTH);
            m.matrix(block + "ssm_in.weight", WIDTH, 2L * inner);
            m.biased(block + "ssm_conv1d", 4, inner);
            m.matrix(block + "ssm_x.weight", inner, 4 + 32);
            m.biased(block + "ssm_dt", 4, inner);
            m.matrix(block + "ssm_a", 16, inner);
            m.ones(block + "ssm_d", inner);
            m.matrix(block + "ssm_out.weight", inner, WIDTH);
        });
    }

    /** {@return rwkv6: another state} */
    public static GgufWriter rwkv6() {
        SmallModels m = new SmallModels("rwkv6").sentencePiece().real(NORM, 1e-5f);
        m.whole("attention.head_count", 0)
                .whole("attention.head_count_kv", 0)
                .whole("wkv.head_size", 16)
                .whole("time_mix_extra_dim", 8)
                .whole("time_decay_extra_dim", 8)
                .whole("rescale_every_n_layers", 1)
                .whole("token_shift_count", 2);
        m.norm("token_embd_norm", WIDTH);
        m.ones("output_norm.bias", WIDTH);
        return m.with(true, block -> {
            m.norm(block + "attn_norm", WIDTH);
            m.norm(block + "attn_norm_2", WIDTH);
            m.matrix(block + "time_mix_w1.weight", WIDTH, 40);
            m.matrix(block + "time_mix_w2.weight", 8, WIDTH, 5);
            for (String lerp : List.of("x", "w", "k", "v", "r", "g")) {
                m.matrix(block + "time_mix_lerp_" + lerp + ".weight", WIDTH, 1, 1);
            }
            m.matrix(block + "time_mix_first.weight", 16, 4);
            m.ones(block + "time_mix_decay.weight", WIDTH);
            m.matrix(block + "time_mix_decay_w1.weight", WIDTH, 8);
            m.matrix(block + "time_mix_decay_w2.weight", 8, WIDTH);
            for (String name : List.of("key", "value", "receptance", "gate", "output")) {
                m.matrix(block + "time_mix_" + name + ".weight", WIDTH, WIDTH);
            }
            m.norm(block + "time_mix_ln", WIDTH);
            m.matrix(block + "channel_mix_lerp_k.weight", WIDTH, 1, 1);
            m.matrix(block + "channel_mix_lerp_r.weight", WIDTH, 1, 1);
            m.matrix(block + "channel_mix_key.weight", WIDTH, FF);
            m.matrix(block + "channel_mix_value.weight", FF, WIDTH);
            m.matrix(block + "channel_mix_receptance.weight", WIDTH, WIDTH);
        });
    }

    /**
     * @param pooling {@code enum llama_pooling_type}; with 4, RANK, there is a rank head
     * @return bert with a small generated vocabulary
     */
    public static GgufWriter bert(int pooling) {
        SmallModels m = new SmallModels("bert").wordPieces().real(NORM, 1e-12f);
        m.whole("attention.head_count_kv", HEADS).whole("pooling_type", pooling);
        m.writer.bool("bert.attention.causal", false);
        m.matrix("token_embd.weight", WIDTH, TOKENS);
        m.matrix("token_types.weight", WIDTH, 2);
        m.matrix("position_embd.weight", WIDTH, CONTEXT);
        m.norm("token_embd_norm", WIDTH);
        for (int i = 0; i < LAYERS; i++) {
            String block = "blk." + i + ".";
            for (String name : List.of("attn_q", "attn_k", "attn_v", "attn_output")) {
                m.biased(block + name, WIDTH, WIDTH);
            }
            m.norm(block + "attn_output_norm", WIDTH);
            m.biased(block + "ffn_up", WIDTH, FF);
            m.biased(block + "ffn_down", FF, WIDTH);
            m.norm(block + "layer_output_norm", WIDTH);
        }
        if (pooling == 4) {
            m.biased("cls", WIDTH, WIDTH);
            m.biased("cls.output", WIDTH, 1);
        }
        return m.writer;
    }
}
