package io.llamanode.protocol.launch;

import io.llamanode.service.contract.model.NodeConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a node is started with; docs/protocol.md, section 7.
 *
 * @param nodeName full node name, {@code name@host}
 * @param cookie shared secret of the distribution; never shown
 * @param mailboxName registered name of the mailbox
 * @param bind address of the distribution listener, or {@code null} for loopback
 * @param netTicktime seconds after which the BEAM that starts the node gives up a silent connection
 * @param timeoutRead seconds in which a peer must finish a request that it has begun to send
 * @param timeoutWrite seconds in which a BEAM must take some of what waits for it before it is given up
 * @param maxConnections BEAMs that may be connected; 0 over the port
 * @param logLevel least severe level that is logged
 * @param node limits and models
 * @param port of the distribution listener, or {@code null} for any
 * @param epmd whether the node is registered in epmd; {@code null} means that it is
 * @param allow names of the nodes that may connect, {@code *} for any characters; {@code null} for any name
 * @param tls certificates of distribution over TLS, or {@code null} for TCP
 * @param llamaLib directory with the llama.cpp to use, or {@code null} for the first that is found
 * @param nativeTimeout how long a native call may make no progress before the node ends, or {@code null} for ever
 * @param window if requests come over the port and there is no distribution: how many bytes of frames
 *     the BEAM lets the node send before it has handled them; otherwise {@code null}
 */
public record LaunchConfig(
        String nodeName,
        @Nullable String cookie,
        @Nullable String mailboxName,
        @Nullable String bind,
        int netTicktime,
        int timeoutRead,
        int timeoutWrite,
        int maxConnections,
        LogLevel logLevel,
        NodeConfig node,
        @Nullable Integer port,
        @Nullable Boolean epmd,
        @Nullable List<String> allow,
        @Nullable TlsFiles tls,
        @Nullable Path llamaLib,
        @Nullable Duration nativeTimeout,
        @Nullable Integer window) {
    /** {@return whether requests come over the port} */
    public boolean overPort() {
        return window != null;
    }

    /** Leaves the cookie out, so that no log line or exception message can carry it. */
    @Override
    public String toString() {
        return "LaunchConfig[nodeName=" + nodeName + ", mailboxName=" + mailboxName + ", bind=" + bind
                + ", netTicktime=" + netTicktime + ", timeoutRead=" + timeoutRead + ", timeoutWrite=" + timeoutWrite
                + ", maxConnections="
                + maxConnections
                + ", logLevel=" + logLevel + ", node=" + node
                + ", port=" + port + ", epmd=" + epmd + ", allow=" + allow + ", tls=" + tls + ", llamaLib=" + llamaLib
                + ", nativeTimeout=" + nativeTimeout + ", window=" + window
                + "]";
    }
}
