package io.llamanode.engine.schedule;

import java.util.Arrays;

/**
 * How many prompt tokens a step takes beside running decodes: so many that it lasts about 2.65
 * times as long as a step without any, and the gap between two tokens of a stream stays below three times
 * its median. What a token costs depends on model, machine and context, so it is measured as the engine goes.
 *
 * <p>Where more requests wait for their first token than generate, steps are longer in proportion: small
 * portions of a prompt are dear, and those that wait would pay for those that do not.
 *
 * <p>For one thread, which has the scheduler as well.
 */
public final class PrefillPacing {
    /** A prompt must get on, whatever it costs the others. */
    static final int LEAST = 1;

    /** Tokens of a prompt behind which attention makes the next ones dear. */
    private static final int CHEAP = 1024;

    /** What prompt tokens may add to a step, as a share of its length without them. */
    private static final double ADDED = 1.65;
    /** Weight of the newest measurement. */
    private static final double NEWEST = 0.25;
    /** A measurement counts as at most this many times what was expected: the machine has other work at times. */
    private static final double OUTLIER = 4;

    private final int first;
    private final int most;
    /** The last steps without prompt tokens; {@code next} is the place of the next one. */
    private final long[] decodes = new long[31];

    private final long[] sorted = new long[decodes.length];
    private int next;
    private int known;
    /** Added by each prompt token; 0 while unknown. */
    private double tokenNanos;

    /**
     * Knows nothing of the machine's speed yet.
     *
     * @param first share while nothing is known, and the least at the beginning of a prompt
     * @param most share that the batch has room for
     */
    public PrefillPacing(int first, int most) {
        this.first = first;
        this.most = most;
    }

    /** {@return prompt tokens for a step in which one request waits for its first token beside others that generate} */
    int share() {
        double decode = decodeNanos();
        return decode > 0 && tokenNanos > 0
                ? Math.clamp(Math.round(ADDED * decode / tokenNanos), Math.min(LEAST, most), most)
                : first;
    }

    /**
     * {@return prompt tokens for a step}
     *
     * @param decoding requests that generate; positive
     * @param prefilling requests that have a slot and no token yet
     * @param done tokens that are evaluated already of the prompt that comes first
     */
    int share(int decoding, int prefilling, int done) {
        int paced = (int) Math.min(most, (long) share() * Math.max(decoding, prefilling) / decoding);
        // At the beginning of a prompt a token costs little and a step with prompt tokens much, however few they are.
        return done < CHEAP ? Math.max(paced, first) : paced;
    }

    /**
     * Learns from a step.
     *
     * @param running tokens of running decodes
     * @param prompt tokens of prompts
     * @param nanos how long it took, or 0 if nobody knows
     */
    public void executed(int running, int prompt, long nanos) {
        if (nanos <= 0) {
            return;
        }
        if (prompt == 0) {
            decodes[next] = nanos;
            next = (next + 1) % decodes.length;
            known = Math.min(known + 1, decodes.length);
        } else if (running == 0) {
            // Large batches are cheaper by the token; good enough until there is something better.
            tokenNanos = tokenNanos == 0 ? (double) nanos / prompt : tokenNanos;
        } else if (known > 0) {
            tokenNanos = learned(tokenNanos, Math.max(0, nanos - decodeNanos()) / prompt);
        }
    }

    /**
     * {@return the median of the last steps without prompt tokens, 0 while there are none} A mean would be that of a
     * moment, for all of a prompt that begins at it.
     */
    private double decodeNanos() {
        if (known == 0) {
            return 0;
        }
        System.arraycopy(decodes, 0, sorted, 0, known);
        Arrays.sort(sorted, 0, known);
        return sorted[(known - 1) / 2];
    }

    private static double learned(double known, double measured) {
        return known == 0 ? measured : known + NEWEST * (Math.min(measured, OUTLIER * known) - known);
    }
}
