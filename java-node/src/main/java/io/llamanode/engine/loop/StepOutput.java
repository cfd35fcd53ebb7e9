package io.llamanode.engine.loop;

import java.util.ArrayList;
import java.util.List;

/**
 * What one step hands out. Listeners of several requests may want to do something once for all of them, such as waking
 * the thread that sends what they were told: a wake-up for each token would take the cores from the next decode.
 *
 * <p>For the thread that hands the step out, which is the one its listeners are told on.
 */
public final class StepOutput {
    private static final ScopedValue<List<Runnable>> AFTERWARDS = ScopedValue.newInstance();

    private StepOutput() {}

    /**
     * Hands out the output of a step. What was wanted afterwards is done however that ends.
     *
     * @param output tells listeners, on this thread
     */
    public static void hand(Runnable output) {
        List<Runnable> afterwards = new ArrayList<>(1);
        try {
            ScopedValue.where(AFTERWARDS, afterwards).run(output);
        } finally {
            afterwards.forEach(Runnable::run);
        }
    }

    /**
     * Runs an action when the step whose output this thread is being told has been handed out; at once if it is told none.
     *
     * @param action must not throw; the same object is run once a step
     */
    public static void afterwards(Runnable action) {
        if (!AFTERWARDS.isBound()) {
            action.run();
        } else if (!AFTERWARDS.get().contains(action)) {
            AFTERWARDS.get().add(action);
        }
    }
}
