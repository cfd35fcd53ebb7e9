package io.llamanode.chat;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The published templates and llama.cpp's renderings of them, which are shared between checkouts. */
final class SharedTemplates {
    private SharedTemplates() {}

    /** What {@code expected.json} holds. */
    record Expectations(String bos_token, String eos_token, Map<String, Conversation> conversations,
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
            return new ObjectMapper().readValue(directory().resolve("expected.json").toFile(),
                    new TypeReference<>() {});
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
            return files.map(file -> file.getFileName().toString()).filter(name -> name.endsWith(".jinja")).sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String source(String name) {
        try {
            return Files.readString(directory().resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
