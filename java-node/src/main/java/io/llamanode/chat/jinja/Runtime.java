package io.llamanode.chat.jinja;

import java.time.Clock;
import java.util.List;

/** The state of one rendering: what it has used of its limits, the current line, the clock, the observer. */
final class Runtime {
    private static final int STEPS_BETWEEN_TIME_CHECKS = 1024;

    final Clock clock;
    /** Records which values the template touches, or null. */
    final Usage usage;

    int line;

    private final Limits limits;
    private final long deadline;
    private long steps;
    private long nextTimeCheck = STEPS_BETWEEN_TIME_CHECKS;
    private long chars;
    private long elements;
    private int depth;

    Runtime(Limits limits, Clock clock, Usage usage) {
        this.limits = limits;
        this.clock = clock;
        this.usage = usage;
        this.deadline = System.nanoTime() + limits.time().toNanos();
    }

    void steps(long count) {
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

    /** Pays for an operation that may look at every character of a string. */
    void reads(Value value) {
        if (value instanceof Str str) {
            steps(str.text.length() >> 10);
        }
    }

    void enter() {
        steps(1);
        if (++depth > limits.depth()) {
            throw limit("evaluation nested deeper than " + limits.depth());
        }
    }

    void leave() {
        depth--;
    }

    /** Accounts for {@code added} characters behind {@code present} ones, before they are made. */
    void allocateChars(long present, long added) {
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

    /** Accounts for list elements before they are made. */
    void allocateElements(long count) {
        elements += count;
        if (elements > limits.elements()) {
            throw limit("more than " + limits.elements() + " list elements");
        }
        steps(count);
    }

    Value.Seq list(List<Value> items) {
        allocateElements(items.size());
        return Value.Seq.list(items);
    }

    private LimitException limit(String what) {
        return new LimitException("The template went over a limit: " + what, line);
    }
}
