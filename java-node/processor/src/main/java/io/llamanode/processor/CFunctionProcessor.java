package io.llamanode.processor;

import java.io.IOException;
import java.io.Writer;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.annotation.processing.AbstractProcessor;
import javax.annotation.processing.RoundEnvironment;
import javax.lang.model.SourceVersion;
import javax.lang.model.element.Element;
import javax.lang.model.element.ExecutableElement;
import javax.lang.model.element.Modifier;
import javax.lang.model.element.TypeElement;
import javax.lang.model.util.ElementFilter;
import javax.tools.Diagnostic;

/**
 * Implements interfaces whose methods declare C functions: beside {@code FooFunctions} it puts a class
 * {@code FooFunctionsCalls}. An interface that leaves a method without a body or a C function gets none; those that extend
 * it may. For the compiler, which makes it by its name.
 */
public final class CFunctionProcessor extends AbstractProcessor {

    /** Made by the compiler. */
    public CFunctionProcessor() {}

    @Override
    public Set<String> getSupportedAnnotationTypes() {
        return Set.of(CFunctions.C_FUNCTION);
    }

    @Override
    public SourceVersion getSupportedSourceVersion() {
        return SourceVersion.latest();
    }

    @Override
    public boolean process(Set<? extends TypeElement> annotations, RoundEnvironment round) {
        Set<TypeElement> interfaces = new LinkedHashSet<>();
        for (TypeElement annotation : annotations) {
            for (Element method : round.getElementsAnnotatedWith(annotation)) {
                interfaces.add((TypeElement) method.getEnclosingElement());
            }
        }
        for (TypeElement declared : interfaces) {
            try {
                implement(declared);
            } catch (DeclarationException e) {
                processingEnv.getMessager().printMessage(Diagnostic.Kind.ERROR, e.getMessage(), e.where());
            } catch (IOException e) {
                processingEnv.getMessager().printMessage(Diagnostic.Kind.ERROR, e.toString(), declared);
            }
        }
        return true;
    }

    private void implement(TypeElement declared) throws IOException {
        if (!declared.getKind().isInterface()) {
            throw new DeclarationException(declared, "C functions are declared in interfaces");
        }
        List<CFunctions.Function> functions = new ArrayList<>();
        boolean whole = true;
        for (ExecutableElement method :
                ElementFilter.methodsIn(processingEnv.getElementUtils().getAllMembers(declared))) {
            Optional<CFunctions.Function> function = CFunctions.of(method);
            function.ifPresent(added -> add(added, functions));
            whole &= function.isPresent() || !method.getModifiers().contains(Modifier.ABSTRACT);
        }
        if (whole) {
            String room = processingEnv
                    .getElementUtils()
                    .getPackageOf(declared)
                    .getQualifiedName()
                    .toString();
            CallsSource source = new CallsSource(room, declared, functions);
            try (Writer out = processingEnv
                    .getFiler()
                    .createSourceFile(source.name(), declared)
                    .openWriter()) {
                out.write(source.text());
            }
        }
    }

    private static void add(CFunctions.Function added, List<CFunctions.Function> functions) {
        if (functions.stream().anyMatch(other -> other.symbol().equals(added.symbol()))) {
            throw new DeclarationException(added.method(), added.symbol() + " is declared already");
        }
        functions.add(added);
    }
}
