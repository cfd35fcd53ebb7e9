package io.llamanode.bench.mask;

import io.llamanode.grammar.Matching;
import io.llamanode.grammar.automaton.Automaton;
import io.llamanode.grammar.automaton.GrammarLimitException;
import io.llamanode.grammar.automaton.Limits;
import io.llamanode.grammar.automaton.Recognizer;
import io.llamanode.grammar.automaton.State;
import io.llamanode.grammar.mask.TokenBytes;
import io.llamanode.grammar.mask.TokenMasks;
import io.llamanode.grammar.rule.Grammar;
import io.llamanode.grammar.schema.SchemaException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** One run over all schemas: each is compiled anew, and the whole mask is found at every token of its texts. */
final class MaskRun {
    private static final int MOST_NODES = 1_000_000;
    private static final int MOST_MASKS = 256;
    private static final long TIME_OUT_NANOS = 1_000_000_000;

    /** What became of a schema. */
    enum Verdict {
        PASSED,
        REFUSED,
        VALIDATION_ERROR,
        INVALIDATION_ERROR,
        CRASHED,
        TIMED_OUT
    }

    private final TokenBytes vocabulary;
    private final Function<String, int[]> tokenize;
    private final Function<String, Grammar> compile;
    private final Map<Verdict, List<String>> verdicts = new TreeMap<>();
    private final List<Long> compileNanos = new ArrayList<>();
    private final List<Long> maskNanos = new ArrayList<>();

    /** @param compile turns a schema into a grammar, or throws what says why not */
    MaskRun(TokenBytes vocabulary, Function<String, int[]> tokenize, Function<String, Grammar> compile) {
        this.vocabulary = vocabulary;
        this.tokenize = tokenize;
        this.compile = compile;
    }

    void all(List<Samples> schemas) {
        for (Samples schema : schemas) {
            String why = "";
            Verdict verdict;
            try {
                verdict = one(schema);
            } catch (RuntimeException | StackOverflowError e) {
                verdict = Verdict.CRASHED;
                why = ": " + e;
            }
            verdicts.computeIfAbsent(verdict, _ -> new ArrayList<>()).add(schema.name() + why);
        }
    }

    private Verdict one(Samples schema) {
        long begin = System.nanoTime();
        TokenMasks masks;
        Automaton automaton;
        try {
            automaton = Automaton.of(compile.apply(schema.schema()), MOST_NODES);
            masks = new TokenMasks(vocabulary, automaton, Limits.DEFAULT, MOST_MASKS);
            masks.start();
        } catch (SchemaException | GrammarLimitException e) {
            return Verdict.REFUSED;
        }
        long took = System.nanoTime() - begin;
        compileNanos.add(took);
        if (took > TIME_OUT_NANOS) {
            return Verdict.TIMED_OUT;
        }
        Recognizer bytes = new Recognizer(automaton, Limits.DEFAULT);
        for (Samples.Instance instance : schema.instances()) {
            Boolean accepted = accepts(masks, instance.compact());
            if (accepted == null) {
                return Verdict.TIMED_OUT;
            }
            boolean same = Matching.accepts(bytes, instance.spaced());
            if (accepted != instance.valid() || same != instance.valid()) {
                return instance.valid() ? Verdict.VALIDATION_ERROR : Verdict.INVALIDATION_ERROR;
            }
        }
        return Verdict.PASSED;
    }

    /** {@return {@code null} if a mask took too long} */
    private @Nullable Boolean accepts(TokenMasks masks, String text) {
        State state = masks.start();
        for (int token : tokenize.apply(text)) {
            long begin = System.nanoTime();
            boolean may = masks.mask(state).get(token);
            long took = System.nanoTime() - begin;
            maskNanos.add(took);
            if (took > TIME_OUT_NANOS) {
                return null;
            }
            State next = masks.next(state, token);
            if (may != (next != null)) {
                throw new IllegalStateException("mask and automaton differ at token " + token);
            }
            if (next == null) {
                return false;
            }
            state = next;
        }
        return state.isComplete();
    }

    int count(Verdict verdict) {
        return names(verdict).size();
    }

    List<String> names(Verdict verdict) {
        return verdicts.getOrDefault(verdict, List.of());
    }

    double maskMicros(double part) {
        return micros(maskNanos, part);
    }

    double meanMaskMicros() {
        return maskNanos.stream().mapToLong(Long::longValue).average().orElse(0) / 1_000;
    }

    double compileMicros(double part) {
        return micros(compileNanos, part);
    }

    int masks() {
        return maskNanos.size();
    }

    private static double micros(List<Long> nanos, double part) {
        long[] sorted = nanos.stream().mapToLong(Long::longValue).toArray();
        Arrays.sort(sorted);
        return sorted.length == 0 ? 0 : sorted[(int) Math.min(sorted.length - 1, sorted.length * part)] / 1_000.0;
    }
}
