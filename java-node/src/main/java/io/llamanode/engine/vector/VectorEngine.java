package io.llamanode.engine.vector;

import io.llamanode.engine.contract.GenerationListener.FailureKind;
import io.llamanode.engine.loop.CommandLoop;
import io.llamanode.engine.loop.Wishes;
import io.llamanode.engine.model.ModelRunner.MemoryException;
import io.llamanode.engine.model.ModelRunner.RunnerException;
import io.llamanode.engine.schedule.Deadlines;
import io.llamanode.engine.vector.VectorRunner.Sequence;
import io.llamanode.queue.FairQueue;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns texts into vectors on a context of its own, side by side with the engine that generates. One
 * loop thread owns the runner. Each step computes as many texts as fit together, taken from all
 * requests in turn by customer.
 *
 * <p>Any thread may call it; only {@link #close} waits, and is not for the loop thread, on which listeners are told.
 */
public final class VectorEngine implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(VectorEngine.class);

    private final String name;
    private final VectorRunner runner;
    private final LongSupplier clock;
    private final boolean together;
    private final CommandLoop loop;
    private final Wishes wishes;
    // Everything below is for the loop thread.
    private final Map<Long, Job> jobs = new LinkedHashMap<>();
    private final Deadlines deadlines = new Deadlines();
    /** Texts of jobs. */
    private final FairQueue<Item> waiting = new FairQueue<>();
    /** The last one that was begun. */
    private @Nullable Job current;

    /** A request and what has come of it so far. */
    private static final class Job {
        final VectorRequest request;
        final VectorListener listener;
        final long submitted;
        final float[][] vectors;
        /** Where its texts wait, or waited. */
        final List<FairQueue.Place> places = new ArrayList<>();

        /** Texts that were taken from there, where they are taken in their order. */
        int taken;

        int left;
        long started;

        Job(VectorRequest request, VectorListener listener, long submitted) {
            this.request = request;
            this.listener = listener;
            this.submitted = submitted;
            this.vectors = new float[request.inputs().size()][];
            this.left = vectors.length;
        }
    }

    /** One text of a request. */
    private record Item(Job job, int index) {
        int[] tokens() {
            return job.request.inputs().get(index);
        }
    }

    /**
     * An engine that is not running yet.
     *
     * @param name of the loop thread
     * @param runner computes; closed by {@link #close}
     * @param together whether texts of several requests are computed at once; else one request after the other
     */
    public VectorEngine(String name, VectorRunner runner, boolean together) {
        this(name, runner, together, System::nanoTime);
    }

    VectorEngine(String name, VectorRunner runner, boolean together, LongSupplier clock) {
        this.together = together;
        this.name = name;
        this.runner = runner;
        this.clock = clock;
        this.wishes = new Wishes(clock);
        this.loop = new CommandLoop(name, new Steps());
    }

    /** Starts the loop thread. */
    public void start() {
        loop.start();
    }

    /**
     * Queues a request.
     *
     * @param request what to compute
     * @param listener hears of it, on the loop thread
     * @param accepted run on this thread if the request is taken, before its listener can hear anything
     * @return {@code false}, and nothing is heard, if the engine is closed
     */
    public boolean submit(VectorRequest request, VectorListener listener, Runnable accepted) {
        long now = clock.getAsLong();
        return loop.submit(accepted, () -> accept(request, listener, now));
    }

    /**
     * Ends a request when the computation that runs is over, which it is at once where nobody else wants it; its listener
     * hears {@link FailureKind#CANCELLED}, unless it had ended before. Does nothing once the engine is closed.
     *
     * @param requestId the request
     */
    public void cancel(long requestId) {
        Wishes.Cancel cancel = new Wishes.Cancel(requestId);
        boolean queued = loop.post(() -> {
            wishes.granted(cancel);
            fail(requestId, FailureKind.CANCELLED, "cancelled");
        });
        if (queued) {
            wishes.cancel(cancel);
        }
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
            return waiting.size() > 0;
        }

        @Override
        public void step() {
            VectorEngine.this.step();
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

    /** One round. Package-private so that tests can step without a thread. */
    void step() {
        boolean goesOn = loop.runCommands();
        long now = clock.getAsLong();
        for (long id : deadlines.passed(now)) {
            fail(id, FailureKind.TIMEOUT, "the deadline passed");
        }
        List<Item> batch = goesOn ? nextBatch() : List.of();
        if (!batch.isEmpty()) {
            compute(batch, now);
        }
    }

    private void accept(VectorRequest request, VectorListener listener, long submitted) {
        Job job;
        try {
            job = new Job(request, listener, submitted);
        } catch (RuntimeException | Error e) {
            LOG.error("{}: request {} cannot begin", name, request.id(), e);
            loop.tell(() -> listener.failed(FailureKind.INTERNAL, "the engine failed: " + e));
            return;
        }
        jobs.put(request.id(), job);
        deadlines.add(request.id(), request.deadline());
        for (int i = 0; i < job.vectors.length; i++) {
            job.places.add(waiting.add(request.customer(), new Item(job, i)));
        }
    }

    private List<Item> nextBatch() {
        return together ? nextOfAll() : nextOfOne();
    }

    /** A request is begun when its turn comes, and nothing else before it has ended. */
    private List<Item> nextOfOne() {
        if (current == null || !jobs.containsKey(current.request.id())) {
            Item first = waiting.peek();
            if (first == null) {
                return List.of();
            }
            current = first.job;
        }
        Job job = current;
        List<Item> batch = new ArrayList<>();
        int tokens = 0;
        while (job.taken < job.vectors.length && batch.size() < runner.maxSequences()) {
            Item item = new Item(job, job.taken);
            tokens += item.tokens().length;
            if (!batch.isEmpty() && tokens > runner.maxTokens()) {
                break;
            }
            // Its customer goes behind the others for the first text.
            boolean first = job.taken == 0 && waiting.peek() != null && waiting.peek().job == job;
            Item taken = first ? waiting.poll() : waiting.remove(job.places.get(job.taken));
            job.taken++;
            if (taken != null) {
                batch.add(taken);
            }
        }
        return batch;
    }

    private List<Item> nextOfAll() {
        List<Item> batch = new ArrayList<>();
        int tokens = 0;
        for (Item item = waiting.peek(); item != null && batch.size() < runner.maxSequences(); item = waiting.peek()) {
            tokens += item.tokens().length;
            if (!batch.isEmpty() && tokens > runner.maxTokens()) {
                break;
            }
            batch.add(waiting.poll());
        }
        return batch;
    }

    private void compute(List<Item> batch, long now) {
        for (Item item : batch) {
            if (item.job.left == item.job.vectors.length) {
                item.job.started = now;
            }
        }
        List<float[]> vectors = vectors(batch);
        if (vectors.isEmpty()) {
            return;
        }
        List<Boolean> usable = vectors.stream().map(VectorRunner::isFinite).toList();
        if (batch.size() > 1 && usable.contains(false)) {
            // One may have spoiled the others.
            for (int i = 0; i < batch.size(); i++) {
                if (jobs.containsKey(batch.get(i).job.request.id())) {
                    compute(batch.subList(i, i + 1), now);
                }
            }
            return;
        }
        long end = clock.getAsLong();
        for (int i = 0; i < batch.size(); i++) {
            Job job = batch.get(i).job;
            if (!usable.get(i)) {
                fail(job.request.id(), FailureKind.DECODE_FAILED, "the model computed numbers that are not finite");
                continue;
            }
            job.vectors[batch.get(i).index] = vectors.get(i);
            if (--job.left == 0) {
                remove(job.request.id());
                loop.tell(() -> job.listener.finished(new VectorListener.Outcome(
                        Arrays.asList(job.vectors),
                        job.request.tokens(),
                        job.started - job.submitted,
                        end - job.started)));
            }
        }
    }

    /** {@return the vectors of these texts; none if they are failed, or soon will be because nobody wants them any more} */
    private List<float[]> vectors(List<Item> batch) {
        wishes.begin(batch.stream().map(item -> item.job.request).toList());
        try {
            List<float[]> vectors = runner.compute(
                    batch.stream()
                            .map(item -> new Sequence(item.tokens(), item.job.request.pooling()))
                            .toList(),
                    wishes::givenUp);
            if (vectors.size() != batch.size()) {
                throw new IllegalStateException("%d vectors for %d texts".formatted(vectors.size(), batch.size()));
            }
            return vectors;
        } catch (RunnerException e) {
            if (wishes.givenUp()) {
                LOG.debug("{}: a computation of {} texts was given up", name, batch.size());
            } else {
                LOG.error("{}: a computation of {} texts failed", name, batch.size(), e);
                FailureKind kind = e instanceof MemoryException ? FailureKind.OUT_OF_MEMORY : FailureKind.DECODE_FAILED;
                batch.forEach(item -> fail(item.job.request.id(), kind, "the computation failed: " + e.getMessage()));
            }
        } catch (RuntimeException | Error e) {
            LOG.error("{}: a step failed", name, e);
            batch.forEach(item -> fail(item.job.request.id(), FailureKind.INTERNAL, "the engine failed: " + e));
        } finally {
            wishes.end();
        }
        return List.of();
    }

    private void fail(long requestId, FailureKind kind, String message) {
        Job job = remove(requestId);
        if (job != null) {
            loop.tell(() -> job.listener.failed(kind, message));
        }
    }

    private @Nullable Job remove(long requestId) {
        Job job = jobs.remove(requestId);
        if (job != null) {
            deadlines.remove(requestId, job.request.deadline());
            job.places.forEach(waiting::remove);
        }
        return job;
    }

    private void failAll(FailureKind kind, String message) {
        List.copyOf(jobs.keySet()).forEach(id -> fail(id, kind, message));
    }
}
