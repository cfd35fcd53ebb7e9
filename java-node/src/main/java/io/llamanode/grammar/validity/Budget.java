package io.llamanode.grammar.validity;

/**
 * Counts the steps and the depth of one look at a value.
 *
 * <p>For one thread.
 */
final class Budget {
    private static final int MOST_DEPTH = 400;

    private int left;
    private int depth;

    /** The steps are used up, and with them the whole look. */
    static final class SpentException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        SpentException(String why) {
            super(why);
        }
    }

    Budget(int steps) {
        left = steps;
    }

    void take(int steps) {
        left -= steps;
        if (left < 0) {
            throw new SpentException("it takes too many steps");
        }
    }

    /** A text of so many characters is read. */
    void read(int characters) {
        take(1 + characters / 8);
    }

    void enter() {
        take(1);
        if (depth == MOST_DEPTH) {
            throw new SpentException("its schemas refer to each other more than %d deep".formatted(MOST_DEPTH));
        }
        depth++;
    }

    void leave() {
        depth--;
    }
}
