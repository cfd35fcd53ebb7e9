package io.llamanode.processor;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.lang.model.element.AnnotationMirror;
import javax.lang.model.element.AnnotationValue;
import javax.lang.model.element.Element;
import javax.lang.model.element.ExecutableElement;
import javax.lang.model.element.TypeElement;
import javax.lang.model.element.VariableElement;
import javax.lang.model.type.TypeMirror;

/** Reads from a method which C function it declares. The annotations are known by their names alone. */
final class CFunctions {
    static final String PACKAGE = "io.llamanode.llama.functions";
    static final String C_FUNCTION = PACKAGE + ".CFunction";
    private static final String STRUCT = PACKAGE + ".Struct";
    private static final String ALLOCATOR = "java.lang.foreign.SegmentAllocator";

    private CFunctions() {}

    /**
     * A C function.
     *
     * @param method declares it
     * @param symbol its name in the library
     * @param returnsAtOnce whether it needs no change of the thread's state
     * @param result its layout, unless it returns nothing
     * @param arguments layouts of its parameters
     */
    record Function(
            ExecutableElement method,
            String symbol,
            boolean returnsAtOnce,
            Optional<Layout> result,
            List<Layout> arguments) {
        /** {@return whether a library may be without it, because the method has a body} */
        boolean optional() {
            return method.isDefault();
        }
    }

    /**
     * A layout.
     *
     * @param name names it among the types of functions
     * @param constant the expression that gives it
     */
    record Layout(String name, String constant) {}

    /** {@return the C function that a method declares, if it does} */
    static Optional<Function> of(ExecutableElement method) {
        return annotation(method, C_FUNCTION).map(declared -> {
            List<Layout> arguments = new ArrayList<>();
            for (VariableElement parameter : method.getParameters()) {
                // Where a returned struct goes is no argument of the C function.
                if (!parameter.asType().toString().equals(ALLOCATOR)) {
                    arguments.add(layout(parameter, parameter.asType()));
                }
            }
            TypeMirror result = method.getReturnType();
            return new Function(
                    method,
                    (String) value(declared, "value").orElseThrow().getValue(),
                    value(declared, "returnsAtOnce")
                            .map(AnnotationValue::getValue)
                            .equals(Optional.of(true)),
                    result.toString().equals("void") ? Optional.empty() : Optional.of(layout(method, result)),
                    arguments);
        });
    }

    private static Layout layout(Element declared, TypeMirror type) {
        Optional<AnnotationMirror> struct = annotation(declared, STRUCT);
        if (struct.isPresent()) {
            String of = value(struct.get(), "value").orElseThrow().getValue().toString();
            return new Layout(of.substring(of.lastIndexOf('.') + 1), of + ".LAYOUT");
        }
        return switch (type.toString()) {
            case "int" -> new Layout("Int", "JAVA_INT");
            case "long" -> new Layout("Long", "JAVA_LONG");
            case "float" -> new Layout("Float", "JAVA_FLOAT");
            case "boolean" -> new Layout("Bool", "JAVA_BOOLEAN");
            case "java.lang.foreign.MemorySegment" -> new Layout("Pointer", "ADDRESS");
            default ->
                throw new DeclarationException(
                        declared,
                        type + " is no type of a C function; known are int, long, float, boolean and MemorySegment");
        };
    }

    private static Optional<AnnotationMirror> annotation(Element element, String name) {
        for (AnnotationMirror mirror : element.getAnnotationMirrors()) {
            if (((TypeElement) mirror.getAnnotationType().asElement())
                    .getQualifiedName()
                    .contentEquals(name)) {
                return Optional.of(mirror);
            }
        }
        return Optional.empty();
    }

    private static Optional<AnnotationValue> value(AnnotationMirror annotation, String name) {
        for (var entry : annotation.getElementValues().entrySet()) {
            if (entry.getKey().getSimpleName().contentEquals(name)) {
                return Optional.of(entry.getValue());
            }
        }
        return Optional.empty();
    }
}
