package io.llamanode.service;

import io.llamanode.engine.contract.EngineSnapshot;
import io.llamanode.engine.model.Adapter;
import io.llamanode.service.contract.Capability;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Origin;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.PrefixSharing;
import io.llamanode.service.contract.Setting;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.ModelDefaults;
import io.llamanode.service.contract.model.ModelInfo;
import io.llamanode.service.contract.model.ModelReport;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.SessionConfig;
import io.llamanode.service.model.LoadedModel;
import io.llamanode.service.prompt.PromptBuilder;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A loaded model and the tasks accepted for it. Its counts are guarded by the service's lock.
 *
 * <p>A task counts from its acceptance to its end, wherever it waits, so that an accepted task is
 * never refused later for want of a place. One owner cannot take the whole queue.
 */
final class ServedModel {
    final ModelWork work;
    /** How it was loaded. */
    final ModelConfig config;
    /** What its tasks and sessions get that do not say, the file's own wishes among it. */
    final ModelDefaults defaults;
    /** Where what the configuration says was given, by its keys. */
    private final Map<String, Origin> from;

    /** What is in force; {@code null} where a server tells, and may tell something else later. */
    private final @Nullable Map<String, Setting> settings;

    /** {@code null} where a server makes the prompts. */
    private final @Nullable PromptBuilder prompts;

    private final String id;
    final LoadedAdapters adapters;
    private final int capacity;
    private final int share;
    private final Map<Owner, Integer> byOwner = new HashMap<>();
    /** {@link System#nanoTime()} when it was loaded. */
    private final long loadedAt = System.nanoTime();

    private int accepted;
    private long useCount;
    private long lastUsed;
    private volatile boolean closed;
    /** Run when no task is accepted any more, or {@code null}. */
    private @Nullable Runnable whenIdle;

    /**
     * @param from where what the configuration says was given, by its keys
     * @param ownerShare percent of the queue that one owner may fill
     * @throws FailureException if the model cannot do what its tasks are to do where they do not say
     */
    ServedModel(ModelWork work, ModelConfig config, Map<String, Origin> from, int ownerShare) {
        this.work = work;
        this.config = config;
        this.from = from;
        this.defaults = config.taskDefaults().orElse(work.ofFile());
        work.refuseUnfit(defaults);
        this.settings = work.server() == null ? work.settings(defaults, from) : null;
        this.prompts = work.server() == null ? new PromptBuilder(work.loaded("prompts")) : null;
        ModelInfo info = work.info();
        this.id = info.id();
        this.adapters = new LoadedAdapters(id);
        int slots = info.nParallel();
        this.capacity = slots + info.maxQueue();
        this.share = (int) (slots + Math.ceilDiv((long) info.maxQueue() * ownerShare, 100));
    }

    /** {@return what is in force, and where it comes from} */
    Map<String, Setting> settings() {
        return settings != null ? settings : work.settings(defaults, from);
    }

    /** {@return a session's configuration with what holds where it does not say} */
    SessionConfig completed(SessionConfig given) {
        return new SessionConfig(
                given.model(),
                given.systemPrompt() != null ? given.systemPrompt() : defaults.systemPrompt(),
                given.defaults().orElse(defaults.options()),
                given.chat().orElse(defaults.chat()));
    }

    /** {@return why no further task of this owner is accepted, or {@code null} if it is, and counted} */
    @Nullable
    String accept(Owner owner) {
        int own = byOwner.getOrDefault(owner, 0);
        if (accepted >= capacity) {
            return "every slot is taken and the queue is full with %d tasks".formatted(accepted);
        }
        if (own >= share) {
            return "%d tasks of this owner are waiting or running; the rest of the queue is for others".formatted(own);
        }
        accepted++;
        byOwner.put(owner, own + 1);
        return null;
    }

    void ended(Owner owner) {
        accepted--;
        byOwner.computeIfPresent(owner, (o, count) -> count == 1 ? null : count - 1);
        if (accepted == 0 && whenIdle != null) {
            whenIdle.run();
        }
    }

    /** {@return whether no accepted task is left} */
    boolean isIdle() {
        return accepted == 0;
    }

    /** Has something done once no accepted task is left, of which there is one: under the lock, so only to be begun. */
    void whenIdle(Runnable action) {
        whenIdle = action;
    }

    /** Counts a request that works with it. */
    void used() {
        useCount++;
        lastUsed = System.nanoTime();
    }

    ModelReport report(boolean isDefault) {
        long now = System.nanoTime();
        ModelInfo info = work.info();
        return new ModelReport(
                info.id(),
                isDefault,
                work.header(),
                info.nCtx(),
                info.nParallel(),
                info.maxQueue(),
                accepted,
                useCount,
                TimeUnit.NANOSECONDS.toMillis(now - loadedAt),
                useCount == 0 ? null : TimeUnit.NANOSECONDS.toMillis(now - lastUsed),
                settings(),
                work.server());
    }

    /** {@return whether a failure of its tokenizer is no defect} */
    boolean isClosed() {
        return closed;
    }

    /** Stops the engine, which cancels its requests, and gives the memory back; not under the lock. */
    void close() {
        closed = true;
        work.close();
        // Nobody can ask for them any more, and nothing computes with them.
        adapters.removeAll().forEach(Adapter::close);
    }

    /** @throws FailureException {@code unsupported} if the model does not generate */
    void requireGeneration() {
        if (!work.info().capabilities().contains(Capability.COMPLETION)) {
            throw new FailureException(ErrorCode.UNSUPPORTED, "model '%s' does not generate text".formatted(id()));
        }
    }

    /** {@return the state of its slots, of which a model that does not generate has none} */
    EngineSnapshot snapshot() {
        return work.snapshot();
    }

    /** Nothing of a session comes any more. */
    void left(Session session) {
        work.left(session.cacheKey());
    }

    /**
     * Looks whether options keep to what the model was loaded with.
     *
     * @throws FailureException {@code invalid_argument} if they are to share more
     */
    void refuseWiderSharing(GenerationOptions options) {
        PrefixSharing asked = options.sharePrefixes();
        if (asked != null && asked.compareTo(sharing()) > 0) {
            throw FailureException.invalid("share_prefixes: model '%s' was loaded with '%s', which '%s' would exceed"
                    .formatted(id(), sharing().wireName(), asked.wireName()));
        }
    }

    /** {@return with whom a task with these options shares beginnings of prompts} */
    PrefixSharing sharing(GenerationOptions options) {
        return options.sharePrefixes() != null ? options.sharePrefixes() : sharing();
    }

    private PrefixSharing sharing() {
        return config.sharePrefixes() != null ? config.sharePrefixes() : PrefixSharing.NODE;
    }

    String id() {
        return id;
    }

    /** {@return tokens of a context, above every text where nobody tells} */
    int nCtx() {
        int told = work.info().nCtx();
        return told == 0 ? Integer.MAX_VALUE : told;
    }

    /** {@return the model itself, for what a prompt is made of; not where a server runs it} */
    LoadedModel loaded() {
        return work.loaded("it");
    }

    /** {@return what makes prompts, not where a server does} */
    PromptBuilder prompts() {
        return Objects.requireNonNull(prompts);
    }
}
