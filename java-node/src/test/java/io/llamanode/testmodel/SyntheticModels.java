package io.llamanode.testmodel;

import io.llamanode.gguf.GgmlType;
import io.llamanode.gguf.GgufFile;
import io.llamanode.gguf.GgufWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Generates models of the llama and qwen2 architectures with random weights: they compute real logits of real shapes,
 * and say nothing sensible. The same specification gives the same bytes.
 */
public final class SyntheticModels {

    private static final int NORMAL = 1;
    private static final int UNKNOWN = 2;
    private static final int CONTROL = 3;
    private static final int BYTE = 6;
    private static final int BYTES = 256;

    private SyntheticModels() {}

    /**
     * The shape of a model.
     *
     * @param architecture llama, or qwen2 with its biases and an output that shares the embedding
     * @param nLayer layers
     * @param nEmbd width, a multiple of {@code nHead}
     * @param nFf width of the feed-forward layers
     * @param nHead attention heads
     * @param nHeadKv heads of keys and values, a divisor of {@code nHead}
     * @param nCtxTrain training context
     * @param type element type of matrices: F32, F16, Q8_0 or Q4_0
     * @param vocabulary a GGUF file whose vocabulary is copied; {@code null}: a generated one
     * @param nVocab pieces of a generated vocabulary, from 300
     * @param seed seed of the weights
     */
    public record Spec(
            String architecture,
            int nLayer,
            int nEmbd,
            int nFf,
            int nHead,
            int nHeadKv,
            int nCtxTrain,
            GgmlType type,
            Path vocabulary,
            int nVocab,
            long seed) {

        /** The shape of a model of the llama architecture. */
        public Spec(
                int nLayer,
                int nEmbd,
                int nFf,
                int nHead,
                int nHeadKv,
                int nCtxTrain,
                GgmlType type,
                Path vocabulary,
                int nVocab,
                long seed) {
            this("llama", nLayer, nEmbd, nFf, nHead, nHeadKv, nCtxTrain, type, vocabulary, nVocab, seed);
        }

        /** {@return this with another type of matrices} */
        public Spec withType(GgmlType other) {
            return new Spec(
                    architecture, nLayer, nEmbd, nFf, nHead, nHeadKv, nCtxTrain, other, vocabulary, nVocab, seed);
        }

        /** {@return this with another seed} */
        public Spec withSeed(long other) {
            return new Spec(
                    architecture, nLayer, nEmbd, nFf, nHead, nHeadKv, nCtxTrain, type, vocabulary, nVocab, other);
        }

        /** {@return this with another training context} */
        public Spec withCtxTrain(int other) {
            return new Spec(architecture, nLayer, nEmbd, nFf, nHead, nHeadKv, other, type, vocabulary, nVocab, seed);
        }
    }

    /** {@return a very small model with a generated vocabulary, about 0.6 MB} */
    public static Spec tiny() {
        return new Spec(2, 64, 128, 4, 2, 512, GgmlType.F32, null, 300, 1);
    }

    /**
     * The model of the benchmarks: 8 layers of 512, Q8_0, about 60 MB with a vocabulary of 32,000 pieces.
     *
     * @param vocabulary a GGUF file whose vocabulary is copied; {@code null}: one of 32,000 generated pieces
     * @return its shape
     */
    public static Spec bench(Path vocabulary) {
        return new Spec(8, 512, 1536, 8, 8, 4096, GgmlType.Q8_0, vocabulary, 32_000, 1);
    }

    /**
     * A model of the shape of Qwen2.5-0.5B, with a generated vocabulary of the same size.
     *
     * @param type element type of matrices
     * @return its shape
     */
    public static Spec qwen(GgmlType type) {
        return new Spec("qwen2", 24, 896, 4864, 14, 2, 32_768, type, null, 151_936, 1);
    }

    /**
     * Writes a model.
     *
     * @param spec its shape
     * @param path the file
     * @return the file
     */
    public static Path write(Spec spec, Path path) {
        return writer(spec).write(path);
    }

    /**
     * Prepares a model, for changes before it is written.
     *
     * @param spec its shape
     * @return a writer with all metadata and tensors
     */
    public static GgufWriter writer(Spec spec) {
        GgufWriter writer = new GgufWriter()
                .text("general.architecture", spec.architecture)
                .text("general.name", "synthetic")
                .uint32(spec.architecture + ".block_count", spec.nLayer)
                .uint32(spec.architecture + ".context_length", spec.nCtxTrain)
                .uint32(spec.architecture + ".embedding_length", spec.nEmbd)
                .uint32(spec.architecture + ".feed_forward_length", spec.nFf)
                .uint32(spec.architecture + ".attention.head_count", spec.nHead)
                .uint32(spec.architecture + ".attention.head_count_kv", spec.nHeadKv)
                .uint32(spec.architecture + ".rope.dimension_count", spec.nEmbd / spec.nHead)
                .float32(spec.architecture + ".attention.layer_norm_rms_epsilon", 1e-5f);
        int nVocab = vocabulary(spec, writer);
        tensors(spec, nVocab, writer);
        return writer;
    }

