package io.llamanode.node;

import io.llamanode.delivery.RequestHandler;
import io.llamanode.llama.LibraryException;
import io.llamanode.llama.library.LlamaLibrary;
import io.llamanode.node.probe.FileProber;
import io.llamanode.protocol.launch.BridgeSettings;
import io.llamanode.protocol.launch.LaunchConfig;
import io.llamanode.protocol.launch.ServiceConfig;
import io.llamanode.service.LlamaService;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.NodeStatus;
import io.llamanode.service.contract.Reply;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.model.DeferredLoader;
import io.llamanode.service.model.FileProbe;
import io.llamanode.service.model.ModelLoader;
import io.llamanode.service.model.NativeModelLoader;
import io.llamanode.transport.DistEndpoint;
import io.llamanode.transport.DistSetup;
import io.llamanode.transport.bridge.AccessException;
import io.llamanode.transport.bridge.Bridge;
import io.llamanode.transport.bridge.BridgeAccess;
import io.llamanode.transport.bridge.BridgeConfig;
import io.llamanode.transport.dist.DistStartException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A node that nobody's port owns. It ends when the process is told to (SIGTERM, SIGINT, SIGHUP or STOP
 * on the control socket): new work is refused, running tasks finish or reach the deadline. To be run by the
 * main thread, once in a process.
 */
public final class ServiceNode {
    private static final Logger LOG = LoggerFactory.getLogger(ServiceNode.class);
    /** For clients to read their last answers, within {@link Exit#GRACE}. */
    private static final Duration LAST_ANSWERS = Duration.ofSeconds(1);

    private final ServiceConfig config;
    private final NodePaths paths;
    private final DistEndpoint endpoint = new DistEndpoint();
    private final LlamaService service;
    private volatile @Nullable Bridge control;
    private volatile @Nullable Bridge bridge;
    private volatile boolean ending;

    /** Finds what loads the models. */
    @FunctionalInterface
    interface Loaders {
        ModelLoader of(LaunchConfig launch) throws ExitException;
    }

    private ServiceNode(ServiceConfig config, NodePaths paths, ModelLoader loader) {
        this.config = config;
        this.paths = paths;
        this.service = new LlamaService(config.launch().node(), loader, Bridge.monitor(endpoint));
    }

    /**
     * Runs a node until the process is told to end. Standard output gets one line, once requests are answered; the log
     * goes to standard error.
     *
     * @param config how
     * @param paths its files
     * @throws ExitException if the start fails; the process should end then
     */
    public static void run(ServiceConfig config, NodePaths paths) throws ExitException {
        run(config, paths, ServiceNode::nativeLoader);
    }

    private static ModelLoader nativeLoader(LaunchConfig launch) throws ExitException {
        try {
            return DeferredLoader.of(launch.node().models(), () -> {
                LlamaLibrary library = LlamaLibrary.open(Optional.ofNullable(launch.llamaLib()));
                FileProbe files = FileProber.of(library, launch.nativeTimeout());
                return new NativeModelLoader(library, files);
            });
        } catch (LibraryException e) {
            throw new ExitException(
                    e.kind() == LibraryException.Kind.ASKED_FOR ? ExitStatus.CONFIG : ExitStatus.FAILED,
                    e.getMessage());
        }
    }

    static void run(ServiceConfig config, NodePaths paths, Loaders loaders) throws ExitException {
        try {
            runWhileThereIsMemory(config, paths, loaders);
        } catch (OutOfMemoryError e) {
            // Of threads and native code: an exhausted heap ends the process.
            throw new ExitException(
                    ExitStatus.FAILED,
                    "the system gives no more memory or threads (MemoryMax, ulimit -v, ulimit -u): " + e.getMessage());
        }
    }

    private static void runWhileThereIsMemory(ServiceConfig config, NodePaths paths, Loaders loaders)
            throws ExitException {
        OutputStream original;
        try {
            // Native code prints to descriptor 1, and whoever waits for one line there must get no other.
            original = StandardStreams.claim().output();
        } catch (IOException e) {
            throw new ExitException(ExitStatus.FAILED, "standard output cannot be used: " + e.getMessage());
        }
        LogSetup.toStandardError(config.launch().logLevel());
        CollectionWatch.start(ExhaustedHeap::say);
        paths.create();
        ModelLoader loader = loaders.of(config.launch());
        ServiceNode node = new ServiceNode(config, paths, loader);
        Thread.setDefaultUncaughtExceptionHandler(node::threadDied);
        Duration bound = config.launch().nativeTimeout();
        if (bound != null) {
            loader.watch(bound, call -> HungCall.end(call, bound, () -> {}));
        }
        try {
            node.start();
        } catch (ExitException e) {
            if (node.ending) {
                // It was told to end while it was starting, and that is under way.
                awaitEnd();
            }
            node.close();
            throw e;
        }
        announce(original, paths);
        LOG.info(
                "{} is ready on port {}, with {}",
                paths.nodeName(),
                node.endpoint.port(),
                loader.library().inWords());
        awaitEnd();
    }

    private static void announce(OutputStream out, NodePaths paths) {
        String line = paths.nodeName() + " is ready (process "
                + ProcessHandle.current().pid() + ")";
        new PrintStream(out, true, StandardCharsets.UTF_8).println(line);
    }

