package io.llamanode.chat.jinja.value;

import io.llamanode.chat.jinja.LimitException;
import io.llamanode.chat.jinja.Limits;
import java.time.Clock;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The state of one rendering: what it has used of its limits, the current line, the clock, the observer. */
public final class Runtime {
    private static final int STEPS_BETWEEN_TIME_CHECKS = 1024;

    /** What the current date is taken from. */
    public final Clock clock;
    /** Records which values the template touches, or null. */
    public final @Nullable Usage usage;

    private int line;

    private final Limits limits;
    private final long deadline;
    private long steps;
    private long nextTimeCheck = STEPS_BETWEEN_TIME_CHECKS;
    private long chars;
    private long elements;
    private int depth;

    /**
     * Starts the account of one rendering, and its time.
     *
     * @param limits what it may use
     * @param clock what templates are told of the time
     * @param usage notes which values are read; may be null
     */
    public Runtime(Limits limits, Clock clock, @Nullable Usage usage) {
        this.limits = limits;
        this.clock = clock;
        this.usage = usage;
        this.deadline = System.nanoTime() + limits.time().toNanos();
    }

    /** {@return the line that is being evaluated, for messages; from 1} */
    public int line() {
        return line;
    }

    /**
     * Notes which line is being evaluated.
     *
     * @param current from 1
     */
    public void at(int current) {
        line = current;
    }

    /**
     * Accounts for evaluated nodes and processed elements.
     *
     * @param count how many
     * @throws LimitException if they or the time are used up
     */
    public void steps(long count) {
        steps += count;
        if (steps > limits.steps()) {
            throw limit("more than " + limits.steps() + " steps");
        }
        if (steps >= nextTimeCheck) {
            nextTimeCheck = steps + STEPS_BETWEEN_TIME_CHECKS;
            if (System.nanoTime() - deadline > 0) {
                throw limit("more than " + limits.time().toMillis() + " ms");
            }
        }
    }

    /**
     * Pays for an operation that may look at every character of a string.
     *
     * @param value any; only a string costs anything
     * @throws LimitException if the steps or the time are used up
     */
    public void reads(Value value) {
        if (value instanceof Str str) {
            steps(str.text.length() >> 10);
        }
    }

    /**
     * Accounts for one more level of evaluation, to be left again.
     *
     * @throws LimitException if there are too many
     */
    public void enter() {
        steps(1);
        if (++depth > limits.depth()) {
            throw limit("evaluation nested deeper than " + limits.depth());
        }
    }

    /** Leaves the level that {@link #enter} began. */
    public void leave() {
        depth--;
    }

    /**
     * Accounts for characters before they are made.
     *
     * @param present characters of the string so far
     * @param added characters that follow
     * @throws LimitException if the string, or all strings together, would get too long
     */
    public void allocateChars(long present, long added) {
        chars += added;
        if (present + added > limits.stringChars()) {
            throw limit("a string of more than " + limits.stringChars() + " characters");
        }
        if (chars > limits.totalChars()) {
            throw limit("more than " + limits.totalChars() + " characters of strings");
        }
        // Copying is fast but not free, so long strings cost steps too.
        steps(added >> 10);
    }

    /**
     * Accounts for list elements before they are made.
     *
     * @param count how many
     * @throws LimitException if there are too many
     */
    public void allocateElements(long count) {
        elements += count;
        if (elements > limits.elements()) {
            throw limit("more than " + limits.elements() + " list elements");
        }
        steps(count);
    }

    /**
     * {@return a list of these items, accounted for}
     *
     * @param items not copied
     * @throws LimitException if there are too many
     */
    public Value.Seq list(List<Value> items) {
        allocateElements(items.size());
        return Value.Seq.list(items);
    }

    private LimitException limit(String what) {
        return new LimitException("The template went over a limit: " + what, line);
    }
}
