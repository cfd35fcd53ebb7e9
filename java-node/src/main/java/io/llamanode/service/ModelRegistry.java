package io.llamanode.service;

import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.Reply;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.ModelReport;
import io.llamanode.service.model.LoadedModel;
import io.llamanode.service.model.ModelLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The loaded models by id. Loads run one at a time, on a thread of their own. Guarded by the service's lock. */
final class ModelRegistry {
    private static final Logger LOG = LoggerFactory.getLogger(ModelRegistry.class);

    static final Failure STOPPING = new Failure(ErrorCode.SERVER_BUSY, "the node is stopping");

    private final Object lock;
    private final ModelLoader loader;
    private final Probes probes;
    private final int ownerShare;
    private final Map<String, ServedModel> models = new LinkedHashMap<>();
    private final ExecutorService loading = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("load-model").factory());
    /** {@code null} where no configuration asked for it. */
    private @Nullable String defaultId;

    private volatile @Nullable Path loadingNow;
    private boolean closed;

    ModelRegistry(Object lock, ModelLoader loader, Probes probes, int ownerShare) {
        this.ownerShare = ownerShare;
        this.probes = probes;
        this.lock = lock;
        this.loader = loader;
    }

    /** @param owner without whom a file is not probed, and then not loaded; {@code null} if nobody's */
    void load(@Nullable Owner owner, ModelConfig config, ModelLoader.LoadProgress progress, Reply<Void> reply) {
        inTurn(
                owner,
                config.isProbed(),
                probe -> {
                    loadingNow = config.path();
                    try {
                        loadNow(probe, config, progress, reply);
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

    private void loadNow(
            Probes.@Nullable Probe probe, ModelConfig config, ModelLoader.LoadProgress progress, Reply<Void> reply) {
        LoadedModel model;
        try {
            refuseTakenId(config.effectiveId());
            if (probe != null && !probe.passes(config, null)) {
                return;
            }
            model = loader.load(config, progress);
        } catch (FailureException e) {
            reply.failed(e.failure());
            return;
        } catch (RuntimeException | Error e) {
            LOG.error("loading {} failed", config.path(), e);
            // No thread could be started, most likely: an exhausted heap ends the process.
            ErrorCode code = e instanceof OutOfMemoryError ? ErrorCode.OUT_OF_MEMORY : ErrorCode.MODEL_LOAD_FAILED;
            reply.failed(new Failure(code, "%s: %s".formatted(config.path(), e)));
            return;
        }
        synchronized (lock) {
            if (!closed) {
                models.put(model.info().id(), new ServedModel(model, config, ownerShare));
                if (Boolean.TRUE.equals(config.asDefault())) {
                    defaultId = model.info().id();
                }
                reply.ok(null);
                return;
            }
        }
        model.close();
        reply.failed(STOPPING);
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

    private void refuseTakenId(String id) {
        synchronized (lock) {
            if (models.containsKey(id)) {
                throw FailureException.invalid("id: a model named '%s' is loaded already".formatted(id));
            }
        }
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
                throw FailureException.invalid(
                        "model: there is no model '%s'; loaded are %s".formatted(id, models.keySet()));
            }
            return model;
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
            models.clear();
        }
        probes.close();
        loading.shutdown();
        open.forEach(ServedModel::close);
    }
}
