package io.llamanode.engine;

import io.llamanode.engine.contract.EngineConfig;
import io.llamanode.engine.contract.EngineSnapshot;
import io.llamanode.engine.contract.Forecast;
import io.llamanode.engine.contract.GenerationListener;
import io.llamanode.engine.contract.GenerationListener.Ending;
import io.llamanode.engine.contract.GenerationListener.FailureKind;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.contract.StepTimes;
import io.llamanode.engine.loop.CommandLoop;
import io.llamanode.engine.loop.StepOutput;
import io.llamanode.engine.loop.Wishes;
import io.llamanode.engine.model.Adapter;
import io.llamanode.engine.model.BatchPlan;
import io.llamanode.engine.model.ModelRunner;
import io.llamanode.engine.model.ModelRunner.AbandonedException;
import io.llamanode.engine.model.ModelRunner.MemoryException;
import io.llamanode.engine.model.ModelRunner.RunnerException;
import io.llamanode.engine.model.Vocabulary;
import io.llamanode.engine.sampling.Candidates;
import io.llamanode.engine.sampling.Probabilities;
import io.llamanode.engine.sampling.SamplingException;
import io.llamanode.engine.schedule.Admissions;
import io.llamanode.engine.schedule.PrefillPacing;
import io.llamanode.engine.schedule.Scheduler;
import io.llamanode.engine.schedule.Slot;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs one model on slots. A single loop thread owns the runner and the scheduler; everything else reaches them
 * through commands, so that no caller ever waits for a decode.
 *
 * <p>Any thread may call it; only {@link #close} waits, and is not for the loop thread, on which listeners are told.
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
    private final CommandLoop loop;
    private final Wishes wishes;
    private final Admissions admissions = new Told();

    private final Map<Long, Generation> generations = new HashMap<>();
    private final Candidates scratch = new Candidates();
    private final Probabilities probabilities = new Probabilities();
    private final int[] sampledTokens;
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
        this.scheduler = new Scheduler(
                config,
                runner.canShift(),
                runner.canTruncate(),
                runner.sharesCells(),
                runner.canResume(),
                this::beginsText);
        this.wishes = new Wishes(clock);
        this.pacing = new PrefillPacing(config.prefillShare(), config.nBatch());
        this.sampledTokens = new int[config.slots()];
        this.loop = new CommandLoop(name, new Steps());
        publish();
    }

    private boolean beginsText(int token) {
        OptionalInt bos = vocabulary.beginOfSequence();
        return bos.isPresent() && bos.getAsInt() == token;
    }

    /** Starts the loop thread. */
    public void start() {
        loop.start();
    }

    /**
     * Queues a request.
     *
     * @param request its prompt must be shorter than the slot's context
     * @param listener hears of it, on the loop thread
     * @param accepted run on this thread if the request is taken, before its listener can hear anything
     * @return {@code false}, and nothing is heard, if the engine is closed
     * @throws IllegalArgumentException if the prompt is not shorter than that
     */
    public boolean submit(GenerationRequest request, GenerationListener listener, Runnable accepted) {
        if (request.prompt().length >= config.nCtx()) {
            throw new IllegalArgumentException(
                    "prompt of %d tokens in a context of %d".formatted(request.prompt().length, config.nCtx()));
        }
        long now = clock.getAsLong();
        return loop.submit(accepted, () -> accept(request, listener, now));
    }

    /**
     * Ends a request at the next step, which comes at once where nobody wants what is being computed; its listener hears
     * {@link FailureKind#CANCELLED}, unless it had ended before.
     *
     * @param requestId the request
     * @param done run once the request holds no slot: on the loop thread, or at once if the engine is closed
     */
    public void cancel(long requestId, Runnable done) {
        Wishes.Cancel cancel = new Wishes.Cancel(requestId);
        loop.call(
                () -> {
                    wishes.granted(cancel);
                    end(requestId, FailureKind.CANCELLED, "cancelled");
                },
                done);
        wishes.cancel(cancel);
    }

    /**
     * No request with a key comes any more: what slots have cached for it stays for others, as far as they may have it.
     *
     * @param cacheKey of requests
     */
    public void leave(long cacheKey) {
        loop.post(() -> scheduler.leave(cacheKey));
    }

    /**
     * Forgets what an idle slot has cached for a key beyond its first tokens.
     *
     * @param cacheKey of requests
     * @param tokens to keep
     * @param done run afterwards: on the loop thread, or at once if the engine is closed
     */
    public void shorten(long cacheKey, int tokens, Runnable done) {
        loop.call(
                () -> {
                    scheduler.shorten(cacheKey, tokens);
                    publish();
                },
                done);
    }

    /**
     * Forgets what idle slots have cached, but for what begins with one of some prompts.
     *
     * @param kept tokens of these prompts
     * @param done run when that is done, or the engine is closed
     */
    public void clear(List<int[]> kept, Runnable done) {
        loop.call(
                () -> {
                    scheduler.clear(kept);
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
        return loop.post(() -> {
            Forecast forecast = scheduler.forecast(request);
            loop.tell(() -> told.accept(forecast));
        });
    }

    /**
     * Lets go of an adapter that no request has.
     *
     * @param adapter not to be used again
     * @param done run afterwards: on the loop thread, or at once if the engine is closed
     */
    public void forget(Adapter adapter, Runnable done) {
        loop.call(
                () -> {
                    scheduler.forget(adapter);
                    publish();
                    runner.forget(adapter);
                },
                done);
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
        wishes.close();
        if (loop.close()) {
            runner.close();
        }
    }

    /** What the loop thread does. */
    private final class Steps implements CommandLoop.Work {
        @Override
        public boolean pending() {
            return scheduler.hasWork();
        }

        @Override
        public void step() {
            Engine.this.step();
        }

        @Override
        public void failed(Throwable cause) {
            failAll(FailureKind.INTERNAL, "the engine failed: " + cause);
        }

        @Override
        public void ended() {
            failAll(FailureKind.CANCELLED, "the model is being closed");
        }
    }

    /** One round: commands, deadlines, plan, execution, output. Package-private so that tests can step without a thread. */
    void step() {
        long start = clock.getAsLong();
        boolean goesOn = loop.runCommands();
        for (long id : scheduler.expired(clock.getAsLong())) {
            end(id, FailureKind.TIMEOUT, "the deadline passed");
        }
        if (!goesOn) {
            return;
        }
        BatchPlan plan = scheduler.plan(admissions, pacing, clock.getAsLong());
        if (plan.isEmpty()) {
            publish();
        } else {
            execute(plan, start);
        }
    }

    private void execute(BatchPlan plan, long start) {
        long before = clock.getAsLong();
        sampleNanos = 0;
        wishes.begin(plan.spans().stream()
                .map(span -> scheduler.slot(span.slot()).work())
                .toList());
        try {
            runner.execute(plan, new Sampling(plan));
        } catch (AbandonedException e) {
            scheduler.abandoned(plan);
            publish();
            return;
        } catch (RunnerException e) {
            List<GenerationRequest> lost = scheduler.failed(plan);
            publish();
            LOG.error("{}: decode failed, {} requests end with it", name, lost.size(), e);
            FailureKind kind = e instanceof MemoryException ? FailureKind.OUT_OF_MEMORY : FailureKind.DECODE_FAILED;
            for (GenerationRequest request : lost) {
                Generation generation = generation(request);
                remove(generation);
                generation.fail(kind, "the decode call failed: " + e.getMessage());
            }
            return;
        } finally {
            wishes.end();
        }
        long now = clock.getAsLong();
        if (!plan.spans().isEmpty()) {
            decodeCalls++;
            int decodes = plan.decodes();
            pacing.executed(decodes, plan.tokenCount() - decodes, now - before - sampleNanos);
        }
        // Listeners hear of the step when the slots they may ask about are free and the snapshot says so.
        List<Runnable> output = new ArrayList<>(plan.spans().size());
        BitSet retried = retried(plan);
        for (int i = 0; i < plan.spans().size(); i++) {
            if (plan.spans().get(i).output() && !retried.get(i)) {
                output.add(advance(scheduler.slot(plan.spans().get(i).slot()), sampledTokens[i], now));
            }
        }
        publish();
        StepOutput.hand(() -> output.forEach(Runnable::run));
        times = times.plus(before - start, now - before - sampleNanos, sampleNanos, clock.getAsLong() - now);
    }

    /** {@return spans whose logits are of no use, and which are computed once more} */
    private BitSet retried(BatchPlan plan) {
        BitSet unusable = new BitSet();
        for (int i = 0; i < plan.spans().size(); i++) {
            BatchPlan.Span span = plan.spans().get(i);
            if (span.output() && generation(scheduler.slot(span.slot()).work()).unusableLogits()) {
                unusable.set(i);
            }
        }
        List<Slot> faulty = scheduler.executed(plan, unusable);
        if (!unusable.isEmpty()) {
            LOG.warn(
                    "{}: logits of {} requests are of no use; those that were not computed alone are computed again",
                    name,
                    unusable.cardinality());
            for (int i = 0; i < plan.spans().size(); i++) {
                Slot slot = scheduler.slot(plan.spans().get(i).slot());
                if (unusable.get(i) && faulty.contains(slot)) {
                    unusable.clear(i);
                } else if (unusable.get(i)) {
                    generation(slot.work()).retry();
                }
            }
        }
        return unusable;
    }

    /** What the runner tells of a plan, and asks. */
    private final class Sampling implements ModelRunner.Outputs {
        private final BatchPlan plan;

        Sampling(BatchPlan plan) {
            this.plan = plan;
        }

        @Override
        public void logits(int span, float[] logits) {
            Generation generation =
                    generation(scheduler.slot(plan.spans().get(span).slot()).work());
            long before = clock.getAsLong();
            sampledTokens[span] = generation.sample(logits);
            sampleNanos += clock.getAsLong() - before;
        }

        @Override
        public boolean givenUp() {
            return wishes.givenUp();
        }
    }

    /**
     * Takes a sampled token; returns what its listener is to be told. Until then the generation is known, so that
     * whatever fails in between, its listener hears of an end.
     */
    private Runnable advance(Slot slot, int token, long now) {
        Generation generation = generation(slot.work());
        SamplingException unsampled = generation.unsampled();
        if (unsampled != null) {
            return lose(slot, generation, unsampled.getMessage());
        }
        try {
            return taken(slot, generation, token, now);
        } catch (RuntimeException | Error e) {
            LOG.error(
                    "{}: the text of request {} failed",
                    name,
                    generation.request().id(),
                    e);
            return lose(slot, generation, "the text of a token could not be made: " + e);
        }
    }

    /** One request ends, and what it has in the KV cache is not used again; the step and those beside it go on. */
    private Runnable lose(Slot slot, Generation generation, String message) {
        scheduler.drop(slot);
        return () -> {
            remove(generation);
            generation.fail(FailureKind.DECODE_FAILED, message);
        };
    }

    private Runnable taken(Slot slot, Generation generation, int token, long now) {
        generation.sampled(now);
        Ending ending = Ending.LIMIT;
        boolean hasRoom = true;
        String text = "";
        if (generation.request().maxTokens() != 0) {
            boolean endOfGeneration = vocabulary.isEndOfGeneration(token);
            ending = scheduler.sampled(slot, token, endOfGeneration);
            if (!endOfGeneration) {
                completionTokens++;
                byte[] piece = vocabulary.piece(token);
                text = generation.assemble(token, piece);
                hasRoom = generation.holds(piece.length);
            }
        }
        String shown = text;
        Ending met = generation.stopped() ? Ending.STOP_STRING : ending == null && !hasRoom ? Ending.MEMORY : ending;
        if (met == null) {
            return () -> {
                if (!generation.tell(shown)) {
                    end(generation.request().id(), FailureKind.INTERNAL, "the consumer of the text failed");
                }
            };
        }
        GenerationListener.Outcome outcome = generation.outcome(met, slot, now);
        scheduler.free(slot);
        return () -> {
            remove(generation);
            generation.tell(shown + generation.flush());
            generation.finish(outcome);
        };
    }

    private void accept(GenerationRequest request, GenerationListener listener, long submitted) {
        Generation generation;
        try {
            generation = new Generation(request, listener, scratch, probabilities, submitted);
        } catch (RuntimeException | Error e) {
            LOG.error("{}: request {} cannot begin", name, request.id(), e);
            if (request.sampler() != null) {
                loop.tell(request.sampler()::close);
            }
            loop.tell(() -> listener.failed(FailureKind.INTERNAL, "the engine failed: " + e));
            return;
        }
        generations.put(request.id(), generation);
        scheduler.submit(request);
    }

    /** Who gets and leaves slots. */
    private final class Told implements Admissions {
        @Override
        public void admitted(Slot slot) {
            promptTokens += slot.work().prompt().length;
            cachedTokens += slot.reused();
            generation(slot.work()).admitted(clock.getAsLong());
        }

        @Override
        public void found(Slot slot, int tokens) {
            cachedTokens += tokens;
        }

        @Override
        public void paused(GenerationRequest request) {
            generation(request).paused(clock.getAsLong());
        }

        @Override
        public void resumed(Slot slot) {
            generation(slot.work()).resumed(clock.getAsLong());
        }
    }

    private void end(long requestId, FailureKind kind, String message) {
        scheduler.cancel(requestId).ifPresent(request -> {
            publish();
            Generation generation = generation(request);
            remove(generation);
            generation.fail(kind, message);
        });
    }

    /** Whatever the scheduler knows of has one. */
    private Generation generation(GenerationRequest request) {
        return Objects.requireNonNull(generations.get(request.id()));
    }

    private void remove(Generation generation) {
        generations.remove(generation.request().id());
        generation.close();
    }

    /** Whatever the scheduler still knows of them: every listener hears of the end. */
    private void failAll(FailureKind kind, String message) {
        scheduler.reset();
        publish();
        for (Generation generation : List.copyOf(generations.values())) {
            remove(generation);
            generation.fail(kind, message);
        }
    }

    private void publish() {
        List<EngineSnapshot.SlotState> states = new ArrayList<>(config.slots());
        for (Slot slot : scheduler.slots()) {
            EngineSnapshot.Phase phase = slot.idle()
                    ? EngineSnapshot.Phase.IDLE
                    : slot.prefilling() ? EngineSnapshot.Phase.PREFILL : EngineSnapshot.Phase.DECODE;
            long requestId = slot.idle() ? 0 : slot.work().id();
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
