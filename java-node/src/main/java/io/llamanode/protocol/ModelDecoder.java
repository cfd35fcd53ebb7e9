package io.llamanode.protocol;

import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.PrefixSharing;
import io.llamanode.service.contract.model.AdapterConfig;
import io.llamanode.service.contract.model.FlashAttention;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.ModelDefaults;
import io.llamanode.term.Shown;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Model configurations; docs/protocol.md, section 2. */
public final class ModelDecoder {
    private static final int MAX = Integer.MAX_VALUE;
    private static final int MAX_BATCH = 65_536;
    /** GGML_MAX_N_THREADS. */
    private static final int MAX_THREADS = 512;

    private static final String SHARE_PREFIXES = "share_prefixes";

    private static final Map<String, PrefixSharing> SHARINGS = new TreeMap<>();

    static {
        for (PrefixSharing sharing : PrefixSharing.values()) {
            SHARINGS.put(sharing.wireName(), sharing);
        }
    }

    /** What no other model can have as well, besides the path. */
    public static final List<String> OWN_KEYS = Stream.concat(
                    Stream.of("id", "default", "stand_in", "engine"), ServerDecoder.KEYS.stream())
            .toList();

    /** What means nothing where a server runs the model. */
    public static final List<String> EMBEDDED = List.of(
            "n_batch",
            "n_ubatch",
            "n_threads",
            "n_threads_batch",
            "use_mmap",
            "n_gpu_layers",
            "chat_template",
            "vocab_only",
            "check_tensors",
            "probe",
            "slot_tokens",
            "slot_ms",
            SHARE_PREFIXES,
            "slot_prompt_similarity",
            "flash_attn",
            "cont_batching",
            "stand_in");

    /** In the place of a path, where what is read holds for every model. */
    private static final Path ANY = Path.of("");

    private static final List<String> ENGINES = List.of("embedded", ServerDecoder.ENGINE);

    private ModelDecoder() {}

    /**
     * Reads how a model is to be loaded whose path stands among the other keys.
     *
     * @param in the configuration, every key of it
     * @return the checked configuration
     * @throws io.llamanode.service.contract.FailureException {@code invalid_argument} naming the offending key
     */
    public static ModelConfig listed(Fields in) {
        if (isRemote(in)) {
            return remote(in.get("path"), in);
        }
        InputValue path = in.wanted("path");
        return own(path == null ? ANY : path(path), in);
    }

    private static boolean isRemote(Fields in) {
        InputValue engine = in.get("engine");
        if (engine != null && (!engine.isText() || !ENGINES.contains(engine.text()))) {
            throw engine.mustBe(Shown.oneOf(ENGINES));
        }
        return engine != null && engine.text().equals(ServerDecoder.ENGINE);
    }

    private static ModelConfig remote(@Nullable InputValue model, Fields in) {
        ModelConfig config = ModelConfig.of(
                ServerDecoder.decode(model, in),
                in.nonEmptyText("id"),
                in.integer("n_ctx", 1, MAX),
                in.integer("n_parallel", 1, 64),
                in.integer("max_queue", 0, 1_000_000),
                in.flag("default"),
                defaults(in));
        refuseEmbedded(in);
        in.end();
        return config;
    }

    /**
     * Reads how a model is to be loaded.
     *
     * @param path where the GGUF file is, or the name of the model where a server runs it
     * @param in the configuration, every key of it
     * @return the checked configuration
     * @throws io.llamanode.service.contract.FailureException {@code invalid_argument} naming the offending key
     */
    public static ModelConfig decode(InputValue path, Fields in) {
        return isRemote(in) ? remote(path, in) : own(path(path), in);
    }

    /**
     * Reads what holds for every model of a node that does not say otherwise.
     *
     * @param in keys of the node, of which those of models are taken
     * @param models that the node is started with
     * @return the checked settings, whose path means nothing, or {@code null} if there are none
     * @throws io.llamanode.service.contract.FailureException {@code invalid_argument} naming the offending key
     */
    public static @Nullable ModelConfig shared(Fields in, List<ModelConfig> models) {
        if (!models.isEmpty() && models.stream().allMatch(model -> model.server() != null)) {
            refuseEmbedded(in);
        }
        ModelConfig config = settings(ANY, null, null, null, in);
        return config.equals(ModelConfig.of(ANY)) ? null : config;
    }

