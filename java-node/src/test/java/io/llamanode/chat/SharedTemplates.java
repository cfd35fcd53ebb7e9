package io.llamanode.chat;

import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;

/** The published templates and llama.cpp's renderings of them, which are shared between checkouts. */
final class SharedTemplates {
    private SharedTemplates() {}

    /** What {@code expected.json} holds. */
    record Expectations(
            String bos_token,
            String eos_token,
            Map<String, Conversation> conversations,
            Map<String, Map<String, String>> expected) {}

    /** Messages, and tools or null. */
    record Conversation(List<Map<String, Object>> messages, List<Map<String, Object>> tools) {}

    static Path directory() {
        String shared = System.getProperty("LLAMA_NODE_SHARED", System.getenv("LLAMA_NODE_SHARED"));
        Path root = Path.of(System.getProperty("llamanode.root", ".."));
        return (shared != null ? Path.of(shared) : root.resolve("../shared")).resolve("chat-templates");
    }

    static boolean present() {
        return Files.isRegularFile(directory().resolve("expected.json"));
    }

    static Expectations expectations() {
        try {
            return new ObjectMapper()
                    .readValue(directory().resolve("expected.json").toFile(), new TypeReference<>() {});
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Names of the template files. */
    static List<String> names() {
        if (!present()) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(directory())) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".jinja"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A test for each template; one that is skipped with a reason where there are none. */
    static Stream<DynamicTest> forEach(Consumer<String> test) {
        return present()
                ? names().stream().map(name -> dynamicTest(name, () -> test.accept(name)))
                : Stream.of(dynamicTest(
                        "shared chat templates",
                        () -> abort("no shared chat templates at " + directory() + " (set LLAMA_NODE_SHARED)")));
    }

    static String source(String name) {
        try {
            return Files.readString(directory().resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
