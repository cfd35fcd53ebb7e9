package io.llamanode.gguf.check;

import static io.llamanode.gguf.check.ModelCheck.malformed;

import io.llamanode.gguf.GgufFile;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Tensors that the library loads where they are there, and computes with whether they are or not. Any one of the
 * alternatives will do.
 *
 * @param architectures where it is so
 * @param beside a tensor of the layers that it is about, or {@code null} for every layer
 * @param alternatives each a list of names; {@code blk.N.} stands for every layer
 */
record TensorNeeds(Set<String> architectures, @Nullable String beside, List<List<String>> alternatives) {

    private static final String EACH = "blk.N.";

    private static final List<TensorNeeds> ALL = List.of(
            new TensorNeeds(
                    Set.of("phi3", "phimoe"),
                    null,
                    List.of(
                            List.of("blk.N.attn_qkv.weight"),
                            List.of("blk.N.attn_q.weight", "blk.N.attn_k.weight", "blk.N.attn_v.weight"))),
            new TensorNeeds(
                    Set.of("rwkv6"),
                    null,
                    List.of(
                            List.of("blk.N.time_mix_lerp_fused.weight"),
                            List.of(
                                    "blk.N.time_mix_lerp_w.weight",
                                    "blk.N.time_mix_lerp_k.weight",
                                    "blk.N.time_mix_lerp_v.weight",
                                    "blk.N.time_mix_lerp_r.weight",
                                    "blk.N.time_mix_lerp_g.weight"))),
            new TensorNeeds(
                    Set.of("llama", "refact", "minicpm", "granite", "granitemoe", "grok"),
                    "blk.N.ffn_gate_inp.weight",
                    List.of(List.of("blk.N.ffn_gate_exps.weight"), List.of("blk.N.ffn_gate_up_exps.weight"))),
            new TensorNeeds(Set.of("t5", "t5encoder"), null, List.of(List.of("enc.blk.0.attn_rel_b.weight"))),
            new TensorNeeds(Set.of("t5"), null, List.of(List.of("dec.blk.0.attn_rel_b.weight"))));

    /**
     * Looks whether all are there.
     *
     * @throws io.llamanode.gguf.GgufException {@code MALFORMED}, with the name of one that is not
     */
    static void check(GgufFile file) {
        for (TensorNeeds needs : ALL) {
            if (needs.architectures.contains(file.architecture())) {
                long layers = file.parameter("block_count").orElse(0);
                for (long layer = 0; layer < layers; layer++) {
                    needs.check(file, "blk." + layer + ".");
                }
            }
        }
    }

    private static boolean has(GgufFile file, String name, String block) {
        return file.tensors().containsKey(name.replace(EACH, block));
    }

    private void check(GgufFile file, String block) {
        boolean met = alternatives.stream().anyMatch(names -> names.stream().allMatch(name -> has(file, name, block)));
        if (!met && (beside == null || has(file, beside, block))) {
            throw malformed(
                    file,
                    "has no tensor " + alternatives.getFirst().getFirst().replace(EACH, block) + ", which a "
                            + file.architecture() + " is computed with; get the file anew or convert it again");
        }
    }
}
