package io.llamanode.service;

import io.llamanode.engine.Engine;
import io.llamanode.service.contract.Continued;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.Reply;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.SessionConfig;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Drops what slots have in the KV cache, of a session or of all models. Safe for use by any thread. */
public final class Caches {
    private final Object lock;
    private final Sessions sessions;
    private final ModelRegistry models;
    private final Asides asides;

    /** @param lock of the service */
    Caches(Object lock, Sessions sessions, ModelRegistry models, Asides asides) {
        this.lock = lock;
        this.sessions = sessions;
        this.models = models;
        this.asides = asides;
    }

    /**
     * Drops what a session has in the KV cache. Its conversation stays, and is evaluated anew when it goes on.
     *
     * @param owner in turn with whose other work
     * @param sessionId the session, which must have no task that waits or runs
     * @param keepSystemPrompt whether the tokens of its system prompt stay
     * @param reply told when it is done, or {@code server_busy} if a task came meanwhile
     * @throws FailureException {@code session_not_found}; {@code server_busy} if a task waits or runs
     */
    public void clear(Owner owner, long sessionId, boolean keepSystemPrompt, Reply<Void> reply) {
        Session session = sessions.find(sessionId);
        SessionConfig config = session.config;
        if (!keepSystemPrompt
                || config.systemPrompt() == null
                || session.model.work.loaded("clear_cache").engine() == null) {
            shorten(sessionId, 0, reply);
            return;
        }
        synchronized (lock) {
            refuseWhileBusy(session);
        }
        // A task may come meanwhile, and a busy slot is not shortened.
        prepared(
                owner,
                session.model,
                () -> session.model.prompts().systemTokens(config),
                tokens -> shorten(sessionId, tokens, reply),
                reply);
    }

    /**
     * Drops what all models have in the KV cache, whosever it is. Conversations stay, and are evaluated anew when they go
     * on.
     *
     * @param owner in turn with whose other work
     * @param keepSystemPrompts whether the tokens of system prompts stay: those of open sessions, and the models' own
     * @param reply told when it is done, or {@code server_busy} if a task came meanwhile; nothing is dropped then
     * @throws FailureException {@code server_busy} if any task waits or runs
     */
    public void clearAll(Owner owner, boolean keepSystemPrompts, Reply<Void> reply) {
        if (!keepSystemPrompts) {
            clear(Map.of(), reply);
            return;
        }
        Map<ServedModel, List<SessionConfig>> configs = new HashMap<>();
        synchronized (lock) {
            generating().forEach(model -> configs.put(model, cachedConfigs(model)));
        }
        prepared(owner, null, () -> systemPrompts(configs), kept -> clear(kept, reply), reply);
    }

    /** Renders and tokenizes on a preparing thread, and goes on with what came of it. */
    private <T> void prepared(
            Owner owner, @Nullable ServedModel model, Supplier<T> work, Consumer<T> next, Reply<Void> reply) {
        asides.run(owner, model, 0, () -> "system_prompt", work, new Continued<T>(reply) {
            @Override
            public void whenGivenUp(Runnable undo) {
                // They are to be cleared all the same.
            }

            @Override
            public void ok(@Nullable T value) {
                try {
                    next.accept(Objects.requireNonNull(value));
                } catch (FailureException e) {
                    reply.failed(e.failure());
                }
            }
        });
    }

    private static Map<ServedModel, List<int[]>> systemPrompts(Map<ServedModel, List<SessionConfig>> configs) {
        Map<ServedModel, List<int[]>> prompts = new HashMap<>();
        configs.forEach((model, those) -> prompts.put(
                model,
                those.stream().distinct().map(model.prompts()::systemPrompt).toList()));
        return prompts;
    }

    /**
     * Clears all models. Under the lock, so that a task which comes later reaches the engines later.
     *
     * @param kept of each model, what prompts begin with that stay; of one that is not in it nothing stays
     */
    private void clear(Map<ServedModel, List<int[]>> kept, Reply<Void> reply) {
        synchronized (lock) {
            List<ServedModel> all = generating();
            AtomicInteger left = new AtomicInteger(all.size() + 1);
            Runnable one = () -> {
                if (left.decrementAndGet() == 0) {
                    reply.ok(null);
                }
            };
            for (ServedModel model : all) {
                Engine engine = Objects.requireNonNull(model.loaded().engine());
                engine.clear(kept.getOrDefault(model, List.of()), one);
            }
            one.run();
        }
    }

    /**
     * {@return the models that generate}
     *
     * @throws FailureException {@code server_busy} if one of them has a task
     */
    private List<ServedModel> generating() {
        List<ServedModel> all = new ArrayList<>();
        for (ServedModel model : models.all()) {
            if (!model.isIdle()) {
                throw FailureException.busy("model '%s' has a task that has not ended".formatted(model.id()));
            }
            if (model.work.server() == null && model.loaded().engine() != null) {
                all.add(model);
            }
        }
        return all;
    }

    /** {@return the configurations of the sessions whose prompts a model's slots hold, and the one that says nothing} */
    private List<SessionConfig> cachedConfigs(ServedModel model) {
        List<SessionConfig> configs = new ArrayList<>();
        configs.add(model.completed(new SessionConfig(null, null, GenerationOptions.NONE)));
        model.snapshot().slots().forEach(slot -> {
            Session session = sessions.all().get(slot.cacheKey());
            if (session != null) {
                configs.add(session.config);
            }
        });
        return configs;
    }

    /** Under the lock, so that a task which comes later reaches the engine later. */
    private void shorten(long sessionId, int tokens, Reply<Void> reply) {
        synchronized (lock) {
            Session session = sessions.find(sessionId);
            refuseWhileBusy(session);
            Engine engine = session.model.work.loaded("clear_cache").engine();
            if (engine == null) {
                reply.ok(null);
            } else {
                engine.shorten(session.cacheKey(), tokens, () -> reply.ok(null));
            }
        }
    }

    private static void refuseWhileBusy(Session session) {
        if (!session.tasks().isEmpty()) {
            throw FailureException.busy("session %d has a task that has not ended".formatted(session.id));
        }
    }
}
