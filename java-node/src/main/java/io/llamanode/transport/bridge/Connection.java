package io.llamanode.transport.bridge;

import io.llamanode.protocol.JsonForm;
import io.llamanode.service.LlamaService;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.NodeStatus;
import io.llamanode.service.contract.Reply;
import io.llamanode.service.contract.task.TaskEvent;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.TaskResult;
import io.llamanode.transport.bridge.LineReader.Line;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One client: its commands are done in order, and what it started ends with it. */
final class Connection {
    private static final Logger LOG = LoggerFactory.getLogger(Connection.class);
    /** White space that a JSON text may begin with. */
    private static final byte[] PROBE = {' '};

    private static final long PROBE_GAP_NANOS = 1_000_000_000L;
    /** How long a client that is refused may take to read that. */
    private static final long LINGER_MS = 1000;

    private final SocketChannel channel;
    private final BridgeClient client;
    private final LlamaService service;
    private final BridgeConfig config;
    /** {@code null} on a bridge. */
    private final @Nullable Runnable stop;

    private final LineQueue lines = new LineQueue();
    private final ReentrantLock writing = new ReentrantLock();
    private volatile boolean inputEnded;
    private volatile boolean waitsForTask;
    private long nextProbe = System.nanoTime();
    /** When the last line came. */
    private volatile long heard = System.nanoTime();

    /** @param stop ends the node; where it is given there are no commands for models and tasks, else it is {@code null} */
    Connection(
            SocketChannel channel,
            BridgeClient client,
            LlamaService service,
            BridgeConfig config,
            @Nullable Runnable stop) {
        this.channel = channel;
        this.client = client;
        this.service = service;
        this.config = config;
        this.stop = stop;
    }

    /**
     * Serves the client until it leaves or {@link #close} is called.
     *
     * @param ended run at the end, before the client can notice it
     */
    void run(Runnable ended) {
        Thread.ofVirtual().name("bridge-read").start(this::read);
        try {
            for (Line line = lines.take(); line != null && perform(line); line = lines.take()) {
                continue;
            }
        } catch (IOException left) {
            LOG.debug("{}: {}", client, left.getMessage());
        } catch (InterruptedException e) {
            LOG.warn("{}: interrupted; only close() ends this thread", client);
        } finally {
            ended.run();
            close();
        }
    }

    private void read() {
        LineReader reader = new LineReader(channel, config.maxLineBytes());
        try {
            for (Line line = reader.next(); line != null; line = reader.next()) {
                heard = System.nanoTime();
                if (!lines.put(line)) {
                    return;
                }
            }
            // It may still read its answers, like `printf ... | nc -N`; a probe tells.
            inputEnded = true;
            lines.end();
            if (waitsForTask) {
                probe();
            }
        } catch (IOException | InterruptedException left) {
            close();
        }
    }

    /** {@return how long no line has come} */
    Duration silence() {
        return Duration.ofNanos(System.nanoTime() - heard);
    }

    boolean isOpen() {
        return channel.isOpen();
    }

    /** Ends the connection and what the client owns; idempotent, from any thread. */
    void close() {
        lines.clear();
        client.end();
        try {
            channel.close();
        } catch (IOException e) {
            LOG.debug("closing {}: {}", client, e.getMessage());
        }
    }

    /** {@return whether the connection goes on} */
    private boolean perform(Line line) throws IOException, InterruptedException {
        switch (line) {
            case Line.Bad(String reason) -> write(Replies.error(new Failure(ErrorCode.INVALID_ARGUMENT, reason)));
            case Line.Text(String text) when text.isBlank() -> {
                // An empty line in a terminal asks for nothing.
            }
            case Line.Text(String text) -> {
                try {
                    return perform(Command.parse(text));
                } catch (FailureException e) {
                    write(Replies.error(e.failure()));
                } catch (RuntimeException e) {
                    write(Replies.error(defect(e)));
                }
            }
        }
        return true;
    }

    private static Failure defect(RuntimeException e) {
        String id = UUID.randomUUID().toString();
        LOG.error("defect {}", id, e);
        return new Failure(ErrorCode.UNKNOWN, "a defect of the node; the log has it under " + id);
    }

    private boolean perform(Command command) throws IOException, InterruptedException {
        refuseElsewhere(command);
        switch (command) {
            case Command.Ping() -> write(Replies.ok("pong", process()));
            case Command.Stop() -> {
                // Whoever said so may have left without waiting for an answer, and meant it all the same.
                try {
                    write(Replies.ok("stopping", process()));
                } finally {
                    Objects.requireNonNull(stop).run();
                }
            }
            case Command.Status() -> {
                NodeStatus status = service.status();
                String state = status.state().name().toLowerCase(Locale.ROOT);
                write(Replies.ok(state, JsonForm.status(config.node(), status)));
            }
            case Command.Load(String model) -> load(model);
            case Command.Infer(String input) -> infer(input);
            case Command.InferStream(String input) -> stream(input);
            case Command.Free(String model) -> free(model);
            case Command.Quit() -> {
                write(Replies.ok("bye", Map.of()));
                return false;
            }
        }
        return true;
    }

    private void refuseElsewhere(Command command) {
        boolean general = switch (command) {
            case Command.Ping ping -> true;
            case Command.Status status -> true;
            case Command.Quit quit -> true;
            case Command other -> false;
        };
        if (!general && command instanceof Command.Stop != (stop != null)) {
            throw new FailureException(
                    ErrorCode.UNAUTHORIZED,
                    stop == null
                            ? "only the control socket takes STOP"
                            : "the control socket takes PING, STATUS, STOP and QUIT; tasks go to a bridge");
        }
    }

