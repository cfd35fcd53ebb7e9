package io.llamanode.transport.bridge;

import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.transport.bridge.LineReader.Line;
import io.llamanode.transport.mailbox.Patience;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import jdk.net.UnixDomainPrincipal;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One client: its commands are done in order, but for cancels, and what it started ends with it. */
final class Connection {
    private static final Logger LOG = LoggerFactory.getLogger(Connection.class);
    /** How long a client that is refused may take to read that. */
    private static final long LINGER_MS = 1000;

    /** Wrong secrets of one connection. */
    private static final int TRIES = 3;

    private final SocketChannel channel;
    private final BridgeClient client;
    private final House house;

    /** In which the secret must be said, whatever else a client has time for. */
    private static final Duration GREETING = Duration.ofSeconds(15);

    private final LineQueue commands = new LineQueue();
    /** For a line that has begun. */
    private final Patience patience;
    /** For the secret. */
    private final Patience greeting;
    /** For what is written. */
    private final Patience taking;

    private final LineWriter out;
    private final ModelCommands models;
    private final TaskCommands tasks;
    /** When the last line came. */
    private volatile long heard = System.nanoTime();
    /** Whose process it is; empty where nobody looks. */
    private volatile String user = "";

    private boolean trusted;
    private int wrong;

    Connection(SocketChannel channel, BridgeClient client, House house) {
        this.channel = channel;
        this.client = client;
        this.house = house;
        this.trusted = house.doorkeeper() == null || !house.doorkeeper().asks();
        Runnable tooSlow = () -> {
            LOG.warn("{}: it takes longer than it may, and is let go", client);
            close();
        };
        this.patience = new Patience(house.config().readTimeout(), tooSlow);
        Duration read = house.config().readTimeout();
        this.greeting = new Patience(read.compareTo(GREETING) < 0 ? read : GREETING, tooSlow);
        this.taking = new Patience(house.config().writeTimeout(), tooSlow);
        this.out = new LineWriter(channel, taking, this::close);
        Choice choice = new Choice();
        this.models = new ModelCommands(house.service(), choice);
        this.tasks = new TaskCommands(
                house.service(),
                client,
                out,
                choice,
                house.config().maxQueuedChars(),
                house.streams(),
                commands::isFull);
    }

