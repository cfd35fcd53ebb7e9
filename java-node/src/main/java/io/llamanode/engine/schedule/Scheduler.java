package io.llamanode.engine.schedule;

import io.llamanode.engine.contract.EngineConfig;
import io.llamanode.engine.contract.Forecast;
import io.llamanode.engine.contract.GenerationListener.Ending;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.model.AdapterSet;
import io.llamanode.engine.model.BatchPlan;
import io.llamanode.engine.model.BatchPlan.Span;
import io.llamanode.engine.model.IntList;
import io.llamanode.engine.model.KvOperation;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
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
    private final boolean canShift;
    private final boolean canTruncate;
    private final boolean sharesCells;
    private final IntPredicate beginsText;
    private WaitingLine waiting = new WaitingLine();
    /** Of every request, whether it waits or has a slot. */
    private final Deadlines deadlines = new Deadlines();

    private final List<Slot> slots;
    /** Changes of the KV cache that the next plan carries. */
    private final List<KvOperation> kv = new ArrayList<>();

    private final AdapterTurns turns = new AdapterTurns();
    private long uses;
    private long contextShifts;

    /**
     * A scheduler whose slots are all idle.
     *
     * @param config sizes
     * @param canShift whether a sequence can forget positions in its middle
     * @param canTruncate whether a sequence can forget its last positions only
     * @param sharesCells whether what moves in one sequence moves in those that were copied from it
     * @param beginsText whether a token is the one that the model wants before any text: where a prompt begins with it,
     *     no shift drops it
     */
    public Scheduler(
            EngineConfig config, boolean canShift, boolean canTruncate, boolean sharesCells, IntPredicate beginsText) {
        this.config = config;
        this.canShift = canShift;
        this.canTruncate = canTruncate;
        this.sharesCells = sharesCells;
        this.beginsText = beginsText;
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
     * Forgets what is cached for a key; a slot that is busy forgets when it is free.
     *
     * @param cacheKey of requests; nothing is cached for 0
     */
    public void forget(long cacheKey) {
        for (Slot slot : slots) {
            if (slot.cacheKey == cacheKey && cacheKey != 0) {
                slot.cacheKey = 0;
                if (slot.idle()) {
                    truncate(slot, 0);
                }
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
                truncate(slot, canTruncate || tokens >= slot.cached.size() ? tokens : 0);
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
        int idle = (int) slots.stream().filter(Slot::idle).count();
        if (ahead < idle) {
            return new Forecast(
                    Objects.requireNonNull(Placement.of(request, slots, canTruncate))
                            .reused(),
                    0);
        }
        // It would get a slot that somebody leaves.
        return new Forecast(Placement.afterwards(request, slots, canTruncate), ahead - idle + 1);
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
     * Gives free slots to waiting requests and lays out the next batch: first one token for each
     * generating slot, then prompt tokens, the request that got its slot first before the others.
     *
     * @param admitted told of each slot that got a request
     * @param pacing tells how many prompt tokens, where any slot generates
     * @return what to execute, possibly nothing
     */
    public BatchPlan plan(Consumer<Slot> admitted, PrefillPacing pacing) {
        admit(admitted);
        AdapterSet adapters = turns.next(slots);
        List<Span> spans = new ArrayList<>(config.slots());
        for (Slot slot : slots) {
            if (slot.decoding() && slot.adapters.equals(adapters)) {
                spans.add(new Span(slot.id, new int[] {slot.pending}, 0, 1, slot.cached.size(), true));
            }
        }
        int budget = config.nBatch() - spans.size();
        List<Slot> prefilling = prefillOrder(adapters);
        if (!spans.isEmpty() && !prefilling.isEmpty()) {
            int done = prefilling.getFirst().cached.size();
            budget = Math.min(budget, pacing.share(spans.size(), prefilling.size(), done));
        }
        for (Slot slot : prefilling) {
            int done = slot.cached.size();
            int[] prompt = slot.work().prompt();
            int count = Math.min(budget, prompt.length - done);
            if (count > 0) {
                boolean last = done + count == prompt.length;
                spans.add(new Span(slot.id, prompt, done, count, done, last));
                budget -= count;
            }
        }
        BatchPlan plan = new BatchPlan(List.copyOf(kv), adapters, spans);
        kv.clear();
        return plan;
    }

    /**
     * The plan's tokens are in the KV cache now.
     *
     * @param plan the last one
     */
    public void executed(BatchPlan plan) {
        for (Span span : plan.spans()) {
            slots.get(span.slot()).cached.addAll(span.tokens(), span.offset(), span.count());
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
        IntList completion = Objects.requireNonNull(slot.completion);
        completion.add(token);
        slot.pending = token;
        if (completion.size() == request.maxTokens()) {
            return Ending.LIMIT;
        }
        if (slot.cached.size() >= config.nCtx() && !shift(slot)) {
            return Ending.CONTEXT;
        }
        return null;
    }

    /**
     * The plan was not executed, and nobody knows what its sequences hold. Each starts empty, and with it ends every
     * request that had tokens in the plan, or had generated some: its context is gone, whoever's turn it was. One that
     * has only got its slot begins with the first token of its prompt.
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
            if (!slot.idle() && (planned.get(slot.id) || slot.decoding() && slot.cached.size() == 0)) {
                lost.add(free(slot));
            }
            if (touched.get(slot.id)) {
                kv.add(new KvOperation.Truncate(slot.id, slot.cached.size()));
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
        waiting = new WaitingLine();
        deadlines.clear();
        kv.clear();
        for (Slot slot : slots) {
            slot.release();
            slot.empty();
            kv.add(new KvOperation.Truncate(slot.id, 0));
        }
    }

    /**
     * Frees a slot; what it has cached stays for the next request with its cache key.
     *
     * @param slot that is not idle
     * @return the request it worked for
     */
    public GenerationRequest free(Slot slot) {
        GenerationRequest request = slot.work();
        deadlines.remove(request.id(), request.deadline());
        slot.release();
        if (slot.cacheKey == 0) {
            truncate(slot, 0);
        }
        return request;
    }

    /**
     * Frees a slot whose request failed for what its sequence holds, which nothing goes on from.
     *
     * @param slot that is not idle
     */
    public void drop(Slot slot) {
        slot.cacheKey = 0;
        free(slot);
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
        return contextShifts;
    }

    private void admit(Consumer<Slot> admitted) {
        for (GenerationRequest request = waiting.peek(); request != null; request = waiting.peek()) {
            Placement placement = Placement.of(request, slots, canTruncate);
            if (placement == null) {
                return;
            }
            waiting.poll();
            Slot slot = placement.slot();
            if (placement.donor() == null) {
                truncate(slot, placement.reused());
            } else {
                copy(placement.donor(), slot, placement.reused());
            }
            slot.assign(request, placement.reused(), ++uses);
            admitted.accept(slot);
        }
    }

    private void copy(Slot donor, Slot slot, int count) {
        kv.add(new KvOperation.Copy(donor.id, slot.id, count));
        slot.cached.truncate(0);
        slot.cached.addAll(donor.cached, count);
        if (sharesCells) {
            slot.shared = count;
            donor.shared = Math.max(donor.shared, count);
        }
    }

    private void truncate(Slot slot, int size) {
        if (slot.cached.size() > size) {
            slot.shared = Math.min(slot.shared, size);
            slot.cached.truncate(size);
            kv.add(new KvOperation.Truncate(slot.id, size));
        }
    }

    /** Drops the older half of what is not kept. */
    private boolean shift(Slot slot) {
        GenerationRequest request = slot.work();
        if (!canShift || !request.contextShift() || request.maxTokens() == GenerationRequest.TO_END_OF_CONTEXT) {
            return false;
        }
        int size = slot.cached.size();
        int[] prompt = request.prompt();
        int wanted =
                request.nKeep() < 0 ? prompt.length : Math.max(request.nKeep(), beginsText.test(prompt[0]) ? 1 : 0);
        // However much the request wants to keep, a shift makes room for some tokens, as it holds up every slot.
        int keep = Math.min(wanted, size - Math.max(2, config.nCtx() / 4));
        // What another sequence holds as well must not move; it is dropped here instead. It is less than all, because
        // it
        // is a part of a prompt, and a prompt is shorter than a context.
        int discard = Math.max((size - keep) / 2, slot.shared - keep);
        kv.add(new KvOperation.Discard(slot.id, keep, keep + discard, size));
        slot.cached.remove(keep, keep + discard);
        slot.shared = Math.min(slot.shared, keep);
        contextShifts++;
        return true;
    }

    private List<Slot> prefillOrder(AdapterSet adapters) {
        List<Slot> order = new ArrayList<>();
        for (Slot slot : slots) {
            if (slot.prefilling() && slot.adapters.equals(adapters)) {
                order.add(slot);
            }
        }
        order.sort(Comparator.comparingLong(slot -> slot.lastUse));
        return order;
    }
}
