package io.llamanode.gguf.check;

import io.llamanode.gguf.GgufException;
import io.llamanode.gguf.GgufException.Reason;
import io.llamanode.gguf.GgufFile;
import io.llamanode.gguf.GgufValue;
import io.llamanode.gguf.GgufValueType;
import java.util.Set;
import java.util.TreeSet;

/**
 * Looks at the header of a model for what llama.cpp would answer with the end of the process: an assertion, a division by
 * zero, a read beyond an array, an exception that nobody catches. What it refuses itself, with a reason, is left to it.
 *
 * <p>Reads the header and the vocabulary. Keeps no state: for any thread.
 */
public final class ModelCheck {

    private static final String CONVERT = "; get the file anew or convert it again";
    private static final Set<String> SCALINGS = Set.of("none", "linear", "yarn", "longrope");
    private static final String FILE_TYPE = "general.file_type";
    private static final int MOST_TEXT_BYTES = 1 << 20;
    private static final int MOST_POOLING = 4;
    /** Written where a file means -1, "not said". */
    private static final long NOT_SAID = 0xFFFF_FFFFL;

    private final GgufFile file;
    private final String architecture;
    private final LibraryLimits limits;

    private ModelCheck(GgufFile file, LibraryLimits limits) {
        this.file = file;
        this.architecture = file.architecture();
        this.limits = limits;
    }

    /**
     * Looks at a model.
     *
     * @param file its header
     * @param vocabOnly whether only the vocabulary is to be loaded
     * @param limits of the library that is to load it
     * @throws GgufException {@code MALFORMED}, naming the key or the tensor; {@code UNREADABLE}
     */
    public static void check(GgufFile file, boolean vocabOnly, LibraryLimits limits) {
        ModelCheck check = new ModelCheck(file, limits);
        check.kind();
        check.texts();
        if (!vocabOnly) {
            check.keys();
            check.names();
            check.experts();
            check.layers();
            check.recurrence();
            check.stateSpace();
            HeadCheck.check(file);
            TensorCheck.check(file, limits);
            TensorNeeds.check(file);
        }
        VocabularyCheck.check(file);
    }

    private void kind() {
        if (architecture.isBlank()) {
            throw malformed(file, "has no general.architecture");
        }
        if (Architectures.NO_MODELS_OF_THEIR_OWN.contains(architecture)) {
            throw malformed(
                    file,
                    "is of the architecture '" + architecture
                            + "' (general.architecture), which is a part of another model; give that model's file");
        }
    }

    /** The library reads and keeps whatever is there. */
    private void texts() {
        file.metadata().forEach((key, value) -> {
            if (value instanceof GgufValue.LongText(int bytes) && bytes > MOST_TEXT_BYTES) {
                throw malformed(
                        file,
                        "has a text of " + bytes + " bytes as " + key + "; at most " + MOST_TEXT_BYTES + " are taken");
            }
        });
    }

    private void keys() {
        if (file.tensors().isEmpty()) {
            throw malformed(file, "holds no tensors, only a vocabulary");
        }
        GgufValue type = file.metadata().get(FILE_TYPE);
        if (type != null && !(type instanceof GgufValue.Int(long _, GgufValueType as) && as == GgufValueType.UINT32)) {
            throw malformed(file, "has a " + FILE_TYPE + " that is not a " + GgufValueType.UINT32 + CONVERT);
        }
        for (String key : KeyRules.WHOLE_ARRAYS) {
            if (file.metadata().get(full(key)) instanceof GgufValue.Array array
                    && array.elementType() != GgufValueType.INT32
                    && array.elementType() != GgufValueType.UINT32) {
                throw malformed(
                        file,
                        "has the array " + full(key) + " of " + array.elementType() + ", which must be of "
                                + GgufValueType.UINT32 + CONVERT);
            }
        }
        for (KeyRules.Whole rule : KeyRules.WHOLES) {
            file.parameter(rule.key()).ifPresent(value -> within(rule, value));
            for (int value : file.ints(full(rule.key()))) {
                within(rule, Integer.toUnsignedLong(value));
            }
        }
        file.metadata().forEach((key, value) -> {
            if (value instanceof GgufValue.Real(double number, GgufValueType _) && !Double.isFinite(number)) {
                throw malformed(file, "has " + number + " as " + key + ", which is not a finite number" + CONVERT);
            }
        });
        for (KeyRules.Real rule : KeyRules.REALS) {
            double value = file.real(full(rule.key())).orElse(rule.least());
            if (value < rule.least() || value > rule.most()) {
                throw malformed(
                        file,
                        "has " + value + " as " + full(rule.key()) + ", from " + rule.least() + " to " + rule.most()
                                + CONVERT);
            }
        }
    }

    private void within(KeyRules.Whole rule, long value) {
        if (value < rule.least() || value > rule.most()) {
            throw malformed(
                    file,
                    "has " + Long.toUnsignedString(value) + " as " + full(rule.key()) + ", from " + rule.least()
                            + " to " + rule.most() + CONVERT);
        }
    }