    /**
     * Serves the client until it leaves or {@link #close} is called.
     *
     * @param ended run at the end, before the client can notice it
     */
    void run(Runnable ended) {
        try {
            if (isAdmitted() && startReading()) {
                for (Command next = commands.take(); next != null && perform(next); next = commands.take()) {
                    continue;
                }
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

    /** On a thread of the system's, which hears of a line in half the time that a virtual one takes. */
    private boolean startReading() {
        try {
            Thread.ofPlatform().daemon().name("bridge-read").start(this::read);
            return true;
        } catch (OutOfMemoryError e) {
            // Of threads: an exhausted heap ends the process.
            LOG.warn("{} is refused: {}", client, e.getMessage());
            refuse(channel, new Failure(ErrorCode.SERVER_BUSY, "the system gives no more threads"));
            return false;
        }
    }

    private boolean isAdmitted() throws IOException {
        Doorkeeper doorkeeper = house.doorkeeper();
        if (doorkeeper == null) {
            return true;
        }
        try {
            UnixDomainPrincipal peer = doorkeeper.admit(channel);
            user = Objects.requireNonNull(peer.user().getName());
            LOG.info("{} is of user {}, group {}", client, user, peer.group().getName());
            return true;
        } catch (FailureException e) {
            LOG.warn("{} is refused: {}", client, e.failure().message());
            refuse(channel, e.failure());
            return false;
        }
    }

    private void read() {
        LineReader reader = new LineReader(channel, house.config().maxLineBytes(), patience);
        try {
            if (!trusted) {
                // Whoever does not say it is not to hold a place for long.
                greeting.begin();
            }
            boolean goesOn = true;
            for (Line line = reader.next(); line != null && goesOn; line = goesOn ? reader.next() : null) {
                heard = System.nanoTime();
                goesOn = switch (line) {
                    case Line.Bad(String why) ->
                        take(new Command.Bad(new Failure(ErrorCode.INVALID_ARGUMENT, why)), why.length());
                    // An empty line in a terminal asks for nothing.
                    case Line.Text(String text) when text.isBlank() -> true;
                    case Line.Text(String text) -> take(Command.parse(text), text.length());
                };
            }
            out.inputEnded();
            commands.end();
        } catch (IOException | InterruptedException left) {
            close();
        }
    }

    /** {@return whether more is read} */
    private boolean take(Command command, int length) throws IOException, InterruptedException {
        if (!trusted) {
            return greet(command);
        }
        if (command instanceof Command.Cancel || command.isQuick() && commands.isIdle()) {
            // The one must not wait for what it cancels, the other would only wake another thread.
            return perform(command);
        }
        Command next = command instanceof Command.Run run && commands.isIdle() ? begun(run) : command;
        return next == null || commands.put(next, length);
    }

    /** {@return what is left to do of a command, nothing of which has to wait; {@code null} if it is refused, and that said} */
    private @Nullable Command begun(Command.Run command) throws IOException {
        try {
            Command begun = tasks.begin(command);
            return begun == null ? command : begun;
        } catch (RuntimeException e) {
            refuse(e);
            return null;
        }
    }

    /** Before the secret was said, nothing waits: each line is answered at once. */
    private boolean greet(Command command) throws IOException {
        switch (command) {
            case Command.Auth(String said) -> {
                try {
                    if (Objects.requireNonNull(house.doorkeeper()).knows(user, said)) {
                        trusted = true;
                        greeting.end();
                        out.write(Replies.ok("Authenticated"));
                        return true;
                    }
                    wrong++;
                    LOG.warn("{} of user {} does not know the secret", client, user);
                    out.write(unauthorized("that is not the secret"));
                } catch (FailureException tooOften) {
                    wrong++;
                    out.write(Replies.error(tooOften.failure()));
                }
            }
            case Command.Quit() -> {
                out.write(Replies.ok("bye"));
                return false;
            }
            default -> {
                wrong++;
                out.write(unauthorized("AUTH with the secret comes first"));
            }
        }
        return wrong < TRIES;
    }

    private static byte[] unauthorized(String why) {
        return Replies.error(new Failure(ErrorCode.UNAUTHORIZED, why));
    }

    /** {@return how long no line has come} */
    Duration silence() {
        return Duration.ofNanos(System.nanoTime() - heard);
    }

    /** {@return whether the client waits for an answer} */
    boolean isBusy() {
        return commands.isBusy();
    }

    boolean isOpen() {
        return channel.isOpen();
    }

    /** Ends the connection and what the client owns; idempotent, from any thread. */
    void close() {
        patience.close();
        greeting.close();
        taking.close();
        commands.clear();
        client.end();
        closeQuietly(channel);
    }

    /** {@return whether the connection goes on} */
    private boolean perform(Command command) throws IOException, InterruptedException {
        try {
            return answer(command);
        } catch (RuntimeException e) {
            refuse(e);
        }
        return true;
    }

    private void refuse(RuntimeException why) throws IOException {
        if (why instanceof FailureException refused) {
            out.write(Replies.error(refused.failure()));
            return;
        }
        String id = UUID.randomUUID().toString();
        LOG.error("defect {}", id, why);
        out.write(Replies.error(new Failure(ErrorCode.UNKNOWN, "a defect of the node; the log has it under " + id)));
    }

    private boolean answer(Command command) throws IOException, InterruptedException {
        switch (command) {
            case Command.Bad(Failure failure) -> out.write(Replies.error(failure));
            case Command.Ping() -> out.write(house.isControl() ? Replies.ok("pong", process()) : Replies.ok("pong"));
            case Command.Health() -> out.write(models.health());
            case Command.Status() ->
                out.write(models.status(house.config().node(), house.facts().get()));
            case Command.Models() -> out.write(models.models());
            case Command.Load(String model) -> out.write(models.load(model));
            case Command.Free(String model) -> out.write(models.free(model));
            case Command.Run(var kind, String input) -> tasks.run(kind, input);
            case Command.Begun(var kind, TokenQueue task) -> tasks.finish(kind, task);
            case Command.Stream(String input) -> tasks.stream(input);
            case Command.Tokenize(String input) -> tasks.tokenize(input);
            case Command.OpenSession(String config) -> tasks.open(config);
            case Command.UseSession(long session) -> tasks.use(session);
            case Command.CloseSession(long session) -> tasks.close(session);
            case Command.Start(var kind, String input) -> tasks.start(kind, input);
            case Command.Result(long task, long timeoutMs) -> tasks.result(task, timeoutMs);
            case Command.Cancel(long task) -> tasks.cancel(task);
            case Command.Auth _ -> out.write(Replies.ok("Authenticated"));
            case Command.Stop() -> {
                if (!house.isControl()) {
                    out.write(unauthorized("only the control socket takes STOP"));
                } else {
                    stop();
                }
            }
            case Command.Quit() -> {
                if (house.config().quitEndsNode()) {
                    stop();
                } else {
                    out.write(Replies.ok("bye"));
                }
                return false;
            }
        }
        return true;
    }

    /** Whoever said so may have left without waiting for an answer, and meant it all the same. */
    private void stop() throws IOException {
        try {
            out.write(Replies.ok("stopping", process()));
        } finally {
            LOG.info("{} ends the node", client);
            Objects.requireNonNull(house.stop()).run();
        }
    }

    private static Map<String, Object> process() {
        return Map.of("os_pid", ProcessHandle.current().pid());
    }

    /** Lets the client go once it has its answers to what it sent so far. */
    void finish() {
        commands.end();
    }

    /**
     * Tells a client why it is not served. The connection stays open for what it was about to send, since a client that
     * cannot send may not look for an answer; but not for long.
     */
    static void refuse(SocketChannel channel, Failure why) {
        byte[] line = Replies.error(why);
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
            LOG.debug("closing a client: {}", e.getMessage());
        }
    }
}
