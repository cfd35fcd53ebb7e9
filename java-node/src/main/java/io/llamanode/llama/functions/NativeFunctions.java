package io.llamanode.llama.functions;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.llamanode.llama.LibraryException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Finds the functions of one loaded library, and implements interfaces that declare them. */
public final class NativeFunctions {

    private static final Linker LINKER = Linker.nativeLinker();

    private final SymbolLookup symbols;
    private final String library;
    private final Map<String, MemoryLayout> structs = new HashMap<>();

    /**
     * Looks into a library.
     *
     * @param symbols its symbols
     * @param library what it is called in messages
     */
    public NativeFunctions(SymbolLookup symbols, String library) {
        this.symbols = symbols;
        this.library = library;
        structs.put("llama_batch", BatchStruct.LAYOUT);
        structs.put(StructTable.ANY, StructTable.UNKNOWN);
    }

    /**
     * Makes the parameter structs of functions to be bound those of a release.
     *
     * @param release which release the library is
     */
    public void structsOf(ReleaseApi release) {
        structs.put(release.modelParams().name(), release.modelParams().layout());
        structs.put(release.contextParams().name(), release.contextParams().layout());
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
     * Implements an interface whose methods declare C functions. That the library has them is checked now; each is
     * linked when it is first called, since the virtual machine makes code for every type of function it links, and a
     * start needs few of them.
     *
     * @param type the interface: its methods have a {@link CFunction} or a body
     * @param <T> the interface
     * @return its functions
     * @throws LibraryException when the library lacks one that has no body
     */
    public <T> T bind(Class<T> type) {
        Map<String, LazyCalls.Target> targets = new HashMap<>();
        for (Method method : type.getMethods()) {
            CFunction function = method.getAnnotation(CFunction.class);
            if (function != null
                    && (!method.isDefault() || find(function.value()).isPresent())) {
                MemorySegment address = address(function.value());
                targets.put(LazyCalls.key(method), new LazyCalls.Target(method, () -> link(address, method, function)));
            }
        }
        return LazyCalls.implement(type, targets);
    }

    private MethodHandle link(MemorySegment address, Method method, CFunction function) {
        Linker.Option[] options =
                function.returnsAtOnce() ? new Linker.Option[] {Linker.Option.critical(false)} : new Linker.Option[0];
        return LINKER.downcallHandle(address, descriptor(method), options);
    }

    private FunctionDescriptor descriptor(Method method) {
        FunctionDescriptor type = method.getReturnType() == void.class
                ? FunctionDescriptor.ofVoid()
                : FunctionDescriptor.of(layout(method, method.getReturnType()));
        for (Parameter parameter : method.getParameters()) {
            // Where a returned struct goes is no argument of the C function.
            if (parameter.getType() != SegmentAllocator.class) {
                type = type.appendArgumentLayouts(layout(parameter, parameter.getType()));
            }
        }
        return type;
    }

    private @Nullable MemoryLayout layout(AnnotatedElement declared, Class<?> type) {
        Struct struct = declared.getAnnotation(Struct.class);
        if (struct != null) {
            return structs.get(struct.value());
        }
        return switch (type.getName()) {
            case "int" -> JAVA_INT;
            case "long" -> JAVA_LONG;
            case "float" -> JAVA_FLOAT;
            case "boolean" -> JAVA_BOOLEAN;
            default -> ADDRESS;
        };
    }
}
