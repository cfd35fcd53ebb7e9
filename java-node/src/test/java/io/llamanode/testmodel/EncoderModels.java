package io.llamanode.testmodel;

import io.llamanode.gguf.GgmlType;
import io.llamanode.gguf.GgufFile;
import io.llamanode.gguf.GgufWriter;
import java.nio.file.Path;

/**
 * Generates small models with encoders and random weights: BERT, with a rank head or without, and T5, whole or its
 * encoder alone. The same arguments give the same bytes.
 */
public final class EncoderModels {
    /** Tokens that a BERT can take. */
    public static final int BERT_CONTEXT = 128;

    private static final int N_EMBD = 64;
    private static final int N_FF = 128;
    private static final int N_HEAD = 4;
    private static final int N_LAYER = 2;
    private static final int BUCKETS = 32;

    private EncoderModels() {}

    /**
     * @param vocabulary a GGUF file with a WordPiece vocabulary
     * @param pooling {@code enum llama_pooling_type}; with 4, RANK, there is a rank head
     * @return a writer with all metadata and tensors
     */
    public static GgufWriter bert(Path vocabulary, int pooling) {
        return bert(vocabulary, pooling, new Shape(N_LAYER, N_EMBD, N_FF, N_HEAD));
    }

    /**
     * @param vocabulary a GGUF file with a WordPiece vocabulary
     * @return a BERT with a rank head, large enough to be measured
     */
    public static GgufWriter ranker(Path vocabulary) {
        return bert(vocabulary, 4, new Shape(6, 384, 1536, 12));
    }

    private record Shape(int layers, int width, int ff, int heads) {}

    private static GgufWriter bert(Path vocabulary, int pooling, Shape shape) {
        GgufFile file = GgufFile.read(vocabulary);
        int nVocab = Math.toIntExact(
                file.array("tokenizer.ggml.tokens").orElseThrow().count());
        GgufWriter writer = new GgufWriter()
                .text("general.architecture", "bert")
                .text("general.name", "synthetic")
                .uint32("bert.block_count", shape.layers)
                .uint32("bert.context_length", BERT_CONTEXT)
                .uint32("bert.embedding_length", shape.width)
                .uint32("bert.feed_forward_length", shape.ff)
                .uint32("bert.attention.head_count", shape.heads)
                .float32("bert.attention.layer_norm_epsilon", 1e-12f)
                .bool("bert.attention.causal", false)
                .uint32("bert.pooling_type", pooling)
                .copyMetadata(file, "tokenizer.")
                .uint32("tokenizer.ggml.token_type_count", 2);
        Tensors tensors = new Tensors(writer);
        tensors.matrix("token_embd.weight", shape.width, nVocab);
        tensors.matrix("token_types.weight", shape.width, 2);
        tensors.matrix("position_embd.weight", shape.width, BERT_CONTEXT);
        tensors.norm("token_embd_norm", shape.width);
        for (int i = 0; i < shape.layers; i++) {
            String block = "blk." + i + ".";
            for (String name : new String[] {"attn_q", "attn_k", "attn_v", "attn_output"}) {
                tensors.linear(block + name, shape.width, shape.width);
            }
            tensors.norm(block + "attn_output_norm", shape.width);
            tensors.linear(block + "ffn_up", shape.width, shape.ff);
            tensors.linear(block + "ffn_down", shape.ff, shape.width);
            tensors.norm(block + "layer_output_norm", shape.width);
        }
        if (pooling == 4) {
            tensors.linear("cls", shape.width, shape.width);
            tensors.linear("cls.output", shape.width, 1);
        }
        return writer;
    }

    /**
     * @param whole whether there is a decoder
     * @return a writer with all metadata and tensors, and a generated vocabulary of 300 pieces
     */
    public static GgufWriter t5(boolean whole) {
        String arch = whole ? "t5" : "t5encoder";
        GgufWriter writer = new GgufWriter()
                .text("general.architecture", arch)
                .text("general.name", "synthetic")
                .uint32(arch + ".block_count", N_LAYER)
                .uint32(arch + ".context_length", 128)
                .uint32(arch + ".embedding_length", N_EMBD)
                .uint32(arch + ".feed_forward_length", N_FF)
                .uint32(arch + ".attention.head_count", N_HEAD)
                .uint32(arch + ".attention.key_length", N_EMBD / N_HEAD)
                .uint32(arch + ".attention.value_length", N_EMBD / N_HEAD)
                .float32(arch + ".attention.layer_norm_epsilon", 1e-6f)
                .float32(arch + ".attention.layer_norm_rms_epsilon", 1e-6f)
                .uint32(arch + ".attention.relative_buckets_count", BUCKETS);
        if (whole) {
            writer.uint32(arch + ".decoder_start_token_id", 0);
        }
        int nVocab = SyntheticModels.generatedVocabulary(300, writer);
        writer.bool("tokenizer.ggml.add_bos_token", false).bool("tokenizer.ggml.add_eos_token", true);
        Tensors tensors = new Tensors(writer);
        tensors.matrix("token_embd.weight", N_EMBD, nVocab);
        stack(tensors, "enc.", false);
        if (whole) {
            stack(tensors, "dec.", true);
            tensors.matrix("output.weight", N_EMBD, nVocab);
        }
        return writer;
    }

    private static void stack(Tensors tensors, String prefix, boolean cross) {
        tensors.ones(prefix + "output_norm.weight", N_EMBD);
        for (int i = 0; i < N_LAYER; i++) {
            String block = prefix + "blk." + i + ".";
            attention(tensors, block + "attn_");
            if (i == 0) {
                tensors.matrix(block + "attn_rel_b.weight", N_HEAD, BUCKETS);
            }
            if (cross) {
                attention(tensors, block + "cross_attn_");
            }
            tensors.ones(block + "ffn_norm.weight", N_EMBD);
            tensors.matrix(block + "ffn_gate.weight", N_EMBD, N_FF);
            tensors.matrix(block + "ffn_up.weight", N_EMBD, N_FF);
            tensors.matrix(block + "ffn_down.weight", N_FF, N_EMBD);
        }
    }

    private static void attention(Tensors tensors, String prefix) {
        tensors.ones(prefix + "norm.weight", N_EMBD);
        for (String name : new String[] {"q", "k", "v", "o"}) {
            tensors.matrix(prefix + name + ".weight", N_EMBD, N_EMBD);
        }
    }

    private static final class Tensors {
        private final GgufWriter writer;
        private long next = 1 << 16;

        Tensors(GgufWriter writer) {
            this.writer = writer;
        }

        void matrix(String name, long columns, long rows) {
            float scale = (float) Math.sqrt(3.0 / columns);
            writer.tensor(
                    name,
                    GgmlType.F32,
                    new long[] {columns, rows},
                    RandomWeights.of(GgmlType.F32, columns * rows, scale, next++));
        }

        void linear(String name, long columns, long rows) {
            matrix(name + ".weight", columns, rows);
            writer.tensor(
                    name + ".bias",
                    GgmlType.F32,
                    new long[] {rows},
                    RandomWeights.of(GgmlType.F32, rows, 0.1f, next++));
        }

        void norm(String name, long width) {
            ones(name + ".weight", width);
            writer.tensor(
                    name + ".bias",
                    GgmlType.F32,
                    new long[] {width},
                    RandomWeights.of(GgmlType.F32, width, 0.1f, next++));
        }

        void ones(String name, long length) {
            writer.tensor(name, GgmlType.F32, new long[] {length}, RandomWeights.constant(length, 1));
        }
    }
}
