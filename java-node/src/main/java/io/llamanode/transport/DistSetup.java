package io.llamanode.transport;

import io.llamanode.protocol.launch.LaunchConfig;
import io.llamanode.service.contract.FailureException;
import io.llamanode.transport.dist.DistConfig;
import io.llamanode.transport.dist.TlsWrapper;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Turns what a node is started with into the configuration of its distribution.
 *
 * <p>Keeps no state: for the thread that starts a node.
 */
public final class DistSetup {
    private DistSetup() {}

    /**
     * Translates what a node is started with into the settings of its distribution.
     *
     * @param launch what the node is started with
     * @return the configuration; certificates have been read, nothing has been opened
     * @throws FailureException {@code invalid_argument} naming the offending key
     */
    public static DistConfig of(LaunchConfig launch) {
        DistConfig dist;
        try {
            dist = DistConfig.of(launch.nodeName(), Objects.requireNonNull(launch.cookie(), "cookie"))
                    .withMailbox(Objects.requireNonNull(launch.mailboxName(), "mailbox"))
                    .withNetTicktime(launch.netTicktime());
        } catch (IllegalArgumentException e) {
            throw FailureException.invalid("node_name: " + e.getMessage());
        }
        InetAddress address = launch.bind() == null ? dist.bind() : address(launch.bind());
        dist = dist.withListener(address, launch.port() == null ? 0 : launch.port());
        if (launch.epmd() != null) {
            dist = dist.withEpmd(launch.epmd(), dist.epmdPort());
        }
        if (launch.allow() != null) {
            dist = dist.withAllowed(allowed(launch.allow()));
        }
        try {
            return launch.tls() == null ? dist : dist.withWrapper(TlsWrapper.of(launch.tls()));
        } catch (IllegalArgumentException e) {
            throw FailureException.invalid(Objects.requireNonNull(e.getMessage()));
        }
    }

    private static InetAddress address(String bind) {
        try {
            return InetAddress.getByName(bind);
        } catch (UnknownHostException e) {
            throw FailureException.invalid("bind: " + bind + " is no address of this machine");
        }
    }

    private static Predicate<String> allowed(List<String> patterns) {
        return patterns.stream()
                .map(pattern ->
                        Stream.of(pattern.split("\\*", -1)).map(Pattern::quote).collect(Collectors.joining(".*")))
                .map(Pattern::compile)
                .map(Pattern::asMatchPredicate)
                .reduce(name -> false, Predicate::or);
    }
}
