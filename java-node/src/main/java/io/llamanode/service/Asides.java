package io.llamanode.service;

import io.llamanode.account.Holding;
import io.llamanode.account.MemoryAccount;
import io.llamanode.account.Weight;
import io.llamanode.grammar.rule.Patience;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.Reply;
import io.llamanode.service.threads.PrepareThreads;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Slow work that needs no task, such as tokenizing, in turn with the preparations of its owner's tasks. It is left undone
 * if the owner is gone, or has given up, before its turn. For any thread; takes the service's lock.
 */
final class Asides {
    /** Of one that waits, besides its input; bytes. */
    private static final long WAITING = 512;

    private final Object lock;
    private final Owners owners;
    private final PrepareThreads preparation;
    private final MemoryAccount account;

    /** @param lock of the service */
    Asides(Object lock, Owners owners, PrepareThreads preparation, MemoryAccount account) {
        this.lock = lock;
        this.owners = owners;
        this.preparation = preparation;
        this.account = account;
    }

    /** Work that waits for its turn. */
    final class Aside {
        private final Owner owner;
        private final Holding holding;
        private final Reply<?> reply;
        /** Changed with the lock; asked without it by what works for it. */
        private volatile boolean dropped;

        private Aside(Owner owner, Holding holding, Reply<?> reply) {
            this.owner = owner;
            this.holding = holding;
            this.reply = reply;
        }

        /** Nobody is left who waits for it; called with the lock. */
        void drop() {
            dropped = true;
            holding.release();
            reply.abandoned();
        }

        private void giveUp() {
            synchronized (lock) {
                owners.remove(owner, this);
                drop();
            }
        }

        /** {@return whether somebody still waits for it} */
        private boolean begin() {
            synchronized (lock) {
                owners.remove(owner, this);
                return !dropped;
            }
        }
    }

    /** Runs something that needs no model, when it is its turn. */
    <T> void run(Owner owner, long weight, Supplier<String> key, Supplier<T> work, Reply<T> reply) {
        run(owner, null, weight, key, work, reply);
    }

    /**
     * Runs something when it is its turn.
     *
     * @param model that it needs, or {@code null}
     * @param weight of what it works on, bytes, which is charged to the owner with the result
     * @param key of the input that takes most of it, asked for if that is too much
     * @throws FailureException {@code server_busy} or {@code out_of_memory} if it may not hold so much
     */
    <T> void run(
            Owner owner,
            @Nullable ServedModel model,
            long weight,
            Supplier<String> key,
            Supplier<T> work,
            Reply<T> reply) {
        Holding holding = account.open(MemoryAccount.Kind.CALL, owner, owner.peer());
        Admission.hold(holding, WAITING + weight, key);
        Aside aside = new Aside(owner, holding, reply);
        PrepareThreads own = model == null ? null : model.work.threads();
        PrepareThreads threads = own == null ? preparation : own;
        if (threads.isBusy(weight)) {
            // Watching a process costs two messages, which what begins at once is not worth.
            synchronized (lock) {
                owners.add(owner, aside);
            }
        }
        reply.whenGivenUp(aside::giveUp);
        boolean taken = threads.submit(owner, weight, () -> {
            if (!aside.begin()) {
                return;
            }
            T value;
            try {
                value = Patience.whileWanted(() -> !aside.dropped, work);
                Admission.hold(holding, Weight.of(value), key);
            } catch (CancellationException e) {
                // Who dropped it has given its memory back, and waits for no answer.
                if (!aside.dropped) {
                    holding.release();
                    reply.failed(new Failure(ErrorCode.CANCELLED, "nobody waits for it"));
                }
                return;
            } catch (FailureException e) {
                holding.release();
                reply.failed(e.failure());
                return;
            } catch (RuntimeException | Error e) {
                holding.release();
                reply.failed(model != null && model.isClosed() ? Tasks.CLOSING : Tasks.unknown(e));
                return;
            }
            reply.ok(value);
            holding.release();
        });
        if (!taken) {
            aside.begin();
            holding.release();
            boolean isUnloaded = model != null && model.isClosed();
            reply.failed(isUnloaded ? Tasks.CLOSING : new Failure(ErrorCode.SERVER_BUSY, "the node is stopping"));
        }
    }
}
