package io.llamanode.bench.mask;

import io.llamanode.bench.mask.MaskRun.Verdict;
import io.llamanode.grammar.mask.TokenBytes;
import io.llamanode.grammar.rule.Grammar;
import io.llamanode.grammar.schema.JsonSchema;
import io.llamanode.grammar.schema.Whitespace;
import io.llamanode.llama.ModelParams;
import io.llamanode.llama.ProgressListener;
import io.llamanode.llama.library.LlamaLibrary;
import io.llamanode.llama.model.LlamaModel;
import io.llamanode.llama.model.Vocab;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/**
 * MaskBench's method (guidance-ai/jsonschemabench, arXiv 2501.10868) over a file or a folder of schemas with instances: which
 * schemas are honoured exactly, and how long a grammar and a mask take. Each grammar is compiled anew and has no masks at first.
 */
final class MaskBench {
    private static final int ROUNDS = 3;
    /** The embedded library takes some 16 ms a mask. */
    private static final int NATIVE_SCHEMAS = 40;

    private static final int NATIVE_TOKENS = 10;
    private static final int SHOWN = 20;

    private MaskBench() {}

    /** @param args the schemas, the file of a vocabulary, and how many rounds */
    public static void main(String[] args) throws IOException {
        List<Samples> schemas = Samples.read(Path.of(args[0]));
        int rounds = args.length > 2 ? Integer.parseInt(args[2]) : ROUNDS;
        ModelParams vocabularyOnly = new ModelParams(0, true, false, true, false);
        try (LlamaModel model =
                LlamaModel.load(LlamaLibrary.embedded(), Path.of(args[1]), vocabularyOnly, ProgressListener.NONE)) {
            Vocab vocab = model.vocab();
            TokenBytes bytes = bytes(vocab);
            Function<String, int[]> tokenize = text -> vocab.tokenize(text, false, false);
            JsonSchema.Options options = new JsonSchema.Options(Whitespace.ANY, false, true, JsonSchema.Order.ANY);
            Function<String, Grammar> compile =
                    schema -> JsonSchema.compile(schema, options).grammar();
            List<MaskRun> runs = new ArrayList<>();
            for (int round = 0; round < rounds; round++) {
                MaskRun run = new MaskRun(bytes, tokenize, compile);
                run.all(schemas);
                runs.add(run);
                System.err.printf(Locale.ROOT, "round %d: mean mask %.1f µs%n", round + 1, run.meanMaskMicros());
            }
            MaskRun best = runs.stream()
                    .min(Comparator.comparingDouble(MaskRun::meanMaskMicros))
                    .orElseThrow();
            NativeMasks natives = new NativeMasks(model, tokenize);
            schemas.stream()
                    .filter(each -> schemas.indexOf(each) % Math.max(1, schemas.size() / NATIVE_SCHEMAS) == 0)
                    .forEach(each -> natives.one(each, NATIVE_TOKENS));
            print(best, natives, schemas.size(), bytes.size());
        }
    }

    private static TokenBytes bytes(Vocab vocab) {
        byte[][] pieces = new byte[vocab.nTokens()][];
        for (int token = 0; token < pieces.length; token++) {
            pieces[token] = vocab.isControl(token) || vocab.isEog(token) ? new byte[0] : vocab.piece(token, false);
        }
        return new TokenBytes(pieces);
    }

    private static void print(MaskRun run, NativeMasks natives, int schemas, int tokens) {
        System.out.printf(Locale.ROOT, "%d schemas, %d tokens, %d masks%n%n", schemas, tokens, run.masks());
        System.out.println("| | llama_node |\n|---|---:|");
        for (Verdict verdict : Verdict.values()) {
            System.out.printf(
                    Locale.ROOT,
                    "| %s | %d (%.2f%%) |%n",
                    verdict.name().toLowerCase(Locale.ROOT).replace('_', ' '),
                    run.count(verdict),
                    100.0 * run.count(verdict) / schemas);
        }
        System.out.printf(
                Locale.ROOT,
                "| mask time p50 / p99 / mean, µs | %.1f / %.1f / %.1f |%n",
                run.maskMicros(0.5),
                run.maskMicros(0.99),
                run.meanMaskMicros());
        System.out.printf(
                Locale.ROOT,
                "| compile time p50 / p99, µs | %.0f / %.0f |%n",
                run.compileMicros(0.5),
                run.compileMicros(0.99));
        System.out.printf(
                Locale.ROOT,
                "| mask time of llama.cpp b4916, mean, µs | %.1f (%d masks), %.0f times as long |%n%n",
                natives.meanMicros(),
                natives.masks(),
                natives.meanMicros() / run.meanMaskMicros());
        for (Verdict verdict :
                List.of(Verdict.VALIDATION_ERROR, Verdict.INVALIDATION_ERROR, Verdict.CRASHED, Verdict.TIMED_OUT)) {
            run.names(verdict).stream().limit(SHOWN).forEach(name -> System.out.println(verdict + " " + name));
        }
    }
}
