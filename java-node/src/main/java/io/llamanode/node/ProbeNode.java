package io.llamanode.node;

import io.llamanode.node.probe.LibraryProber;
import io.llamanode.node.probe.ProbeRun;
import io.llamanode.protocol.launch.LogLevel;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A process that was started to load one file or one library, since that may end it. It ends when it has said what came of it,
 * and with the node. To be run by the main thread, once in a process.
 */
public final class ProbeNode {
    private static final Logger LOG = LoggerFactory.getLogger(ProbeNode.class);

    private ProbeNode() {}

    /** What such a process does. */
    @FunctionalInterface
    private interface Work {
        void over(StandardStreams streams) throws IOException;
    }

    /** Does what the node orders over the standard streams. Does not return. */
    public static void run() {
        end(streams -> ProbeRun.run(
                streams.input(), streams.output(), () -> Runtime.getRuntime().halt(ExitStatus.FAILED.number())));
    }

    /**
     * Loads a library, and says on standard output what came of it. Does not return.
     *
     * @param name what asks for the library
     */
    public static void library(String name) {
        end(streams -> LibraryProber.load(name, streams.output()));
    }

    private static void end(Work work) {
        ExitStatus status = ExitStatus.OK;
        try {
            // Native code prints to descriptor 1, where it could pass for a sign.
            StandardStreams streams = StandardStreams.claim();
            LogSetup.toStandardError(LogLevel.WARNING);
            work.over(streams);
        } catch (IOException | RuntimeException | Error e) {
            LOG.error("probing failed", e);
            status = ExitStatus.DEFECT;
        }
        // Nothing is left to do, and native threads may hang.
        Runtime.getRuntime().halt(status.number());
    }
}
