package io.llamanode.bench.mask;

import io.llamanode.llama.model.LlamaModel;
import io.llamanode.llama.sampler.GrammarException;
import io.llamanode.llama.sampler.JsonSchemaGrammar;
import io.llamanode.llama.sampler.NativeGrammar;
import io.llamanode.llama.sampler.TokenCandidates;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** The grammar of the embedded llama.cpp on the same texts, for a ratio that holds on other machines. */
final class NativeMasks {
    private final LlamaModel model;
    private final TokenCandidates scratch;
    private final Function<String, int[]> tokenize;
    private final List<Long> nanos = new ArrayList<>();

    NativeMasks(LlamaModel model, Function<String, int[]> tokenize) {
        this.model = model;
        this.scratch = new TokenCandidates(model.vocab().nTokens());
        this.tokenize = tokenize;
    }

    /** Finds the masks of one text of a schema, up to where its grammar goes. */
    void one(Samples schema, int mostTokens) {
        if (schema.instances().isEmpty()) {
            return;
        }
        try (NativeGrammar grammar = NativeGrammar.parse(model, JsonSchemaGrammar.convert(schema.schema()))) {
            int[] tokens = tokenize.apply(schema.instances().getFirst().compact());
            for (int i = 0; i < Math.min(tokens.length, mostTokens); i++) {
                long begin = System.nanoTime();
                grammar.mask(new float[model.vocab().nTokens()], scratch);
                nanos.add(System.nanoTime() - begin);
                if (!grammar.allows(tokens[i], scratch)) {
                    return;
                }
                grammar.accept(tokens[i], scratch);
            }
        } catch (GrammarException e) {
            // It does not take this schema, which is no matter of speed.
        }
    }

    int masks() {
        return nanos.size();
    }

    double meanMicros() {
        return nanos.stream().mapToLong(Long::longValue).average().orElse(0) / 1_000;
    }
}
