package io.llamanode.service;

import io.llamanode.account.MemoryAccount;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.Reply;
import io.llamanode.service.contract.model.NodeConfig;
import io.llamanode.service.contract.task.TaskResult;
import io.llamanode.service.threads.InTurns;
import java.util.Iterator;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Where results are collected: by callers that wait for a task, or later from those that are kept.
 * Guarded by the service's lock, which its own timers take.
 */
final class Waiters {
    private final Object lock;
    private final Owners owners;
    private final ScheduledExecutorService timer;
    private final InTurns inTurns;
    private final long ttlMs;
    private final UncollectedResults kept;
    private boolean expiryPlanned;

    Waiters(Object lock, NodeConfig config, Owners owners, ScheduledExecutorService timer, MemoryAccount account) {
        this.lock = lock;
        this.owners = owners;
        this.timer = timer;
        this.inTurns = new InTurns(lock, timer);
        this.ttlMs = config.resultTtlMs();
        this.kept = new UncollectedResults(
                account, config.maxResults(), config.ownerShare(), TimeUnit.MILLISECONDS.toNanos(ttlMs));
    }

    /** A caller that waits for a task's result; it may be another process than the task's owner. */
    final class Waiter {
        private final Task task;
        private final Owner caller;
        private final Reply<TaskResult> reply;
        private @Nullable Future<?> timeout;

        Waiter(Task task, Owner caller, Reply<TaskResult> reply) {
            this.task = task;
            this.caller = caller;
            this.reply = reply;
        }

        /** Waits no more. {@return whether it had been waiting} */
        boolean leave() {
            if (!task.waiters.remove(this)) {
                return false;
            }
            if (timeout != null) {
                timeout.cancel(false);
            }
            owners.remove(caller, this);
            return true;
        }
    }

    /** Nobody is left who waits for it; called with the lock. */
    static void abandoned(Waiter waiter) {
        if (waiter.leave()) {
            waiter.reply.abandoned();
        }
    }

    /** @param timeoutMs negative: for ever */
    void wait(Task task, Owner caller, long timeoutMs, Reply<TaskResult> reply) {
        Waiter waiter = new Waiter(task, caller, reply);
        task.waiters.add(waiter);
        owners.add(caller, waiter);
        reply.whenGivenUp(() -> {
            synchronized (lock) {
                var _ = waiter.leave();
            }
        });
        if (timeoutMs >= 0) {
            waiter.timeout = timer.schedule(() -> giveUp(waiter), timeoutMs, TimeUnit.MILLISECONDS);
        }
    }

    private void giveUp(Waiter waiter) {
        synchronized (lock) {
            // One whose task has ended is about to be answered.
            if (waiter.task.state != Task.State.ENDED && waiter.leave()) {
                waiter.reply.failed(stillRunning(waiter.task));
            }
        }
    }

    static Failure stillRunning(Task task) {
        return new Failure(ErrorCode.TIMEOUT, "task %d has not ended yet; it goes on".formatted(task.id));
    }

    /** {@return an outcome that was kept, once, or {@code null}} */
    @Nullable
    TaskOutcome take(long taskId) {
        return kept.take(taskId);
    }

    boolean keeps(long taskId) {
        return kept.contains(taskId);
    }

    int keptCount() {
        return kept.size();
    }

    /** Answers everybody who waits, now or soon. {@return whether anybody did} */
    boolean answer(Task task, TaskOutcome outcome) {
        boolean any = !task.waiters.isEmpty();
        if (any) {
            inTurns.begin(
                    waiting(task),
                    waiter -> {
                        waiter.leave();
                        outcome.answer(waiter.reply);
                    },
                    () -> {});
        }
        return any;
    }

    /** {@return those that wait, who may leave meanwhile} */
    private static Iterator<Waiter> waiting(Task task) {
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return !task.waiters.isEmpty();
            }

            @Override
            public Waiter next() {
                return task.waiters.getFirst();
            }
        };
    }

    void keep(Task task, TaskOutcome outcome) {
        kept.keep(task.id, outcome, task.owners.getFirst(), System.nanoTime());
        if (!expiryPlanned) {
            expiryPlanned = true;
            timer.schedule(this::expire, ttlMs, TimeUnit.MILLISECONDS);
        }
    }

    private void expire() {
        synchronized (lock) {
            long next = kept.expire(System.nanoTime(), InTurns.AT_ONCE);
            expiryPlanned = next >= 0;
            if (expiryPlanned) {
                timer.schedule(this::expire, next, TimeUnit.NANOSECONDS);
            }
        }
    }
}
