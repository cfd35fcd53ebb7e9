package io.llamanode.engine;

import io.llamanode.engine.contract.EngineConfig;
import io.llamanode.engine.contract.EngineSnapshot;
import io.llamanode.engine.contract.Forecast;
import io.llamanode.engine.contract.GenerationListener;
import io.llamanode.engine.contract.GenerationListener.Ending;
import io.llamanode.engine.contract.GenerationListener.FailureKind;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.contract.StepTimes;
import io.llamanode.engine.loop.StepOutput;
import io.llamanode.engine.model.Adapter;
import io.llamanode.engine.model.BatchPlan;
import io.llamanode.engine.model.ModelRunner;
import io.llamanode.engine.model.ModelRunner.RunnerException;
import io.llamanode.engine.model.Vocabulary;
import io.llamanode.engine.sampling.Candidates;
import io.llamanode.engine.sampling.Probabilities;
import io.llamanode.engine.schedule.PrefillPacing;
import io.llamanode.engine.schedule.Scheduler;
import io.llamanode.engine.schedule.Slot;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs one model on slots. A single loop thread owns the runner and the scheduler; everything else
 * reaches them through a queue of commands, so that no caller ever waits for a decode. The thread
 * blocks while there is nothing to do.
 */
public final class Engine implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Engine.class);

    private final String name;
    private final ModelRunner runner;
    private final Vocabulary vocabulary;
    private final EngineConfig config;
    private final LongSupplier clock;
    private final Scheduler scheduler;
    private final PrefillPacing pacing;
    private final LinkedBlockingQueue<Runnable> commands = new LinkedBlockingQueue<>();
    /** Guards {@code closed}, so that no command is queued behind the one that ends the loop. */
    private final Object admission = new Object();

    private boolean closed;
    private boolean closing;
    private final Thread thread;

    private final Map<Long, Generation> generations = new HashMap<>();
    private final Candidates scratch = new Candidates();
    private final Probabilities probabilities = new Probabilities();
    private final int[] sampledTokens;
    private boolean running = true;
    private long decodeCalls;
    private StepTimes times = StepTimes.NONE;
    /** Time of the running step that went to sampling. */
    private long sampleNanos;

    private long promptTokens;
    private long cachedTokens;
    private long completionTokens;
    private volatile EngineSnapshot snapshot;

    /**
     * An engine that is not running yet.
     *
     * @param name of the loop thread
     * @param runner computes; closed by {@link #close}
     * @param vocabulary of the model
     * @param config sizes
     */
    public Engine(String name, ModelRunner runner, Vocabulary vocabulary, EngineConfig config) {
        this(name, runner, vocabulary, config, System::nanoTime);
    }

    Engine(String name, ModelRunner runner, Vocabulary vocabulary, EngineConfig config, LongSupplier clock) {
        this.name = name;
        this.runner = runner;
        this.vocabulary = vocabulary;
        this.config = config;
        this.clock = clock;
        this.scheduler = new Scheduler(config, runner.canShift(), runner.canTruncate(), runner.sharesCells());
        this.pacing = new PrefillPacing(config.prefillShare(), config.nBatch());
        this.sampledTokens = new int[config.slots()];
        this.thread = Thread.ofPlatform().name(name).daemon().unstarted(this::loop);
        publish();
    }

    /** Starts the loop thread. */
    public void start() {
        thread.start();
    }

    /**
     * Queues a request.
     *
     * @param request its prompt must be shorter than the slot's context
     * @param listener hears of it, on the loop thread
     * @param accepted run on this thread if the request is taken, before its listener can hear anything
     * @return {@code false}, and nothing is heard, if the engine is closed
     */
    public boolean submit(GenerationRequest request, GenerationListener listener, Runnable accepted) {
        if (request.prompt().length >= config.nCtx()) {
            throw new IllegalArgumentException(
                    "prompt of %d tokens in a context of %d".formatted(request.prompt().length, config.nCtx()));
        }
        long now = clock.getAsLong();
        synchronized (admission) {
            if (closed) {
                return false;
            }
            accepted.run();
            commands.add(() -> accept(request, listener, now));
            return true;
        }
    }

    /**
     * Ends a request at the next step; its listener hears {@link FailureKind#CANCELLED}, unless it
     * had ended before.
     *
     * @param requestId the request
     * @param done run once the request holds no slot: on the loop thread, or at once if the engine is closed
     */
    public void cancel(long requestId, Runnable done) {
        command(() -> end(requestId, FailureKind.CANCELLED, "cancelled"), done);
    }

    /**
     * Forgets what slots have cached for a key.
     *
     * @param cacheKey of requests
     */
    public void forget(long cacheKey) {
        commands.add(() -> scheduler.forget(cacheKey));
    }

    /**
     * Forgets what an idle slot has cached for a key beyond its first tokens.
     *
     * @param cacheKey of requests
     * @param tokens to keep
     * @param done run afterwards: on the loop thread, or at once if the engine is closed
     */
    public void shorten(long cacheKey, int tokens, Runnable done) {
        command(
                () -> {
                    scheduler.shorten(cacheKey, tokens);
                    publish();
                },
                done);
    }

    /**
     * Tells how a request would fare if it came now; nothing is run.
     *
     * @param request what would come
     * @param told hears it on the loop thread, unless the engine is closed
     * @return {@code false}, and nothing is heard, if the engine is closed
     */
    public boolean forecast(GenerationRequest request, Consumer<Forecast> told) {
        synchronized (admission) {
            if (!closed) {
                commands.add(() -> told.accept(scheduler.forecast(request)));
            }
            return !closed;
        }
    }

    private void command(Runnable work, Runnable done) {
        synchronized (admission) {
            if (!closed) {
                commands.add(() -> {
                    work.run();
                    done.run();
                });
                return;
            }
        }
        done.run();
    }

    /**
     * Lets go of an adapter that no request has.
     *
     * @param adapter not to be used again
     * @param done run afterwards: on the loop thread, or at once if the engine is closed
     */
    public void forget(Adapter adapter, Runnable done) {
        command(() -> runner.forget(adapter), done);
    }

    /** {@return the state after the last step} */
    public EngineSnapshot snapshot() {
        return snapshot;
    }

    /** {@return the sizes} */
    public EngineConfig config() {
        return config;
    }

    /** Cancels every request, ends the loop thread, waits for it, and closes the runner. */
    @Override
    public void close() {
        synchronized (admission) {
            if (closing) {
                return;
            }
            closing = true;
            closed = true;
            commands.add(() -> running = false);
        }
        if (thread.getState() == Thread.State.NEW) {
            thread.start();
        }
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                break;
            } catch (InterruptedException e) {
                // The runner must not be closed under the loop, so the wait goes on.
                interrupted = true;
            }
        }
        runner.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void loop() {
        try {
            while (running) {
                try {
                    if (!scheduler.hasWork()) {
                        commands.take().run();
                    }
                    step();
                } catch (InterruptedException e) {
                    LOG.warn("{}: interrupted; only close() ends this thread", name);
                } catch (RuntimeException | Error e) {
                    LOG.error("{}: a step failed", name, e);
                    failAll(FailureKind.INTERNAL, "the engine failed: " + e);
                    scheduler.invalidate();
                }
            }
        } finally {
            // However the loop ends: nobody may wait for an engine that is not there.
            synchronized (admission) {
                closed = true;
            }
            for (Runnable command = commands.poll(); command != null; command = commands.poll()) {
                guarded(command);
            }
            failAll(FailureKind.CANCELLED, "the model is being closed");
        }
    }

    private void guarded(Runnable command) {
        try {
            command.run();
        } catch (RuntimeException | Error e) {
            LOG.error("{}: a command failed", name, e);
        }
    }

    /** One round: commands, deadlines, plan, execution, output. Package-private so that tests can step without a thread. */
    void step() {
        long start = clock.getAsLong();
        for (Runnable command = commands.poll(); command != null; command = commands.poll()) {
            command.run();
        }
        for (long id : scheduler.expired(clock.getAsLong())) {
            end(id, FailureKind.TIMEOUT, "the deadline passed");
        }
        if (!running) {
            return;
        }
        BatchPlan plan = scheduler.plan(this::admitted, pacing);
        if (plan.isEmpty()) {
            publish();
        } else {
            execute(plan, start);
        }
    }

    private void execute(BatchPlan plan, long start) {
        long before = clock.getAsLong();
        sampleNanos = 0;
        try {
            runner.execute(
                    plan,
                    (span, logits) -> sampledTokens[span] = sample(plan.spans().get(span), logits));
        } catch (RunnerException e) {
            LOG.error(
                    "{}: decode failed, {} slots lose their requests",
                    name,
                    plan.spans().size(),
                    e);
            for (Slot slot : scheduler.failed(plan)) {
                Generation generation = remove(scheduler.free(slot).id());
                publish();
                generation.fail(FailureKind.DECODE_FAILED, "the decode call failed: " + e.getMessage());
            }
            return;
        }
        long now = clock.getAsLong();
        if (!plan.spans().isEmpty()) {
            decodeCalls++;
            int decodes = plan.decodes();
            pacing.executed(decodes, plan.tokenCount() - decodes, now - before - sampleNanos);
        }
        scheduler.executed(plan);
        // Listeners hear of the step when the slots they may ask about are free and the snapshot says so.
        List<Runnable> output = new ArrayList<>(plan.spans().size());
        for (int i = 0; i < plan.spans().size(); i++) {
            if (plan.spans().get(i).output()) {
                output.add(advance(scheduler.slot(plan.spans().get(i).slot()), sampledTokens[i], now));
            }
        }
        publish();
        StepOutput.hand(() -> output.forEach(Runnable::run));
        times = times.plus(before - start, now - before - sampleNanos, sampleNanos, clock.getAsLong() - now);
    }

    private int sample(BatchPlan.Span span, float[] logits) {
        Generation generation =
                generations.get(scheduler.slot(span.slot()).request().id());
        if (generation.request().maxTokens() == 0) {
            return 0;
        }
        long before = clock.getAsLong();
        int token = generation.sample(logits);
        sampleNanos += clock.getAsLong() - before;
        return token;
    }

    /** Takes a sampled token; returns what its listener is to be told. */
    private Runnable advance(Slot slot, int token, long now) {
        Generation generation = generations.get(slot.request().id());
        if (generation.unsampled() != null) {
            scheduler.free(slot);
            remove(generation.request().id());
            return () -> generation.fail(
                    FailureKind.DECODE_FAILED, generation.unsampled().getMessage());
        }
        generation.sampled(now);
        Ending ending = Ending.LIMIT;
        String text = "";
        if (generation.request().maxTokens() != 0) {
            boolean endOfGeneration = vocabulary.isEndOfGeneration(token);
            ending = scheduler.sampled(slot, token, endOfGeneration);
            if (!endOfGeneration) {
                completionTokens++;
                text = generation.assemble(token, vocabulary.piece(token));
            }
        }
        String shown = text;
        if (ending == null && !generation.stopped()) {
            return () -> {
                if (!generation.tell(shown)) {
                    end(generation.request().id(), FailureKind.INTERNAL, "the consumer of the text failed");
                }
            };
        }
        GenerationListener.Outcome outcome = generation.outcome(ending, slot, now);
        scheduler.free(slot);
        remove(generation.request().id());
        return () -> {
            generation.tell(shown + generation.flush());
            generation.finish(outcome);
        };
    }

    private void accept(GenerationRequest request, GenerationListener listener, long submitted) {
        generations.put(request.id(), new Generation(request, listener, scratch, probabilities, submitted));
        scheduler.submit(request);
    }

    private void admitted(Slot slot) {
        promptTokens += slot.request().prompt().length;
        cachedTokens += slot.reused();
        generations.get(slot.request().id()).admitted(clock.getAsLong());
    }

    private void end(long requestId, FailureKind kind, String message) {
        scheduler.cancel(requestId).ifPresent(removed -> {
            Generation generation = remove(requestId);
            publish();
            generation.fail(kind, message);
        });
    }

    private Generation remove(long requestId) {
        Generation generation = generations.remove(requestId);
        generation.close();
        return generation;
    }

    private void failAll(FailureKind kind, String message) {
        for (long id : List.copyOf(generations.keySet())) {
            end(id, kind, message);
        }
    }

    private void publish() {
        List<EngineSnapshot.SlotState> states = new ArrayList<>(config.slots());
        for (Slot slot : scheduler.slots()) {
            EngineSnapshot.Phase phase = slot.idle()
                    ? EngineSnapshot.Phase.IDLE
                    : slot.prefilling() ? EngineSnapshot.Phase.PREFILL : EngineSnapshot.Phase.DECODE;
            long requestId = slot.idle() ? 0 : slot.request().id();
            states.add(new EngineSnapshot.SlotState(slot.id(), phase, slot.cacheKey(), requestId, slot.cachedTokens()));
        }
        snapshot = new EngineSnapshot(
                states,
                scheduler.waitingCount(),
                decodeCalls,
                times,
                promptTokens,
                cachedTokens,
                completionTokens,
                scheduler.contextShifts());
    }
}
