package io.llamanode.llama.functions;

import static io.llamanode.llama.functions.NativeFunctions.unexpected;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;

/** The functions of llama.h on samplers. */
public final class SamplerFunctions {

    private final NativeFunction chainInit;
    private final NativeFunction chainAdd;
    private final NativeFunction free;
    private final NativeFunction apply;
    private final NativeFunction accept;
    private final NativeFunction reset;
    private final NativeFunction greedy;
    private final NativeFunction dist;
    private final NativeFunction topK;
    private final NativeFunction topP;
    private final NativeFunction minP;
    private final NativeFunction typical;
    private final NativeFunction temp;
    private final NativeFunction tempExt;
    private final NativeFunction xtc;
    private final NativeFunction topNSigma;
    private final NativeFunction mirostat;
    private final NativeFunction mirostatV2;
    private final NativeFunction grammar;
    private final NativeFunction penalties;
    private final NativeFunction dry;
    private final NativeFunction logitBias;

    public SamplerFunctions(NativeFunctions f, ReleaseApi generation) {
        chainInit = f.function("llama_sampler_chain_init", FunctionDescriptor.of(ADDRESS, JAVA_BOOLEAN));
        chainAdd = f.function("llama_sampler_chain_add", FunctionDescriptor.ofVoid(ADDRESS, ADDRESS));
        free = f.function("llama_sampler_free", FunctionDescriptor.ofVoid(ADDRESS));
        apply = f.function("llama_sampler_apply", FunctionDescriptor.ofVoid(ADDRESS, ADDRESS));
        accept = f.function("llama_sampler_accept", FunctionDescriptor.ofVoid(ADDRESS, JAVA_INT));
        reset = f.function("llama_sampler_reset", FunctionDescriptor.ofVoid(ADDRESS));
        greedy = f.function("llama_sampler_init_greedy", FunctionDescriptor.of(ADDRESS));
        dist = f.function("llama_sampler_init_dist", FunctionDescriptor.of(ADDRESS, JAVA_INT));
        topK = f.function("llama_sampler_init_top_k", FunctionDescriptor.of(ADDRESS, JAVA_INT));
        topP = f.function("llama_sampler_init_top_p", FunctionDescriptor.of(ADDRESS, JAVA_FLOAT, JAVA_LONG));
        minP = f.function("llama_sampler_init_min_p", FunctionDescriptor.of(ADDRESS, JAVA_FLOAT, JAVA_LONG));
        typical = f.function("llama_sampler_init_typical", FunctionDescriptor.of(ADDRESS, JAVA_FLOAT, JAVA_LONG));
        temp = f.function("llama_sampler_init_temp", FunctionDescriptor.of(ADDRESS, JAVA_FLOAT));
        tempExt = f.function(
                "llama_sampler_init_temp_ext", FunctionDescriptor.of(ADDRESS, JAVA_FLOAT, JAVA_FLOAT, JAVA_FLOAT));
        xtc = f.function(
                "llama_sampler_init_xtc", FunctionDescriptor.of(ADDRESS, JAVA_FLOAT, JAVA_FLOAT, JAVA_LONG, JAVA_INT));
        topNSigma = f.function("llama_sampler_init_top_n_sigma", FunctionDescriptor.of(ADDRESS, JAVA_FLOAT));
        mirostat = f.function(
                "llama_sampler_init_mirostat",
                FunctionDescriptor.of(ADDRESS, JAVA_INT, JAVA_INT, JAVA_FLOAT, JAVA_FLOAT, JAVA_INT));
        mirostatV2 = f.function(
                "llama_sampler_init_mirostat_v2", FunctionDescriptor.of(ADDRESS, JAVA_INT, JAVA_FLOAT, JAVA_FLOAT));
        grammar = f.function("llama_sampler_init_grammar", FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS, ADDRESS));
        penalties = penalties(f, generation.penaltiesTakeVocabularySize());
        dry = dry(f, generation.dryTakesTrainingContext());
        logitBias = f.function(
                "llama_sampler_init_logit_bias", FunctionDescriptor.of(ADDRESS, JAVA_INT, JAVA_INT, ADDRESS));
    }

    private static NativeFunction penalties(NativeFunctions f, boolean vocabularySize) {
        FunctionDescriptor type = FunctionDescriptor.of(ADDRESS, JAVA_INT, JAVA_FLOAT, JAVA_FLOAT, JAVA_FLOAT);
        return vocabularySize
                ? f.function("llama_sampler_init_penalties", type.insertArgumentLayouts(0, JAVA_INT))
                : f.function("llama_sampler_init_penalties", type)
                        .adapted(handle -> MethodHandles.dropArguments(handle, 0, int.class));
    }

    private static NativeFunction dry(NativeFunctions f, boolean trainingContext) {
        FunctionDescriptor type =
                FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_FLOAT, JAVA_FLOAT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_LONG);
        return trainingContext
                ? f.function("llama_sampler_init_dry", type.insertArgumentLayouts(1, JAVA_INT))
                : f.function("llama_sampler_init_dry", type)
                        .adapted(handle -> MethodHandles.dropArguments(handle, 1, int.class));
    }

    public MemorySegment chainInit(boolean noPerf) {
        try {
            return (MemorySegment) chainInit.handle().invokeExact(noPerf);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public void chainAdd(MemorySegment chain, MemorySegment sampler) {
        try {
            chainAdd.handle().invokeExact(chain, sampler);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public void free(MemorySegment sampler) {
        try {
            free.handle().invokeExact(sampler);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public void apply(MemorySegment sampler, MemorySegment candidates) {
        try {
            apply.handle().invokeExact(sampler, candidates);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public void accept(MemorySegment sampler, int token) {
        try {
            accept.handle().invokeExact(sampler, token);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public void reset(MemorySegment sampler) {
        try {
            reset.handle().invokeExact(sampler);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public MemorySegment greedy() {
        try {
            return (MemorySegment) greedy.handle().invokeExact();
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public MemorySegment dist(int seed) {
        try {
            return (MemorySegment) dist.handle().invokeExact(seed);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public MemorySegment topK(int k) {
        try {
            return (MemorySegment) topK.handle().invokeExact(k);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public MemorySegment topP(float p, long minKeep) {
        try {
            return (MemorySegment) topP.handle().invokeExact(p, minKeep);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public MemorySegment minP(float p, long minKeep) {
        try {
            return (MemorySegment) minP.handle().invokeExact(p, minKeep);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public MemorySegment typical(float p, long minKeep) {
        try {
            return (MemorySegment) typical.handle().invokeExact(p, minKeep);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public MemorySegment temp(float temperature) {
        try {
            return (MemorySegment) temp.handle().invokeExact(temperature);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public MemorySegment tempExt(float temperature, float delta, float exponent) {
        try {
            return (MemorySegment) tempExt.handle().invokeExact(temperature, delta, exponent);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public MemorySegment xtc(float probability, float threshold, long minKeep, int seed) {
        try {
            return (MemorySegment) xtc.handle().invokeExact(probability, threshold, minKeep, seed);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public MemorySegment topNSigma(float n) {
        try {
            return (MemorySegment) topNSigma.handle().invokeExact(n);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public MemorySegment mirostat(int nVocab, int seed, float tau, float eta, int m) {
        try {
            return (MemorySegment) mirostat.handle().invokeExact(nVocab, seed, tau, eta, m);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public MemorySegment mirostatV2(int seed, float tau, float eta) {
        try {
            return (MemorySegment) mirostatV2.handle().invokeExact(seed, tau, eta);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public MemorySegment grammar(MemorySegment vocab, MemorySegment gbnf, MemorySegment root) {
        try {
            return (MemorySegment) grammar.handle().invokeExact(vocab, gbnf, root);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public MemorySegment penalties(int nVocab, int lastN, float repeat, float frequency, float presence) {
        try {
            return (MemorySegment) penalties.handle().invokeExact(nVocab, lastN, repeat, frequency, presence);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public MemorySegment dry(
            MemorySegment vocab,
            int nCtxTrain,
            float multiplier,
            float base,
            int allowedLength,
            int lastN,
            MemorySegment breakers,
            long nBreakers) {
        try {
            return (MemorySegment) dry.handle()
                    .invokeExact(vocab, nCtxTrain, multiplier, base, allowedLength, lastN, breakers, nBreakers);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public MemorySegment logitBias(int nVocab, int nBias, MemorySegment bias) {
        try {
            return (MemorySegment) logitBias.handle().invokeExact(nVocab, nBias, bias);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }
}
