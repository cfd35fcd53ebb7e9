package io.llamanode.bench.mask;

import io.llamanode.engine.Engine;
import io.llamanode.engine.contract.CacheUse;
import io.llamanode.engine.contract.EngineConfig;
import io.llamanode.engine.contract.GenerationListener;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.contract.StepTimes;
import io.llamanode.engine.llama.LlamaRunner;
import io.llamanode.engine.llama.LlamaVocabulary;
import io.llamanode.engine.llama.SamplerFactory;
import io.llamanode.engine.model.AdapterSet;
import io.llamanode.engine.sampling.Grammar;
import io.llamanode.engine.sampling.Sampler;
import io.llamanode.engine.sampling.SamplingParams;
import io.llamanode.grammar.automaton.GrammarLimitException;
import io.llamanode.grammar.language.Language;
import io.llamanode.grammar.language.LanguageException;
import io.llamanode.grammar.schema.JsonSchema;
import io.llamanode.llama.ContextParams;
import io.llamanode.llama.context.LlamaContext;
import io.llamanode.llama.model.LlamaModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Eight streams whose answers keep to eight schemas, and the same streams without: in turns, in one process. The model's weights are
 * random, so it wants next to no token that a grammar lets through, and nearly every token needs a whole mask.
 */
final class ConstrainedStreams {
    private static final int STREAMS = 8;
    private static final int LEAST_CHARACTERS = 2_000;
    private static final int MOST_CHARACTERS = 76_000;
    private static final int CONTEXT = 1_024;
    private static final int BATCH = 512;
    private static final int PREFILL_SHARE = 32;

    private final LlamaModel model;
    private final LlamaVocabulary vocabulary;
    private final Engine engine;
    private final int[] prompt;
    private long lastId;

    private ConstrainedStreams(Path file, int threads) {
        model = LlamaModel.load(file);
        vocabulary = new LlamaVocabulary(model.vocab());
        ContextParams params = ContextParams.generation(CONTEXT * STREAMS, BATCH, STREAMS, threads)
                .withKvUnified(false);
        engine = new Engine(
                "engine",
                new LlamaRunner(LlamaContext.create(model, params), BATCH),
                vocabulary,
                new EngineConfig(STREAMS, CONTEXT, BATCH, PREFILL_SHARE));
        engine.start();
        prompt = vocabulary.tokenize("Answer in JSON, please.", true, false);
    }

    /** @param args the model, the schemas, tokens of a stream, rounds, threads */
    public static void main(String[] args) throws IOException {
        int tokens = Integer.parseInt(args[2]);
        int rounds = Integer.parseInt(args[3]);
        ConstrainedStreams streams = new ConstrainedStreams(Path.of(args[0]), Integer.parseInt(args[4]));
        List<Samples> chosen = streams.choose(Samples.read(Path.of(args[1])));
        chosen.forEach(each ->
                System.out.printf("%s, %d bytes%n", each.name(), each.schema().length()));
        System.out.printf(
                "%n| round | constrained, tokens/s | choice of tokens | free, tokens/s | choice of tokens | ratio |%n|---:|---:|---:|---:|---:|---:|%n");
        List<Double> ratios = new ArrayList<>();
        for (int round = 0; round <= rounds; round++) {
            int[] most = new int[STREAMS];
            Arrays.fill(most, tokens);
            Run constrained = streams.run(chosen, most);
            Run free = streams.run(null, constrained.tokens);
            double ratio = constrained.rate() / free.rate();
            if (round > 0) {
                ratios.add(ratio);
                System.out.printf(
                        Locale.ROOT,
                        "| %d | %.1f | %.1f%% | %.1f | %.1f%% | %.3f |%n",
                        round,
                        constrained.rate(),
                        100 * constrained.choosing,
                        free.rate(),
                        100 * free.choosing,
                        ratio);
            }
        }
        ratios.sort(Comparator.naturalOrder());
        System.out.printf(Locale.ROOT, "%nmedian of the ratios %.3f%n", ratios.get(ratios.size() / 2));
        streams.engine.close();
        streams.model.close();
    }

