package io.llamanode.chat.jinja;

import java.time.Duration;

/**
 * Bounds on what a template may cost. Going over one raises {@link LimitException}.
 *
 * @param sourceChars length of a template in UTF-16 units
 * @param nesting depth of nested blocks and of nested expressions in the source
 * @param depth depth of evaluation: nested expressions, blocks and macro calls together
 * @param steps evaluated nodes and processed elements of one rendering
 * @param stringChars length of any one string, the result included, in UTF-16 units
 * @param totalChars length of all strings made in one rendering together, in UTF-16 units
 * @param elements elements of all lists made in one rendering together
 * @param time wall-clock time of one rendering
 */
public record Limits(
        int sourceChars,
        int nesting,
        int depth,
        long steps,
        int stringChars,
        long totalChars,
        int elements,
        Duration time) {
    /** Ample for published templates and prompts of a million characters. */
    public static final Limits DEFAULT =
            new Limits(1 << 20, 100, 400, 2_000_000, 16 << 20, 128L << 20, 1_000_000, Duration.ofSeconds(5));

    /**
     * {@return bounds for probes, which have small inputs: a hostile template must not take a whole rendering's cost
     * for each}
     */
    public Limits forProbes() {
        return new Limits(
                sourceChars,
                nesting,
                depth,
                Math.min(steps, 200_000),
                Math.min(stringChars, 1 << 20),
                Math.min(totalChars, 8 << 20),
                Math.min(elements, 100_000),
                time);
    }

    /**
     * Checks that every bound is positive.
     *
     * @throws IllegalArgumentException if one is not
     */
    public Limits {
        if (sourceChars <= 0
                || nesting <= 0
                || depth <= 0
                || steps <= 0
                || stringChars <= 0
                || totalChars <= 0
                || elements <= 0
                || !time.isPositive()) {
            throw new IllegalArgumentException("Limits must be positive");
        }
    }
}