    /** Numbers and texts that stand for one of a few things. */
    private void names() {
        file.text(full("rope.scaling.type"))
                .filter(type -> !SCALINGS.contains(type))
                .ifPresent(type -> {
                    throw malformed(
                            file,
                            "has the " + full("rope.scaling.type") + " '" + type
                                    + "'; known are none, linear, yarn and longrope");
                });
        long pooling = file.parameter("pooling_type").orElse(0);
        if (pooling != NOT_SAID && (pooling < 0 || pooling > MOST_POOLING)) {
            throw malformed(
                    file, "has " + pooling + " as " + full("pooling_type") + ", from 0 to " + MOST_POOLING + CONVERT);
        }
        if (Architectures.WINDOWED.contains(architecture)
                && file.parameter("attention.sliding_window").orElse(1) == 0) {
            throw malformed(
                    file,
                    "has 0 as " + full("attention.sliding_window") + ", which a " + architecture + " needs" + CONVERT);
        }
    }

    private void experts() {
        long count = file.parameter("expert_count").orElse(0);
        long used = file.parameter("expert_used_count").orElse(0);
        for (int layer : file.ints(full("expert_used_count"))) {
            used = Math.max(used, Integer.toUnsignedLong(layer));
        }
        boolean sane = count == 0 ? used == 0 : count <= limits.maxExperts() && used >= 1 && used <= count;
        if (count < 0 || !sane) {
            throw malformed(
                    file,
                    "uses " + used + " of " + count + " experts (" + full("expert_used_count") + ", "
                            + full("expert_count") + "); this llama.cpp takes at most " + limits.maxExperts());
        }
        long groups = file.parameter("expert_group_count").orElse(0);
        long groupsUsed = file.parameter("expert_group_used_count").orElse(0);
        boolean grouped = groups <= 1 || count % groups == 0 && groupsUsed >= 1 && groupsUsed < groups;
        if (groups < 0 || groups > 0 && groups >= count || !grouped) {
            throw malformed(
                    file,
                    "uses " + groupsUsed + " of " + groups + " groups of " + count + " experts ("
                            + full("expert_group_used_count") + ", " + full("expert_group_count") + ")" + CONVERT);
        }
        long gating = file.parameter("expert_gating_func").orElse(0);
        if (gating < 0 || gating > limits.gatingFunctions()) {
            throw malformed(
                    file,
                    "has " + gating + " as " + full("expert_gating_func") + "; this llama.cpp knows 1 to "
                            + limits.gatingFunctions());
        }
    }

    private void layers() {
        long layers = file.parameter("block_count").orElse(0);
        Set<Long> known = limits.layers().get(architecture);
        if (known != null && !known.contains(layers)) {
            throw malformed(
                    file,
                    "has " + layers + " as " + full("block_count") + "; this llama.cpp computes a " + architecture
                            + " of " + new TreeSet<>(known) + " layers only");
        }
        if (file.parameter("nextn_predict_layers").orElse(0) >= Math.max(layers, 1)) {
            throw malformed(
                    file,
                    "has as many " + full("nextn_predict_layers") + " as layers (" + full("block_count") + ")"
                            + CONVERT);
        }
    }

    private void recurrence() {
        long width = file.parameter("embedding_length").orElse(0);
        long head = file.parameter("wkv.head_size").orElse(1);
        if (width % head != 0) {
            throw malformed(
                    file,
                    "has a " + full("embedding_length") + " of " + width + " that is no multiple of its "
                            + full("wkv.head_size") + ", " + head + CONVERT);
        }
        long heads = width / head;
        long shared = file.parameter("wkv.head_size").isPresent()
                ? file.parameter("attention.head_count_kv").orElse(0)
                : 0;
        // Only what was made of an attention model shares any.
        boolean shares = architecture.equals("rwkv6qwen2") || architecture.equals("arwkv7");
        if (shared > 0 && (shares ? heads % shared != 0 : heads != shared)) {
            throw malformed(
                    file,
                    "has " + heads + " heads (" + full("wkv.head_size") + ") that cannot share " + shared
                            + " of keys and values (" + full("attention.head_count_kv") + ") evenly");
        }
        if ((architecture.equals("rwkv6") || architecture.equals("rwkv7"))
                && file.parameter("token_shift_count").orElse(2) != 2) {
            throw malformed(file, "has a " + full("token_shift_count") + " other than 2" + CONVERT);
        }
    }

    private void stateSpace() {
        if (Architectures.STATE_SPACE_HEADS.contains(architecture)) {
            long inner = file.parameter("ssm.inner_size").orElse(0);
            long heads = file.parameter("ssm.time_step_rank").orElse(1);
            long groups = file.parameter("ssm.group_count").orElse(1);
            if (inner % heads != 0 || inner % groups != 0 || heads % groups != 0) {
                throw malformed(
                        file,
                        "cannot divide its " + full("ssm.inner_size") + " of " + inner + " among " + heads + " heads ("
                                + full("ssm.time_step_rank") + ") of " + groups + " groups (" + full("ssm.group_count")
                                + ")" + CONVERT);
            }
        }
    }

    private String full(String key) {
        return architecture + "." + key;
    }

    static GgufException malformed(GgufFile file, String what) {
        return new GgufException(Reason.MALFORMED, file.path() + " " + what);
    }
}
