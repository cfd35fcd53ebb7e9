package io.llamanode.service;

import io.llamanode.engine.Engine;
import io.llamanode.engine.model.Adapter;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.Reply;
import io.llamanode.service.contract.model.AdapterConfig;
import io.llamanode.service.contract.model.AdapterInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Loads and unloads LoRA adapters at run time. Safe for use by any thread. */
public final class AdapterService {
    private static final Logger LOG = LoggerFactory.getLogger(AdapterService.class);

    private final Object lock;
    private final ModelRegistry models;

    /** @param lock of the service */
    AdapterService(Object lock, ModelRegistry models) {
        this.lock = lock;
        this.models = models;
    }

    /**
     * Loads an adapter, in turn with loads of models.
     *
     * @param owner without whom a file is not probed, and then not loaded; {@code null} if nobody's
     * @param config what
     * @param reply told when requests can ask for it; {@code invalid_argument} if its id is taken, {@code
     *     model_load_failed} if the file is unfit, {@code cancelled} if the model is unloaded meanwhile
     * @throws FailureException {@code invalid_argument} for a model that is not there, {@code unsupported} if it does
     *     not generate text
     */
    public void load(@Nullable Owner owner, AdapterConfig config, Reply<Void> reply) {
        ServedModel model = models.find(config.model());
        model.requireGeneration();
        models.inTurn(owner, config.isProbed(), probe -> loadNow(probe, model, config, reply), reply);
    }

    private void loadNow(Probes.@Nullable Probe probe, ServedModel model, AdapterConfig config, Reply<Void> reply) {
        @Nullable Adapter adapter;
        try {
            synchronized (lock) {
                model.adapters.refuseTaken(config.name());
            }
            if (probe != null && !probe.passes(model.config, config.path())) {
                return;
            }
            adapter = model.work.loaded("adapters").loadAdapter(config.path());
        } catch (FailureException e) {
            reply.failed(e.failure());
            return;
        } catch (RuntimeException | Error e) {
            reply.failed(model.isClosed() ? Tasks.CLOSING : Tasks.unknown(e));
            return;
        }
        synchronized (lock) {
            if (!model.isClosed()) {
                model.adapters.add(config.name(), config.path().toString(), adapter);
                adapter = null;
                reply.ok(null);
            }
        }
        if (adapter == null) {
            LOG.info("adapter {} of model {} is loaded", config.name(), model.id());
        } else {
            adapter.close();
            reply.failed(Tasks.CLOSING);
        }
    }

    /**
     * Unloads an adapter that no task uses.
     *
     * @param id the adapter
     * @param modelId of its model; {@code null}: the first
     * @param reply told when its memory is given back
     * @throws FailureException {@code invalid_argument} if there is no such adapter or model, {@code server_busy} while
     *     tasks use it
     */
    public void unload(String id, @Nullable String modelId, Reply<Void> reply) {
        synchronized (lock) {
            ServedModel model = models.find(modelId);
            Adapter adapter = model.adapters.remove(id);
            Engine engine = Objects.requireNonNull(model.loaded().engine());
            engine.forget(adapter, () -> {
                adapter.close();
                reply.ok(null);
            });
        }
    }

    /** {@return every loaded adapter} */
    public List<AdapterInfo> list() {
        synchronized (lock) {
            List<AdapterInfo> all = new ArrayList<>();
            models.all().forEach(model -> all.addAll(model.adapters.list()));
            return all;
        }
    }
}
