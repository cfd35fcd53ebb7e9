package io.llamanode.gguf.check;

import static io.llamanode.gguf.check.ModelCheck.malformed;

import io.llamanode.gguf.GgmlType;
import io.llamanode.gguf.GgufFile;
import io.llamanode.gguf.GgufTensor;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Looks at the types of tensors. The library checks their shapes, and refuses by name; what is added to or multiplied by
 * elements in another type than it has a kernel for ends the process at the first token.
 */
final class TensorCheck {

    private static final Pattern LAYER = Pattern.compile("(?:enc\\.|dec\\.)?blk\\.(\\d+)\\.(.*)");

    private static final Set<String> SUFFIXES = Set.of("weight", "bias", "scale", "scales");

    /** Tables of token ids, of architectures that have them. */
    private static final Set<String> TABLES = Set.of("d2t", "t2d", "ffn_gate_tid2eid", "masked_embd_ordering");

    /** Convolutions that are computed from 16-bit floats too. */
    private static final Pattern CONVOLUTIONS = Pattern.compile("conv1d|convnext\\.\\d+\\.dw|posnet\\.\\d+\\.conv[12]");

    /** What is computed element by element, and is no norm and no bias by its name. */
    private static final Pattern ELEMENTS = Pattern.compile("token_types|rope_freqs|rope_factors_(long|short)|ffn\\.act"
            + "|exp_probs_b\\w*|attn_sinks|ssm_a|ssm_d|(ssm|ple)_conv1d\\w*|shortconv\\.conv|\\w+_lerp_\\w+"
            + "|time_mix_(first|ln|decay|a0|v0|w0|k_a|k_k|r_k)|\\w+_res_score|\\w+_conv_base|hc_\\w+_(base|scale)"
            + "|output_hc_(base|scale)|layer_output_scale|altup_correct_scale|hrm\\.z_l_init");

    /** What rows are looked up in, and what is slid over a text. */
    private static final Pattern FLAT = Pattern.compile(
            "token_embd|token_types|position_embd|attn_rel_b|per_layer_token_embd|ssm_a|ssm_conv1d|shortconv\\.conv");

    private static final Pattern EXPERTS = Pattern.compile("\\w+_c?h?exps");

    private TensorCheck() {}

    static void check(GgufFile file, LibraryLimits limits) {
        OptionalLong layers = file.parameter("block_count");
        for (GgufTensor tensor : file.tensors().values()) {
            String name = tensor.name();
            Matcher layer = LAYER.matcher(name);
            boolean repeating = layer.matches();
            if (repeating
                    && layers.isPresent()
                    && Long.parseLong(bounded(layer.group(1))) >= mostLayers(file, layers)) {
                throw malformed(
                        file,
                        "has the tensor " + name + " and only " + layers.getAsLong() + " layers (" + file.architecture()
                                + ".block_count)");
            }
            if (tensor.type().id() >= limits.types()) {
                throw malformed(
                        file,
                        "has the tensor " + name + " of type " + tensor.type()
                                + ", which this llama.cpp does not know");
            }
            String rest = repeating ? layer.group(2) : name;
            int point = rest.lastIndexOf('.');
            String suffix = rest.substring(point + 1);
            // Such as ssm_a, which has no suffix.
            String base = SUFFIXES.contains(suffix) ? rest.substring(0, Math.max(0, point)) : rest;
            size(file, tensor, base);
            type(file, tensor, base, suffix);
        }
    }

    /** So many digits that no number of layers has them. */
    private static String bounded(String digits) {
        return digits.length() > 9 ? "999999999" : digits;
    }

    private static long mostLayers(GgufFile file, OptionalLong layers) {
        return Math.max(
                layers.getAsLong(), file.parameter("decoder_block_count").orElse(0));
    }

    /** The library tries these out in an operation that takes no more sizes, before it compares their shape. */
    private static void size(GgufFile file, GgufTensor tensor, String base) {
        int most = base.equals("ffn.act")
                ? 1
                : FLAT.matcher(base).matches() ? 2 : EXPERTS.matcher(base).matches() ? 3 : 4;
        for (int d = most; d < tensor.dims().size(); d++) {
            if (tensor.dims().get(d) != 1) {
                throw malformed(
                        file,
                        "has the tensor " + tensor.name() + " of the shape " + tensor.dims() + ", of which at most "
                                + most + " sizes may be other than 1");
            }
        }
    }

    private static void type(GgufFile file, GgufTensor tensor, String base, String suffix) {
        GgmlType type = tensor.type();
        boolean integer = type == GgmlType.I32 || type == GgmlType.I64;
        if (TABLES.contains(base)) {
            if (!integer) {
                throw malformed(
                        file, "has the tensor " + tensor.name() + " of type " + type + ", which holds no token ids");
            }
        } else if (!MatrixTypes.canMultiply(type)) {
            throw malformed(
                    file,
                    "has the tensor " + tensor.name() + " of type " + type
                            + ", which llama.cpp cannot compute with; quantize it to another one");
        } else if (type != GgmlType.F32 && isElementwise(tensor, base, suffix)) {
            throw malformed(
                    file,
                    "has the tensor " + tensor.name() + " of type " + type
                            + ", which is computed element by element and must be F32; convert the model again");
        } else if (type != GgmlType.F32
                && type != GgmlType.F16
                && CONVOLUTIONS.matcher(base).matches()) {
            throw malformed(
                    file, "has the tensor " + tensor.name() + " of type " + type + ", which must be F32 or F16");
        }
    }

    private static boolean isElementwise(GgufTensor tensor, String base, String suffix) {
        return tensor.dims().size() <= 1
                || suffix.equals("bias")
                || suffix.startsWith("scale")
                || base.contains("norm")
                || ELEMENTS.matcher(base).matches();
    }
}
