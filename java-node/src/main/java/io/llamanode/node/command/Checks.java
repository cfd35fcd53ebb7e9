package io.llamanode.node.command;

import io.llamanode.llama.LibraryException;
import io.llamanode.llama.library.InstalledLibraries.Choice;
import io.llamanode.llama.library.InstalledLibraries.Entry;
import io.llamanode.llama.library.InstalledLibraries.Outcome;
import io.llamanode.llama.library.LlamaLibrary;
import io.llamanode.node.ExitException;
import io.llamanode.node.ExitStatus;
import io.llamanode.node.probe.LibraryProber;
import io.llamanode.protocol.launch.ServiceConfig;
import io.llamanode.remote.RemoteModel;
import io.llamanode.remote.own.Programs;
import io.llamanode.remote.own.StartException;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.NodeConfig;
import io.llamanode.service.contract.model.ServerConfig;
import io.llamanode.service.model.NativeModelLoader;
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
import java.util.List;
import java.util.Objects;
import java.util.Optional;
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
        List<ModelConfig> models = node.models();
        if (models.isEmpty() || models.stream().anyMatch(model -> model.server() == null)) {
            library(config.launch().llamaLib());
        }
        for (ModelConfig model : models) {
            ServerConfig server = model.server();
            if (server == null) {
                check("model " + model.path(), () -> model(node.completed(model)));
            } else {
                check("server " + server.place(), () -> server(node.completed(model), server));
            }
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

    /** In a process of its own, for a library may end the one that loads it. */
    private void library(@Nullable Path location) {
        Optional<LibraryProber> prober = LibraryProber.ofLauncher();
        if (prober.isEmpty()) {
            if (location != null) {
                check("llama.cpp", () -> found(location));
            }
            return;
        }
        LibraryProber.Report report = prober.get().ofStart(Optional.ofNullable(location));
        Choice choice = report.choice();
        Entry entry = choice.entry();
        if (entry == null) {
            check("llama.cpp", () -> {
                throw new ExitException(location == null ? ExitStatus.FAILED : ExitStatus.CONFIG, choice.why());
            });
        } else if (report.outcomes().get(entry) instanceof Outcome.Usable(String version, String path, String _)) {
            String place = path == null ? "the jar" : path;
            check("llama.cpp " + version + " from " + place + " (" + choice.why() + ")", () -> entry);
        }
    }

    private static String found(Path location) throws ExitException {
        try {
            return LlamaLibrary.find(location);
        } catch (LibraryException e) {
            throw new ExitException(ExitStatus.CONFIG, "llama_lib: " + e.getMessage());
        }
    }

    /** Reachable, of a kind that is known, with the model. {@return its kind} */
    private static String server(ModelConfig model, ServerConfig server) throws ExitException {
        List<String> command = server.command();
        if (command != null) {
            return program(command.getFirst());
        }
        try (RemoteModel remote = RemoteModel.open(server, model.nParallel())) {
            return remote.facts().kind().wireName();
        } catch (FailureException e) {
            throw new ExitException(
                    ExitStatus.FAILED,
                    e.failure().code().wireName() + ": " + e.failure().message());
        }
    }

    /** It is there; it is not started, which would load its model. {@return where} */
    private static String program(String name) throws ExitException {
        try {
            return Programs.find(name, System.getenv("PATH")).toString();
        } catch (StartException e) {
            throw new ExitException(ExitStatus.FAILED, ErrorCode.MODEL_LOAD_FAILED.wireName() + ": " + e.getMessage());
        }
    }

    private static ModelConfig model(ModelConfig model) throws ExitException {
        try {
            NativeModelLoader.check(model);
            return model;
        } catch (FailureException e) {
            throw new ExitException(
                    ExitStatus.FAILED,
                    e.failure().code().wireName() + ": " + e.failure().message());
        }
    }
}
