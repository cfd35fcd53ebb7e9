package io.llamanode.grammar.rule;

import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Ends the making of a grammar for which nobody waits any more. What makes one for long asks now and then; whoever has it made says
 * whether it is still wanted, for all that its thread does meanwhile.
 *
 * <p>For any thread.
 */
public final class Patience {
    private static final ScopedValue<BooleanSupplier> WANTED = ScopedValue.newInstance();
    private static final BooleanSupplier ALWAYS = () -> true;

    private Patience() {}

    /**
     * Works as long as the result is wanted.
     *
     * @param wanted asked often, on this thread; must be quick
     * @param work that ends with what it throws
     * @param <T> what it makes
     * @return the result
     * @throws CancellationException if it was not wanted any more
     */
    public static <T> T whileWanted(BooleanSupplier wanted, Supplier<T> work) {
        return ScopedValue.where(WANTED, wanted).call(work::get);
    }

    /**
     * Asks whether the work that this thread does is still wanted. Takes some nanoseconds: for every step that takes a microsecond.
     *
     * @throws CancellationException if it is not
     */
    public static void check() {
        if (!WANTED.orElse(ALWAYS).getAsBoolean()) {
            throw new CancellationException("nobody waits for the grammar any more");
        }
    }
}