    private static int vocabulary(Spec spec, GgufWriter writer) {
        if (spec.vocabulary != null) {
            GgufFile file = GgufFile.read(spec.vocabulary);
            writer.copyMetadata(file, "tokenizer.");
            return Math.toIntExact(
                    file.array("tokenizer.ggml.tokens").orElseThrow().count());
        }
        return generatedVocabulary(spec.nVocab, writer);
    }

    /** SentencePiece: unknown, begin, end, 256 bytes, then pieces of one, two and more letters. */
    static int generatedVocabulary(int nVocab, GgufWriter writer) {
        List<String> tokens = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
        for (int b = 0; b < BYTES; b++) {
            tokens.add("<0x%02X>".formatted(b));
        }
        int firstPiece = tokens.size();
        if (nVocab < firstPiece + 28) {
            throw new IllegalArgumentException("a generated vocabulary needs 300 pieces, not " + nVocab);
        }
        tokens.add("\u2581");
        for (long i = 0; tokens.size() < nVocab; i++) {
            tokens.add(letters(i));
        }
        int[] types = new int[nVocab];
        float[] scores = new float[nVocab];
        for (int i = 0; i < nVocab; i++) {
            types[i] = i == 0 ? UNKNOWN : i < 3 ? CONTROL : i < firstPiece ? BYTE : NORMAL;
            scores[i] = i < firstPiece ? 0 : firstPiece - i;
        }
        writer.text("tokenizer.ggml.model", "llama")
                .text("tokenizer.ggml.pre", "default")
                .texts("tokenizer.ggml.tokens", tokens)
                .float32s("tokenizer.ggml.scores", scores)
                .int32s("tokenizer.ggml.token_type", types)
                .uint32("tokenizer.ggml.unknown_token_id", 0)
                .uint32("tokenizer.ggml.bos_token_id", 1)
                .uint32("tokenizer.ggml.eos_token_id", 2)
                .bool("tokenizer.ggml.add_bos_token", true)
                .bool("tokenizer.ggml.add_eos_token", false);
        return nVocab;
    }

    /** a, b, ..., z, aa, ab, ... */
    private static String letters(long i) {
        StringBuilder text = new StringBuilder();
        for (long n = i; n >= 0; n = n / 26 - 1) {
            text.append((char) ('a' + n % 26));
        }
        return text.reverse().toString();
    }

    private static void tensors(Spec spec, int nVocab, GgufWriter writer) {
        Tensors tensors = new Tensors(spec, writer);
        long head = spec.nEmbd / spec.nHead;
        long kv = head * spec.nHeadKv;
        boolean biased = spec.architecture.equals("qwen2");
        tensors.matrix("token_embd.weight", spec.nEmbd, nVocab);
        for (int i = 0; i < spec.nLayer; i++) {
            String block = "blk." + i + ".";
            tensors.ones(block + "attn_norm.weight", spec.nEmbd);
            tensors.matrix(block + "attn_q.weight", spec.nEmbd, spec.nEmbd);
            tensors.matrix(block + "attn_k.weight", spec.nEmbd, kv);
            tensors.matrix(block + "attn_v.weight", spec.nEmbd, kv);
            if (biased) {
                tensors.zeros(block + "attn_q.bias", spec.nEmbd);
                tensors.zeros(block + "attn_k.bias", kv);
                tensors.zeros(block + "attn_v.bias", kv);
            }
            tensors.matrix(block + "attn_output.weight", spec.nEmbd, spec.nEmbd);
            tensors.ones(block + "ffn_norm.weight", spec.nEmbd);
            tensors.matrix(block + "ffn_gate.weight", spec.nEmbd, spec.nFf);
            tensors.matrix(block + "ffn_up.weight", spec.nEmbd, spec.nFf);
            tensors.matrix(block + "ffn_down.weight", spec.nFf, spec.nEmbd);
        }
        tensors.ones("output_norm.weight", spec.nEmbd);
        if (!biased) {
            tensors.matrix("output.weight", spec.nEmbd, nVocab);
        }
    }

    private static final class Tensors {
        private final Spec spec;
        private final GgufWriter writer;
        private long next;

        Tensors(Spec spec, GgufWriter writer) {
            this.spec = spec;
            this.writer = writer;
            this.next = spec.seed << 16;
        }

        /** Scaled so that activations keep their size from layer to layer. */
        void matrix(String name, long columns, long rows) {
            float scale = (float) Math.sqrt(3.0 / columns);
            writer.tensor(
                    name,
                    spec.type,
                    new long[] {columns, rows},
                    RandomWeights.of(spec.type, columns * rows, scale, next++));
        }

        void ones(String name, long length) {
            writer.tensor(name, GgmlType.F32, new long[] {length}, RandomWeights.constant(length, 1));
        }

        void zeros(String name, long length) {
            writer.tensor(name, GgmlType.F32, new long[] {length}, RandomWeights.constant(length, 0));
        }
    }
}
