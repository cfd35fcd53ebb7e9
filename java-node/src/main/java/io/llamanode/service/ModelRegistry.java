package io.llamanode.service;

import io.llamanode.service.contract.Capability;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Origin;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.Reply;
import io.llamanode.service.contract.Setting;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.ModelInfo;
import io.llamanode.service.contract.model.ModelReport;
import io.llamanode.service.contract.model.NodeConfig;
import io.llamanode.service.model.ModelLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The loaded models by id. Loads run one at a time, on a thread of their own. Guarded by the service's lock. */
final class ModelRegistry {
    private static final Logger LOG = LoggerFactory.getLogger(ModelRegistry.class);

    /** Characters of a value in a line of the log. */
    private static final int MOST_SHOWN = 60;

    static final Failure STOPPING = new Failure(ErrorCode.SERVER_BUSY, "the node is stopping");

    private final Object lock;
    private final ModelLoader loader;
    private final Probes probes;
    private final NodeConfig node;
    private final Map<String, ServedModel> models = new LinkedHashMap<>();
    private final ExecutorService loading = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("load-model").factory());
    /** {@code null} where no configuration asked for it. */
    private @Nullable String defaultId;
    /** The loaded model that gives its place to the next one, or {@code null}. */
    private @Nullable ServedModel standIn;
    /** What gave its place and still has tasks: nobody finds it any more. */
    private final Set<ServedModel> replaced = new HashSet<>();
    /** The id of the last one, for who asks for it. */
    private @Nullable String lastReplaced;

    private volatile @Nullable Path loadingNow;
    private boolean closed;

    /** @param node of which the owners' share counts, and what holds for every model */
    ModelRegistry(Object lock, ModelLoader loader, Probes probes, NodeConfig node) {
        this.node = node;
        this.probes = probes;
        this.lock = lock;
        this.loader = loader;
    }

    /** What happens to a model that gives its place to another one. */
    interface Replacement {
        /** Nobody finds it any more; called under the lock. */
        void gone(ServedModel model);

        /** Its tasks have ended, and it is about to be closed; not under the lock. */
        void ended(ServedModel model);
    }

    /**
     * @param owner without whom a file is not probed, and then not loaded; {@code null} if nobody's
     * @param old told of the model that only stood in for this one
     */
    void load(
            @Nullable Owner owner,
            ModelConfig own,
            ModelLoader.LoadProgress progress,
            Replacement old,
            Reply<Void> reply) {
        ModelConfig config = completed(own);
        Map<String, Origin> from =
                origins(own, config, owner == null ? node.given().others() : Origin.OPTION);
        inTurn(
                owner,
                config.isProbed(),
                probe -> {
                    loadingNow = config.path();
                    try {
                        loadNow(probe, config, from, progress, old, reply);
                    } finally {
                        loadingNow = null;
                    }
                },
                reply);
    }

    /** {@return the file that is being loaded, or {@code null}} */
    @Nullable
    Path loading() {
        return loadingNow;
    }

    /** {@return a configuration with what holds for every model of the node} */
    ModelConfig completed(ModelConfig own) {
        return node.completed(own);
    }

    /** {@return where what is given was given, by its keys} */
    private Map<String, Origin> origins(ModelConfig own, ModelConfig completed, Origin ownOrigin) {
        Map<String, Origin> from = new HashMap<>();
        Set<String> ownKeys = own.settings().keySet();
        for (String key : completed.settings().keySet()) {
            // Reports say which template it is under a name of its own.
            String option = key.equals("template") ? "chat_template" : key;
            from.put(key, ownKeys.contains(key) ? ownOrigin : node.given().of(option));
        }
        return from;
    }

    private void loadNow(
            Probes.@Nullable Probe probe,
            ModelConfig config,
            Map<String, Origin> from,
            ModelLoader.LoadProgress progress,
            Replacement old,
            Reply<Void> reply) {
        ServedModel served;
        try {
            config.refuseContradictions();
            if (isLoaded(config)) {
                reply.ok(null);
                return;
            }
            if (probe != null && !probe.passes(config, null)) {
                return;
            }
            served = served(work(config, progress), config, from);
        } catch (FailureException e) {
            reply.failed(e.failure());
            return;
        } catch (RuntimeException | Error e) {
            LOG.error("loading {} failed", what(config), e);
            // No thread could be started, most likely: an exhausted heap ends the process.
            ErrorCode code = e instanceof OutOfMemoryError ? ErrorCode.OUT_OF_MEMORY : ErrorCode.MODEL_LOAD_FAILED;
            reply.failed(new Failure(code, "%s: %s".formatted(what(config), e)));
            return;
        }
        ServedModel idle = null;
        Failure refusal;
        synchronized (lock) {
            refusal = refusal(served);
            if (refusal == null) {
                if (!config.isStandIn()) {
                    idle = giveWay(old);
                }
                models.put(served.id(), served);
                if (config.isStandIn()) {
                    standIn = served;
                }
                if (Boolean.TRUE.equals(config.asDefault())) {
                    defaultId = served.id();
                }
            }
        }
        if (refusal != null) {
            served.close();
            reply.failed(refusal);
            return;
        }
        LOG.info("model {} is ready: {}; {}", served.id(), described(served.work), told(served.settings()));
        if (idle != null) {
            closeReplaced(idle, old);
        }
        reply.ok(null);
    }

    private boolean isStandIn(String id) {
        return standIn != null && standIn.id().equals(id);
    }

    private ModelWork work(ModelConfig config, ModelLoader.LoadProgress progress) {
        return config.server() == null
                ? new NativeWork(loader.load(config, progress), config)
                : RemoteWork.open(config, config.server());
    }

    private static Object what(ModelConfig config) {
        return config.server() == null ? config.path() : config.server().place();
    }

    private static String described(ModelWork model) {
        ModelInfo info = model.info();
        if (model.server() != null) {
            return model.server().inWords();
        }
        return info.capabilities().contains(Capability.COMPLETION)
                ? "%s, %d slots of %d tokens".formatted(info.description(), info.nParallel(), info.nCtx())
                : "%s, %s".formatted(info.description(), info.capabilities());
    }

    /** {@return the value in one line, cut where it is long} */
    private static String shown(Object value) {
        String text = value.toString().replaceAll("\\p{Cntrl}", " ");
        return text.length() <= MOST_SHOWN ? text : text.substring(0, MOST_SHOWN) + "...";
    }

    private static String told(Map<String, Setting> settings) {
        return settings.entrySet().stream()
                .map(entry -> "%s %s (%s)"
                        .formatted(
                                entry.getKey(),
                                shown(entry.getValue().value()),
                                entry.getValue().from().name().toLowerCase(Locale.ROOT)))
                .collect(Collectors.joining(", "));
    }

    /** @throws FailureException if the model cannot do what its tasks are to do; it is closed then */
    private ServedModel served(ModelWork model, ModelConfig config, Map<String, Origin> from) {
        try {
            return new ServedModel(model, config, from, node.ownerShare());
        } catch (RuntimeException | Error e) {
            model.close();
            throw e;
        }
    }

    /** Takes the model out that only stood in. {@return it, if it has no tasks any more, else {@code null}} */
    private @Nullable ServedModel giveWay(Replacement old) {
        ServedModel gone = standIn;
        if (gone == null) {
            return null;
        }
        standIn = null;
        models.remove(gone.id());
        if (gone.id().equals(defaultId)) {
            defaultId = null;
        }
        lastReplaced = gone.id();
        replaced.add(gone);
        old.gone(gone);
        if (gone.isIdle()) {
            return gone;
        }
        LOG.info("model {} gives its place, and its memory once its tasks have ended", gone.id());
        gone.whenIdle(() -> submit(() -> closeReplaced(gone, old)));
        return null;
    }

    private void closeReplaced(ServedModel model, Replacement old) {
        synchronized (lock) {
            if (!replaced.remove(model)) {
                return;
            }
        }
        old.ended(model);
        model.close();
        LOG.info("model {} stood in until another one was loaded, and is unloaded", model.id());
    }

    /**
     * Runs a load in turn with others.
     *
     * @param owner who can give up its probe
     * @param probed whether it begins with one
     * @param load gets the probe, or {@code null}
     */
    void inTurn(@Nullable Owner owner, boolean probed, Consumer<Probes.@Nullable Probe> load, Reply<Void> reply) {
        if (!probed) {
            inTurn(() -> load.accept(null), reply);
            return;
        }
        Probes.Probe probe = probes.open(owner, reply);
        boolean taken = submit(() -> {
            try {
                load.accept(probe);
            } finally {
                probe.over();
            }
        });
        if (!taken) {
            probe.over();
            reply.failed(STOPPING);
        }
    }

    /** Runs something in turn with loads. */
    void inTurn(Runnable work, Reply<?> reply) {
        if (!submit(work)) {
            reply.failed(STOPPING);
        }
    }

    private boolean submit(Runnable work) {
        try {
            loading.execute(work);
            return true;
        } catch (RejectedExecutionException e) {
            return false;
        }
    }

    /** @param removed told the model when nobody finds it any more, before it is closed */
    void unload(String id, Consumer<ServedModel> removed, Reply<Void> reply) {
        inTurn(() -> unloadNow(id, removed, reply), reply);
    }

    private void unloadNow(String id, Consumer<ServedModel> removed, Reply<Void> reply) {
        ServedModel model;
        try {
            synchronized (lock) {
                model = find(id);
                models.remove(id);
                if (model == standIn) {
                    standIn = null;
                }
                if (id.equals(defaultId)) {
                    defaultId = null;
                }
            }
        } catch (FailureException e) {
            reply.failed(e.failure());
            return;
        }
        removed.accept(model);
        model.close();
        LOG.info("model {} is unloaded", id);
        reply.ok(null);
    }

    /**
     * {@return whether the model is there as it is asked for, so that nothing is to be loaded}
     *
     * @throws FailureException {@code invalid_argument} if one of its name is there that is loaded otherwise
     */
    private boolean isLoaded(ModelConfig config) {
        String id = config.effectiveId();
        synchronized (lock) {
            ServedModel loaded = models.get(id);
            if (loaded == null) {
                return false;
            }
            List<String> differences = config.differences(loaded.config);
            if (differences.isEmpty()) {
                if (loaded == standIn && !config.isStandIn()) {
                    // Whoever asks for it by name wants to keep it.
                    standIn = null;
                }
                if (Boolean.TRUE.equals(config.asDefault())) {
                    defaultId = id;
                }
                return true;
            }
            if (loaded == standIn) {
                return false;
            }
            throw FailureException.invalid(
                    "id: a model named '%s' is loaded already, with another %s; unload it first, or"
                                    .formatted(id, String.join(", ", differences))
                            + " give another id");
        }
    }

    /** {@return why a model can not be one of these, or {@code null} if it can} */
    private @Nullable Failure refusal(ServedModel served) {
        if (closed) {
            return STOPPING;
        }
        if (models.containsKey(served.id()) && !isStandIn(served.id())) {
            // A server may name its model as another one is named.
            return new Failure(
                    ErrorCode.INVALID_ARGUMENT, "id: a model named '%s' is loaded already".formatted(served.id()));
        }
        List<String> way = new ArrayList<>(List.of(served.id()));
        String next = served.work.fallback();
        while (next != null && !way.contains(next)) {
            way.add(next);
            ServedModel model = models.get(next);
            next = model == null ? null : model.work.fallback();
        }
        return next == null
                ? null
                : new Failure(
                        ErrorCode.INVALID_ARGUMENT,
                        "fallback: would go round in a circle, %s, %s".formatted(String.join(", ", way), next));
    }

    /**
     * @param id or {@code null} for the default model
     * @throws FailureException {@code unsupported} if there is no model, {@code invalid_argument} if not this one
     */
    ServedModel find(@Nullable String id) {
        synchronized (lock) {
            if (models.isEmpty()) {
                throw new FailureException(ErrorCode.UNSUPPORTED, "no model is loaded");
            }
            if (id == null) {
                return Objects.requireNonNull(models.get(defaultId()));
            }
            ServedModel model = models.get(id);
            if (model == null) {
                throw FailureException.invalid("model: "
                        + (id.equals(lastReplaced)
                                ? "'%s' stood in until another model was loaded".formatted(id)
                                : "there is no model '%s'".formatted(id))
                        + "; loaded are " + models.keySet());
            }
            return model;
        }
    }

    /** {@return the model of an id, or {@code null} if it is not loaded} */
    @Nullable
    ServedModel loaded(String id) {
        synchronized (lock) {
            return models.get(id);
        }
    }

    /** As {@link #find}, and counts the use. */
    ServedModel use(@Nullable String id) {
        synchronized (lock) {
            ServedModel model = find(id);
            model.used();
            return model;
        }
    }

    /** {@return what was made the default, else the model that was loaded first} */
    private String defaultId() {
        return defaultId != null ? defaultId : models.keySet().iterator().next();
    }

    List<ModelReport> reports() {
        synchronized (lock) {
            List<ModelReport> reports = new ArrayList<>();
            models.forEach((id, model) -> reports.add(model.report(id.equals(defaultId()))));
            return reports;
        }
    }

    List<ServedModel> all() {
        synchronized (lock) {
            return new ArrayList<>(models.values());
        }
    }

    /** Closes every model, which cancels its requests, and takes no more. */
    void close() {
        List<ServedModel> open;
        synchronized (lock) {
            closed = true;
            open = all();
            open.addAll(replaced);
            models.clear();
            replaced.clear();
        }
        probes.close();
        loading.shutdown();
        open.forEach(ServedModel::close);
    }
}
