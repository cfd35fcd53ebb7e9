package io.llamanode.transport;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/** All orders in which programs can be done side by side, each step of one behind the steps before it. */
public final class Interleavings {
    private Interleavings() {}

    /**
     * @param lengths how many steps each program has
     * @param test given each order: for each step the number of the program that it belongs to
     * @return how many orders there were
     */
    public static int each(int[] lengths, Consumer<List<Integer>> test) {
        return each(lengths.clone(), new ArrayList<>(), test);
    }

    private static int each(int[] left, List<Integer> order, Consumer<List<Integer>> test) {
        if (Arrays.stream(left).sum() == 0) {
            try {
                test.accept(order);
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("in the order " + order, e);
            }
            return 1;
        }
        int count = 0;
        for (int program = 0; program < left.length; program++) {
            if (left[program] > 0) {
                left[program]--;
                order.add(program);
                count += each(left, order, test);
                order.removeLast();
                left[program]++;
            }
        }
        return count;
    }

    /**
     * Waits until a step has gone as far as it goes by itself.
     *
     * @param threads that may be under way
     */
    public static void settle(Thread... threads) {
        for (Thread thread : threads) {
            while (thread.getState() == Thread.State.RUNNABLE || thread.getState() == Thread.State.BLOCKED) {
                Thread.yield();
            }
        }
    }
}
