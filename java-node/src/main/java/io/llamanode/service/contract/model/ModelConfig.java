package io.llamanode.service.contract.model;

import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.PrefixSharing;
import io.llamanode.service.contract.Setting;
import io.llamanode.service.contract.task.OptionValues;
import io.llamanode.service.contract.task.TemplateChoice;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How a model is loaded; {@code null} means "the default". Ranges are those of docs/protocol.md.
 *
 * @param path the GGUF file
 * @param id name of the model in requests and results; {@code null}: the file's name without {@code .gguf}
 * @param nCtx tokens of context of each slot
 * @param nParallel slots
 * @param nBatch tokens of one decode call
 * @param nUbatch tokens the backend computes at once
 * @param nThreads threads of a decode
 * @param nThreadsBatch threads of a prefill
 * @param maxQueue tasks that may wait for a slot
 * @param useMmap whether the file is mapped rather than read
 * @param nGpuLayers layers to offload
 * @param chatTemplate in place of the model's own
 * @param vocabOnly whether only the vocabulary is loaded, for tokens and templates
 * @param checkTensors whether all weights are read and looked at before they are used
 * @param probe whether a process of its own loads the file first and computes a little with it
 * @param asDefault whether requests that name no model get it
 * @param slotTokens tokens that a task generates before it leaves its slot to another owner who waits; 0: any number
 * @param slotMs how long it generates before it does so, in milliseconds; 0: for ever
 * @param sharePrefixes with whom tasks share beginnings of prompts in the KV cache at most
 * @param slotPromptSimilarity share of a prompt that an idle slot must hold to be chosen for that; 0: the one used longest
 *     ago is always chosen
 * @param flashAttn whether attention is computed without its whole matrix in memory
 * @param contBatching whether tasks are computed side by side rather than one at a time
 * @param standIn whether it gives its place to the first model that is loaded after it
 * @param defaults what tasks and sessions that do not say get
 * @param server that runs the model; {@code null}: this process does
 */
