package io.llamanode.gguf.check;

import java.util.List;

/**
 * The table of what single keys may hold. A key that is absent, or of another type than its rule is for, is left to the
 * library, which names it in its refusal.
 */
final class KeyRules {

    private static final long MOST = Integer.MAX_VALUE;
    private static final long MOST_LAYERS = 512; // LLAMA_MAX_LAYERS
    private static final long MOST_WIDTH = 1 << 24;

    /**
     * A whole number of the architecture, or an array with one for each layer.
     *
     * @param key behind the architecture's name and a point
     * @param least what it may be
     * @param most what it may be
     */
    record Whole(String key, long least, long most) {}

    /**
     * A number of the architecture.
     *
     * @param key behind the architecture's name and a point
     * @param least what it may be
     * @param most what it may be
     */
    record Real(String key, double least, double most) {}

    /** Whole numbers: some are divisors, some sizes of fixed arrays, some asserted. */
    static final List<Whole> WHOLES = List.of(
            new Whole("block_count", 1, MOST_LAYERS),
            new Whole("decoder_block_count", 1, MOST_LAYERS),
            new Whole("context_length", 1, MOST),
            new Whole("embedding_length", 1, MOST_WIDTH),
            new Whole("embedding_length_out", 0, MOST_WIDTH),
            new Whole("embedding_length_per_layer_input", 0, MOST_WIDTH),
            new Whole("features_length", 1, MOST_WIDTH),
            new Whole("feed_forward_length", 0, MOST_WIDTH),
            new Whole("vocab_size", 0, VocabularyCheck.MOST_TOKENS),
            new Whole("attention.head_count", 0, 1 << 16),
            new Whole("attention.head_count_kv", 0, 1 << 16),
            new Whole("attention.key_length", 1, 1 << 16),
            new Whole("attention.value_length", 1, 1 << 16),
            new Whole("attention.key_length_swa", 1, 1 << 16),
            new Whole("attention.value_length_swa", 1, 1 << 16),
            new Whole("attention.sliding_window", 0, MOST),
            new Whole("attention.group_norm_groups", 1, 1 << 16),
            // Of fewer buckets, or of so many that none is for what lies far away, one is computed that is not there.
            new Whole("attention.relative_buckets_count", 4, 254),
            new Whole("rope.dimension_count", 0, 1 << 16),
            new Whole("rope.dimension_count_swa", 0, 1 << 16),
            new Whole("rope.scaling.original_context_length", 0, MOST),
            new Whole("expert_shared_count", 0, 1 << 16),
            new Whole("leading_dense_block_count", 0, MOST_LAYERS),
            new Whole("interleave_moe_layer_step", 0, MOST_LAYERS),
            new Whole("moe_every_n_layers", 0, MOST_LAYERS),
            new Whole("full_attention_interval", 1, MOST_LAYERS),
            new Whole("shortconv.l_cache", 2, 1 << 10),
            new Whole("ssm.conv_kernel", 2, 1 << 10),
            new Whole("ssm.inner_size", 1, MOST_WIDTH),
            new Whole("ssm.state_size", 1, 1 << 16),
            new Whole("ssm.time_step_rank", 1, 1 << 16),
            new Whole("ssm.group_count", 1, 1 << 16),
            new Whole("wkv.head_size", 1, 1 << 16),
            new Whole("token_shift_count", 1, 2),
            new Whole("time_mix_extra_dim", 1, 1 << 16),
            new Whole("time_decay_extra_dim", 1, 1 << 16));

    /** Numbers below or beyond which the library ends the process, or computes nothing but NaN. */
    static final List<Real> REALS = List.of(
            new Real("attention.layer_norm_epsilon", 0, 1),
            new Real("attention.layer_norm_rms_epsilon", 0, 1),
            new Real("attention.group_norm_epsilon", 0, 1),
            new Real("attention.max_alibi_bias", 0, 1e6),
            new Real("attention.clamp_kqv", 0, 1e9),
            new Real("rope.freq_base", 1e-3, 1e15),
            new Real("rope.freq_base_swa", 1e-3, 1e15),
            new Real("rope.scaling.factor", 0, 1e9),
            new Real("rope.scale_linear", 0, 1e9));

    /** Arrays that the library takes for 32-bit integers, and ends the process where they are floats. */
    static final List<String> WHOLE_ARRAYS = List.of(
            "attention.head_count",
            "attention.head_count_kv",
            "feed_forward_length",
            "expert_used_count",
            "rope.dimension_sections");

    private KeyRules() {}
}
