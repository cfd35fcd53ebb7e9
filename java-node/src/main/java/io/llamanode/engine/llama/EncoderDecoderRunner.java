package io.llamanode.engine.llama;

import io.llamanode.engine.model.Adapter;
import io.llamanode.engine.model.BatchPlan;
import io.llamanode.engine.model.BatchPlan.Span;
import io.llamanode.engine.model.IntList;
import io.llamanode.engine.model.KvOperation;
import io.llamanode.engine.model.ModelRunner;
import io.llamanode.llama.LlamaException;
import io.llamanode.llama.context.LlamaBatch;
import io.llamanode.llama.context.LlamaContext;
import io.llamanode.llama.model.Vocab;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * Executes plans on a model whose encoder reads the prompt and whose decoder writes the answer.
 *
 * <p>To the scheduler a sequence is a prompt followed by an answer, as with any model. Here the tokens
 * of a prompt are collected until all are there, the encoder takes them at once, and the decoder starts
 * from its own first token: position p of the answer is position p minus the prompt's length, plus one,
 * of the decoder. llama.cpp keeps one encoder output a context, so there is one slot, and a prompt is
 * encoded anew for every request.
 *
 * <p>Who may call it: see {@link ModelRunner}.
 */
public final class EncoderDecoderRunner implements ModelRunner {
    private final LlamaContext context;
    private final LlamaBatch batch;
    private final float[] logits;
    private final int start;
    private final IntList prompt = new IntList();
    private boolean answering;

    /**
     * Runs plans with a context, which belongs to it from now on.
     *
     * @param context of one sequence, which takes {@code nBatch} tokens at once; closed by {@link #close}
     * @param nBatch tokens of a prompt at most
     */
    public EncoderDecoderRunner(LlamaContext context, int nBatch) {
        this.context = context;
        this.batch = new LlamaBatch(nBatch);
        this.logits = new float[context.model().vocab().nTokens()];
        int own = context.model().decoderStartToken();
        // As llama.cpp's programs do where a file names none.
        this.start = own != Vocab.NONE ? own : context.model().vocab().bos();
    }

    @Override
    public void execute(BatchPlan plan, Outputs outputs) throws RunnerException {
        try {
            for (KvOperation operation : plan.kv()) {
                switch (operation) {
                    case KvOperation.Truncate(int sequence, int from) when from == 0 -> restart();
                    case KvOperation.Cleanse(List<KvOperation.Beginning> kept)
                    when kept.isEmpty() -> {
                        restart();
                        context.clearAllBut();
                    }
                    default -> throw new RunnerException("a model with an encoder cannot " + operation, null);
                }
            }
            for (int i = 0; i < plan.spans().size(); i++) {
                execute(plan.spans().get(i), i, outputs);
            }
        } catch (LlamaException e) {
            throw LlamaRunner.failure(e);
        }
    }

    private void restart() {
        prompt.truncate(0);
        answering = false;
    }

    private void execute(Span span, int index, Outputs outputs) {
        if (span.position() == 0) {
            restart();
        }
        if (answering) {
            decode(span.tokens(), span.offset(), span.count(), span.position() - prompt.size() + 1, outputs);
        } else {
            prompt.addAll(span.tokens(), span.offset(), span.count());
            if (!span.output()) {
                return;
            }
            encode(outputs);
            decode(new int[] {start}, 0, 1, 0, outputs);
            answering = true;
        }
        if (span.output()) {
            MemorySegment row = context.logits(batch.size() - 1);
            MemorySegment.copy(row, ValueLayout.JAVA_FLOAT, 0, logits, 0, logits.length);
            outputs.logits(index, logits);
        }
    }

    private void encode(Outputs outputs) {
        context.clear();
        batch.clear();
        int[] tokens = prompt.toArray();
        for (int i = 0; i < tokens.length; i++) {
            batch.add(tokens[i], i, 0, true);
        }
        context.encode(batch, outputs::givenUp);
    }

    private void decode(int[] tokens, int offset, int count, int position, Outputs outputs) {
        batch.clear();
        for (int i = 0; i < count; i++) {
            batch.add(tokens[offset + i], position + i, 0, i == count - 1);
        }
        context.decode(batch, outputs::givenUp);
    }

    /** No plan has one: models with an encoder take none. */
    @Override
    public void forget(Adapter adapter) {}

    /** The encoder reads the prompt alone, and at once. */
    @Override
    public boolean canResume() {
        return false;
    }

    @Override
    public boolean canShift() {
        return false;
    }

    @Override
    public boolean canTruncate() {
        return false;
    }

    @Override
    public boolean sharesCells() {
        return false;
    }

    @Override
    public void close() {
        batch.close();
        context.close();
    }
}
