package io.llamanode.protocol;

import io.llamanode.service.NodeConfig;

/**
 * What a node is started with; docs/protocol.md, section 7.
 *
 * @param nodeName full node name, {@code name@host}
 * @param cookie shared secret of the distribution; never shown
 * @param mailboxName registered name of the mailbox
 * @param bind address of the distribution listener, or {@code null} for loopback
 * @param netTicktime seconds after which the BEAM that starts the node gives up a silent connection
 * @param logLevel least severe level that is logged
 * @param node limits and models
 */
public record LaunchConfig(
        String nodeName, String cookie, String mailboxName, String bind, int netTicktime, LogLevel logLevel,
        NodeConfig node) {

    /** Leaves the cookie out, so that no log line or exception message can carry it. */
    @Override
    public String toString() {
        return "LaunchConfig[nodeName=" + nodeName + ", mailboxName=" + mailboxName + ", bind=" + bind
                + ", netTicktime=" + netTicktime + ", logLevel=" + logLevel + ", node=" + node + "]";
    }
}
