package io.llamanode.node;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The files of a running node, named after it. For any thread.
 *
 * @param nodeName full name of the node
 * @param directory of the files below
 * @param pid holds the process's number; nothing is decided by it
 * @param socket the control socket, whose lock decides whether the node runs
 * @param log what {@code start} leads standard error to
 */
public record NodePaths(String nodeName, Path directory, Path pid, Path socket, Path log) {
    private static final String SOCKET = ".sock";

    /**
     * The files of a node of this name, in the directory given or in the default one of the user.
     *
     * @param nodeName full name of the node
     * @param runDir directory of its files, or {@code null}
     * @param logFile its log, or {@code null}
     * @param environment of the process
     * @return its files
     * @throws ExitException if the name cannot be part of a file's name
     */
    public static NodePaths of(
            String nodeName, @Nullable String runDir, @Nullable String logFile, Map<String, String> environment)
            throws ExitException {
        if (nodeName.contains("/")) {
            throw new ExitException(ExitStatus.CONFIG, "node_name must not hold a /");
        }
        return of(nodeName, runDir != null ? Path.of(runDir) : defaultDirectory(environment), logFile);
    }

    private static NodePaths of(String nodeName, Path directory, @Nullable String logFile) {
        return new NodePaths(
                nodeName,
                directory,
                directory.resolve(nodeName + ".pid"),
                directory.resolve(nodeName + SOCKET),
                logFile != null ? Path.of(logFile) : directory.resolve(nodeName + ".log"));
    }

    /** {@return where a line bridge listens of which nobody says where} */
    public Path bridge() {
        return directory.resolve("bridge" + SOCKET);
    }

    /**
     * Finds nodes by their control sockets, those that were left behind included.
     *
     * @param directory of such files
     * @return the nodes, in the order of their names; none if the directory is not there
     * @throws ExitException if it cannot be read
     */
    public static List<NodePaths> in(Path directory) throws ExitException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString())
                    // A bridge's socket may stand beside them, and is not named after a node.
                    .filter(name -> name.endsWith(SOCKET) && name.indexOf('@') > 0)
                    .sorted()
                    .map(name -> of(name.substring(0, name.length() - SOCKET.length()), directory, null))
                    .toList();
        } catch (IOException | UncheckedIOException e) {
            throw new ExitException(ExitStatus.CONFIG, "run_dir: " + directory + " cannot be read: " + e.getMessage());
        }
    }

    /** What systemd made for the service, or what belongs to the user's login, or else a name that is the user's. */
    private static Path defaultDirectory(Map<String, String> environment) {
        String ofService = environment.get("RUNTIME_DIRECTORY");
        if (ofService != null && !ofService.isEmpty()) {
            return Path.of(ofService.split(":", 2)[0]);
        }
        String ofLogin = environment.get("XDG_RUNTIME_DIR");
        return ofLogin != null && !ofLogin.isEmpty()
                ? Path.of(ofLogin, "llama-node")
                : Path.of("/tmp", "llama-node-" + System.getProperty("user.name"));
    }

    /**
     * Waits until no node holds the control socket any more.
     *
     * @param timeoutMs milliseconds
     * @return {@code false} if one still does after this time
     * @throws IOException if there is no lock to wait for
     * @throws InterruptedException if interrupted
     */
    public boolean awaitUnlocked(long timeoutMs) throws IOException, InterruptedException {
        Path file = socket.resolveSibling(socket.getFileName() + ".lock");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            CompletableFuture<Void> unlocked = new CompletableFuture<>();
            Thread.ofPlatform().daemon().start(() -> {
                try {
                    channel.lock().close();
                    unlocked.complete(null);
                } catch (IOException | RuntimeException e) {
                    unlocked.completeExceptionally(e);
                }
            });
            unlocked.get(timeoutMs, TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw new IOException(e.getCause());
        }
    }

    /**
     * Makes the directory, for its owner only.
     *
     * @throws ExitException if it cannot be used, or belongs to somebody else
     */
    public void create() throws ExitException {
        try {
            if (!Files.exists(directory)) {
                Files.createDirectories(
                        directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            }
            // In /tmp it may have been made by somebody else, who could then replace what is in it. Whose a
            // new file is tells who this process is, which a name need not.
            Path probe = Files.createTempFile(directory, ".", null);
            Object own = Files.getAttribute(probe, "unix:uid");
            Files.delete(probe);
            if (!own.equals(Files.getAttribute(directory, "unix:uid"))) {
                throw new ExitException(ExitStatus.CONFIG, "run_dir: " + directory + " belongs to another user");
            }
        } catch (IOException e) {
            throw new ExitException(ExitStatus.CONFIG, "run_dir: " + directory + " cannot be used: " + e);
        }
    }
}
