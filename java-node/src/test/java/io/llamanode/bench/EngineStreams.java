package io.llamanode.bench;

import io.llamanode.engine.Engine;
import io.llamanode.engine.contract.CacheUse;
import io.llamanode.engine.contract.EngineConfig;
import io.llamanode.engine.contract.GenerationListener;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.contract.StepTimes;
import io.llamanode.engine.llama.LlamaRunner;
import io.llamanode.engine.llama.LlamaVocabulary;
import io.llamanode.engine.sampling.SamplingParams;
import io.llamanode.llama.context.LlamaContext;
import io.llamanode.llama.model.LlamaModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;

/** The engine with its scheduler, text output and listeners, without a service or a transport. */
final class EngineStreams implements Variant {
    /** As {@code NativeModelLoader} sets them. */
    private static final int PREFILL_SHARE = 32;

    private final LlamaModel model;
    private final LlamaVocabulary vocabulary;
    private final Engine engine;
    private final SamplingParams sampling;
    private long lastId;

    EngineStreams(Settings settings) {
        model = LlamaModel.load(Path.of(settings.model()));
        vocabulary = new LlamaVocabulary(model.vocab());
        sampling = Greedy.withoutEnd(model.vocab());
        engine = new Engine(
                "engine",
                new LlamaRunner(LlamaContext.create(model, settings.contextParams()), settings.nBatch()),
                vocabulary,
                new EngineConfig(settings.streams(), settings.nCtx(), settings.nBatch(), PREFILL_SHARE));
        engine.start();
    }

    @Override
    public List<Timeline> run(List<String> prompts, int tokens) {
        List<int[]> tokenized =
                prompts.stream().map(p -> vocabulary.tokenize(p, true, false)).toList();
        List<CompletableFuture<Timeline>> timelines = new ArrayList<>();
        long start = System.nanoTime();
        for (int[] prompt : tokenized) {
            Recorder recorder = new Recorder(start);
            GenerationRequest request = new GenerationRequest(
                    ++lastId,
                    0,
                    "bench",
                    prompt,
                    tokens,
                    sampling,
                    List.of(),
                    0,
                    true,
                    CacheUse.NOTHING,
                    GenerationRequest.NO_DEADLINE);
            if (!engine.submit(request, recorder, () -> {})) {
                throw new IllegalStateException("the engine refuses a request");
            }
            timelines.add(recorder.timeline);
        }
        return timelines.stream().map(CompletableFuture::join).toList();
    }

    private static final class Recorder implements GenerationListener {
        private final long start;
        private final List<Long> pieces = new ArrayList<>();
        final CompletableFuture<Timeline> timeline = new CompletableFuture<>();

        Recorder(long start) {
            this.start = start;
        }

        private long elapsed() {
            return (System.nanoTime() - start) / 1000;
        }

        @Override
        public void text(String text) {
            pieces.add(elapsed());
        }

        @Override
        public void finished(Outcome outcome) {
            timeline.complete(new Timeline(outcome.promptTokens(), outcome.completion().length, elapsed(), pieces));
        }

        @Override
        public void failed(FailureKind kind, String message) {
            timeline.completeExceptionally(new IllegalStateException(kind + ": " + message));
        }
    }

    @Override
    public void close() {
        StepTimes t = engine.snapshot().times();
        // Nothing at all if nothing ran.
        double all = Math.max(1, t.schedule() + t.decode() + t.sample() + t.output());
        System.out.printf(
                Locale.ROOT,
                "%nbench: {%.4f,%.4f,%.4f,%.4f}.%n",
                t.schedule() / all,
                t.decode() / all,
                t.sample() / all,
                t.output() / all);
        engine.close();
        model.close();
    }
}