public record ModelConfig(
        Path path,
        @Nullable String id,
        @Nullable Integer nCtx,
        @Nullable Integer nParallel,
        @Nullable Integer nBatch,
        @Nullable Integer nUbatch,
        @Nullable Integer nThreads,
        @Nullable Integer nThreadsBatch,
        @Nullable Integer maxQueue,
        @Nullable Boolean useMmap,
        @Nullable Integer nGpuLayers,
        @Nullable TemplateChoice chatTemplate,
        @Nullable Boolean vocabOnly,
        @Nullable Boolean checkTensors,
        @Nullable Boolean probe,
        @Nullable Boolean asDefault,
        @Nullable Integer slotTokens,
        @Nullable Long slotMs,
        @Nullable PrefixSharing sharePrefixes,
        @Nullable Float slotPromptSimilarity,
        @Nullable FlashAttention flashAttn,
        @Nullable Boolean contBatching,
        @Nullable Boolean standIn,
        @Nullable ModelDefaults defaults,
        @Nullable ServerConfig server) {
    /** Tokens of one decode call, and of one computation, where nobody says otherwise. */
    public static final int DEFAULT_BATCH = 512;

    /** Keys that say nothing of how it is loaded, or are compared one by one. */
    private static final Set<String> WHOSE = Set.of("id", "as_default", "stand_in", "defaults");

    /**
     * A model that a server runs.
     *
     * @param server of it
     * @param id name in requests; {@code null}: the name that the server knows it by
     * @param nCtx tokens of its context, where the server does not tell
     * @param nParallel requests that run at once; {@code null}: as many as the server says
     * @param maxQueue tasks that may wait
     * @param asDefault whether requests that name no model get it
     * @param defaults what tasks and sessions that do not say get
     * @return the configuration
     */
    public static ModelConfig of(
            ServerConfig server,
            @Nullable String id,
            @Nullable Integer nCtx,
            @Nullable Integer nParallel,
            @Nullable Integer maxQueue,
            @Nullable Boolean asDefault,
            @Nullable ModelDefaults defaults) {
        return new ModelConfig(
                Path.of(""),
                id,
                nCtx,
                nParallel,
                null,
                null,
                null,
                null,
                maxQueue,
                null,
                null,
                null,
                null,
                null,
                null,
                asDefault,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                defaults,
                server);
    }

    /**
     * A model with its own chat template, whole, and not the default for being asked.
     *
     * @param path the GGUF file
     * @param id name in requests; {@code null}: the file's name without its ending
     * @param nCtx tokens of context of each slot
     * @param nParallel slots
     * @param nBatch tokens of a call of {@code llama_decode} at most
     * @param nUbatch tokens computed at once at most
     * @param nThreads threads of single tokens
     * @param nThreadsBatch threads of prompts
     * @param maxQueue tasks that may wait
     * @param useMmap whether the file is mapped into memory rather than read
     * @param nGpuLayers layers to offload
     */
    public ModelConfig(
            Path path,
            @Nullable String id,
            @Nullable Integer nCtx,
            @Nullable Integer nParallel,
            @Nullable Integer nBatch,
            @Nullable Integer nUbatch,
            @Nullable Integer nThreads,
            @Nullable Integer nThreadsBatch,
            @Nullable Integer maxQueue,
            @Nullable Boolean useMmap,
            @Nullable Integer nGpuLayers) {
        this(
                path,
                id,
                nCtx,
                nParallel,
                nBatch,
                nUbatch,
                nThreads,
                nThreadsBatch,
                maxQueue,
                useMmap,
                nGpuLayers,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null);
    }

    /**
     * A configuration that says nothing but the file.
     *
     * @param path the GGUF file
     * @return the defaults
     */
    public static ModelConfig of(Path path) {
        return new ModelConfig(path, null, null, null, null, null, null, null, null, null, null);
    }

    /** {@return whether {@link #standIn} is asked for} */
    public boolean isStandIn() {
        return Boolean.TRUE.equals(standIn);
    }

    /**
     * Compares how two models are loaded, whatever they are called and whoever gets them.
     *
     * @param other how another one is loaded
     * @return the keys in which they differ
     */
    public List<String> differences(ModelConfig other) {
        List<String> keys = new ArrayList<>();
        Map<String, Object> own = taskDefaults().values();
        Map<String, Object> others = other.taskDefaults().values();
        Stream.concat(own.keySet().stream(), others.keySet().stream())
                .distinct()
                .filter(key -> !Objects.equals(own.get(key), others.get(key)))
                .forEach(keys::add);
        for (RecordComponent component : ModelConfig.class.getRecordComponents()) {
            String key = component.getName().replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
            if (!WHOSE.contains(key) && !Objects.equals(value(component), other.value(component))) {
                keys.add(key);
            }
        }
        return keys;
    }

    private @Nullable Object value(RecordComponent component) {
        try {
            Object value = component.getAccessor().invoke(this);
            return value instanceof Path file ? file.toAbsolutePath().normalize() : value;
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException(component + " of a record", e);
        }
    }

    /**
     * Fills in what this configuration leaves open.
     *
     * @param base what holds where this does not say; its path, its id, and whether it is the default or stands in, are its own
     * @return this configuration completed by {@code base}; of a model that a server runs, by what means something there
     */
    public ModelConfig orElse(ModelConfig base) {
        ModelDefaults tasks = defaults == null || base.defaults == null
                ? first(defaults, base.defaults)
                : defaults.orElse(base.defaults);
        if (server != null) {
            return of(
                    server,
                    id,
                    first(nCtx, base.nCtx),
                    first(nParallel, base.nParallel),
                    first(maxQueue, base.maxQueue),
                    asDefault,
                    tasks);
        }
        return new ModelConfig(
                path,
                id,
                first(nCtx, base.nCtx),
                first(nParallel, base.nParallel),
                first(nBatch, base.nBatch),
                first(nUbatch, base.nUbatch),
                first(nThreads, base.nThreads),
                first(nThreadsBatch, base.nThreadsBatch),
                first(maxQueue, base.maxQueue),
                first(useMmap, base.useMmap),
                first(nGpuLayers, base.nGpuLayers),
                first(chatTemplate, base.chatTemplate),
                first(vocabOnly, base.vocabOnly),
                first(checkTensors, base.checkTensors),
                first(probe, base.probe),
                asDefault,
                first(slotTokens, base.slotTokens),
                first(slotMs, base.slotMs),
                first(sharePrefixes, base.sharePrefixes),
                first(slotPromptSimilarity, base.slotPromptSimilarity),
                first(flashAttn, base.flashAttn),
                first(contBatching, base.contBatching),
                standIn,
                tasks,
                null);
    }

    private static <T> @Nullable T first(@Nullable T own, @Nullable T base) {
        return own != null ? own : base;
    }

    /**
     * Refuses sizes that exclude each other, once it is known what holds for all models.
     *
     * @throws FailureException {@code invalid_argument} if more is to be computed at once than is decoded in one call
     */
    public void refuseContradictions() {
        int batch = nBatch == null ? DEFAULT_BATCH : nBatch;
        if (nUbatch != null && nUbatch > batch) {
            throw FailureException.invalid(
                    "n_ubatch: %d is more than the %d tokens of a decode call; give n_batch as well, or less n_ubatch"
                            .formatted(nUbatch, batch));
        }
    }

    /** {@return what tasks and sessions get that do not say, which may be nothing} */
    public ModelDefaults taskDefaults() {
        return defaults == null ? ModelDefaults.NONE : defaults;
    }

    /** {@return what is said of the settings that reports tell, by the keys of docs/protocol.md} */
    public Map<String, Object> settings() {
        Map<String, Object> given = new LinkedHashMap<>();
        put(given, "n_ctx", nCtx);
        put(given, "n_parallel", nParallel);
        put(given, "n_batch", nBatch);
        put(given, "n_ubatch", nUbatch);
        put(given, "n_threads", nThreads);
        put(given, "n_threads_batch", nThreadsBatch);
        put(given, "max_queue", maxQueue);
        put(given, "use_mmap", useMmap);
        put(given, "n_gpu_layers", nGpuLayers);
        put(given, "slot_tokens", slotTokens);
        put(given, "slot_ms", slotMs);
        put(given, "share_prefixes", sharePrefixes == null ? null : new Setting.Word(sharePrefixes.wireName()));
        put(given, "slot_prompt_similarity", OptionValues.real(slotPromptSimilarity));
        put(given, "flash_attn", flashAttn == null ? null : flashAttn.value());
        put(given, "cont_batching", contBatching);
        put(given, "template", chatTemplate == null ? null : OptionValues.template(chatTemplate));
        given.putAll(taskDefaults().values());
        return given;
    }

    private static void put(Map<String, Object> given, String key, @Nullable Object value) {
        if (value != null) {
            given.put(key, value);
        }
    }

    /** {@return whether {@link #probe} is asked for} */
    public boolean isProbed() {
        return Boolean.TRUE.equals(probe);
    }

    /**
     * What decides how native code takes a file, and nothing else.
     *
     * @param at in place of the path
     * @return how a process that probes the file loads it
     */
    public ModelConfig forProbe(Path at) {
        return forProbe(
                at,
                nCtx,
                nParallel,
                nBatch,
                nUbatch,
                nThreads,
                nThreadsBatch,
                useMmap,
                nGpuLayers,
                vocabOnly,
                checkTensors,
                flashAttn);
    }

    /**
     * All that decides how native code takes a file.
     *
     * @param path the GGUF file
     * @param nCtx as of the record, like the others
     * @param nParallel slots
     * @param nBatch tokens of a call of {@code llama_decode} at most
     * @param nUbatch tokens computed at once at most
     * @param nThreads threads of single tokens
     * @param nThreadsBatch threads of prompts
     * @param useMmap whether the file is mapped into memory rather than read
     * @param nGpuLayers layers to offload
     * @param vocabOnly whether only the vocabulary is loaded
     * @param checkTensors whether all weights are read before they are used
     * @param flashAttn whether attention is computed without its whole matrix in memory
     * @return the configuration, which says nothing else
     */
    public static ModelConfig forProbe(
            Path path,
            @Nullable Integer nCtx,
            @Nullable Integer nParallel,
            @Nullable Integer nBatch,
            @Nullable Integer nUbatch,
            @Nullable Integer nThreads,
            @Nullable Integer nThreadsBatch,
            @Nullable Boolean useMmap,
            @Nullable Integer nGpuLayers,
            @Nullable Boolean vocabOnly,
            @Nullable Boolean checkTensors,
            @Nullable FlashAttention flashAttn) {
        return new ModelConfig(
                path,
                null,
                nCtx,
                nParallel,
                nBatch,
                nUbatch,
                nThreads,
                nThreadsBatch,
                null,
                useMmap,
                nGpuLayers,
                null,
                vocabOnly,
                checkTensors,
                null,
                null,
                null,
                null,
                null,
                null,
                flashAttn,
                null,
                null,
                null,
                null);
    }

    /** {@return the id that the model gets: the one given, else the server's name for it or the file's without its ending} */
    public String effectiveId() {
        if (id != null) {
            return id;
        }
        return server != null && server.model() != null ? server.model() : FileNames.withoutEnding(path);
    }
}
