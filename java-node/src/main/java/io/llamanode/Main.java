package io.llamanode;

import io.llamanode.transport.stdio.StandardStreams;
import java.io.IOException;

/** Entry point of the Java node. */
public final class Main {
    private static final int USAGE = 64;

    private Main() {}

    /**
     * Starts the node.
     *
     * @param args {@code --port}: configuration and control come as frames on the standard streams
     * @throws IOException if the standard streams cannot be set up
     * @throws InterruptedException never, as nobody interrupts the main thread
     */
    public static void main(String[] args) throws IOException, InterruptedException {
        if (args.length == 1 && args[0].equals("--port")) {
            new PortNode(StandardStreams.claim()).start();
            return;
        }
        System.err.println("usage: llama-node --port    (started by a BEAM; docs/protocol.md, section 7)");
        System.exit(USAGE);
    }
}
