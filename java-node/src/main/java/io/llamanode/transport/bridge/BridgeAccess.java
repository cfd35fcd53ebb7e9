package io.llamanode.transport.bridge;

import java.nio.file.Path;
import java.util.Objects;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Who may use a {@link Bridge}.
 *
 * @param mode permissions of the socket's file, as {@code rw-rw----}
 * @param group that the file gets, or {@code null} for that of the process
 * @param secret file that holds what a client must know, or {@code null} if it need not know anything
 * @param groups whether a user, by name, belongs to a group, by number; asked about users who are neither the node's nor
 *     root, and did not come with that group. It may take its time
 */
public record BridgeAccess(
        String mode, @Nullable String group, @Nullable Path secret, BiPredicate<String, Integer> groups) {
    /** The node's user and root, without a secret. */
    public static final BridgeAccess OWNER = new BridgeAccess("rw-------", null, null, (user, group) -> false);

    /** Refuses nulls. */
    public BridgeAccess {
        Objects.requireNonNull(mode);
        Objects.requireNonNull(groups);
    }
}
