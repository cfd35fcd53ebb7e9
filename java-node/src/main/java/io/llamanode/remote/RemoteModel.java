package io.llamanode.remote;

import io.llamanode.remote.http.ServerClient;
import io.llamanode.remote.http.Trouble;
import io.llamanode.remote.http.TroubleException;
import io.llamanode.remote.line.ServerLine;
import io.llamanode.remote.probe.ServerFacts;
import io.llamanode.remote.probe.ServerProbe;
import io.llamanode.remote.request.RequestWriter;
import io.llamanode.remote.request.ServerKind;
import io.llamanode.service.contract.AwayException;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.model.ServerConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model that a server runs: requests for it, and what the server tells of it.
 *
 * <p>For any thread. Nothing waits for the server but what says that it is slow.
 */
public final class RemoteModel implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RemoteModel.class);

    /** Where neither the server nor the configuration says how many requests it works on at once. */
    private static final int SLOTS = 4;

    private static final long PROBE_PAUSE_MS = 500;
    private static final Failure CLOSING = new Failure(ErrorCode.CANCELLED, "the model is being closed");

    private final ServerConfig config;
    private final @Nullable Integer nParallel;
    private final ServerClient client;
    private final Health health;
    private final @Nullable OwnProcess own;
    private final ServerLine<RemoteRun> line;
    private final Map<Long, RemoteRun> runs = new ConcurrentHashMap<>();
    private volatile @Nullable ServerFacts facts;
    private volatile boolean answered;
    private final AtomicBoolean looking = new AtomicBoolean();

    private RemoteModel(ServerConfig config, @Nullable Integer nParallel) {
        this.config = config;
        this.nParallel = nParallel;
        this.client = new ServerClient(config);
        this.own = config.command() == null ? null : new OwnProcess(this, config, config.command());
        this.health = new Health(client, this::probe, this::isBack);
        this.line = new ServerLine<>(slots());
    }

    /**
     * Finds out what a server is. Slow: as long as the server loads its model.
     *
     * @param config of the server
     * @param nParallel requests that run at once, or {@code null} for as many as the server says
     * @return the model, to be closed by the caller
     * @throws FailureException {@code model_load_failed} naming the URL if the server can not be reached or is of no kind that is
     *     known; {@code unauthorized} if it wants another key; {@code invalid_argument} if a file of the configuration is unfit
     */
    public static RemoteModel open(ServerConfig config, @Nullable Integer nParallel) {
        RemoteModel model = new RemoteModel(config, nParallel);
        try {
            model.connect();
            return model;
        } catch (RuntimeException | Error e) {
            model.close();
            throw e;
        }
    }

    private void connect() {
        if (own != null) {
            own.start();
            return;
        }
        long until = System.nanoTime()
                + TimeUnit.MILLISECONDS.toNanos(config.timeouts().requestMs());
        String why;
        try {
            while (true) {
                try {
                    isBack(probe());
                    return;
                } catch (ServerProbe.NotReadyException e) {
                    why = String.valueOf(e.getMessage());
                    if (config.lazy() || System.nanoTime() - until > 0) {
                        break;
                    }
                    Thread.sleep(PROBE_PAUSE_MS);
                }
            }
        } catch (TroubleException e) {
            why = client.clean(e.trouble().message());
        } catch (FailureException e) {
            // What stands in front of a server that is not there may say so in its place.
            if (!config.lazy() || e.failure().code() != ErrorCode.MODEL_LOAD_FAILED) {
                throw e;
            }
            why = e.failure().message();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            why = "the node is stopping";
        }
        if (!config.lazy()) {
            throw new FailureException(
                    ErrorCode.MODEL_LOAD_FAILED,
                    why.startsWith(client.url()) ? why : "%s: %s".formatted(client.url(), why));
        }
        health.isDown(why);
    }

    private ServerFacts probe() throws ServerProbe.NotReadyException, TroubleException {
        String down = own == null ? null : own.trouble();
        if (down != null) {
            // Its port may be somebody else's by now.
            throw new TroubleException(new Trouble(Trouble.Kind.UNREACHABLE, down));
        }
        return new ServerProbe(client, config.model(), config.timeouts().requestMs()).probe();
    }

    /** It can be asked from now on. */
    void isThere(ServerFacts found) {
        health.isThere();
        isBack(found);
    }

    private void isBack(ServerFacts found) {
        boolean isNews = !found.equals(facts);
        if (isNews) {
            facts = found;
        }
        hasAnswered();
        if (isNews) {
            LOG.info(
                    "{} is {}, model {}, {} at once",
                    client.url(),
                    found.kind().words(),
                    client.clean(found.model()),
                    slots());
        }
        line.resize(slots());
    }

    private int slots() {
        ServerFacts known = facts;
        Integer told = nParallel != null ? nParallel : known == null ? null : known.slots();
        int most = told == null ? SLOTS : told;
        return config.maxConnections() == null ? most : Math.min(most, config.maxConnections());
    }

    /** {@return the server's URL} */
    public String url() {
        return client.url();
    }

    /** {@return what the server told of itself, or {@code null} if it has not been there yet} */
    public @Nullable ServerFacts known() {
        return facts;
    }

    /** {@return why the server can not be asked just now, or {@code null} if it can} */
    public @Nullable String trouble() {
        String ended = own == null ? null : own.trouble();
        return ended != null ? ended : health.why();
    }

    /** {@return the server's process, or {@code null} if this process has not started it, or it has ended} */
    public @Nullable Long pid() {
        return own == null ? null : own.pid();
    }

    /**
     * {@return what the server told of itself}
     *
     * @throws FailureException {@code inference_failed} if it can not be asked
     */
    public ServerFacts facts() {
        ServerFacts known = facts;
        String why = trouble();
        if (known == null || why != null) {
            throw new AwayException(down(why == null ? "it has not answered yet" : why));
        }
        return known;
    }

    private Failure down(String why) {
        return new Failure(
                ErrorCode.INFERENCE_FAILED, why.startsWith(client.url()) ? why : "%s: %s".formatted(client.url(), why));
    }

    /**
     * {@return what of that may be shown}
     *
     * @param told by the server
     */
    public @Nullable String shown(@Nullable String told) {
        return told == null ? null : client.clean(told);
    }

    /** {@return what writes requests for it, by what the server is now} */
    public RequestWriter writer() {
        ServerFacts known = facts();
        return new RequestWriter(known.kind(), known.model(), known.adapters(), known.nCtx());
    }

    /** {@return whether OpenAI's endpoints are to be used where there are both} */
    public boolean prefersOpenai() {
        return config.useOpenai();
    }

    /** {@return whether texts that spell control tokens are sent as they are} */
    public boolean trustsContent() {
        return config.trustContent();
    }

    /** {@return what waits, and the slots} */
    public ServerLine<?> state() {
        return line;
    }

    /** {@return what asks the server something by the way; slow} */
    public Questions questions() {
        return new Questions(this, facts());
    }

    /**
     * Asks the server for something, as soon as it is its turn.
     *
     * @param request what for
     * @param listener told the answer; also that the server is down
     * @param accepted run before the listener is told anything
     * @return whether the request is taken; not if this is closed
     */
    public boolean submit(RemoteRequest request, RemoteListener listener, Runnable accepted) {
        RemoteRun run = new RemoteRun(this, request, listener);
        String why = trouble();
        if (why != null && !line.isClosed()) {
            accepted.run();
            run.turnAway(down(why));
            return true;
        }
        runs.put(request.id(), run);
        boolean taken = line.add(run, accepted);
        if (!taken) {
            runs.remove(request.id());
            return false;
        }
        run.watchDeadline();
        // It may have gone down since this was looked at; nobody else takes it out of the line then.
        String since = trouble();
        if (since != null) {
            run.turnAway(down(since));
        }
        return true;
    }

    /**
     * Ends a request; the listener is told once the connection is closed. Does nothing if it is over.
     *
     * @param id of the task
     */
    public void cancel(long id) {
        RemoteRun run = runs.get(id);
        if (run != null) {
            run.stop(new Failure(ErrorCode.CANCELLED, "the task was cancelled"));
        }
    }

    ServerClient client() {
        return client;
    }

    ServerLine<RemoteRun> line() {
        return line;
    }

    ServerConfig.Timeouts timeouts() {
        return config.timeouts();
    }

    boolean takesSlots() {
        ServerFacts known = facts;
        return known != null && known.kind() == ServerKind.LLAMA_SERVER && known.slots() != null;
    }

    void leaveLine(RemoteRun run) {
        line.remove(run.id());
    }

    void ended(RemoteRun run) {
        runs.remove(run.id());
    }

    void hasAnswered() {
        answered = true;
    }

    /** {@return whether there may be connections that were kept alive} */
    boolean keptConnections() {
        return answered;
    }

    /** The server may have been started anew, with another model. */
    void lookAgain() {
        if (looking.compareAndSet(false, true)) {
            Thread.startVirtualThread(() -> {
                try {
                    isBack(probe());
                } catch (ServerProbe.NotReadyException | TroubleException | FailureException e) {
                    LOG.debug(
                            "{} does not say what it is: {}",
                            client.url(),
                            client.clean(String.valueOf(e.getMessage())));
                } finally {
                    looking.set(false);
                }
            });
        }
    }

    /** Nobody waits for a server that is not there. */
    void isDown(Trouble trouble) {
        String why = client.clean(trouble.message());
        if (health.isDown(why)) {
            line.takeAll().forEach(run -> run.turnAway(down(why)));
        }
    }

    /** Its process has ended: nothing that it worked on has an end of its own any more. */
    void isGone(String why) {
        line.takeAll().forEach(run -> run.turnAway(down(why)));
        runs.values().forEach(run -> run.turnAway(down(why)));
    }

    /** The server has too much to do; whoever waits does so on. */
    void holdFor(long milliseconds) {
        line.hold();
        later(line::release, milliseconds, TimeUnit.MILLISECONDS);
    }

    /** Runs something later, which must be quick; never, once this is closed. */
    Future<?> later(Runnable action, long delay, TimeUnit unit) {
        try {
            return client.timer().schedule(action, Math.max(0, delay), unit);
        } catch (RejectedExecutionException e) {
            FutureTask<@Nullable Void> never = new FutureTask<>(action, null);
            never.cancel(false);
            return never;
        }
    }

    /** Ends every request with {@code cancelled}, and closes every connection. */
    @Override
    public void close() {
        List<RemoteRun> left = new ArrayList<>(line.close());
        left.addAll(runs.values());
        left.stream().distinct().forEach(run -> run.stopNow(CLOSING));
        client.close();
        if (own != null) {
            own.close();
        }
    }
}
