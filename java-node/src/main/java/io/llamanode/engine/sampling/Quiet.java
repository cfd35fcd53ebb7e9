package io.llamanode.engine.sampling;

/**
 * A part of an answer in which no trigger counts: what a model thinks may be about its calls.
 *
 * <p>Immutable: any thread.
 *
 * @param open text that begins it
 * @param close text that ends it
 * @param inside whether the answer begins within it
 * @param anywhere whether it may begin anywhere; else at the beginning of an answer only, and behind white space
 */
public record Quiet(String open, String close, boolean inside, boolean anywhere) {
    /**
     * Refuses empty texts, which would be found everywhere.
     *
     * @throws IllegalArgumentException if there is one
     */
    public Quiet {
        if (open.isEmpty() || close.isEmpty()) {
            throw new IllegalArgumentException("empty mark");
        }
    }
}
