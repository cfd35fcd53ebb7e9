package io.llamanode.llama.context;

import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.llamanode.llama.watch.WatchedCalls;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.function.BooleanSupplier;

/** What a computation of llama.cpp calls back to between two nodes of its graph. For the thread that computes. */
final class Computation {
    private final WatchedCalls calls;
    private BooleanSupplier givenUp = () -> false;

    Computation(WatchedCalls calls) {
        this.calls = calls;
    }

    WatchedCalls calls() {
        return calls;
    }

    /** @param wish what the next computation asks */
    void givenUp(BooleanSupplier wish) {
        givenUp = wish;
    }

    /** {@return the {@code ggml_abort_callback}} Its pointer comes as a number, which nothing needs to be made for. */
    MemorySegment callback(Arena arena) {
        try {
            MethodType type = MethodType.methodType(boolean.class, long.class);
            MethodHandle handle = MethodHandles.lookup().findVirtual(Computation.class, "abort", type);
            return Linker.nativeLinker()
                    .upcallStub(handle.bindTo(this), FunctionDescriptor.of(JAVA_BOOLEAN, JAVA_LONG), arena);
        } catch (NoSuchMethodException | IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    @SuppressWarnings("unused") // called by llama.cpp, which finds it by its name and gives it a pointer back
    boolean abort(long data) {
        calls.progress();
        try {
            return givenUp.getAsBoolean();
        } catch (Throwable e) {
            // One that left here would end the process.
            return false;
        }
    }
}
