package io.llamanode.service;

import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.Reply;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.model.ModelLoader;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Loads that begin with a probe, from the request on until the probe is over: so long the one who asked can give up, and
 * then nothing is loaded. For any thread; takes the service's lock.
 */
final class Probes {
    private final Object lock;
    private final Owners owners;
    private final ModelLoader loader;
    private final Set<Probe> open = new HashSet<>();

    /** @param lock of the service */
    Probes(Object lock, Owners owners, ModelLoader loader) {
        this.lock = lock;
        this.owners = owners;
        this.loader = loader;
    }

    /** One that waits for its turn, or runs. */
    final class Probe {
        private final @Nullable Owner owner;
        private final Reply<?> reply;
        private final CompletableFuture<Void> withdrawn = new CompletableFuture<>();
        private boolean abandoned;

        private Probe(@Nullable Owner owner, Reply<?> reply) {
            this.owner = owner;
            this.reply = reply;
        }

        /** Nobody is left who waits for it; called with the lock. */
        void drop() {
            if (open.remove(this)) {
                abandoned = true;
                reply.abandoned();
            }
            // Who has the process killed does so at once, and does not wait for its end.
            withdrawn.complete(null);
        }

        private void giveUp() {
            synchronized (lock) {
                forget();
                drop();
            }
        }

        private void forget() {
            if (owner != null) {
                owners.remove(owner, this);
            }
        }

        /**
         * Passes a file that can be loaded. On the thread that loads.
         *
         * @param adapter of the model, or {@code null} if the model is in doubt
         * @return whether somebody still waits for the load
         * @throws FailureException says why it cannot be loaded, or that the node is stopping
         */
        boolean passes(ModelConfig model, @Nullable Path adapter) {
            boolean waitedFor;
            try {
                if (!withdrawn.isDone()) {
                    loader.probe(model, adapter, withdrawn);
                }
            } catch (CancellationException e) {
                // Why stands in a field.
            } finally {
                waitedFor = over();
            }
            if (waitedFor && withdrawn.isDone()) {
                throw new FailureException(ModelRegistry.STOPPING);
            }
            return waitedFor;
        }

        /** From here on the load is nobody's to give up. {@return whether it was not given up before} */
        boolean over() {
            synchronized (lock) {
                open.remove(this);
                forget();
                return !abandoned;
            }
        }
    }

    /**
     * A load that begins with a probe was asked for.
     *
     * @param owner without whom it is given up; {@code null}: nobody's, as that of a start
     * @param reply of the load
     */
    Probe open(@Nullable Owner owner, Reply<?> reply) {
        Probe probe = new Probe(owner, reply);
        synchronized (lock) {
            open.add(probe);
            if (owner != null) {
                owners.add(owner, probe);
            }
        }
        reply.whenGivenUp(probe::giveUp);
        return probe;
    }

    /** Ends what runs; whoever waits is told by the load. */
    void close() {
        synchronized (lock) {
            open.forEach(probe -> probe.withdrawn.complete(null));
        }
    }
}
