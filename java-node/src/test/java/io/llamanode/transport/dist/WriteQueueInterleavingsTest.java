package io.llamanode.transport.dist;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.transport.Interleavings;
import io.llamanode.transport.mailbox.Budget;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The queue between a sender whose frames can wait elsewhere, one whose frames must be taken, and the writer, in every order in
 * which their steps can come.
 */
@Timeout(300)
final class WriteQueueInterleavingsTest {
    private static final long HOUR = TimeUnit.HOURS.toNanos(1);

    /** One order of steps. */
    private static final class Run {
        private final WriteQueue queue = new WriteQueue(new Budget(1 << 20).share("peer"));
        /** What a peer would have got, in that order. */
        private final List<String> written = Collections.synchronizedList(new ArrayList<>());

        private final Semaphore rounds = new Semaphore(0);
        private final Semaphore news = new Semaphore(0);
        private final Frame frame = new Frame();
        private final Thread writer = Thread.ofPlatform().daemon().start(this::write);

        private void write() {
            try {
                while (true) {
                    rounds.acquire();
                    if (!queue.take(HOUR)) {
                        return;
                    }
                    for (WriteQueue.Waiting next = queue.next(); next != null; next = queue.next()) {
                        next.encoder().accept(frame);
                        wrote(new String(frame.bytes(), 0, frame.size(), US_ASCII));
                    }
                    queue.written();
                    for (Runnable room = queue.roomFor(); room != null; room = queue.roomFor()) {
                        room.run();
                    }
                }
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        private void wrote(String name) {
            written.add(name);
            news.release();
        }

        /** So heavy that the next one is refused as long as it waits; a refused one comes again once there is room. */
        void offer(String name) {
            WriteQueue.Offer offer =
                    queue.offer("one", out -> out.verbatim(name.getBytes(US_ASCII)), WriteQueue.FULL, () -> {
                        offer(name);
                        queue.wake();
                    });
            assertTrue(offer == WriteQueue.Offer.TAKEN || offer == WriteQueue.Offer.FULL, offer.toString());
        }

        /** Written past the writer if that waits and nothing else does. */
        void send(String name) {
            byte[] bytes = name.getBytes(US_ASCII);
            try {
                assertEquals(WriteQueue.Offer.TAKEN, queue.offer("one", bytes, bytes.length, (out, length) -> {
                    wrote(name);
                    return length;
                }));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static void await(Semaphore news, int count) {
        try {
            assertTrue(news.tryAcquire(count, 60, TimeUnit.SECONDS), "a frame stays behind");
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Without a further frame or the end to wake the writer: what was woken for is written. */
    @Test
    void whatIsOfferedIsWrittenOnceAndInOrder() {
        int orders = Interleavings.each(new int[] {4, 3}, order -> {
            Run run = new Run();
            int step = 0;
            for (int program : order) {
                if (program == 1) {
                    run.rounds.release();
                } else if (step++ % 2 == 0) {
                    run.offer("w" + step);
                } else {
                    run.queue.wake();
                }
                Interleavings.settle(run.writer);
            }
            run.rounds.release(1000);
            await(run.news, 2);
            run.queue.finish();
            join(run.writer);
            assertEquals(List.of("w1", "w3"), List.copyOf(run.written));
        });
        assertEquals(35, orders);
    }

    private static void join(Thread writer) {
        try {
            writer.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** A frame that is written past the writer does not overtake those that were taken before it. */
    @Test
    void whatIsWrittenPastTheWriterOvertakesNothing() {
        int orders = Interleavings.each(new int[] {2, 2, 3}, order -> {
            Run run = new Run();
            List<String> taken = new ArrayList<>();
            int sent = 0;
            for (int program : order) {
                switch (program) {
                    case 0 -> {
                        if (taken.contains("w")) {
                            run.queue.wake();
                        } else {
                            taken.add("w");
                            run.offer("w");
                        }
                    }
                    case 1 -> {
                        taken.add("s" + ++sent);
                        run.send("s" + sent);
                    }
                    default -> run.rounds.release();
                }
                Interleavings.settle(run.writer);
            }
            run.rounds.release(1000);
            await(run.news, 3);
            run.queue.finish();
            join(run.writer);
            assertEquals(taken, List.copyOf(run.written));
        });
        assertEquals(210, orders);
    }
}
