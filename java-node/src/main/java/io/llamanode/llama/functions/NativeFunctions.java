package io.llamanode.llama.functions;

import io.llamanode.llama.LibraryException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.util.Optional;

/** Finds the functions of one loaded library. */
public final class NativeFunctions {

    private static final Linker LINKER = Linker.nativeLinker();

    private final SymbolLookup symbols;
    private final String library;

    public NativeFunctions(SymbolLookup symbols, String library) {
        this.symbols = symbols;
        this.library = library;
    }

    public Optional<MemorySegment> find(String symbol) {
        return symbols.find(symbol);
    }

    /** A function that may take long, call back or log. */
    public NativeFunction function(String name, FunctionDescriptor type) {
        MemorySegment address = address(name);
        return new NativeFunction(() -> LINKER.downcallHandle(address, type));
    }

    /** A function that returns at once and never calls back, so that no thread-state transition is needed. */
    NativeFunction getter(String name, FunctionDescriptor type) {
        MemorySegment address = address(name);
        return new NativeFunction(() -> LINKER.downcallHandle(address, type, Linker.Option.critical(false)));
    }

    public MemorySegment address(String name) {
        return symbols.find(name)
                .orElseThrow(() -> new LibraryException(
                        library + " has no function " + name + "; known are llama.cpp " + ReleaseApi.knownNames()));
    }

    /** What a downcall may throw: misuse as is, anything else is a bug of the binding. */
    public static RuntimeException unexpected(Throwable thrown) {
        return switch (thrown) {
            case RuntimeException e -> e;
            case Error e -> throw e;
            default -> new IllegalStateException("A native call threw " + thrown, thrown);
        };
    }
}
