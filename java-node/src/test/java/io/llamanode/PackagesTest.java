package io.llamanode;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every package says what it is for, and none is too large to hold in the head. */
class PackagesTest {
    private static final Path SOURCES = Path.of(System.getProperty("llamanode.root", ".."), "java-node/src/main/java");
    private static final String INFO = "package-info.java";

    /** A comment with a sentence, before the name of the package. */
    private static final Pattern DESCRIBED =
            Pattern.compile("(?s)/\\*\\*.*\\p{L}{3,}.*\\.\\s.*\\*/.*^package ", Pattern.MULTILINE);

    private static final int MOST_FILES = 30;

    @Test
    void everyPackageSaysWhatItIsFor() throws IOException {
        assertEquals(
                List.of(),
                packages().keySet().stream()
                        .filter(directory -> !described(directory.resolve(INFO)))
                        .sorted()
                        .toList());
    }

    @Test
    void noPackageHasMoreFilesThanItShould() throws IOException {
        assertEquals(
                Map.of(),
                packages().entrySet().stream()
                        .filter(entry -> entry.getValue() > MOST_FILES)
                        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)));
    }

    private static boolean described(Path info) {
        try {
            return Files.exists(info)
                    && DESCRIBED.matcher(Files.readString(info)).find();
        } catch (IOException e) {
            return false;
        }
    }

    /** Directories with Java files, by how many they have apart from the description. */
    private static Map<Path, Long> packages() throws IOException {
        try (Stream<Path> files = Files.walk(SOURCES)) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .filter(file -> !file.endsWith(INFO))
                    .collect(Collectors.groupingBy(Path::getParent, Collectors.counting()));
        }
    }
}
