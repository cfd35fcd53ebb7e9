package io.llamanode.bench;

import de.kherud.llama.InferenceParameters;
import de.kherud.llama.LlamaModel;
import de.kherud.llama.LlamaOutput;
import de.kherud.llama.ModelParameters;
import de.kherud.llama.args.Sampler;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** java-llama.cpp's own API over its JNI slots, with a thread for each stream. */
final class JavaLlamaCpp implements Variant {
    private final LlamaModel model;
    private final ExecutorService threads;

    JavaLlamaCpp(Settings settings) {
        model = new LlamaModel(new ModelParameters()
                .setModel(settings.model())
                .setCtxSize(settings.nCtx() * settings.streams())
                .setBatchSize(settings.nBatch())
                .setUbatchSize(settings.nBatch())
                .setParallel(settings.streams())
                .setThreads(settings.threads())
                .setThreadsBatch(settings.threads())
                .disableLog());
        threads = Executors.newFixedThreadPool(settings.streams());
    }

    @Override
    public List<Timeline> run(List<String> prompts, int tokens) throws InterruptedException, ExecutionException {
        CountDownLatch ready = new CountDownLatch(prompts.size());
        CountDownLatch go = new CountDownLatch(1);
        long[] start = new long[1];
        List<Future<Timeline>> streams = new ArrayList<>();
        for (String prompt : prompts) {
            streams.add(threads.submit((Callable<Timeline>) () -> {
                int promptTokens = model.encode(prompt).length;
                InferenceParameters parameters = parameters(prompt, tokens);
                ready.countDown();
                go.await();
                return stream(parameters, promptTokens, tokens, start[0]);
            }));
        }
        ready.await();
        start[0] = System.nanoTime();
        go.countDown();
        List<Timeline> timelines = new ArrayList<>();
        for (Future<Timeline> stream : streams) {
            timelines.add(stream.get());
        }
        return timelines;
    }

    /** Top-k of 1 as the only sampler: the least work that this API can be asked for. */
    private static InferenceParameters parameters(String prompt, int tokens) {
        return new InferenceParameters(prompt)
                .setNPredict(tokens)
                .setTemperature(0)
                .setSamplers(Sampler.TOP_K)
                .setTopK(1)
                .setCachePrompt(false)
                .setIgnoreEos(true);
    }

    private Timeline stream(InferenceParameters parameters, int promptTokens, int tokens, long start) {
        List<Long> pieces = new ArrayList<>();
        for (LlamaOutput output : model.generate(parameters)) {
            if (!output.text.isEmpty()) {
                pieces.add((System.nanoTime() - start) / 1000);
            }
        }
        // The API does not tell how many tokens it made; without an end token they are those asked for.
        return new Timeline(promptTokens, tokens, (System.nanoTime() - start) / 1000, pieces);
    }

    @Override
    public void close() {
        threads.shutdownNow();
        model.close();
    }
}
