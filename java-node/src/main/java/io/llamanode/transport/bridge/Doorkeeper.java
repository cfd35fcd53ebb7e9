package io.llamanode.transport.bridge;

import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.UserPrincipal;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiPredicate;
import java.util.function.LongSupplier;
import jdk.net.ExtendedSocketOptions;
import jdk.net.UnixDomainPrincipal;
import org.jspecify.annotations.Nullable;

/**
 * Looks at who comes, by what the system says of the process at the other end, and at what it knows. The socket's
 * permissions let the same people in; but they can be changed by hand, and somebody who was let in tells nobody his name.
 */
final class Doorkeeper {
    private static final int TRIES_OF_USER = 30;
    private static final long TRIES_NANOS = 60_000_000_000L;

    private final UserPrincipal owner;
    private final GroupPrincipal group;
    private final int groupNumber;
    private final BiPredicate<String, Integer> groups;
    private final @Nullable Secret secret;
    private final LongSupplier clock;
    /** Wrong answers of users, in the minute since the first of them. */
    private final Map<String, Tries> tries = new HashMap<>();

    private static final class Tries {
        private long since;
        private int count;
    }

    /**
     * @param socket whose owner and group may come
     * @param secret that clients must know, or {@code null}
     * @param groups as of {@link BridgeAccess}
     * @param clock nanoseconds
     */
    Doorkeeper(Path socket, @Nullable Secret secret, BiPredicate<String, Integer> groups, LongSupplier clock)
            throws IOException {
        PosixFileAttributes file = Files.readAttributes(socket, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        this.owner = file.owner();
        this.group = file.group();
        this.groupNumber = (int) Files.getAttribute(socket, "unix:gid", LinkOption.NOFOLLOW_LINKS);
        this.secret = secret;
        this.groups = groups;
        this.clock = clock;
    }

    /**
     * Looks at the process that has connected.
     *
     * @return whose it is
     * @throws FailureException {@code unauthorized} if it may not
     */
    UnixDomainPrincipal admit(SocketChannel channel) throws IOException {
        return admit(channel.getOption(ExtendedSocketOptions.SO_PEERCRED));
    }

    UnixDomainPrincipal admit(UnixDomainPrincipal peer) {
        String user = Objects.requireNonNull(peer.user().getName());
        if (!peer.user().equals(owner)
                && !user.equals("root")
                && !peer.group().equals(group)
                && !groups.test(user, groupNumber)) {
            throw new FailureException(
                    ErrorCode.UNAUTHORIZED,
                    "user %s is neither the node's user nor root, and does not belong to the group %s"
                            .formatted(user, group.getName()));
        }
        return peer;
    }

    /** {@return whether a client must know the secret} */
    boolean asks() {
        return secret != null;
    }

    /**
     * {@return whether a client knows the secret}
     *
     * @param user whose it is, so that he has no more tries with many connections than with one
     * @param said what it says
     * @throws FailureException {@code server_busy} if the user was wrong too often
     */
    boolean knows(String user, String said) {
        if (secret == null) {
            return true;
        }
        synchronized (tries) {
            Tries own = tries.computeIfAbsent(user, unknown -> new Tries());
            long now = clock.getAsLong();
            if (own.count == 0 || now - own.since >= TRIES_NANOS) {
                own.since = now;
                own.count = 0;
            }
            if (own.count >= TRIES_OF_USER) {
                throw FailureException.busy(
                        "user %s was wrong %d times within a minute; wait as long".formatted(user, TRIES_OF_USER));
            }
            // Counted before it is known, so that tries at the same time count as well.
            own.count++;
            if (secret.is(said)) {
                own.count--;
                return true;
            }
            return false;
        }
    }
}
