package io.llamanode.engine.llama;

import io.llamanode.engine.model.Adapter;
import io.llamanode.engine.model.AdapterSet;
import io.llamanode.engine.model.BatchPlan;
import io.llamanode.engine.model.BatchPlan.Span;
import io.llamanode.engine.model.KvOperation;
import io.llamanode.engine.model.ModelRunner;
import io.llamanode.llama.DecodeException;
import io.llamanode.llama.LlamaException;
import io.llamanode.llama.context.LlamaBatch;
import io.llamanode.llama.context.LlamaContext;
import io.llamanode.llama.model.LoraAdapter;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Executes plans on a llama.cpp context, whose sequence ids are the slots.
 *
 * <p>Who may call it: see {@link ModelRunner}.
 */
public final class LlamaRunner implements ModelRunner {
    private static final Logger LOG = LoggerFactory.getLogger(LlamaRunner.class);

    private final LlamaContext context;
    private final LlamaBatch batch;
    /** What the context computes with; {@code null}: unknown. */
    private @Nullable AdapterSet current = AdapterSet.NONE;

    private final float[] logits;
    /** Whether cells wait to be moved or copied until the next decode. */
    private boolean pending;

    /**
     * Runs plans with a context, which belongs to it from now on.
     *
     * @param context closed by {@link #close}
     * @param nBatch tokens of a plan at most
     */
    public LlamaRunner(LlamaContext context, int nBatch) {
        this.context = context;
        this.batch = new LlamaBatch(nBatch);
        this.logits = new float[context.model().vocab().nTokens()];
    }

    /** A span of the plan, or a part of one, with the index that the outputs know it by. */
    private record Part(int index, Span span) {}

    @Override
    public void execute(BatchPlan plan, Outputs outputs) throws RunnerException {
        try {
            for (KvOperation operation : plan.kv()) {
                apply(operation);
            }
            if (!plan.spans().isEmpty()) {
                set(plan.adapters());
                List<Part> parts = new ArrayList<>(plan.spans().size());
                for (int i = 0; i < plan.spans().size(); i++) {
                    parts.add(new Part(i, plan.spans().get(i)));
                }
                decode(parts, outputs);
            }
        } catch (LlamaException e) {
            throw failure(e);
        }
    }

    static RunnerException failure(LlamaException e) {
        return switch (e instanceof DecodeException decode ? decode.kind() : DecodeException.Kind.FAILED) {
            case ABORTED -> new AbandonedException(e);
            case OUT_OF_MEMORY -> new MemoryException(e.getMessage(), e);
            case NO_KV_SLOT, INVALID_BATCH, FAILED -> new RunnerException(e.getMessage(), e);
        };
    }

    private void apply(KvOperation operation) throws RunnerException {
        switch (operation) {
            case KvOperation.Truncate(int sequence, int from) -> remove(sequence, from, -1);
            case KvOperation.Discard(int sequence, int from, int to, int end) -> {
                remove(sequence, from, to);
                context.seqAdd(sequence, to, end, from - to);
                pending = true;
            }
            case KvOperation.Copy(int source, int sequence, int count) -> {
                remove(sequence, 0, -1);
                // As a whole: separate sequences cannot be copied in part.
                context.seqCopy(source, sequence, 0, -1);
                pending = true;
                remove(sequence, count, -1);
            }
            case KvOperation.Cleanse(List<KvOperation.Beginning> kept) -> cleanse(kept);
        }
    }

    private void cleanse(List<KvOperation.Beginning> kept) throws RunnerException {
        if (pending) {
            throw new RunnerException("cells that wait to be moved cannot be put aside", null);
        }
        for (KvOperation.Beginning beginning : kept) {
            remove(beginning.sequence(), beginning.count(), -1);
        }
        context.clearAllBut(
                kept.stream().mapToInt(KvOperation.Beginning::sequence).toArray());
    }

    private void remove(int sequence, int from, int to) throws RunnerException {
        if (!context.seqRemove(sequence, from, to)) {
            throw new RunnerException("sequence %d cannot forget %d to %d".formatted(sequence, from, to), null);
        }
    }

    private void decode(List<Part> parts, Outputs outputs) {
        fill(parts);
        try {
            // A shift of cells that is ended half way would spoil all of them.
            boolean whole = pending;
            context.decode(batch, () -> !whole && outputs.givenUp());
            pending = false;
        } catch (DecodeException e) {
            if (e.kind() != DecodeException.Kind.NO_KV_SLOT || !retry(parts, outputs)) {
                throw e;
            }
            return;
        }
        int last = -1;
        for (Part part : parts) {
            last += part.span().count();
            if (part.span().output()) {
                MemorySegment row = context.logits(last);
                MemorySegment.copy(row, ValueLayout.JAVA_FLOAT, 0, logits, 0, logits.length);
                outputs.logits(part.index(), logits);
            }
        }
    }

    private void fill(List<Part> parts) {
        batch.clear();
        for (Part part : parts) {
            Span span = part.span();
            for (int i = 0; i < span.count(); i++) {
                boolean output = span.output() && i == span.count() - 1;
                batch.add(span.tokens()[span.offset() + i], span.position() + i, span.slot(), output);
            }
        }
    }

    /**
     * The cache has enough free cells for every slot, but b4916 wants those of one batch side by
     * side: defragment, and if that was not enough go on with smaller batches.
     */
    private boolean retry(List<Part> parts, Outputs outputs) {
        boolean moved = context.defragment();
        LOG.debug("no room for a batch of {} tokens; defragmented: {}", batch.size(), moved);
        int total = batch.size();
        if (total == 1) {
            return false;
        }
        List<Part> front = new ArrayList<>();
        List<Part> back = new ArrayList<>();
        int room = total / 2;
        for (Part part : parts) {
            Span span = part.span();
            int taken = Math.min(room, span.count());
            room -= taken;
            if (taken > 0) {
                front.add(new Part(part.index(), slice(span, 0, taken)));
            }
            if (taken < span.count()) {
                back.add(new Part(part.index(), slice(span, taken, span.count())));
            }
        }
        decode(front, outputs);
        decode(back, outputs);
        return true;
    }

    private static Span slice(Span span, int from, int to) {
        boolean output = span.output() && to == span.count();
        return new Span(span.slot(), span.tokens(), span.offset() + from, to - from, span.position() + from, output);
    }

    private void set(AdapterSet adapters) {
        if (adapters.equals(current)) {
            return;
        }
        List<LoraAdapter> natives = new ArrayList<>();
        float[] scales = new float[adapters.uses().size()];
        for (AdapterSet.Use use : adapters.uses()) {
            scales[natives.size()] = use.scale();
            natives.add(((LlamaAdapter) use.adapter()).adapter());
        }
        current = null; // Unknown, should it fail.
        context.setAdapters(natives, scales);
        current = adapters;
    }

    @Override
    public void forget(Adapter adapter) {
        if (current == null || current.contains(adapter)) {
            set(AdapterSet.NONE);
        }
    }

    @Override
    public boolean canShift() {
        return context.canShift();
    }

    @Override
    public boolean canTruncate() {
        return !context.model().isRecurrent();
    }

    @Override
    public boolean sharesCells() {
        return context.sharesCopiedCells();
    }

    @Override
    public void close() {
        batch.close();
        context.close();
    }
}
