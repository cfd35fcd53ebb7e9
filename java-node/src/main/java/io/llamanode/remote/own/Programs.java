package io.llamanode.remote.own;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Finds programs as a shell does. */
public final class Programs {
    private static final String USUAL = "/usr/local/bin:/usr/bin:/bin";

    private Programs() {}

    /**
     * Finds a program.
     *
     * @param name of it, looked for in {@code path}, or a path
     * @param path the variable {@code PATH}; {@code null}: the usual places
     * @return where it is
     * @throws StartException if it is not there, or can not be run, saying so
     */
    public static Path find(String name, @Nullable String path) throws StartException {
        try {
            if (name.contains("/")) {
                Path file = Path.of(name);
                if (isProgram(file)) {
                    return file;
                }
                throw new StartException("command: %s %s"
                        .formatted(name, Files.exists(file) ? "is no program that this user may run" : "is not there"));
            }
            for (String directory : Objects.requireNonNullElse(path, USUAL).split(File.pathSeparator, -1)) {
                Path file = Path.of(directory.isEmpty() ? "." : directory).resolve(name);
                if (isProgram(file)) {
                    return file;
                }
            }
        } catch (InvalidPathException e) {
            throw new StartException("command: '%s' can not be the name of a program".formatted(name));
        }
        throw new StartException(
                "command: there is no program '%s' in PATH (%s); install it, or give its path".formatted(name, path));
    }

    private static boolean isProgram(Path file) {
        return Files.isRegularFile(file) && Files.isExecutable(file);
    }
}
