package io.llamanode.remote.own;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProgramsTest {
    @TempDir
    private Path directory;

    private Path file(String name, String permissions) throws IOException {
        Path file = Files.createFile(directory.resolve(name));
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
    }

    private static String refusal(String name, String path) {
        return String.valueOf(assertThrows(StartException.class, () -> Programs.find(name, path))
                .getMessage());
    }

    @Test
    void aNameIsLookedForInThePath() throws Exception {
        Path program = file("llama-server", "rwx------");
        assertEquals(program, Programs.find("llama-server", "/nowhere:" + directory));
        assertEquals(program, Programs.find(program.toString(), null));
    }

    @Test
    void whatIsMissingIsNamed() {
        assertEquals(
                "command: there is no program 'llama-server' in PATH (/nowhere); install it, or give its path",
                refusal("llama-server", "/nowhere"));
        assertEquals("command: /nowhere/a is not there", refusal("/nowhere/a", "/bin"));
    }

    @Test
    void whatCanNotBeRunIsNamed() throws Exception {
        Path text = file("text", "rw-------");
        assertEquals(
                "command: %s is no program that this user may run".formatted(text), refusal(text.toString(), "/bin"));
        assertTrue(refusal("text", directory.toString()).contains("there is no program 'text'"));
        assertTrue(refusal("a\0b", "/bin").contains("can not be the name of a program"));
    }
}
