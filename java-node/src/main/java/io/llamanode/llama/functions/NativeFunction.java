package io.llamanode.llama.functions;

import java.lang.invoke.MethodHandle;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * A function of a loaded library, which exists for certain but is linked when it is first called: the virtual machine
 * makes code for every type of function it links, and a start needs few of them.
 */
public final class NativeFunction {

    private final Supplier<MethodHandle> linker;
    /** Threads that meet here may each link; either handle is good. */
    private MethodHandle handle;

    NativeFunction(Supplier<MethodHandle> linker) {
        this.linker = linker;
    }

    /** {@return what calls it} */
    public MethodHandle handle() {
        MethodHandle linked = handle;
        if (linked == null) {
            linked = linker.get();
            handle = linked;
        }
        return linked;
    }

    /** {@return the same function behind other parameters} */
    NativeFunction adapted(UnaryOperator<MethodHandle> change) {
        return new NativeFunction(() -> change.apply(handle()));
    }
}
