package io.llamanode.bench.mask;

import io.llamanode.grammar.gbnf.GbnfFuzz;
import io.llamanode.grammar.gbnf.GbnfFuzz.Ending;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** What random and mutated texts take as grammars: the processor time of one thread, for each text with the bytes that are read by it. */
final class GrammarFuzz {
    private static final int WARM = 3_000;
    private static final double NANOS_PER_MILLI = 1e6;

    private GrammarFuzz() {}

    /** @param args how many texts, and the seed */
    public static void main(String[] args) {
        int texts = Integer.parseInt(args[0]);
        long seed = Long.parseLong(args[1]);
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        new GbnfFuzz(seed + 1).run(WARM, (_, _) -> {});
        long[] nanos = new long[texts];
        int[] done = new int[1];
        long[] before = {threads.getCurrentThreadCpuTime()};
        Map<Ending, Integer> endings = new TreeMap<>();
        String[] slowest = new String[1];
        new GbnfFuzz(seed).run(texts, (text, ending) -> {
            long now = threads.getCurrentThreadCpuTime();
            nanos[done[0]] = now - before[0];
            if (done[0] == 0
                    || nanos[done[0]] > Arrays.stream(nanos, 0, done[0]).max().orElse(0)) {
                slowest[0] = text;
            }
            done[0]++;
            endings.merge(ending, 1, Integer::sum);
            before[0] = threads.getCurrentThreadCpuTime();
        });
        Arrays.sort(nanos);
        System.out.printf(
                Locale.ROOT,
                "%d texts: %s; p50 %.2f, p99 %.2f, p99.9 %.2f, most %.2f ms%n",
                texts,
                endings,
                part(nanos, 0.5),
                part(nanos, 0.99),
                part(nanos, 0.999),
                part(nanos, 1));
        System.err.println("slowest: " + slowest[0].substring(0, Math.min(300, slowest[0].length())));
    }

    private static double part(long[] sorted, double part) {
        return sorted[(int) Math.min(sorted.length - 1, sorted.length * part)] / NANOS_PER_MILLI;
    }
}