    private static ModelConfig own(Path path, Fields in) {
        for (String key : ServerDecoder.KEYS) {
            if (in.get(key) != null) {
                throw FailureException.invalid(
                        "%s: goes with engine llama_server, for a model that a server runs".formatted(key));
            }
        }
        ModelConfig config = settings(path, in.nonEmptyText("id"), in.flag("default"), in.flag("stand_in"), in);
        in.end();
        return config;
    }

    private static void refuseEmbedded(Fields in) {
        for (String key : EMBEDDED) {
            if (in.get(key) != null) {
                throw FailureException.invalid(
                        "%s: is for models that the node loads itself; a server runs this one (engine llama_server)"
                                .formatted(key));
            }
        }
    }

    private static ModelConfig settings(
            Path path, @Nullable String id, @Nullable Boolean asDefault, @Nullable Boolean standIn, Fields in) {
        Integer nBatch = in.integer("n_batch", 1, MAX_BATCH);
        InputValue nUbatch = in.get("n_ubatch");
        return new ModelConfig(
                path,
                id,
                in.integer("n_ctx", 1, MAX),
                in.integer("n_parallel", 1, 64),
                nBatch,
                nUbatch == null ? null : (Integer) (int) nUbatch.integer(1, nBatch == null ? MAX_BATCH : nBatch),
                in.integer("n_threads", 1, MAX_THREADS),
                in.integer("n_threads_batch", 1, MAX_THREADS),
                in.integer("max_queue", 0, 1_000_000),
                in.flag("use_mmap"),
                in.integer("n_gpu_layers", -1, MAX),
                ChatDecoder.template(in.get("chat_template")),
                in.flag("vocab_only"),
                in.flag("check_tensors"),
                in.flag("probe"),
                asDefault,
                in.integer("slot_tokens", 0, MAX),
                in.milliseconds("slot_ms", 0),
                sharing(in),
                in.real("slot_prompt_similarity", 0, 1),
                flashAttention(in.get("flash_attn")),
                in.flag("cont_batching"),
                standIn,
                defaults(in),
                null);
    }

    /** {@return what tasks and sessions get that do not say, or {@code null} if that is nothing} */
    private static @Nullable ModelDefaults defaults(Fields in) {
        String systemPrompt = in.text("system_prompt");
        var defaults =
                new ModelDefaults(OptionsDecoder.withoutSharing(in), ChatDecoder.withoutTemplate(in), systemPrompt);
        return defaults.equals(ModelDefaults.NONE) ? null : defaults;
    }

    /** {@return with whom prefixes are to be shared, or {@code null} if that is not given} */
    static @Nullable PrefixSharing sharing(Fields in) {
        return VectorDecoder.oneOf(in.get(SHARE_PREFIXES), SHARINGS);
    }

    private static @Nullable FlashAttention flashAttention(@Nullable InputValue value) {
        if (value == null) {
            return null;
        }
        if (value.isBoolean()) {
            return value.flag() ? FlashAttention.ON : FlashAttention.OFF;
        }
        if (value.isText() && value.text().equals("auto")) {
            return FlashAttention.AUTO;
        }
        throw value.mustBe("true, false or auto");
    }

    /**
     * @param path where the GGUF file is
     * @param in the configuration of an adapter
     * @return the checked configuration
     */
    static AdapterConfig adapter(InputValue path, Fields in) {
        var config = new AdapterConfig(path(path), in.nonEmptyText("id"), in.nonEmptyText("model"), in.flag("probe"));
        in.end();
        return config;
    }

    private static Path path(InputValue value) {
        try {
            return Path.of(value.nonEmptyText());
        } catch (InvalidPathException e) {
            throw value.mustBe("a path of a file");
        }
    }
}
