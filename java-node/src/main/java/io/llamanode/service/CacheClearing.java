package io.llamanode.service;

import io.llamanode.engine.Engine;
import io.llamanode.service.contract.task.SessionConfig;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;

/** Clears the KV caches of several models, but for what begins with one of some prompts. */
final class CacheClearing {
    private final Map<ServedModel, List<int[]>> kept = new HashMap<>();

    /** Keeps nothing. */
    CacheClearing(Collection<ServedModel> models) {
        models.forEach(model -> kept.put(model, List.of()));
    }

    /** Keeps the system prompts of these configurations. Slow: renders and tokenizes. */
    CacheClearing(Map<ServedModel, List<SessionConfig>> configs) {
        configs.forEach((model, those) -> kept.put(
                model,
                those.stream().distinct().map(model.prompts::systemPrompt).toList()));
    }

    /**
     * Asks the engines for it.
     *
     * @param models whose caches are cleared; of one that is new here nothing is kept
     * @param done run once all have done it
     */
    void start(List<ServedModel> models, Runnable done) {
        AtomicInteger left = new AtomicInteger(models.size() + 1);
        Runnable one = () -> {
            if (left.decrementAndGet() == 0) {
                done.run();
            }
        };
        for (ServedModel model : models) {
            Engine engine = Objects.requireNonNull(model.loaded.engine());
            engine.clear(kept.getOrDefault(model, List.of()), one);
        }
        one.run();
    }
}
