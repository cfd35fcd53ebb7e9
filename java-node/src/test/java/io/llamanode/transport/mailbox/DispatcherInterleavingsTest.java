package io.llamanode.transport.mailbox;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.transport.Interleavings;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The dispatcher under two connections and the node's own events, in every order in which their steps can come. */
@Timeout(300)
final class DispatcherInterleavingsTest {
    /** Two messages that wait are more than one source may have of it. */
    private static final long BUDGET = 4 << 20;

    private static final int MESSAGE = 1 << 20;
    /** Where threads wait for others: for room, for a permit to end an action, for the end of the dispatcher's thread. */
    private static final Set<String> HELD_UP = Set.of("awaitRoom", "acquireUninterruptibly", "join");

    /** One order of steps. */
    private static final class Run {
        private final Dispatcher dispatcher = new Dispatcher("dispatch", new Budget(BUDGET));
        private final Map<Worker, Dispatcher.Source> sources = new HashMap<>();
        /** Lets one action end. */
        private final Semaphore ends = new Semaphore(0);

        private final List<String> done = Collections.synchronizedList(new ArrayList<>());
        private final AtomicInteger running = new AtomicInteger();
        private final AtomicInteger most = new AtomicInteger();
        private final Worker first = new Worker();
        private final Worker second = new Worker();
        private final Worker closer = new Worker();

        Run() {
            dispatcher.start();
        }

        /** Brings what a connection reads, one by one; waits wherever the dispatcher makes it wait. */
        private static final class Worker {
            private final LinkedBlockingQueue<Runnable> steps = new LinkedBlockingQueue<>();
            private final Thread thread = Thread.ofPlatform().daemon().start(this::work);
            private final AtomicInteger begun = new AtomicInteger();
            private final AtomicInteger ended = new AtomicInteger();
            private int given;
            private boolean last;

            void give(Runnable step) {
                given++;
                steps.add(() -> {
                    begun.incrementAndGet();
                    step.run();
                    ended.incrementAndGet();
                });
            }

            /** Waits until it has done all steps, or is held up in one. */
            void settle() {
                while (ended.get() < given && (begun.get() == ended.get() || !isHeldUp())) {
                    Thread.yield();
                }
            }

            /** Not by a lock, which is a matter of moments. */
            private boolean isHeldUp() {
                Thread.State state = thread.getState();
                return (state == Thread.State.WAITING || state == Thread.State.TIMED_WAITING)
                        && Stream.of(thread.getStackTrace())
                                .map(StackTraceElement::getMethodName)
                                .anyMatch(HELD_UP::contains);
            }

            private void work() {
                try {
                    while (!last) {
                        steps.take().run();
                    }
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }

            void end() throws InterruptedException {
                steps.add(() -> last = true);
                thread.join();
            }
        }

        private void act(String name) {
            most.accumulateAndGet(running.incrementAndGet(), Math::max);
            ends.acquireUninterruptibly();
            done.add(name);
            running.decrementAndGet();
        }

        /** As a connection does: it waits for room, then brings the next message. */
        void deliver(Worker worker, String name) {
            Dispatcher.Source source = sources.computeIfAbsent(worker, one -> dispatcher.source("one"));
            worker.give(() -> {
                try {
                    source.awaitRoom();
                    dispatcher.deliver(source, () -> "p", () -> act(name), MESSAGE);
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            });
        }

        void submit(String name) {
            dispatcher.submit(() -> act(name));
        }

        void close() {
            closer.give(dispatcher::close);
        }

        void settle() {
            first.settle();
            second.settle();
            closer.settle();
        }

        /** Everything ends by itself from here on. */
        List<String> finish() {
            ends.release(1000);
            try {
                first.end();
                second.end();
                closer.end();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            dispatcher.close();
            assertTrue(most.get() <= 1, "actions at the same time");
            assertEquals(0, dispatcher.queuedBytes());
            List<String> all = List.copyOf(done);
            assertEquals(all.size(), all.stream().distinct().count(), "done twice: " + all);
            assertTrue(!all.contains("a2") || all.indexOf("a1") < all.indexOf("a2"), all.toString());
            return all;
        }
    }

    @Test
    void everyMessageIsHandledOnceAloneAndInOrder() {
        int orders = Interleavings.each(new int[] {2, 1, 1, 3}, order -> {
            Run run = new Run();
            int delivered = 0;
            for (int program : order) {
                switch (program) {
                    case 0 -> run.deliver(run.first, "a" + ++delivered);
                    case 1 -> run.deliver(run.second, "b");
                    case 2 -> run.submit("event");
                    default -> run.ends.release();
                }
                run.settle();
            }
            assertEquals(
                    List.of("a1", "a2", "b", "event"),
                    run.finish().stream().sorted().toList());
        });
        assertEquals(420, orders);
    }

    /** What came before the end is handled; nobody waits for ever. */
    @Test
    void anEndAtAnyPoint() {
        int orders = Interleavings.each(new int[] {2, 1, 1, 2}, order -> {
            Run run = new Run();
            int delivered = 0;
            for (int program : order) {
                switch (program) {
                    case 0 -> run.deliver(run.first, "a" + ++delivered);
                    case 1 -> run.submit("event");
                    case 2 -> run.close();
                    default -> run.ends.release();
                }
                run.settle();
            }
            List<String> done = run.finish();
            int closed = order.indexOf(2);
            if (order.indexOf(0) < closed) {
                assertTrue(done.contains("a1"), done.toString());
            } else {
                assertFalse(done.contains("a1"), done.toString());
            }
            assertEquals(order.indexOf(1) < closed, done.contains("event"), done.toString());
        });
        assertEquals(180, orders);
    }
}
