package io.llamanode.remote.own;

import java.io.IOException;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A server that this process starts, keeps alive and ends. Each start has a port of its own, and a key of its own unless one
 * is given: whoever listens on a port that the server has left learns nothing of worth.
 *
 * <p>For any thread.
 */
public final class OwnedServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(OwnedServer.class);

    private static final int KEY_BYTES = 16;
    /** Ports that are tried where others are quicker to take them. */
    private static final int PORTS = 5;

    private static final long FIRST_LOOK_MS = 50;
    private static final long LONGEST_LOOK_MS = 500;
    private static final SecureRandom RANDOM = new SecureRandom();

    /** Asks the server, and hears of its life. */
    public interface Client {
        /**
         * A process is about to be started.
         *
         * @param url where it will be
         * @param key that it will ask for
         */
        void moved(String url, String key);

        /**
         * Asks whether it can be asked for answers. Slow.
         *
         * @param limitMs for the question
         * @return why not yet, or {@code null} if it can
         * @throws RuntimeException if it never will
         */
        @Nullable
        String ask(long limitMs);

        /** It can be asked again. */
        void up();

        /**
         * Its process has ended; another one is started.
         *
         * @param why it can not be asked
         */
        void down(String why);
    }

    private final List<String> command;
    private final @Nullable String key;
    private final long boundMs;
    private final Client client;
    private final UnaryOperator<String> clean;
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile @Nullable String trouble = "its process has not been started yet";
    /** The one that runs, or did so last; written with this object's lock. */
    private volatile @Nullable Child child;

    /**
     * Starts nothing yet.
     *
     * @param command the program and its arguments; the port stands for <code>{port}</code>, or is added
     * @param key that it is to ask for; {@code null}: another one at each start
     * @param boundMs in which it must be ready
     * @param client asks it
     * @param clean strikes secrets out of what it writes
     */
    public OwnedServer(
            List<String> command, @Nullable String key, long boundMs, Client client, UnaryOperator<String> clean) {
        this.command = command;
        this.key = key;
        this.boundMs = boundMs;
        this.client = client;
        this.clean = clean;
    }

    /** {@return why it can not be asked just now, or {@code null} if it can} */
    public @Nullable String trouble() {
        return trouble;
    }

    /** {@return its process, or {@code null} if none runs} */
    public @Nullable Long pid() {
        Child last = child;
        return last == null || last.hasEnded() ? null : (Long) last.pid();
    }

    /**
     * Starts it, and waits until it is ready. From then on it is kept alive. Slow.
     *
     * @throws StartException if it can not be started, ends before it is ready, or is not ready in time; nothing runs then
     */
    public void start() throws StartException {
        Child first = started();
        Thread.ofVirtual().start(() -> keep(first));
    }

    /** As {@link #start} without waiting: what fails is tried again. */
    public void startLater() {
        Thread.ofVirtual().start(() -> keep(null));
    }

    private Child started() throws StartException {
        Programs.find(command.getFirst(), System.getenv("PATH"));
        try {
            for (int tries = 1; ; tries++) {
                int port = Ports.free();
                Child next = launch(port);
                boolean ready = false;
                try {
                    awaitReady(next);
                    ready = true;
                    trouble = null;
                    return next;
                } catch (StartException e) {
                    if (tries == PORTS || !next.hasEnded() || isClosed() || !Ports.isTaken(port)) {
                        throw e;
                    }
                    LOG.info(
                            "port {} was taken before process {} could listen on it; another one is tried",
                            port,
                            next.pid());
                } finally {
                    if (!ready) {
                        next.stopNow();
                    }
                }
            }
        } catch (IOException e) {
            throw new StartException(
                    "command: %s can not be started: %s".formatted(command.getFirst(), e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StartException("the node is stopping");
        }
    }

    private Child launch(int port) throws IOException, StartException {
        String secret = key != null ? key : randomKey();
        client.moved(CommandLine.url(port), secret);
        LastLines lines = new LastLines(clean, log());
        synchronized (this) {
            if (isClosed()) {
                throw new StartException("the model is being closed");
            }
            Child next = Child.start(CommandLine.at(command, port), secret, lines);
            child = next;
            LOG.info("{} is started as process {}, on port {}", command.getFirst(), next.pid(), port);
            return next;
        }
    }

    private static String randomKey() {
        byte[] bytes = new byte[KEY_BYTES];
        RANDOM.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    /** Its own log, which tells a lot, under a name of its own. */
    private Consumer<String> log() {
        Logger log = LoggerFactory.getLogger("server." + command.getFirst().replaceFirst(".*/", ""));
        return line -> {
            if (LogLevels.isTrouble(line)) {
                log.warn("{}", line);
            } else {
                log.debug("{}", line);
            }
        };
    }

    private void awaitReady(Child started) throws StartException, InterruptedException {
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(boundMs);
        long pause = FIRST_LOOK_MS;
        while (true) {
            long left = TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime());
            String why = client.ask(Math.max(1, left));
            if (started.hasEnded()) {
                // Whoever answered was somebody else, then.
                throw new StartException("%s %s before it was ready%s"
                        .formatted(command.getFirst(), started.ending(), started.lastWords()));
            }
            if (why == null) {
                return;
            }
            if (until - System.nanoTime() <= 0) {
                throw new StartException("%s was not ready within %d ms (request_timeout_ms): %s%s"
                        .formatted(command.getFirst(), boundMs, why, started.lastWords()));
            }
            started.awaitEnd(pause);
            pause = Math.min(LONGEST_LOOK_MS, 2 * pause);
        }
    }

    /** For the life of the server, on a thread of its own. */
    private void keep(@Nullable Child first) {
        RestartPause pauses = new RestartPause(RANDOM);
        Child running = first;
        try {
            while (true) {
                if (running == null) {
                    running = again(pauses);
                    if (running == null) {
                        return;
                    }
                }
                long since = System.nanoTime();
                String how = running.ending();
                if (isClosed()) {
                    return;
                }
                long pause = pauses.after(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - since));
                String why = "its process %d %s".formatted(running.pid(), how);
                trouble = why + "; it is being started again";
                LOG.warn("{}: {}; it is started again in {} ms{}", command.getFirst(), why, pause, running.lastWords());
                client.down(why + "; it is being started again");
                running = null;
                if (closed.await(pause, TimeUnit.MILLISECONDS)) {
                    return;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.error("{} is not kept alive any more", command.getFirst(), e);
            trouble = "it is not kept alive any more: " + e;
        }
    }

    /** Starts it until that succeeds. {@return its process, or {@code null} if this is closed} */
    private @Nullable Child again(RestartPause pauses) throws InterruptedException {
        while (!isClosed()) {
            String why;
            try {
                Child started = started();
                client.up();
                return started;
            } catch (StartException e) {
                why = String.valueOf(e.getMessage());
            } catch (RuntimeException e) {
                // What it answers says that it is not fit; its program may be replaced.
                why = String.valueOf(e.getMessage());
            }
            if (isClosed()) {
                return null;
            }
            long pause = pauses.after(0);
            trouble = why;
            LOG.warn("{}; it is started again in {} ms", why, pause);
            closed.await(pause, TimeUnit.MILLISECONDS);
        }
        return null;
    }

    private boolean isClosed() {
        return closed.getCount() == 0;
    }

    /** Ends it; waits for that, a second and a half at most. */
    @Override
    public void close() {
        Child last;
        synchronized (this) {
            closed.countDown();
            last = child;
        }
        if (last != null) {
            last.stopNow();
        }
    }
}
