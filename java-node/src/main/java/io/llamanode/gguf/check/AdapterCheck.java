package io.llamanode.gguf.check;

import io.llamanode.gguf.GgufException;
import io.llamanode.gguf.GgufException.Reason;
import io.llamanode.gguf.GgufFile;
import io.llamanode.gguf.GgufTensor;
import io.llamanode.gguf.GgufValue;
import io.llamanode.gguf.GgufValueType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Looks at a LoRA adapter: whether it is one, whether it fits the model in every tensor, and whether all its numbers are
 * finite. llama.cpp multiplies what it is given: one number that is none spreads over the cache, and a matrix of another
 * shape ends the process at the first token.
 *
 * <p>Slow: it reads the whole file. Keeps no state: for any thread.
 */
public final class AdapterCheck {

    private static final String ALPHA = "adapter.lora.alpha";
    private static final String INVOCATION = "adapter.alora.invocation_tokens";
    private static final String EMBEDDING = "token_embd.weight";
    private static final String OUTPUT = "output.weight";
    private static final String A = ".lora_a";
    private static final String B = ".lora_b";
    private static final String UNUSED = "_norm.weight";
    /** Far beyond any that is trained, and far below what a scale of 100 would make infinite. */
    private static final double MOST_ALPHA = 1e9;

    private final GgufFile file;
    private final GgufFile base;

    private AdapterCheck(GgufFile file, GgufFile base) {
        this.file = file;
        this.base = base;
    }

    /**
     * Looks at an adapter.
     *
     * @param file the adapter's header
     * @param base the header of the model that it is for
     * @throws GgufException {@code MALFORMED}, naming the key or the tensor; {@code UNREADABLE}
     */
    public static void check(GgufFile file, GgufFile base) {
        AdapterCheck check = new AdapterCheck(file, base);
        check.header();
        check.tensors();
        FiniteWeights.check(file);
    }

    private void header() {
        if (!"adapter".equals(file.text("general.type").orElse(null))
                || !"lora".equals(file.text("adapter.type").orElse(null))) {
            throw malformed("is no LoRA adapter: its general.type is not adapter, or its adapter.type not lora");
        }
        if (!file.architecture().equals(base.architecture())) {
            throw malformed("is of architecture '" + file.architecture() + "' (general.architecture), the model of '"
                    + base.architecture() + "'");
        }
        file.metadata().forEach((key, value) -> {
            if (value instanceof GgufValue.Real(double number, GgufValueType _) && !Double.isFinite(number)) {
                throw malformed("has " + number + " as " + key + ", which is not a finite number; convert it again");
            }
        });
        alpha(file.metadata().get(ALPHA));
        if (file.metadata().containsKey(INVOCATION)
                && file.array(INVOCATION)
                        .filter(array -> array.elementType() == GgufValueType.UINT32)
                        .isEmpty()) {
            throw malformed("has an " + INVOCATION + " that is not an array of " + GgufValueType.UINT32);
        }
    }

    /** The library ends the process where it is written as anything but a 32-bit float. */
    private void alpha(@Nullable GgufValue value) {
        switch (value) {
            case null -> {}
            case GgufValue.Real(double number, GgufValueType type)
            when type == GgufValueType.FLOAT32 -> {
                if (Math.abs(number) > MOST_ALPHA) {
                    throw malformed("has " + number + " as " + ALPHA + ", from -1e9 to 1e9; convert it again");
                }
            }
            default -> throw malformed("has an " + ALPHA + " that is not a " + GgufValueType.FLOAT32);
        }
    }

    private record Pair(@Nullable GgufTensor a, @Nullable GgufTensor b) {}

    private void tensors() {
        if (file.tensors().isEmpty()) {
            throw malformed("holds no tensors");
        }
        Map<String, Pair> pairs = new LinkedHashMap<>();
        for (GgufTensor tensor : file.tensors().values()) {
            String name = tensor.name();
            if (name.endsWith(A)) {
                pairs.merge(name.replace(A, ""), new Pair(tensor, null), (one, two) -> new Pair(two.a, one.b));
            } else if (name.endsWith(B)) {
                pairs.merge(name.replace(B, ""), new Pair(null, tensor), (one, two) -> new Pair(one.a, two.b));
            } else if (!name.endsWith(UNUSED)) {
                throw malformed("has the tensor " + name
                        + ", for which the model has no counterpart: it ends neither in " + A + " nor in " + B);
            }
            if (!MatrixTypes.canMultiply(tensor.type())) {
                throw malformed("has the tensor " + name + " of type " + tensor.type()
                        + ", which cannot be multiplied; convert it to F16 or F32");
            }
        }
        pairs.forEach(this::pair);
    }

    private void pair(String name, Pair pair) {
        GgufTensor a = pair.a;
        GgufTensor b = pair.b;
        if (a == null || b == null) {
            throw malformed("has the tensor " + name + (a == null ? B : A) + " without " + name + (a == null ? A : B));
        }
        GgufTensor model = base.tensors().get(name);
        if (model == null) {
            throw malformed("has the tensor " + a.name() + ", for which the model has no counterpart");
        }
        if (name.endsWith(EMBEDDING)) {
            embedding(model, a, b);
        } else {
            fits(a, 0, model, 0);
            fits(b, 1, model, 1);
            fits(a, 1, b, 0);
        }
        for (int d = 2; d < 4; d++) {
            fits(a, d, model, d);
            fits(b, d, model, d);
        }
    }

    /** Rows are looked up here, not multiplied, so that the first factor is the other way round. */
    private void embedding(GgufTensor model, GgufTensor a, GgufTensor b) {
        if (!base.tensors().containsKey(OUTPUT)) {
            throw malformed("has the tensor " + a.name() + ", and the model's output is its " + EMBEDDING
                    + " too, which llama.cpp cannot compute with an adapter; train it without");
        }
        fits(a, 1, model, 1);
        fits(b, 1, model, 0);
        fits(a, 0, b, 0);
    }

    private void fits(GgufTensor tensor, int dim, GgufTensor other, int otherDim) {
        long size = size(tensor, dim);
        long wanted = size(other, otherDim);
        if (size != wanted) {
            throw malformed(
                    "has the tensor " + tensor.name() + " of the shape " + tensor.dims() + ", and " + other.name()
                            + " is " + other.dims() + ": size " + (dim + 1) + " must be " + wanted
                            + "; it is the adapter of another model");
        }
    }

    private static long size(GgufTensor tensor, int dim) {
        List<Long> dims = tensor.dims();
        return dim < dims.size() ? dims.get(dim) : 1;
    }

    private GgufException malformed(String what) {
        return new GgufException(Reason.MALFORMED, file.path() + " " + what);
    }
}
