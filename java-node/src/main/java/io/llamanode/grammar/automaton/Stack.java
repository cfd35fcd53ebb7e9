package io.llamanode.grammar.automaton;

import io.llamanode.grammar.rule.Arrived;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What comes when a rule is over: any of several frames. Rules that were called at the same place have one stack in common
 * (graph-structured stack: Tomita, "Efficient parsing for natural language", 1986). Stacks that are equal are the same.
 *
 * <p>Never changes.
 */
final class Stack {
    /** A frame: what goes on, behind which stack, how often a repetition has been read, and which members have come. */
    record Frame(
            int target,
            @Nullable Stack parent,
            int count,
            @Nullable Arrived arrived) {
        Frame(int target, @Nullable Stack parent, int count) {
            this(target, parent, count, null);
        }

        @Override
        public boolean equals(Object other) {
            return other
                            instanceof
                            Frame(
                                    int otherTarget,
                                    @Nullable Stack otherParent,
                                    int otherCount,
                                    @Nullable Arrived otherArrived)
                    && target == otherTarget
                    && parent == otherParent
                    && count == otherCount
                    && Objects.equals(arrived, otherArrived);
        }

        @Override
        public int hashCode() {
            return (target * 31 + (parent == null ? 0 : parent.id)) * 31
                    + (arrived == null ? count : arrived.hashCode());
        }
    }

    /** Sorted, so that equal sets are equal. */
    final Frame[] frames;

    final int id;
    final int depth;
    private final int hash;

    Stack(int id, Frame[] frames) {
        this.id = id;
        this.frames = frames;
        int deepest = 0;
        for (Frame frame : frames) {
            deepest = Math.max(deepest, frame.parent == null ? 0 : frame.parent.depth);
        }
        this.depth = deepest + 1;
        this.hash = Arrays.hashCode(frames);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Stack stack && hash == stack.hash && Arrays.equals(frames, stack.frames);
    }

    @Override
    public int hashCode() {
        return hash;
    }
}
