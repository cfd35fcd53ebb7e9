package io.llamanode.node.command;

import io.llamanode.node.ExitException;
import io.llamanode.node.ExitStatus;
import io.llamanode.node.probe.StartChecks;
import io.llamanode.protocol.launch.ServiceConfig;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.model.NodeConfig;
import io.llamanode.transport.DistSetup;
import io.llamanode.transport.bridge.BridgeConfig;
import io.llamanode.transport.dist.DistConfig;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Goes through all that a start needs, and loads nothing, opens nothing, leaves nothing behind. */
final class Checks {
    private static final int EPMD_TIMEOUT_MS = 2000;

    private final PrintStream out;
    private ExitStatus worst = ExitStatus.OK;

    private Checks(PrintStream out) {
        this.out = out;
    }

    /** Something that gives what later checks need, or fails with a reason. */
    @FunctionalInterface
    private interface Check<T> {
        T run() throws ExitException;
    }

    /**
     * @param configuration whose sources have been merged
     * @param out gets a line for each check
     * @return the status of the first check that failed
     */
    static ExitStatus run(Configuration configuration, PrintStream out) {
        Checks checks = new Checks(out);
        checks.all(configuration);
        return checks.worst;
    }

    private void all(Configuration configuration) {
        ServiceConfig config = check("configuration and cookie", configuration::checked);
        check(
                "files of the node",
                () -> directory("run_dir", configuration.paths().directory()));
        if (config == null) {
            return;
        }
        String tls = config.launch().tls() == null ? "" : " and certificates";
        DistConfig dist = check("distribution" + tls, () -> distribution(config));
        if (dist != null && dist.epmd()) {
            check("epmd on port " + dist.epmdPort(), () -> epmd(dist.epmdPort()));
        }
        Path bridge = config.bridge().socket();
        if (bridge != null) {
            check("bridge", () -> bridge(configuration, bridge, config.bridge().secret()));
        }
        NodeConfig node = config.launch().node();
        StartChecks.run(node, config.launch().llamaLib(), this::tell);
    }

    private void tell(StartChecks.Result result) {
        String detail = result.detail().isEmpty() ? "" : ": " + result.detail();
        out.println((result.holds() ? "ok      " : "FAILED  ") + result.check() + detail);
        if (!result.holds() && worst == ExitStatus.OK) {
            worst = result.isConfiguration() ? ExitStatus.CONFIG : ExitStatus.FAILED;
        }
    }

    /** {@return what it gave, {@code null} if it failed} */
    private <T> @Nullable T check(String what, Check<T> check) {
        try {
            T value = check.run();
            out.println("ok      " + what);
            return value;
        } catch (ExitException e) {
            out.println("FAILED  " + what + ": " + e.getMessage());
            worst = worst == ExitStatus.OK ? e.status() : worst;
            return null;
        }
    }

    private static DistConfig distribution(ServiceConfig config) throws ExitException {
        try {
            return DistSetup.of(config.launch());
        } catch (FailureException e) {
            throw ExitException.config(e);
        }
    }

    /** The directory of the node's files is made where it is missing, any other is not. */
    private static Path bridge(Configuration configuration, Path bridge, @Nullable Path secret) throws ExitException {
        try {
            BridgeConfig.checkSecret(secret);
        } catch (IOException e) {
            throw new ExitException(ExitStatus.CONFIG, Objects.requireNonNull(e.getMessage()));
        }
        Path directory = Objects.requireNonNull(bridge.toAbsolutePath().getParent());
        boolean own = directory.equals(configuration.paths().directory().toAbsolutePath());
        return directory(own ? "run_dir" : "bridge", directory);
    }

    /** The nearest part of a path that is there must be writable. */
    private static Path directory(String key, Path directory) throws ExitException {
        Path there = directory.toAbsolutePath();
        while (there.getParent() != null && !Files.exists(there)) {
            there = there.getParent();
        }
        if (!Files.isDirectory(there) || !Files.isWritable(there)) {
            throw new ExitException(ExitStatus.CONFIG, key + ": cannot write into " + there);
        }
        if (key.equals("bridge") && !there.equals(directory)) {
            throw new ExitException(ExitStatus.CONFIG, key + ": there is no directory " + directory);
        }
        return there;
    }

    private static int epmd(int port) throws ExitException {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), EPMD_TIMEOUT_MS);
            return port;
        } catch (IOException e) {
            throw new ExitException(
                    ExitStatus.UNAVAILABLE, "it does not answer (start it with 'epmd -daemon', or set epmd to false)");
        }
    }
}
