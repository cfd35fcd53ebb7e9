package io.llamanode.service;

import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.Reply;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Slow work that needs no task, such as tokenizing, in turn with the preparations of its owner's tasks. It is left undone
 * if the owner is gone before its turn. For any thread; takes the service's lock.
 */
final class Asides {
    private final Object lock;
    private final Owners owners;
    private final PrepareThreads preparation;

    /** @param lock of the service */
    Asides(Object lock, Owners owners, PrepareThreads preparation) {
        this.lock = lock;
        this.owners = owners;
        this.preparation = preparation;
    }

    /** Work that waits for its turn. */
    final class Aside {
        private final Owner owner;
        private boolean dropped;

        private Aside(Owner owner) {
            this.owner = owner;
        }

        /** Nobody is left who waits for it; called with the lock. */
        void drop() {
            dropped = true;
        }

        /** {@return whether somebody still waits for it} */
        private boolean begin() {
            synchronized (lock) {
                owners.remove(owner, this);
                return !dropped;
            }
        }
    }

    /**
     * Runs something when it is its turn.
     *
     * @param model that it needs, or {@code null}
     */
    <T> void run(Owner owner, @Nullable ServedModel model, Supplier<T> work, Reply<T> reply) {
        Aside aside = new Aside(owner);
        if (preparation.isBusy()) {
            // Watching a process costs two messages, which what begins at once is not worth.
            synchronized (lock) {
                owners.add(owner, aside);
            }
        }
        boolean taken = preparation.submit(owner, () -> {
            if (!aside.begin()) {
                return;
            }
            T value;
            try {
                value = work.get();
            } catch (FailureException e) {
                reply.failed(e.failure());
                return;
            } catch (RuntimeException | Error e) {
                reply.failed(model != null && model.isClosed() ? Tasks.CLOSING : Tasks.unknown(e));
                return;
            }
            reply.ok(value);
        });
        if (!taken) {
            aside.begin();
            reply.failed(new Failure(ErrorCode.SERVER_BUSY, "the node is stopping"));
        }
    }
}
