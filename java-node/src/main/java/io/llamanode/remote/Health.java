package io.llamanode.remote;

import io.llamanode.remote.http.ServerClient;
import io.llamanode.remote.http.Trouble;
import io.llamanode.remote.http.TroubleException;
import io.llamanode.remote.probe.ServerFacts;
import io.llamanode.remote.probe.ServerProbe;
import io.llamanode.service.contract.FailureException;
import java.util.concurrent.Callable;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whether a server is there. One that is not is asked again and again, ever more seldom. For any thread. */
final class Health {
    private static final Logger LOG = LoggerFactory.getLogger(Health.class);

    private static final long FIRST_PAUSE_MS = 250;
    private static final long LONGEST_PAUSE_MS = 30_000;

    private final ServerClient client;
    private final Callable<ServerFacts> probe;
    private final Consumer<ServerFacts> back;
    private @Nullable String why;
    private long pauseMs;

    /**
     * @param probe asks the server; slow
     * @param back told what it is when it is there again
     */
    Health(ServerClient client, Callable<ServerFacts> probe, Consumer<ServerFacts> back) {
        this.client = client;
        this.probe = probe;
        this.back = back;
    }

    /** {@return why the server can not be asked, or {@code null} if it can} */
    synchronized @Nullable String why() {
        return why;
    }

    /** {@return whether that is news} */
    synchronized boolean isDown(String reason) {
        boolean news = why == null;
        why = reason;
        if (news) {
            LOG.warn("{}: {}; it is asked again until it answers", client.url(), reason);
            pauseMs = FIRST_PAUSE_MS;
            askLater();
        }
        return news;
    }

    private void askLater() {
        try {
            client.timer().schedule(() -> Thread.startVirtualThread(this::ask), pauseMs, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            // The model is closed.
        }
        pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * pauseMs);
    }

    /** It is known to be there, without that it was asked here. */
    synchronized void isThere() {
        why = null;
    }

    private void ask() {
        if (why() == null) {
            return;
        }
        ServerFacts facts;
        try {
            facts = probe.call();
        } catch (TroubleException | ServerProbe.NotReadyException e) {
            stillDown(e instanceof TroubleException trouble ? told(trouble.trouble()) : String.valueOf(e.getMessage()));
            return;
        } catch (FailureException e) {
            stillDown(e.failure().message());
            return;
        } catch (Exception e) {
            LOG.error("asking {} failed: {}", client.url(), client.clean(e.toString()));
            stillDown(client.clean(e.toString()));
            return;
        }
        // Before anybody asks it for something that it may not be any more.
        back.accept(facts);
        synchronized (this) {
            why = null;
        }
        LOG.info("{} answers again", client.url());
    }

    private String told(Trouble trouble) {
        return client.clean(trouble.message());
    }

    private synchronized void stillDown(String reason) {
        why = reason;
        askLater();
    }
}
