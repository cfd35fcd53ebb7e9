package io.llamanode.service;

import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;

/**
 * Gives ids that no later incarnation of the node gives again: they count up from a place that is drawn by lot. A clock
 * would not do, because it can go back between two starts, or begin at the same moment at every start of a machine
 * that has none of its own; and nothing that outlives the process is kept.
 *
 * <p>Places are drawn from 2^52. Two incarnations that give a million ids each have one in common with a probability of
 * 2^21 / 2^52, one in 2 * 10^9. No id reaches 2^53, so that a BEAM keeps it in one word, and a program that reads JSON
 * numbers as doubles keeps it whole. For any thread.
 */
final class IdSource {
    private static final long PLACES = 1L << 52;

    private final AtomicLong next;

    /** @param random must not be seeded by a clock */
    IdSource(RandomGenerator random) {
        next = new AtomicLong(random.nextLong(1, PLACES));
    }

    /** {@return a positive number, unlike all others} */
    long next() {
        return next.getAndIncrement();
    }
}
