package io.llamanode.node;

import com.ericsson.otp.erlang.OtpErlangObject;
import io.llamanode.delivery.RequestHandler;
import io.llamanode.llama.LibraryException;
import io.llamanode.llama.library.LlamaLibrary;
import io.llamanode.node.probe.FileProber;
import io.llamanode.node.probe.StartChecks;
import io.llamanode.protocol.launch.ControlEncoder;
import io.llamanode.protocol.launch.ControlFrame;
import io.llamanode.protocol.launch.LaunchConfig;
import io.llamanode.service.LlamaService;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.NodeStatus;
import io.llamanode.service.contract.Reply;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.model.DeferredLoader;
import io.llamanode.service.model.ModelLoader;
import io.llamanode.service.model.NativeModelLoader;
import io.llamanode.transport.DistEndpoint;
import io.llamanode.transport.DistSetup;
import io.llamanode.transport.PortEndpoint;
import io.llamanode.transport.dist.DistStartException;
import io.llamanode.transport.mailbox.FrameReader;
import io.llamanode.transport.stdio.FrameChannel;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A node that a BEAM started as a port program: lives as long as its standard input. Started by the main thread, once in a
 * process; the methods of {@link FrameChannel.Listener} are for the channel's threads.
 */
public final class PortNode implements FrameChannel.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(PortNode.class);
    private static final int FAILED = 1;
    /** EX_SOFTWARE of sysexits(3). */
    private static final int DEFECT = 70;
    /** For the owner to read them, within {@link Exit#GRACE}. */
    private static final Duration LAST_WORDS = Duration.ofSeconds(1);

    private final FrameChannel channel;
    private final Function<LaunchConfig, ModelLoader> loaders;
    /** What to do once it is known with what. */
    private final CompletableFuture<Runnable> config = new CompletableFuture<>();

    private volatile Runnable orderlyEnd = () -> {};
    /** {@code null} unless requests come over the port. */
    private volatile @Nullable PortEndpoint port;

    /**
     * Runs a node on the standard streams, which carry nothing but its frames from here on. Does not return.
     *
     * @throws IOException if the standard streams cannot be set up
     * @throws InterruptedException never, as nobody interrupts the main thread
     */
    public static void run() throws IOException, InterruptedException {
        new PortNode(
                        StandardStreams.claim(),
                        launch -> DeferredLoader.of(launch.node().models(), () -> nativeLoader(launch)))
                .start();
    }

    /** @param loaders makes what loads the models */
    PortNode(StandardStreams streams, Function<LaunchConfig, ModelLoader> loaders) {
        this.channel = new FrameChannel(streams.input(), streams.output());
        this.loaders = loaders;
    }

    private static ModelLoader nativeLoader(LaunchConfig launch) {
        try {
            LlamaLibrary library = LlamaLibrary.open(Optional.ofNullable(launch.llamaLib()));
            return new NativeModelLoader(library, FileProber.of(library, launch.nativeTimeout()));
        } catch (LibraryException e) {
            throw new FailureException(
                    e.kind() == LibraryException.Kind.ASKED_FOR ? ErrorCode.INVALID_ARGUMENT : ErrorCode.UNSUPPORTED,
                    e.getMessage());
        }
    }

    /** Starts the node and does not return: all its threads are daemons, and {@link Exit} ends the process. */
    void start() throws InterruptedException {
        Thread.setDefaultUncaughtExceptionHandler(this::threadDied);
        channel.start(this);
        try {
            config.join().run();
        } catch (FailureException e) {
            fail(e.failure());
        } catch (CompletionException e) {
            fail(((FailureException) Objects.requireNonNull(e.getCause())).failure());
        } catch (RuntimeException | Error e) {
            LOG.error("the start failed", e);
            ErrorCode code = e instanceof OutOfMemoryError ? ErrorCode.OUT_OF_MEMORY : ErrorCode.UNKNOWN;
            fail(new Failure(code, "the start failed: " + e));
        }
        new CountDownLatch(1).await();
    }

    @Override
    public boolean taken(byte[] frame) {
        PortEndpoint endpoint = port;
        return endpoint != null && endpoint.taken(frame);
    }

    @Override
    public void refused(byte[] beginning, FrameReader.Refusal why) {
        Objects.requireNonNull(port, "frames are refused once they have a source")
                .refused(beginning, why);
    }

    @Override
    public void received(OtpErlangObject term) {
        try {
            switch (ControlFrame.decode(term)) {
                case ControlFrame.Config(LaunchConfig launch) -> configured(launch, this::run);
                case ControlFrame.Check(LaunchConfig launch) -> configured(launch, this::check);
                case ControlFrame.Stop() -> {
                    LOG.info("told to stop");
                    Exit.begin(0, orderlyEnd);
                }
                case ControlFrame.Ack(long bytes) -> channel.acknowledged(bytes);
                case ControlFrame.Down(long monitor) -> {
                    if (port != null) {
                        port.down(monitor);
                    }
                }
            }
        } catch (FailureException e) {
            if (!config.completeExceptionally(e)) {
                LOG.warn("a frame is ignored: {}", e.failure().message());
            }
        }
    }

    private void configured(LaunchConfig launch, Consumer<LaunchConfig> what) {
        if (config.isDone()) {
            LOG.warn("a second config frame is ignored");
            return;
        }
        channel.timeoutRead(Duration.ofSeconds(launch.timeoutRead()));
        channel.timeoutWrite(Duration.ofSeconds(launch.timeoutWrite()));
        // Here rather than in run(), because the owner acknowledges frames from the first one on.
        Integer window = launch.window();
        if (window != null) {
            port = new PortEndpoint(channel, window);
        }
        config.complete(() -> what.accept(launch));
    }

    @Override
    public void ended(FrameChannel.End end) {
        if (end instanceof FrameChannel.End.Broken(String message)) {
            System.err.println("llama_node: " + message);
        }
        // Nobody is left who could use this node.
        Exit.begin(end instanceof FrameChannel.End.Closed ? 0 : FAILED, orderlyEnd);
    }

    /**
     * A node without one of its threads would only seem to live; the supervisor starts a whole one.
     * The orderly end can fail as well, for example when classes cannot be loaded any more because
     * the jar was written over, and a node that its owner cannot reach must not go on.
     */
    private void threadDied(Thread thread, Throwable defect) {
        try {
            LOG.error("thread {} has ended", thread.getName(), defect);
            Exit.begin(DEFECT, orderlyEnd);
        } catch (RuntimeException | Error e) {
            Runtime.getRuntime().halt(DEFECT);
        }
    }

    private void run(LaunchConfig launch) {
        LogSetup.toFrames(channel, launch.logLevel());
        CollectionWatch.start(overhead -> {
            LOG.error(ExhaustedHeap.say(overhead));
            flush(ExhaustedHeap.GRACE);
        });
        ModelLoader loader = loaders.apply(launch);
        Duration bound = launch.nativeTimeout();
        if (bound != null) {
            loader.watch(bound, call -> HungCall.end(call, bound, () -> flush(LAST_WORDS)));
        }
        PortEndpoint endpoint = port;
        LlamaService service = endpoint != null ? openPort(endpoint, launch, loader) : openDistribution(launch, loader);
        for (ModelConfig model : launch.node().models()) {
            load(service, model);
        }
        service.ready();
        NodeStatus status = service.status();
        long process = ProcessHandle.current().pid();
        LOG.info(
                "{} is ready (process {}), with {}",
                launch.nodeName(),
                process,
                status.library().inWords());
        channel.send(ControlEncoder.ready(
                launch.nodeName(),
                process,
                status.version(),
                status.models().stream().map(NodeStatus.Model::id).toList()));
    }

    /** Tells what a start would meet, and ends the process. */
    private void check(LaunchConfig launch) {
        LogSetup.toFrames(channel, launch.logLevel());
        List<StartChecks.Result> results = new ArrayList<>();
        StartChecks.run(launch.node(), launch.llamaLib(), results::add);
        channel.send(ControlEncoder.checked(results.stream()
                .map(result -> new ControlEncoder.Checked(result.check(), result.holds(), result.detail()))
                .toList()));
        flush(LAST_WORDS);
        Exit.begin(0, orderlyEnd);
    }

    private LlamaService openPort(PortEndpoint endpoint, LaunchConfig launch, ModelLoader loader) {
        LlamaService service = new LlamaService(launch.node(), loader, endpoint);
        orderlyEnd = () -> {
            service.close();
            endpoint.close();
        };
        endpoint.open(new RequestHandler(service, endpoint, endpoint, launch.nodeName(), this::progress));
        return service;
    }

    private LlamaService openDistribution(LaunchConfig launch, ModelLoader loader) {
        DistEndpoint endpoint = new DistEndpoint();
        LlamaService service = new LlamaService(launch.node(), loader, endpoint);
        orderlyEnd = () -> {
            service.close();
            endpoint.close();
        };
        open(endpoint, launch, new RequestHandler(service, endpoint, endpoint, launch.nodeName(), this::progress));
        return service;
    }

    private static void open(DistEndpoint endpoint, LaunchConfig launch, RequestHandler requests) {
        try {
            endpoint.open(DistSetup.of(launch), requests);
        } catch (DistStartException e) {
            throw new FailureException(ErrorCode.START_FAILED, "node_name, bind, port: " + e.getMessage());
        }
    }

    private void load(LlamaService service, ModelConfig model) {
        CompletableFuture<Failure> loaded = new CompletableFuture<>();
        service.loadModel(null, model, fraction -> progress(model.path(), fraction), new Reply<>() {
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
            throw failure.asException();
        }
    }

    private void progress(Path path, float fraction) {
        channel.progress(path.toString(), fraction);
    }

    private void fail(Failure failure) {
        channel.send(ControlEncoder.failed(failure));
        flush(LAST_WORDS);
        Exit.begin(FAILED, orderlyEnd);
    }

    private void flush(Duration longest) {
        try {
            channel.awaitSent(longest.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
