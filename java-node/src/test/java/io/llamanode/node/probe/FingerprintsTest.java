package io.llamanode.node.probe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.llamanode.gguf.GgufFile.Part;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FingerprintsTest {
    private final CompletableFuture<Void> withdrawn = new CompletableFuture<>();
    private final Fingerprints now = new Fingerprints(Clock.systemUTC());
    /** To which every file was touched long ago. */
    private final Fingerprints later = new Fingerprints(Clock.offset(Clock.systemUTC(), Duration.ofHours(1)));

    @TempDir
    private Path directory;

    private Part file(String name, String content, int header) throws IOException {
        Path path = Files.writeString(directory.resolve(name), content, StandardCharsets.US_ASCII);
        return new Part(path, header, content.length());
    }

    private String of(Fingerprints fingerprints, Part... parts) throws IOException {
        return fingerprints.of(List.of(parts), false, withdrawn);
    }

    @Test
    void itIsOfTheContentOfAllFilesInTheirOrder() throws IOException {
        Part one = file("1", "abc", 1);
        Part two = file("2", "def", 1);
        assertEquals(
                "3:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad ", of(now, one), "SHA-256 of abc");
        assertEquals(of(now, one, two), of(now, file("3", "abc", 1), file("4", "def", 2)));
        assertNotEquals(of(now, one, two), of(now, two, one));
        assertNotEquals(of(now, one, two), of(now, file("5", "abcd", 1), file("6", "ef", 1)));
        assertNotEquals(of(now, one, two), of(now, one, file("7", "deg", 1)));
    }

    @Test
    void whatNobodyReadsDoesNotCount() throws IOException {
        Part whole = file("1", "abcdef", 2);
        Part longer = new Part(file("2", "abcdefgh", 2).path(), 2, 6);
        assertEquals(of(now, whole), of(now, longer));
        Part other = file("3", "abcxyz", 2);
        assertEquals(now.of(List.of(whole), true, withdrawn), now.of(List.of(other), true, withdrawn));
        assertNotEquals(now.of(List.of(whole), true, withdrawn), of(now, whole));
    }

    /** With its size and its time of change as they were: the one time that nobody can set tells. */
    @Test
    void aChangeInSecretIsNoticed() throws IOException {
        Part part = file("1", "abc", 1);
        FileTime time = Files.getLastModifiedTime(part.path());
        String before = of(later, part);
        FileTime touched = (FileTime) Files.getAttribute(part.path(), "unix:ctime");
        do {
            Files.writeString(part.path(), "abd");
            Files.setLastModifiedTime(part.path(), time);
        } while (Files.getAttribute(part.path(), "unix:ctime").equals(touched));
        assertNotEquals(before, of(later, part));
    }

    /** Two changes within the grain of the file system's times look like one. */
    @Test
    void aFileThatWasTouchedJustNowIsReadAgain() throws IOException {
        Part part = file("1", "x".repeat(100), 1);
        of(now, part);
        withdrawn.complete(null);
        assertThrows(CancellationException.class, () -> of(now, part), "it would have been read");
    }

    @Test
    void aFileThatIsUntouchedIsNotReadAgain() throws IOException {
        Part part = file("1", "x".repeat(100), 1);
        String before = of(later, part);
        withdrawn.complete(null);
        assertEquals(before, of(later, part), "it was not read, or that would have been given up");
        assertThrows(CancellationException.class, () -> of(later, new Part(part.path(), 1, 50)));
    }

    @Test
    void whatWasNotAskedForTheLongestIsForgotten() {
        Map<String, Integer> remembered = new Fingerprints.Remembered<>(2);
        remembered.put("a", 1);
        remembered.put("b", 2);
        assertEquals(1, remembered.get("a"));
        remembered.put("c", 3);
        assertEquals(Set.of("a", "c"), remembered.keySet());
    }

    @Test
    void aFileThatBecameShorterOrIsGoneIsToldSo() throws IOException {
        Part part = file("1", "abc", 1);
        assertThrows(EOFException.class, () -> of(now, new Part(part.path(), 1, 4)));
        Files.delete(part.path());
        assertThrows(NoSuchFileException.class, () -> of(now, part));
        assertThrows(NoSuchFileException.class, () -> Fingerprints.states(List.of(part)));
    }
}
