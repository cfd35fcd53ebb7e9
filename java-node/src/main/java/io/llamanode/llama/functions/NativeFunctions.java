package io.llamanode.llama.functions;

import io.llamanode.llama.LibraryException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * Finds the functions of one loaded library, and makes what calls functions of a type: the virtual machine makes code for
 * each type, so that is done when the first one is called.
 */
public final class NativeFunctions {

    private static final Linker LINKER = Linker.nativeLinker();

    private final SymbolLookup symbols;
    private final String library;

    /**
     * Looks into a library.
     *
     * @param symbols its symbols
     * @param library what it is called in messages
     */
    public NativeFunctions(SymbolLookup symbols, String library) {
        this.symbols = symbols;
        this.library = library;
    }

    /**
     * Looks a symbol up.
     *
     * @param symbol its name
     * @return its address, if the library has it
     */
    public Optional<MemorySegment> find(String symbol) {
        return symbols.find(symbol);
    }

    /**
     * Looks up a symbol that must be there.
     *
     * @param name its name
     * @return its address
     * @throws LibraryException when the library has it not
     */
    public MemorySegment address(String name) {
        return symbols.find(name)
                .orElseThrow(() -> new LibraryException(
                        library + " has no function " + name + "; known are llama.cpp " + ReleaseApi.knownNames()));
    }

    /**
     * Looks up a symbol that some releases lack.
     *
     * @param name its name
     * @return its address, or a null pointer
     */
    public MemorySegment addressOrNull(String name) {
        return symbols.find(name).orElse(MemorySegment.NULL);
    }

    /**
     * Makes what calls functions that may take long, call back or log.
     *
     * @param type result and parameters
     * @return takes the address of one, then its arguments
     */
    public static MethodHandle call(FunctionDescriptor type) {
        return LINKER.downcallHandle(type);
    }

    /**
     * Makes what calls functions that return at once and never call back, so that no thread-state transition is needed.
     *
     * @param type result and parameters
     * @return takes the address of one, then its arguments
     */
    public static MethodHandle callAtOnce(FunctionDescriptor type) {
        return LINKER.downcallHandle(type, Linker.Option.critical(false));
    }

    /**
     * What a call may throw: misuse as it is; anything else is a defect of the binding.
     *
     * @param thrown by a method handle
     * @return what to throw
     */
    public static RuntimeException unexpected(Throwable thrown) {
        return switch (thrown) {
            case RuntimeException e -> e;
            case Error e -> throw e;
            default -> new IllegalStateException("A native call threw " + thrown, thrown);
        };
    }
}
