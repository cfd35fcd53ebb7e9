package io.llamanode.node.probe;

import io.llamanode.gguf.GgufFile;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;

/**
 * The fingerprint of a file: SHA-256 of all that is read of it. Nothing less will do for files of strangers, who can give
 * two files one header, size and time of change.
 *
 * <p>A file that was read once is not read again while the operating system says that it is untouched: the same file, and
 * by its {@code ctime} without any change since. That time cannot be set as the time of change can. It has a grain, though,
 * so that of a file that was changed just now says nothing yet.
 *
 * <p>For the thread that loads.
 */
final class Fingerprints {
    /** Longer than the grain of any file system's times. */
    private static final Duration GRAIN = Duration.ofSeconds(2);

    private static final int REMEMBERED = 1000;
    private static final int PIECE = 1 << 20;

    /**
     * What the operating system says of a file: which one it is, how long, and when it was changed and touched.
     *
     * @param attributes by their names
     */
    record State(Map<String, Object> attributes) {
        static State of(Path path) throws IOException {
            return new State(Map.copyOf(Files.readAttributes(path, "unix:dev,ino,size,lastModifiedTime,ctime")));
        }

        FileTime touched() {
            return (FileTime) Objects.requireNonNull(attributes.get("ctime"));
        }
    }

    private record Read(State state, long bytes) {}

    private final Clock clock;
    private final Map<Read, String> known = new Remembered<>(REMEMBERED);

    /** @param clock of the files' times */
    Fingerprints(Clock clock) {
        this.clock = clock;
    }

    /** A map that forgets what was not asked for the longest. */
    static final class Remembered<K, V> extends LinkedHashMap<K, V> {
        private static final long serialVersionUID = 1L;

        private final int most;

        Remembered(int most) {
            super(16, 0.75f, true);
            this.most = most;
        }

        @Override
        protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
            return size() > most;
        }
    }

    /** {@return what the operating system says of each} */
    static List<State> states(List<GgufFile.Part> parts) throws IOException {
        List<State> states = new ArrayList<>();
        for (GgufFile.Part part : parts) {
            states.add(State.of(part.path()));
        }
        return states;
    }

    /**
     * Reads what has not been read yet.
     *
     * @param parts the files, all of them
     * @param headersOnly whether nothing but the headers will be loaded
     * @param withdrawn completed when nobody waits any more
     * @return the fingerprint
     * @throws IOException if a file cannot be read, or is shorter than it was
     * @throws CancellationException if nobody waits any more
     */
    String of(List<GgufFile.Part> parts, boolean headersOnly, CompletableFuture<?> withdrawn) throws IOException {
        StringBuilder all = new StringBuilder();
        for (GgufFile.Part part : parts) {
            long bytes = headersOnly ? part.headerBytes() : part.usedBytes();
            State state = State.of(part.path());
            Read read = new Read(state, bytes);
            String digest = known.get(read);
            if (digest == null) {
                boolean settled = state.touched().toInstant().plus(GRAIN).isBefore(clock.instant());
                digest = digest(part.path(), bytes, withdrawn);
                if (settled) {
                    known.put(read, digest);
                }
            }
            all.append(bytes).append(':').append(digest).append(' ');
        }
        return all.toString();
    }

    private static String digest(Path path, long bytes, CompletableFuture<?> withdrawn) throws IOException {
        MessageDigest sha = sha256();
        ByteBuffer piece = ByteBuffer.allocateDirect(PIECE);
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            for (long left = bytes; left > 0; ) {
                if (withdrawn.isDone()) {
                    throw new CancellationException("nobody waits any more");
                }
                piece.clear().limit((int) Math.min(PIECE, left));
                int count = channel.read(piece);
                if (count < 0) {
                    throw new EOFException("it is shorter than it was");
                }
                sha.update(piece.flip());
                left -= count;
            }
        }
        return HexFormat.of().formatHex(sha.digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
