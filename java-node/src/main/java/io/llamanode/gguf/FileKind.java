package io.llamanode.gguf;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;

/**
 * What a path leads to, before anybody opens it: opening a named pipe waits for ever, and a directory or a device is answered
 * with an error that tells nobody what to do.
 *
 * <p>Keeps no state: for any thread.
 */
public final class FileKind {
    private static final int FORMAT = 0170000;
    private static final int PIPE = 0010000;
    private static final int CHARACTERS = 0020000;
    private static final int BLOCKS = 0060000;
    private static final int SOCKET = 0140000;

    private FileKind() {}

    /**
     * Tells why a path is no file that can be read.
     *
     * @param path of a file, or of a link to one
     * @return what it is instead, in words that begin with the path or with "there is no file"; empty for a file
     */
    public static Optional<String> notAFile(Path path) {
        try {
            BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
            if (attributes.isRegularFile()) {
                return Files.isReadable(path) ? Optional.empty() : Optional.of(path + " may not be read by this user");
            }
            return Optional.of(
                    path + " is " + (attributes.isDirectory() ? "a directory; give a file in it" : other(path)));
        } catch (NoSuchFileException absent) {
            return Optional.of(
                    Files.isSymbolicLink(path)
                            ? path + " is a link to a file that is not there"
                            : "there is no file " + path);
        } catch (AccessDeniedException denied) {
            return Optional.of(path + " is in a directory that this user may not enter");
        } catch (FileSystemException e) {
            // ELOOP, ENOTDIR and ENAMETOOLONG have no class of their own.
            return Optional.of("there is no file " + path + (e.getReason() == null ? "" : ": " + e.getReason()));
        } catch (IOException | UnsupportedOperationException e) {
            return Optional.of(path + " cannot be looked at: " + e.getMessage());
        }
    }

    private static String other(Path path) throws IOException {
        boolean told = path.getFileSystem().supportedFileAttributeViews().contains("unix");
        int mode = told ? (int) Files.getAttribute(path, "unix:mode") : 0;
        return switch (mode & FORMAT) {
            case PIPE -> "a named pipe";
            case CHARACTERS, BLOCKS -> "a device";
            case SOCKET -> "a socket";
            default -> "no regular file";
        };
    }
}
