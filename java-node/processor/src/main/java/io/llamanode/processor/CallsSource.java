package io.llamanode.processor;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.lang.model.element.Element;
import javax.lang.model.element.Modifier;
import javax.lang.model.element.TypeElement;

/**
 * The text of a class that implements an interface by C functions. The address of each function is looked up when an
 * object is made, for one library. How a type of function is called is a constant, which all functions of that type
 * share, of all libraries; it is made when the first one of them is called.
 */
final class CallsSource {
    private static final String CLASS = """
            package %1$s;

            import static java.lang.foreign.ValueLayout.*;

            import %9$s.NativeFunctions;
            import java.lang.foreign.FunctionDescriptor;
            import java.lang.foreign.MemorySegment;
            import java.lang.invoke.MethodHandle;

            /** Implements {@link %2$s} by the functions of a library. Made of its declarations at build time. */
            %3$sfinal class %4$s implements %2$s {

            %5$s
                /**
                 * Looks the functions up.
                 *
                 * @param library the library
                 * @throws io.llamanode.llama.LibraryException when it lacks one that must be there
                 */
                %3$s%4$s(NativeFunctions library) {
            %6$s    }
            %7$s%8$s}
            """;

    private static final String METHOD = """

                @Override
                public %s %s(%s) {
            %s        try {
                        %s%s.CALL.invokeExact(%s);
                    } catch (Throwable thrown) {
                        throw NativeFunctions.unexpected(thrown);
                    }
                }
            """;

    private static final String WITHOUT = """
                    if (%s.address() == 0) {
                        %s;
                    }
            """;

    private static final String TYPE = """

                private static final class %s {
                    static final MethodHandle CALL = NativeFunctions.%s(%s);
                }
            """;

    private final String room;
    private final TypeElement declared;
    private final List<CFunctions.Function> functions;

    /**
     * @param room package of the interface
     * @param declared the interface
     * @param functions all that it declares or inherits
     */
    CallsSource(String room, TypeElement declared, List<CFunctions.Function> functions) {
        this.room = room;
        this.declared = declared;
        this.functions = functions;
    }

    /** {@return the full name of the class} */
    String name() {
        return room + "." + simpleName();
    }

    /** {@return the source} */
    String text() {
        return CLASS.formatted(
                room,
                declaredName(),
                isPublic() ? "public " : "",
                simpleName(),
                each(function -> "    private final MemorySegment %s;\n".formatted(function.symbol())),
                each(function -> "        %1$s = library.%2$s(\"%1$s\");\n"
                        .formatted(function.symbol(), function.optional() ? "addressOrNull" : "address")),
                each(this::method),
                types(),
                CFunctions.PACKAGE);
    }

    /** The name within the package, of an interface inside another type too. */
    private String declaredName() {
        return declared.getQualifiedName().toString().substring(room.length() + 1);
    }

    private String simpleName() {
        return declaredName().replace(".", "") + "Calls";
    }

    private boolean isPublic() {
        for (Element around = declared; around instanceof TypeElement; around = around.getEnclosingElement()) {
            if (!around.getModifiers().contains(Modifier.PUBLIC)) {
                return false;
            }
        }
        return true;
    }

    private interface Part {
        String of(CFunctions.Function function);
    }

    private String each(Part part) {
        return functions.stream().map(part::of).collect(Collectors.joining());
    }

    private String method(CFunctions.Function function) {
        String result = function.method().getReturnType().toString();
        boolean isVoid = result.equals("void");
        String name = function.method().getSimpleName().toString();
        List<String> arguments = function.method().getParameters().stream()
                .map(parameter -> parameter.getSimpleName().toString())
                .toList();
        String parameters = function.method().getParameters().stream()
                .map(parameter -> parameter.asType() + " " + parameter.getSimpleName())
                .collect(Collectors.joining(", "));
        String body = "%s.super.%s(%s)".formatted(declaredName(), name, String.join(", ", arguments));
        return METHOD.formatted(
                result,
                name,
                parameters,
                function.optional()
                        ? WITHOUT.formatted(function.symbol(), isVoid ? body + "; return" : "return " + body)
                        : "",
                isVoid ? "" : "return (" + result + ") ",
                typeName(function),
                Stream.concat(Stream.of(function.symbol()), arguments.stream()).collect(Collectors.joining(", ")));
    }

    /** A class is initialized when it is first used, and makes its constant then. */
    private String types() {
        Map<String, String> types = new TreeMap<>();
        for (CFunctions.Function function : functions) {
            String layouts = Stream.concat(function.result().stream(), function.arguments().stream())
                    .map(CFunctions.Layout::constant)
                    .collect(Collectors.joining(", "));
            String descriptor =
                    "FunctionDescriptor.%s(%s)".formatted(function.result().isPresent() ? "of" : "ofVoid", layouts);
            String name = typeName(function);
            types.put(name, TYPE.formatted(name, function.returnsAtOnce() ? "callAtOnce" : "call", descriptor));
        }
        return String.join("", types.values());
    }

    private static String typeName(CFunctions.Function function) {
        return (function.returnsAtOnce() ? "AtOnce" : "")
                + function.result().map(CFunctions.Layout::name).orElse("Void")
                + (function.arguments().isEmpty() ? "" : "Of")
                + function.arguments().stream().map(CFunctions.Layout::name).collect(Collectors.joining());
    }
}
