package io.llamanode.transport.bridge;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What clients of a bridge must know. Neither its text nor how long it is can be learned from how long a comparison takes. */
final class Secret {
    /** Fewer could be guessed, and a file that was written by mistake often has fewer. */
    private static final int SHORTEST = 16;

    private static final int LONGEST = 4096;

    private final byte[] digest;

    private Secret(byte[] digest) {
        this.digest = digest;
    }

    /**
     * @param file that holds it, white space at both ends left out; {@code null} if there is none
     * @throws AccessException if there is no such file, others than its owner may read it, or what it holds
     *     is no secret
     */
    static @Nullable Secret read(@Nullable Path file) throws IOException {
        if (file == null) {
            return null;
        }
        try {
            Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
            if (permissions.stream().anyMatch(permission -> !permission.name().startsWith("OWNER_"))) {
                throw unusable(file + " must be accessible by its owner only (chmod 600)");
            }
            if (Files.size(file) > LONGEST) {
                throw unusable(file + " has more than " + LONGEST + " bytes");
            }
            String text = Files.readString(file).strip();
            if (text.length() < SHORTEST || text.contains("\n")) {
                throw unusable(file + " must hold one line of at least " + SHORTEST + " characters");
            }
            return new Secret(digest(text));
        } catch (NoSuchFileException e) {
            throw unusable("there is no file " + file);
        }
    }

    private static AccessException unusable(String why) {
        return new AccessException("bridge_secret: " + why);
    }

    private static byte[] digest(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    boolean is(String said) {
        return MessageDigest.isEqual(digest, digest(said));
    }
}
