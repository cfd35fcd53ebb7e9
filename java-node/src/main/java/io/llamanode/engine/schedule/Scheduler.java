package io.llamanode.engine.schedule;

import io.llamanode.engine.contract.CacheUse;
import io.llamanode.engine.contract.EngineConfig;
import io.llamanode.engine.contract.Forecast;
import io.llamanode.engine.contract.GenerationListener.Ending;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.model.Adapter;
import io.llamanode.engine.model.AdapterSet;
import io.llamanode.engine.model.BatchPlan;
import io.llamanode.engine.model.BatchPlan.Span;
import io.llamanode.engine.model.KvOperation;
import io.llamanode.queue.WaitingLine;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Decides which request gets which slot and what each step decodes: continuous batching, where
 * requests join and leave at every step, with prompts evaluated in chunks beside running decodes.
 *
 * <p>A plain object without threads, clocks or I/O. One round is {@link #plan}, execution of the
 * plan elsewhere, then {@link #executed} and {@link #sampled} for each span with output, or
 * {@link #failed}. For one thread.
 */
public final class Scheduler {
    private final EngineConfig config;
    private final boolean canTruncate;
    private final boolean sharesCells;
    private final boolean canResume;
    private WaitingLine<GenerationRequest> waiting = new WaitingLine<>();
    /** Of every request, whether it waits or has a slot. */
    private final Deadlines deadlines = new Deadlines();

    /** How far requests have come that wait for another turn, by their id. */
    private final Map<Long, Progress> paused = new HashMap<>();

    private final Turns turns;
    private final Suspects suspects = new Suspects();
    private final List<Slot> slots;
    private final Cells cells;
    private final Placements placements;

    private final AdapterTurns adapterTurns = new AdapterTurns();
    private long uses;

    /**
     * A scheduler whose slots are all idle.
     *
     * @param config sizes
     * @param canShift whether a sequence can forget positions in its middle
     * @param canTruncate whether a sequence can forget its last positions only
     * @param sharesCells whether what moves in one sequence moves in those that were copied from it
     * @param canResume whether a sequence whose cells are lost can be computed anew from its prompt and answer
     * @param beginsText whether a token is the one that the model wants before any text: where a prompt begins with it,
     *     no shift drops it
     */
    public Scheduler(
            EngineConfig config,
            boolean canShift,
            boolean canTruncate,
            boolean sharesCells,
            boolean canResume,
            IntPredicate beginsText) {
        this.config = config;
        this.canTruncate = canTruncate;
        this.sharesCells = sharesCells;
        this.canResume = canResume;
        this.cells = new Cells(config, canShift, sharesCells, beginsText);
        this.turns = new Turns(config);
        this.placements = new Placements(config, canTruncate);
        List<Slot> all = new ArrayList<>();
        for (int id = 0; id < config.slots(); id++) {
            all.add(new Slot(id));
        }
        this.slots = List.copyOf(all);
    }

    /**
     * Takes a request, which gets a slot when its turn comes.
     *
     * @param request waits from now on
     */
    public void submit(GenerationRequest request) {
        waiting.add(request);
        deadlines.add(request.id(), request.deadline());
    }

    /**
     * Takes a request out, wherever it is; what its slot has cached stays usable.
     *
     * @param requestId of it
     * @return the request, if there is one
     */
    public Optional<GenerationRequest> cancel(long requestId) {
        GenerationRequest found = waiting.remove(requestId);
        if (found != null) {
            paused.remove(requestId);
            deadlines.remove(found.id(), found.deadline());
            return Optional.of(found);
        }
        for (Slot slot : slots) {
            if (!slot.idle() && slot.work().id() == requestId) {
                return Optional.of(free(slot));
            }
        }
        return Optional.empty();
    }

    /**
     * {@return ids of all requests whose deadline has passed}
     *
     * @param now {@link System#nanoTime()}
     */
    public List<Long> expired(long now) {
        return deadlines.passed(now);
    }

    /**
     * No request with a key comes any more. What is cached for it stays for others, as far as they may have it.
     *
     * @param cacheKey of requests; nothing is cached for 0
     */
    public void leave(long cacheKey) {
        for (Slot slot : slots) {
            if (slot.cacheKey == cacheKey && cacheKey != 0) {
                slot.cacheKey = 0;
                if (slot.idle()) {
                    dropWhatNobodyMayHave(slot);
                }
            }
        }
    }

    /**
     * No request with an adapter comes any more: what was computed with it is of use to nobody.
     *
     * @param adapter that no request has
     */
    public void forget(Adapter adapter) {
        for (Slot slot : slots) {
            if (slot.idle() && slot.adapters.contains(adapter)) {
                cells.truncate(slot, 0);
                slot.adapters = AdapterSet.NONE;
            }
        }
    }

    /**
     * Forgets what an idle slot has cached for a key beyond the first tokens.
     *
     * @param cacheKey of requests; nothing is cached for 0
     * @param tokens to keep
     */
    public void shorten(long cacheKey, int tokens) {
        for (Slot slot : slots) {
            if (slot.cacheKey == cacheKey && cacheKey != 0 && slot.idle()) {
                cells.truncate(slot, canTruncate || tokens >= slot.cached.size() ? tokens : 0);
            }
        }
    }

    /**
     * Forgets what idle slots have cached beyond what begins with one of some prompts.
     *
     * @param kept tokens of these prompts
     */
    public void clear(List<int[]> kept) {
        for (Slot slot : slots) {
            if (slot.idle()) {
                int tokens = kept.stream()
                        .mapToInt(prompt -> slot.cached.commonPrefix(prompt))
                        .max()
                        .orElse(0);
                cells.truncate(slot, canTruncate || tokens >= slot.cached.size() ? tokens : 0);
            }
        }
    }

    /**
     * {@return how a request would fare if it came now}
     *
     * @param request what would come
     */
    public Forecast forecast(GenerationRequest request) {
        int ahead = waiting.ahead(request.priority(), request.customer());
        int idle = places();
        if (ahead < idle) {
            Placement placement = placements.place(request, request.prompt(), slots);
            return new Forecast(Objects.requireNonNull(placement).spared(), 0);
        }
        // It would get a slot that somebody leaves.
        return new Forecast(placements.afterwards(request, slots), ahead - idle + 1);
    }

    /** {@return whether a request waits or runs; changes of the KV cache alone can wait for the next plan} */
    public boolean hasWork() {
        if (waiting.size() > 0) {
            return true;
        }
        for (Slot slot : slots) {
            if (!slot.idle()) {
                return true;
            }
        }
        return false;
    }

    /**
     * Gives free slots, and those whose turn is over, to waiting requests and lays out the next batch: first one token for
     * each generating slot, then tokens to evaluate, the request that got its slot first before the others. A request in
     * doubt has the batch to itself.
     *
     * @param told of those who get and leave slots
     * @param pacing tells how many prompt tokens, where any slot generates
     * @param now {@link System#nanoTime()}
     * @return what to execute, possibly nothing
     */
    public BatchPlan plan(Admissions told, PrefillPacing pacing, long now) {
        Slot suspect = suspects.next(slots);
        if (suspect != null && suspects.begins(suspect.progress()) && sharesCells) {
            cleanse(List.of());
        }
        if (suspect != null) {
            suspect.waitNoLonger();
        }
        admit(told, suspect == null, now);
        takeWhatWasAwaited(told);
        AdapterSet adapters = suspect != null ? suspect.adapters : adapterTurns.next(slots);
        List<Slot> planned = suspect != null ? List.of(suspect) : slots;
        List<Span> spans = new ArrayList<>(config.slots());
        for (Slot slot : planned) {
            if (slot.decoding() && slot.adapters.equals(adapters)) {
                int last = slot.progress().last();
                spans.add(new Span(slot.id, new int[] {last}, 0, 1, slot.cached.size(), true));
            }
        }
        int budget = config.nBatch() - spans.size();
        List<Slot> prefilling = prefillOrder(planned, adapters);
        if (!spans.isEmpty() && !prefilling.isEmpty()) {
            int done = prefilling.getFirst().cached.size();
            budget = Math.min(budget, pacing.share(spans.size(), prefilling.size(), done));
        }
        for (Slot slot : prefilling) {
            int done = slot.cached.size();
            int[] text = slot.progress().evaluated();
            int count = Math.min(budget, text.length - done);
            if (count > 0) {
                boolean last = done + count == text.length;
                spans.add(new Span(slot.id, text, done, count, done, last));
                budget -= count;
            }
        }
        return new BatchPlan(cells.takeChanges(), adapters, spans);
    }

    /**
     * The plan's tokens are in the KV cache now.
     *
     * @param plan the last one
     */
    public void executed(BatchPlan plan) {
        executed(plan, new BitSet());
    }

    /**
     * The plan was executed. Spans whose logits are of no use count for nothing: what they wrote is cleared, and their
     * requests are computed again, alone, unless they were.
     *
     * @param plan the last one
     * @param unusable spans with such logits
     * @return slots whose requests are at fault; they are to be {@linkplain #drop dropped}
     */
    public List<Slot> executed(BatchPlan plan, BitSet unusable) {
        for (int i = 0; i < plan.spans().size(); i++) {
            Span span = plan.spans().get(i);
            Slot slot = slots.get(span.slot());
            if (!unusable.get(i)) {
                slot.cached.addAll(span.tokens(), span.offset(), span.count());
                slot.proven = span.output();
                if (span.output()) {
                    suspects.remove(slot.progress());
                }
            }
        }
        List<Slot> faulty = new ArrayList<>(0);
        unusable.stream().mapToObj(i -> slots.get(plan.spans().get(i).slot())).forEach(slot -> {
            boolean wasAlone = suspects.remove(slot.progress());
            if (wasAlone || !canResume) {
                faulty.add(slot);
                slot.empty();
            } else {
                suspects.add(slot.progress());
                if (!slot.proven || !canTruncate) {
                    slot.empty();
                }
            }
        });
        if (!unusable.isEmpty()) {
            cleanse(faulty);
        }
        return faulty;
    }

    /** What is certain stays; of what is not, nothing does where sequences can spoil each other, or nobody works with it. */
    private void cleanse(List<Slot> faulty) {
        for (Slot slot : slots) {
            if (!slot.proven && (sharesCells || slot.idle())) {
                slot.empty();
                if (!slot.idle() && !faulty.contains(slot)) {
                    suspects.add(slot.progress());
                }
            }
        }
        cells.cleanse(slots);
    }

    /**
     * The plan was given up while it was executed. Its changes of the cache were made; of its tokens nothing is kept.
     *
     * @param plan the last one
     */
    public void abandoned(BatchPlan plan) {
        for (Span span : plan.spans()) {
            Slot slot = slots.get(span.slot());
            if (!canTruncate) {
                slot.empty();
            }
            cells.cutBack(slot);
        }
    }

    /**
     * Takes the token that was sampled after a span with output.
     *
     * @param slot that was executed
     * @param token sampled
     * @param endOfGeneration whether the model says no more behind it
     * @return what ends the request, or {@code null} if it goes on; its slot stays assigned until {@link #free}
     */
    public @Nullable Ending sampled(Slot slot, int token, boolean endOfGeneration) {
        GenerationRequest request = slot.work();
        if (endOfGeneration) {
            return Ending.EOS;
        }
        slot.progress().sampled(token);
        if (slot.progress().completion.size() == request.maxTokens()) {
            return Ending.LIMIT;
        }
        if (slot.cached.size() >= config.nCtx() && !cells.shift(slot)) {
            return Ending.CONTEXT;
        }
        return null;
    }

    /**
     * The plan was not executed, and nobody knows what its sequences hold. Each starts empty, and every request that had
     * tokens in the plan ends. One whose context is gone for another reason is computed anew from its first token.
     *
     * @param plan the last one
     * @return the requests that end; their slots are free
     */
    public List<GenerationRequest> failed(BatchPlan plan) {
        BitSet touched = new BitSet(slots.size());
        BitSet planned = new BitSet(slots.size());
        for (KvOperation operation : plan.kv()) {
            switch (operation) {
                // What stays is known, whether it was applied or not.
                case KvOperation.Truncate truncate -> touched.set(truncate.sequence());
                // Some of it may have been put back, and not all.
                case KvOperation.Cleanse cleanse -> {
                    slots.forEach(slot -> empty(slot, touched));
                    cells.cleanse(slots);
                }
                // Applied twice it would do harm.
                case KvOperation.Discard discard -> empty(slots.get(discard.sequence()), touched);
                // Its source may have changed since.
                case KvOperation.Copy copy -> empty(slots.get(copy.sequence()), touched);
            }
        }
        for (Span span : plan.spans()) {
            empty(slots.get(span.slot()), touched);
            planned.set(span.slot());
        }
        List<GenerationRequest> lost = new ArrayList<>();
        for (Slot slot : slots) {
            if (!slot.idle() && (planned.get(slot.id) || !canResume && touched.get(slot.id))) {
                lost.add(free(slot));
            }
            if (touched.get(slot.id)) {
                cells.cutBack(slot);
            }
        }
        return lost;
    }

    private static void empty(Slot slot, BitSet touched) {
        slot.empty();
        touched.set(slot.id);
    }

    /** Forgets every request; nobody knows what any sequence holds, so every slot starts empty. */
    public void reset() {
        waiting = new WaitingLine<>();
        paused.clear();
        suspects.clear();
        deadlines.clear();
        cells.takeChanges();
        for (Slot slot : slots) {
            slot.release();
            slot.empty();
            cells.cutBack(slot);
        }
    }

    /**
     * Frees a slot; what it has cached stays for requests to come, those that may have it.
     *
     * @param slot that is not idle
     * @return the request it worked for
     */
    public GenerationRequest free(Slot slot) {
        GenerationRequest request = slot.work();
        deadlines.remove(request.id(), request.deadline());
        slot.release();
        dropWhatNobodyMayHave(slot);
        return request;
    }

    private void dropWhatNobodyMayHave(Slot slot) {
        boolean lends = slot.lends.compareTo(CacheUse.KEY) > 0;
        if (slot.cacheKey == 0 && !lends) {
            cells.truncate(slot, 0);
        }
    }

    /**
     * Frees a slot whose request failed for what its sequence holds, which nothing goes on from.
     *
     * @param slot that is not idle
     */
    public void drop(Slot slot) {
        free(slot);
        slot.cacheKey = 0;
        cells.truncate(slot, 0);
    }

    /**
     * {@return a slot}
     *
     * @param id from 0
     */
    public Slot slot(int id) {
        return slots.get(id);
    }

    /** {@return all slots by id} */
    public List<Slot> slots() {
        return slots;
    }

    /** {@return how many requests have no slot} */
    public int waitingCount() {
        return waiting.size();
    }

    /** {@return how many contexts dropped their older half} */
    public long contextShifts() {
        return cells.shifts();
    }

    private void admit(Admissions told, boolean inTurn, long now) {
        turns.see(slots, now);
        while (waiting.size() > 0) {
            Progress leaving = null;
            if (places() == 0) {
                Slot over = canResume && inTurn ? turns.over(slots, waiting, now) : null;
                if (over == null) {
                    return;
                }
                leaving = leave(over);
            }
            GenerationRequest next = Objects.requireNonNull(waiting.poll());
            if (leaving != null) {
                // Behind the others, of whom at least one is another customer's.
                paused.put(leaving.request.id(), leaving);
                waiting.add(leaving.request);
                told.paused(leaving.request);
            }
            enter(next, told);
        }
    }

    /** {@return how many requests could get a slot now} */
    private int places() {
        int idle = (int) slots.stream().filter(Slot::idle).count();
        return config.together() ? idle : idle == slots.size() ? 1 : 0;
    }

    private Progress leave(Slot slot) {
        Progress leaving = slot.progress();
        slot.release();
        dropWhatNobodyMayHave(slot);
        return leaving;
    }

    private void enter(GenerationRequest request, Admissions told) {
        Progress known = paused.remove(request.id());
        Progress progress = known != null ? known : new Progress(request);
        Placement placement = Objects.requireNonNull(placements.place(request, progress.evaluated(), slots));
        Slot slot = placement.slot();
        if (placement.donor() == null) {
            cells.truncate(slot, placement.reused());
        } else {
            cells.copy(placement.donor(), slot, placement.reused());
        }
        slot.assign(progress, ++uses);
        if (placement.awaited() != null) {
            slot.await(placement.awaited(), placement.promised());
        }
        if (known == null) {
            told.admitted(slot);
        } else {
            told.resumed(slot);
        }
    }

    /** Copies what slots have waited for, or whatever else there is by now. */
    private void takeWhatWasAwaited(Admissions told) {
        for (Slot slot : slots) {
            if (slot.hasWaited(slots)) {
                int has = slot.cached.size();
                Placement found = placements.copied(slot.work(), slot.progress().evaluated(), slots, slot, has);
                if (found.donor() != null) {
                    cells.copy(found.donor(), slot, found.reused());
                    slot.foundMore();
                    if (slot.progress().completion.size() == 0) {
                        told.found(slot, found.reused() - has);
                    }
                }
            }
        }
    }

    private static List<Slot> prefillOrder(List<Slot> planned, AdapterSet adapters) {
        List<Slot> order = new ArrayList<>();
        for (Slot slot : planned) {
            if (slot.prefilling() && !slot.waits() && slot.adapters.equals(adapters)) {
                order.add(slot);
            }
        }
        order.sort(Comparator.comparingLong(slot -> slot.lastUse));
        return order;
    }
}
