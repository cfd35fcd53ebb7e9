package io.llamanode.node;

import io.llamanode.node.probe.ProbeRun;
import io.llamanode.protocol.launch.LogLevel;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A process that a node started to load one file, since that file may end it. It ends when it has said what came of it,
 * and with the node. To be run by the main thread, once in a process.
 */
public final class ProbeNode {
    private static final Logger LOG = LoggerFactory.getLogger(ProbeNode.class);

    private ProbeNode() {}

    /** Does what the node orders over the standard streams. Does not return. */
    public static void run() {
        ExitStatus status = ExitStatus.OK;
        try {
            // Native code prints to descriptor 1, where it could pass for a sign.
            StandardStreams streams = StandardStreams.claim();
            LogSetup.toStandardError(LogLevel.WARNING);
            ProbeRun.run(
                    streams.input(),
                    streams.output(),
                    () -> Runtime.getRuntime().halt(ExitStatus.FAILED.number()));
        } catch (IOException | RuntimeException | Error e) {
            LOG.error("probing failed", e);
            status = ExitStatus.DEFECT;
        }
        // Nothing is left to do, and native threads may hang.
        Runtime.getRuntime().halt(status.number());
    }
}