    private void start() throws ExitException {
        // The control socket first: its lock keeps a second node of this name away from all the rest.
        control = listen(BridgeConfig.of(paths.socket(), paths.nodeName()), true);
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().name("drain").unstarted(this::drain));
        openDistribution(config.launch());
        openBridge(config.bridge());
        writePid();
        for (ModelConfig model : config.launch().node().models()) {
            load(model);
        }
        service.ready();
    }

    private void openBridge(BridgeSettings settings) throws ExitException {
        if (settings.socket() == null) {
            return;
        }
        BridgeConfig defaults = BridgeConfig.of(settings.socket(), paths.nodeName());
        BridgeAccess access = new BridgeAccess(settings.mode(), settings.group(), settings.secret(), UserGroups::has);
        bridge = listen(
                defaults.withLimits(settings.maxClients(), settings.maxLineBytes(), defaults.maxQueuedChars())
                        .withTimeouts(
                                Duration.ofSeconds(config.launch().timeoutRead()),
                                Duration.ofSeconds(config.launch().timeoutWrite()))
                        .withAccess(access, settings.quitEndsNode()),
                false);
    }

    private Bridge listen(BridgeConfig where, boolean isControl) throws ExitException {
        try {
            return isControl
                    ? Bridge.control(where, service, this::stopProcess)
                    : Bridge.open(where, service, this::stopProcess);
        } catch (AccessException e) {
            throw new ExitException(ExitStatus.CONFIG, Objects.requireNonNull(e.getMessage()));
        } catch (IOException e) {
            throw new ExitException(ExitStatus.TAKEN, "cannot listen on " + where.socket() + ": " + e.getMessage());
        }
    }

    private void openDistribution(LaunchConfig launch) throws ExitException {
        try {
            endpoint.open(
                    DistSetup.of(launch),
                    new RequestHandler(service, endpoint, endpoint, launch.nodeName(), (path, fraction) -> {}));
        } catch (FailureException e) {
            throw ExitException.config(e);
        } catch (DistStartException e) {
            throw new ExitException(
                    switch (e.reason()) {
                        case BIND_FAILED, NAME_TAKEN -> ExitStatus.TAKEN;
                        case EPMD_ABSENT -> ExitStatus.UNAVAILABLE;
                    },
                    e.getMessage());
        }
    }

    private void writePid() throws ExitException {
        try {
            Files.writeString(paths.pid(), ProcessHandle.current().pid() + "\n");
        } catch (IOException e) {
            throw new ExitException(ExitStatus.CONFIG, "run_dir: " + paths.pid() + " cannot be written: " + e);
        }
    }

    private void load(ModelConfig model) throws ExitException {
        CompletableFuture<Failure> loaded = new CompletableFuture<>();
        service.loadModel(null, model, fraction -> {}, new Reply<>() {
            @Override
            public void ok(@Nullable Void nothing) {
                loaded.complete(null);
            }

            @Override
            public void failed(Failure failure) {
                loaded.complete(failure);
            }
        });
        Failure failure = loaded.join();
        if (failure != null) {
            throw new ExitException(ExitStatus.FAILED, failure.code().wireName() + ": " + failure.message());
        }
    }

    /** On a thread of its own, since it runs the shutdown hooks and waits for them. */
    private void stopProcess() {
        Thread.ofPlatform().name("stop").start(() -> System.exit(ExitStatus.OK.number()));
    }

    /** The shutdown hook. The other threads go on meanwhile. */
    private void drain() {
        ending = true;
        CountDownLatch drained = new CountDownLatch(1);
        service.drain(drained::countDown);
        NodeStatus status = service.status();
        LOG.info(
                "ending: no new work is taken, {} tasks may go on for {} ms",
                status.tasksRunning() + status.tasksWaiting(),
                config.drainTimeoutMs());
        boolean inTime = true;
        try {
            inTime = drained.await(config.drainTimeoutMs(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            LOG.warn("interrupted; nobody has a reason to");
        }
        if (!inTime) {
            NodeStatus left = service.status();
            LOG.warn("{} tasks are cancelled at the drain deadline", left.tasksRunning() + left.tasksWaiting());
        }
        Exit.begin((inTime ? ExitStatus.OK : ExitStatus.CUT_SHORT).number(), this::close);
        awaitEnd();
    }

    /** Ends what was opened, in the order that lets everybody have the last answer. */
    private void close() {
        service.close();
        for (Bridge open : new Bridge[] {bridge, control}) {
            if (open != null) {
                open.finish(LAST_ANSWERS.dividedBy(2));
            }
        }
        // A node that met another one of its name has neither of these.
        if (control != null) {
            try {
                Files.deleteIfExists(paths.pid());
            } catch (IOException e) {
                LOG.warn("{} stays: {}", paths.pid(), e.getMessage());
            }
        }
        endpoint.close();
        // The control socket last: whoever waits for the end waits for its lock.
        for (Bridge open : new Bridge[] {bridge, control}) {
            if (open != null) {
                open.close();
            }
        }
        LOG.info("{} has ended", paths.nodeName());
    }

    /** A node without one of its threads would only seem to live. */
    private void threadDied(Thread thread, Throwable defect) {
        try {
            LOG.error("thread {} has ended", thread.getName(), defect);
            Exit.begin(ExitStatus.DEFECT.number(), this::close);
        } catch (RuntimeException | Error e) {
            Runtime.getRuntime().halt(ExitStatus.DEFECT.number());
        }
    }

    private static void awaitEnd() {
        CountDownLatch never = new CountDownLatch(1);
        while (true) {
            try {
                never.await();
            } catch (InterruptedException e) {
                LOG.warn("interrupted; only the end of the process ends this wait");
            }
        }
    }
}