    private static Map<String, Object> process() {
        return Map.of("os_pid", ProcessHandle.current().pid());
    }

    private void load(String model) throws IOException {
        CompletableFuture<Failure> done = new CompletableFuture<>();
        service.loadModel(null, JsonForm.model(model), fraction -> {}, completing(done));
        answer(done, "loaded");
    }

    private void free(String named) throws IOException {
        if (!named.isEmpty()) {
            answer(unload(named), "freed");
            return;
        }
        for (NodeStatus.Model model : service.status().models()) {
            // Another client may have freed it meanwhile, which is what was asked for.
            unload(model.id()).join();
        }
        write(Replies.ok("freed", Map.of()));
    }

    private CompletableFuture<Failure> unload(String model) {
        CompletableFuture<Failure> done = new CompletableFuture<>();
        service.unloadModel(model, completing(done));
        return done;
    }

    private void answer(CompletableFuture<Failure> done, String message) throws IOException {
        Failure failure = done.join();
        write(failure == null ? Replies.ok(message, Map.of()) : Replies.error(failure));
    }

    private static Reply<Void> completing(CompletableFuture<Failure> done) {
        return new Reply<>() {
            @Override
            public void ok(@Nullable Void nothing) {
                done.complete(null);
            }

            @Override
            public void failed(Failure failure) {
                done.complete(failure);
            }
        };
    }

    /** Its tokens are not written, but each is an occasion to see whether the client is still there. */
    private void infer(String input) throws IOException, InterruptedException {
        TokenQueue.Item.End end = follow(JsonForm.task(input, false), false);
        write(
                switch (end.event()) {
                    case TaskEvent.Done(TaskResult result, long _) -> Replies.ok("done", JsonForm.result(result));
                    case TaskEvent.Failed(Failure failure) -> Replies.error(failure);
                    case TaskEvent.Chunk _, TaskEvent.Reasoning _, TaskEvent.ToolCall _ ->
                        throw new IllegalStateException("no end: " + end.event());
                });
    }

    private void stream(String input) throws IOException, InterruptedException {
        TokenQueue.Item.End end;
        try {
            end = follow(JsonForm.task(input, true), true);
        } catch (FailureException e) {
            write(Replies.streamError(e.failure()));
            return;
        }
        if (end.lost()) {
            write(Replies.streamError(
                    new Failure(ErrorCode.SERVER_BUSY, "the stream was cancelled because its tokens were not read")));
            return;
        }
        write(
                switch (end.event()) {
                    case TaskEvent.Done(TaskResult result, long _) -> Replies.streamOk("done", JsonForm.result(result));
                    case TaskEvent.Failed(Failure failure) -> Replies.streamError(failure);
                    case TaskEvent.Chunk _, TaskEvent.Reasoning _, TaskEvent.ToolCall _ ->
                        throw new IllegalStateException("no end: " + end.event());
                });
    }

    /** Runs a task to its end. */
    private TokenQueue.Item.End follow(TaskInput input, boolean write) throws IOException, InterruptedException {
        TokenQueue tokens = new TokenQueue(
                config.maxQueuedChars(), task -> service.cancelTask(task, completing(new CompletableFuture<>())));
        service.runStream(client, input, tokens, new Reply<>() {
            @Override
            public void ok(@Nullable Long task) {}

            @Override
            public void failed(Failure failure) {
                tokens.refused(failure);
            }
        });
        waitsForTask = true;
        try {
            if (inputEnded) {
                probe();
            }
            while (true) {
                switch (tokens.next()) {
                    case TokenQueue.Item.Token(String text) when write -> write(Replies.token(text));
                    case TokenQueue.Item.Token unwritten -> {
                        if (inputEnded || lines.isFull()) {
                            probe();
                        }
                    }
                    case TokenQueue.Item.End end -> {
                        return end;
                    }
                }
            }
        } finally {
            waitsForTask = false;
        }
    }

    /**
     * Finds out whether a client of whom nothing more is read still reads: writing fails at once when it does
     * not. The blank that it gets otherwise belongs to the next line.
     */
    private void probe() {
        if (!writing.tryLock()) {
            // Somebody is writing, and will see it.
            return;
        }
        try {
            long now = System.nanoTime();
            if (now - nextProbe >= 0) {
                nextProbe = now + PROBE_GAP_NANOS;
                channel.write(ByteBuffer.wrap(PROBE));
            }
        } catch (IOException left) {
            close();
        } finally {
            writing.unlock();
        }
    }

    private void write(byte[] line) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(line);
        writing.lock();
        try {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } finally {
            writing.unlock();
        }
    }

    /** Lets the client go once it has its answers to what it sent so far. */
    void finish() {
        lines.end();
    }

    /**
     * Tells a client why it is not served. The connection stays open for what it was about to send, since a client that
     * cannot send may not look for an answer; but not for long.
     */
    static void refuse(SocketChannel channel, String why) {
        byte[] line = Replies.error(new Failure(ErrorCode.SERVER_BUSY, why));
        CompletableFuture.delayedExecutor(LINGER_MS, TimeUnit.MILLISECONDS).execute(() -> closeQuietly(channel));
        try {
            channel.write(ByteBuffer.wrap(line));
            channel.shutdownOutput();
            ByteBuffer unread = ByteBuffer.allocate(1 << 10);
            while (channel.read(unread) >= 0) {
                unread.clear();
            }
        } catch (IOException left) {
            LOG.debug("a client that was refused: {}", left.getMessage());
        } finally {
            closeQuietly(channel);
        }
    }

    private static void closeQuietly(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            LOG.debug("closing a client that was refused: {}", e.getMessage());
        }
    }
}
