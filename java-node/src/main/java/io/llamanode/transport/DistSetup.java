package io.llamanode.transport;

import io.llamanode.protocol.launch.LaunchConfig;
import io.llamanode.protocol.launch.TlsFiles;
import io.llamanode.service.contract.FailureException;
import io.llamanode.transport.dist.ChannelWrapper;
import io.llamanode.transport.dist.DistConfig;
import io.llamanode.transport.dist.TlsWrapper;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
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
        DistConfig.Builder dist = DistConfig.named(launch.nodeName(), Objects.requireNonNull(launch.cookie(), "cookie"))
                .mailbox(Objects.requireNonNull(launch.mailboxName(), "mailbox"))
                .netTicktime(launch.netTicktime())
                .timeoutRead(Duration.ofSeconds(launch.timeoutRead()))
                .timeoutWrite(launch.timeoutWrite())
                .maxConnections(launch.maxConnections());
        if (launch.bind() != null) {
            dist.bind(address(launch.bind()));
        }
        if (launch.port() != null) {
            dist.port(launch.port());
        }
        if (launch.epmd() != null) {
            dist.epmd(launch.epmd());
        }
        if (launch.allow() != null) {
            dist.allowed(allowed(launch.allow()));
        }
        if (launch.tls() != null) {
            dist.wrapper(tls(launch.tls()));
        }
        try {
            return dist.build();
        } catch (IllegalArgumentException e) {
            throw FailureException.invalid("node_name: " + e.getMessage());
        }
    }

    private static ChannelWrapper tls(TlsFiles files) {
        try {
            return TlsWrapper.of(files);
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