    /** Of those that a node takes, spread over all lengths. */
    private List<Samples> choose(List<Samples> all) {
        SamplerFactory factory = factory();
        List<Samples> fitting = all.stream()
                .filter(each -> each.schema().length() >= LEAST_CHARACTERS
                        && each.schema().length() <= MOST_CHARACTERS)
                .sorted(Comparator.comparingInt((Samples each) -> each.schema().length())
                        .thenComparing(Samples::name))
                .toList();
        List<Samples> chosen = new ArrayList<>();
        int next = 0;
        for (int i = 0; i < STREAMS; i++) {
            double wanted = LEAST_CHARACTERS
                    * Math.pow((double) MOST_CHARACTERS / LEAST_CHARACTERS, (double) i / (STREAMS - 1));
            int last = fitting.size() - (STREAMS - i);
            while (next < last
                    && (fitting.get(next).schema().length() < 0.97 * wanted || !takes(factory, fitting.get(next)))) {
                next++;
            }
            chosen.add(fitting.get(next++));
        }
        return chosen;
    }

    private boolean takes(SamplerFactory factory, Samples schema) {
        try {
            factory.sampler(sampling(0), null, grammar(schema)).close();
            return true;
        } catch (LanguageException | GrammarLimitException e) {
            return false;
        }
    }

    private SamplerFactory factory() {
        SamplerFactory factory = new SamplerFactory(model, vocabulary, CONTEXT);
        // The vocabulary is laid out once a model.
        factory.sampler(sampling(0), null, Grammar.strict(Language.gbnf("root ::= \"a\"")))
                .close();
        return factory;
    }

    private static Grammar grammar(Samples schema) {
        return Grammar.strict(Language.schema(schema.schema(), JsonSchema.Options.DEFAULT));
    }

    /** As a node chooses by default; an end of the answer is not wanted. */
    private SamplingParams sampling(int stream) {
        Map<Integer, Float> never = new HashMap<>();
        for (int token : vocabulary.endOfGenerationTokens()) {
            never.put(token, Float.NEGATIVE_INFINITY);
        }
        return new SamplingParams(0.8f, 40, 0.95f, 0.05f, 1, 0, 0, 0, stream + 1L, never);
    }

    /**
     * What became of the streams.
     *
     * @param tokens of each
     * @param nanos from the first schema to the last token
     * @param choosing the part of the engine's time that went into the choice of tokens
     */
    private record Run(int[] tokens, long nanos, double choosing) {
        double rate() {
            return Arrays.stream(tokens).sum() * 1e9 / nanos;
        }
    }

    /** Grammars are made on this thread, as on a node's preparing one, while the engine is at work for those that are ready. */
    private Run run(@Nullable List<Samples> schemas, int[] most) {
        SamplerFactory factory = factory();
        List<CompletableFuture<Integer>> ends = new ArrayList<>();
        StepTimes before = engine.snapshot().times();
        long begin = System.nanoTime();
        for (int stream = 0; stream < STREAMS; stream++) {
            Sampler sampler =
                    schemas == null ? null : factory.sampler(sampling(stream), null, grammar(schemas.get(stream)));
            Recorder recorder = new Recorder();
            GenerationRequest request = new GenerationRequest(
                    ++lastId,
                    0,
                    "bench",
                    prompt,
                    most[stream],
                    sampling(stream),
                    List.of(),
                    0,
                    true,
                    CacheUse.NOTHING,
                    GenerationRequest.NO_DEADLINE,
                    0,
                    AdapterSet.NONE,
                    GenerationRequest.NO_PROBABILITIES,
                    sampler);
            if (!engine.submit(request, recorder, () -> {})) {
                throw new IllegalStateException("the engine refuses a request");
            }
            ends.add(recorder.tokens);
        }
        int[] tokens = ends.stream().mapToInt(CompletableFuture::join).toArray();
        long nanos = System.nanoTime() - begin;
        StepTimes after = engine.snapshot().times();
        return new Run(tokens, nanos, (double) (after.sample() - before.sample()) / (all(after) - all(before)));
    }

    private static long all(StepTimes times) {
        return times.schedule() + times.decode() + times.sample() + times.output();
    }

    private static final class Recorder implements GenerationListener {
        private final CompletableFuture<Integer> tokens = new CompletableFuture<>();

        @Override
        public void text(String text) {}

        @Override
        public void finished(Outcome outcome) {
            tokens.complete(outcome.completion().length);
        }

        @Override
        public void failed(FailureKind kind, String message) {
            tokens.completeExceptionally(new IllegalStateException(kind + ": " + message));
        }
    }
}
