package io.llamanode.processor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is made of declarations. That the classes call C is tested in the node, where the processor runs as well. */
class CFunctionProcessorTest {
    private static final Path NODE = Path.of(System.getProperty("llamanode.root", "../.."), "java-node/src/main/java");

    @TempDir
    private Path made;

    private List<Diagnostic<? extends JavaFileObject>> process(String body) {
        String source = """
                package example;

                import io.llamanode.llama.functions.CFunction;
                import io.llamanode.llama.functions.Struct;
                import java.lang.foreign.MemorySegment;

                """ + body;
        DiagnosticCollector<JavaFileObject> told = new DiagnosticCollector<>();
        JavaCompiler.CompilationTask task = ToolProvider.getSystemJavaCompiler()
                .getTask(
                        null,
                        null,
                        told,
                        List.of("-proc:only", "-implicit:none", "-sourcepath", NODE.toString(), "-s", made.toString()),
                        null,
                        List.of(
                                new SimpleJavaFileObject(
                                        URI.create("string:///example/Example.java"), JavaFileObject.Kind.SOURCE) {
                                    @Override
                                    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                                        return source;
                                    }
                                }));
        task.setProcessors(List.of(new CFunctionProcessor()));
        task.call();
        return told.getDiagnostics().stream()
                .filter(diagnostic -> diagnostic.getKind() == Diagnostic.Kind.ERROR)
                .toList();
    }

    private List<String> classes() throws IOException {
        try (Stream<Path> files = Files.walk(made)) {
            return files.filter(Files::isRegularFile)
                    .map(file -> made.relativize(file).toString())
                    .sorted()
                    .toList();
        }
    }

    private void assertRefused(String message, String at, String body) throws IOException {
        List<Diagnostic<? extends JavaFileObject>> errors = process(body);
        assertEquals(1, errors.size(), errors.toString());
        Diagnostic<? extends JavaFileObject> error = errors.getFirst();
        assertTrue(error.getMessage(null).contains(message), error.getMessage(null));
        String source = error.getSource().getCharContent(true).toString();
        assertEquals(at, source.substring((int) error.getStartPosition(), (int) error.getEndPosition()));
        assertEquals(List.of(), classes());
    }

    @Test
    void anInterfaceOfFunctionsIsImplementedBesideIt() throws IOException {
        assertEquals(List.of(), process("interface Example { @CFunction(\"abs\") int abs(int i); }"));
        assertEquals(List.of("example/ExampleCalls.java"), classes());
    }

    @Test
    void theClassIsAsPublicAsTheInterface() throws IOException {
        assertEquals(List.of(), process("""
                        public interface Example {
                            @CFunction("abs") int abs(int i);
                            interface Inner { @CFunction("abs") int abs(int i); }
                        }
                        interface Hidden {
                            interface Inner { @CFunction("abs") int abs(int i); }
                        }
                        """));
        assertEquals(
                List.of("example/ExampleCalls.java", "example/ExampleInnerCalls.java", "example/HiddenInnerCalls.java"),
                classes());
        assertTrue(Files.readString(made.resolve("example/ExampleCalls.java")).contains("public final class"));
        assertTrue(
                Files.readString(made.resolve("example/ExampleInnerCalls.java")).contains("public final class"));
        assertTrue(
                Files.readString(made.resolve("example/HiddenInnerCalls.java")).contains("\nfinal class"));
    }

    @Test
    void anInterfaceWithAMethodLeftOpenIsNotImplementedButThoseThatExtendItAre() throws IOException {
        assertEquals(List.of(), process("""
                        interface Open { @CFunction("abs") int abs(int i); long other(); }
                        interface Whole extends Open { @Override @CFunction("clock") long other(); }
                        """));
        assertEquals(List.of("example/WholeCalls.java"), classes());
        String whole = Files.readString(made.resolve("example/WholeCalls.java"));
        assertTrue(whole.contains("library.address(\"abs\")"), whole);
        assertTrue(whole.contains("library.address(\"clock\")"), whole);
    }

    @Test
    void aTypeThatCHasNotIsRefusedWhereItStands() throws IOException {
        assertRefused(
                "java.lang.String is no type of a C function",
                "String text",
                "interface Example { @CFunction(\"strlen\") long length(String text); }");
        assertRefused(
                "char is no type of a C function",
                "@CFunction(\"first\") char first(MemorySegment text);",
                "interface Example { @CFunction(\"first\") char first(MemorySegment text); }");
    }

    @Test
    void functionsAreDeclaredInInterfacesOnly() throws IOException {
        assertRefused(
                "C functions are declared in interfaces",
                "abstract class Example { @CFunction(\"abs\") abstract int abs(int i); }",
                "abstract class Example { @CFunction(\"abs\") abstract int abs(int i); }");
    }

    @Test
    void aFunctionIsDeclaredOnce() throws IOException {
        assertRefused(
                "abs is declared already",
                "@CFunction(\"abs\") int b(int i);",
                "interface Example { @CFunction(\"abs\") int a(int i); @CFunction(\"abs\") int b(int i); }");
    }
}
