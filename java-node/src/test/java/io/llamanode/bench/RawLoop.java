package io.llamanode.bench;

import io.llamanode.engine.sampling.Candidates;
import io.llamanode.engine.sampling.TokenSampler;
import io.llamanode.llama.context.LlamaBatch;
import io.llamanode.llama.context.LlamaContext;
import io.llamanode.llama.model.LlamaModel;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The binding alone: one decode call a step for all streams, then the node's own greedy sampler. */
final class RawLoop implements Variant {
    private final LlamaModel model;
    private final LlamaContext context;
    private final LlamaBatch batch;
    private final TokenSampler sampler;
    private final float[] logits;

    RawLoop(Settings settings) {
        model = LlamaModel.load(Path.of(settings.model()));
        context = LlamaContext.create(model, settings.contextParams());
        batch = new LlamaBatch(settings.nBatch());
        sampler = new TokenSampler(Greedy.withoutEnd(model.vocab()), new Candidates());
        logits = new float[model.vocab().nTokens()];
    }

    /** A stream; {@code index} is its token's place in the batch, negative if it has none there. */
    private static final class Stream {
        final int sequence;
        final int[] prompt;
        final List<Long> pieces = new ArrayList<>();
        int next;
        int position;
        int index = -1;

        Stream(int sequence, int[] prompt) {
            this.sequence = sequence;
            this.prompt = prompt;
        }
    }

    @Override
    public List<Timeline> run(List<String> prompts, int tokens) {
        List<Stream> streams = new ArrayList<>();
        for (String prompt : prompts) {
            streams.add(new Stream(streams.size(), model.vocab().tokenize(prompt, true, false)));
        }
        long start = System.nanoTime();
        context.clear();
        prefill(streams, start);
        for (int step = 1; step < tokens; step++) {
            batch.clear();
            for (Stream stream : streams) {
                stream.index = batch.add(stream.next, stream.position++, stream.sequence, true);
            }
            decode(streams, start);
        }
        return streams.stream()
                .map(s -> new Timeline(s.prompt.length, tokens, s.pieces.getLast(), s.pieces))
                .toList();
    }

    private void prefill(List<Stream> streams, long start) {
        batch.clear();
        for (Stream stream : streams) {
            while (stream.position < stream.prompt.length) {
                if (batch.size() == batch.capacity()) {
                    decode(streams, start);
                    streams.forEach(s -> s.index = -1);
                    batch.clear();
                }
                boolean last = stream.position == stream.prompt.length - 1;
                int index = batch.add(stream.prompt[stream.position], stream.position, stream.sequence, last);
                stream.index = last ? index : -1;
                stream.position++;
            }
        }
        decode(streams, start);
    }

    private void decode(List<Stream> streams, long start) {
        context.decode(batch);
        for (Stream stream : streams) {
            if (stream.index >= 0) {
                MemorySegment row = context.logits(stream.index);
                MemorySegment.copy(row, ValueLayout.JAVA_FLOAT, 0, logits, 0, logits.length);
                stream.next = sampler.sample(logits);
                stream.pieces.add((System.nanoTime() - start) / 1000);
            }
        }
    }

    @Override
    public void close() {
        batch.close();
        context.close();
        model.close();
    }
}
