package io.llamanode.transport.bridge;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * A listening socket and the file it is reached by, which belongs to its owner alone from the first
 * moment. A lock on a file beside it, which the system drops with the process, tells a socket that
 * somebody listens on from one that was left behind; a socket without it is asked by connecting. What
 * that file holds is for people: the process that has the lock.
 */
final class SocketFile implements AutoCloseable {
    private static final int TYPE = 0170000;
    private static final int SOCKET = 0140000;
    /** Bytes of a socket's path, unix(7). */
    private static final int MAX_PATH = 107;
    /** Connections that may wait to be accepted; the system has a limit of its own below it. */
    private static final int BACKLOG = 4096;

    private final Path path;
    private final FileChannel lock;
    private final ServerSocketChannel server;

    /** The path is taken, or cannot be used. */
    static final class UnusableException extends IOException {
        private static final long serialVersionUID = 1L;

        UnusableException(String message) {
            super(message);
        }
    }

    private SocketFile(Path path, FileChannel lock, ServerSocketChannel server) {
        this.path = path;
        this.lock = lock;
        this.server = server;
    }

    /**
     * Listens.
     *
     * @throws UnusableException if somebody listens there, or something else than a socket stands there
     *     or the path is too long for a socket
     * @throws IOException if the directory cannot be written
     */
    static SocketFile listen(Path path) throws IOException {
        return listen(path, "rw-------", null);
    }

    /**
     * Listens with other permissions than the owner's alone.
     *
     * @param mode permissions of the file, as {@code rw-rw----}
     * @param group of the file, or {@code null} for that of the process
     * @throws UnusableException as {@link #listen(Path)}
     * @throws AccessException if the file cannot be given to the group
     * @throws IOException if the directory cannot be written
     */
    static SocketFile listen(Path path, String mode, @Nullable String group) throws IOException {
        Path file = path.toAbsolutePath();
        int length = file.toString().getBytes(UTF_8).length;
        if (length > MAX_PATH) {
            // It could be made by renaming, but nobody could connect to it.
            throw new UnusableException(file + " has " + length + " bytes; a socket's path has at most " + MAX_PATH);
        }
        FileChannel lock = lock(file);
        try {
            check(file);
            return new SocketFile(file, lock, bind(file, mode, group));
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    private static FileChannel lock(Path file) throws IOException {
        FileChannel channel = FileChannel.open(
                file.resolveSibling(file.getFileName() + ".lock"),
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try {
            FileLock lock = channel.tryLock();
            if (lock != null) {
                channel.truncate(0);
                channel.write(UTF_8.encode(ProcessHandle.current().pid() + "\n"));
                return channel;
            }
        } catch (OverlappingFileLockException ownProcess) {
            // Taken by this very process: the answer is the same.
        } catch (IOException e) {
            channel.close();
            throw e;
        }
        try (channel) {
            throw inUse(file, holder(channel));
        }
    }

    /** {@return who has the lock, as people call it} */
    private static String holder(FileChannel lock) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(20);
        lock.read(bytes, 0);
        String pid = UTF_8.decode(bytes.flip()).toString().strip();
        // Nothing stands there while the lock is so new that its owner has not written yet.
        return pid.matches("[0-9]+") ? "process " + pid : "another process";
    }

    private static UnusableException inUse(Path file, String who) {
        return new UnusableException(file + " is in use: " + who + " listens there");
    }

    /** Refuses what is not a socket without a listener. */
    private static void check(Path file) throws IOException {
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        int mode = (int) Files.getAttribute(file, "unix:mode", LinkOption.NOFOLLOW_LINKS);
        if ((mode & TYPE) != SOCKET) {
            throw new UnusableException(file + " exists and is no socket");
        }
        try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            probe.connect(UnixDomainSocketAddress.of(file));
        } catch (ConnectException stale) {
            return;
        }
        throw inUse(file, "another process");
    }

    /** Made in a directory that nobody else can enter, and moved over what is there in one step. */
    private static ServerSocketChannel bind(Path file, String mode, @Nullable String group) throws IOException {
        // Not much longer than the path that it becomes.
        String name = "." + Integer.toString(ThreadLocalRandom.current().nextInt(1 << 20, 1 << 25), 36);
        Path directory = Files.createDirectory(
                file.resolveSibling(name),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Path made = directory.resolve("s");
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            server.bind(UnixDomainSocketAddress.of(made), BACKLOG);
            give(made, group);
            Files.setPosixFilePermissions(made, PosixFilePermissions.fromString(mode));
            Files.move(made, file, StandardCopyOption.ATOMIC_MOVE);
            return server;
        } catch (IOException | RuntimeException e) {
            server.close();
            throw e;
        } finally {
            Files.deleteIfExists(made);
            Files.deleteIfExists(directory);
        }
    }

    private static void give(Path made, @Nullable String group) throws IOException {
        if (group == null) {
            return;
        }
        try {
            GroupPrincipal known =
                    made.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByGroupName(group);
            Files.getFileAttributeView(made, PosixFileAttributeView.class).setGroup(known);
        } catch (UserPrincipalNotFoundException e) {
            throw new AccessException("bridge_group: there is no group " + group);
        } catch (IOException e) {
            throw new AccessException(
                    "bridge_group: the socket cannot be given to the group %s, of which the node's user must be a member"
                            .formatted(group));
        }
    }

    ServerSocketChannel server() {
        return server;
    }

    /** Removes the socket's file; that of the lock stays, since removing it would let two processes in. */
    @Override
    public void close() throws IOException {
        try (lock) {
            server.close();
            Files.deleteIfExists(path);
        }
    }
}
