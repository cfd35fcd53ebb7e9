package io.llamanode;

import io.llamanode.node.LogSetup;
import io.llamanode.node.PortNode;
import io.llamanode.node.ProbeNode;
import io.llamanode.node.command.Cli;
import java.io.IOException;

/** Entry point of the Java node. */
public final class Main {
    private Main() {}

    /**
     * Starts the node, or asks one that runs.
     *
     * @param args {@code --port}: configuration and control come as frames on the standard streams
     *     (docs/protocol.md, section 7); {@code --probe}: a node has this process load a file; {@code --library NAME}: this process is to load a
     *     library of llama.cpp; anything else: a command of docs/operations.md
     * @throws IOException if the standard streams cannot be set up
     * @throws InterruptedException never, as nobody interrupts the main thread
     */
    public static void main(String[] args) throws IOException, InterruptedException {
        if (args.length == 1 && args[0].equals("--port")) {
            PortNode.run();
            return;
        }
        if (args.length == 1 && args[0].equals("--probe")) {
            ProbeNode.run();
        }
        if (args.length == 2 && args[0].equals("--library")) {
            ProbeNode.library(args[1]);
        }
        LogSetup.outlastShutdown();
        Runtime.getRuntime().halt(exitStatus(args));
    }

    /** Halting skips the shutdown hook, which would drain a node whose start has failed. */
    private static int exitStatus(String[] args) {
        int status = Cli.run(args);
        System.out.flush();
        System.err.flush();
        return status;
    }
}
