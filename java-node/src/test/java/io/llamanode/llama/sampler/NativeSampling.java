package io.llamanode.llama.sampler;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import io.llamanode.llama.ContextParams;
import io.llamanode.llama.context.LlamaBatch;
import io.llamanode.llama.context.LlamaContext;
import io.llamanode.llama.functions.CFunction;
import io.llamanode.llama.functions.NativeFunctions;
import io.llamanode.llama.functions.SamplerFunctions;
import io.llamanode.llama.library.LibraryFile;
import io.llamanode.llama.model.LlamaModel;
import java.lang.foreign.MemorySegment;

/** The embedded llama.cpp's own way from logits to a token ({@code llama_sampler_sample}), to compare with. */
public final class NativeSampling implements AutoCloseable {
    /** What only these tests call. */
    public interface Sample {
        @CFunction("llama_sampler_sample")
        int sample(MemorySegment chain, MemorySegment context, int index);
    }

    private static final Sample SAMPLE =
            new NativeSamplingSampleCalls(new NativeFunctions(LibraryFile.embedded(), "The embedded library"));

    private final LlamaContext context;
    private final SamplerFunctions f;
    private final MemorySegment pointer;
    private MemorySegment chain;

    /**
     * @param model of the embedded library
     */
    public NativeSampling(LlamaModel model) {
        f = model.library().samplers;
        context = LlamaContext.create(model, ContextParams.generation(32, 32, 1, 1));
        try (LlamaBatch batch = new LlamaBatch(1)) {
            batch.add(1, 0, 0, true);
            context.decode(batch);
        }
        pointer = context.handle().acquire();
        chain = f.chainInit(true);
    }

    /** {@return the logits that tokens are chosen from, to be written} */
    public MemorySegment logits() {
        return context.logits(0);
    }

    /** Starts a new chain, without samplers. */
    public void restart() {
        f.free(chain);
        chain = f.chainInit(true);
    }

    /** Adds the sampler that takes the best. */
    public void greedy() {
        f.chainAdd(chain, f.greedy());
    }

    /** Adds a repetition penalty over 64 tokens. */
    public void penalty(float repeat) {
        f.chainAdd(chain, f.penalties(0, 64, repeat, 0, 0));
    }

    /** Adds the likeliest by number. */
    public void topK(int k) {
        f.chainAdd(chain, f.topK(k));
    }

    /** Adds the likeliest by probability. */
    public void topP(float p) {
        f.chainAdd(chain, f.topP(p, 1));
    }

    /** Adds those that are a share as probable as the best. */
    public void minP(float p) {
        f.chainAdd(chain, f.minP(p, 1));
    }

    /** Adds a division, and a draw. */
    public void draw(float temperature, int seed) {
        f.chainAdd(chain, f.temp(temperature));
        f.chainAdd(chain, f.dist(seed));
    }

    /** {@return a token, which the chain is told of} */
    public int sample() {
        return SAMPLE.sample(chain, pointer, 0);
    }

    /** Reads the logits back. */
    public void read(float[] into) {
        MemorySegment.copy(logits(), JAVA_FLOAT, 0, into, 0, into.length);
    }

    @Override
    public void close() {
        f.free(chain);
        context.handle().release();
        context.close();
    }
}
