package io.llamanode.transport.mailbox;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class DispatcherTest {
    private final Budget budget = new Budget(16 << 20);
    private final Dispatcher dispatcher = new Dispatcher("test-dispatch", budget);
    private final Dispatcher.Source source = dispatcher.source("one");
    private final BlockingQueue<String> log = new LinkedBlockingQueue<>();

    @AfterEach
    void close() {
        dispatcher.close();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aMessageThatWaitsForNothingIsHandledByWhoBringsIt() throws Exception {
        dispatcher.start();
        AtomicReference<Thread> ran = new AtomicReference<>();
        dispatcher.deliver(source, () -> "p", () -> ran.set(Thread.currentThread()), 1);
        assertSame(Thread.currentThread(), ran.get());
        CountDownLatch other = new CountDownLatch(1);
        dispatcher.submit(() -> {
            ran.set(Thread.currentThread());
            other.countDown();
        });
        other.await();
        assertNotSame(Thread.currentThread(), ran.get(), "an event of the node itself never runs where it happens");
        assertEquals(0, dispatcher.queuedBytes());
    }

    @Test
    void nothingRunsBesideAnything() throws Exception {
        dispatcher.start();
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        Thread slow = Thread.ofPlatform()
                .start(() -> deliver(() -> {
                    running.countDown();
                    await(go);
                    dispatcher.submit(() -> log.add("caused"));
                    log.add("slow");
                }));
        running.await();
        dispatcher.deliver(source, () -> "p", () -> log.add("first"), 1);
        dispatcher.deliver(source, () -> "p", () -> log.add("second"), 1);
        assertEquals(List.of(), new ArrayList<>(log));
        go.countDown();
        assertEquals(
                List.of("slow", "first", "caused", "second"), List.of(log.take(), log.take(), log.take(), log.take()));
        slow.join();
    }

    private void deliver(Runnable action) {
        dispatcher.deliver(source, () -> "p", action, 1);
    }

    @Test
    void nothingRunsBeforeTheStart() throws Exception {
        dispatcher.deliver(source, () -> "p", () -> log.add("message"), 1);
        dispatcher.submit(() -> log.add("event"));
        assertEquals(List.of(), new ArrayList<>(log));
        dispatcher.start();
        assertEquals(List.of("message", "event"), List.of(log.take(), log.take()));
    }

    @Test
    void aReaderWhoseMessagesTakeTooMuchWaitsAndOthersDoNot() throws Exception {
        dispatcher.deliver(source, () -> "p", () -> {}, 9 << 20);
        dispatcher.source("other").awaitRoom();
        Thread reader = Thread.ofPlatform().start(() -> {
            try {
                source.awaitRoom();
                log.add("read on");
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        while (reader.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
        dispatcher.start();
        assertEquals("read on", log.take());
        reader.join();
        assertEquals(0, budget.held());
    }

    /** A thousand messages of one source are in front, and as many of one sender of another. */
    @Test
    void sourcesHaveTurnsAndInEachItsSenders() throws Exception {
        Dispatcher.Source other = dispatcher.source("other");
        for (int i = 0; i < 1000; i++) {
            dispatcher.deliver(source, () -> "flood", () -> log.add("flood"), 10);
            dispatcher.deliver(other, () -> "many", () -> log.add("many"), 10);
        }
        for (int i = 1; i <= 3; i++) {
            String name = "few " + i;
            dispatcher.deliver(other, () -> "few", () -> log.add(name), 10);
        }
        dispatcher.deliver(dispatcher.source("third"), () -> "p", () -> log.add("third"), 10);
        dispatcher.start();
        List<String> first = new ArrayList<>();
        while (!first.contains("few 3")) {
            first.add(log.take());
        }
        assertTrue(first.size() <= 20, first.toString());
        assertTrue(first.indexOf("third") < 10, first.toString());
        assertEquals(
                List.of("few 1", "few 2", "few 3"),
                first.stream().filter(name -> name.startsWith("few")).toList());
    }

    @Test
    void whoSendsMuchWaitsUntilTheOthersHadAsMuch() throws Exception {
        Dispatcher.Source other = dispatcher.source("other");
        dispatcher.deliver(source, () -> "p", () -> log.add("large 1"), 100_000);
        dispatcher.deliver(source, () -> "p", () -> log.add("large 2"), 100_000);
        for (int i = 0; i < 50; i++) {
            dispatcher.deliver(other, () -> "p", () -> log.add("small"), 1000);
        }
        dispatcher.start();
        List<String> order = new ArrayList<>();
        for (int i = 0; i < 52; i++) {
            order.add(log.take());
        }
        assertEquals(0, order.indexOf("large 1"));
        assertEquals(51, order.indexOf("large 2"));
    }

    @Test
    void oneThatThrowsDoesNotKeepTheNextFromRunning() throws Exception {
        dispatcher.start();
        dispatcher.deliver(
                source,
                () -> "p",
                () -> {
                    throw new AssertionError("meant to be logged");
                },
                1);
        dispatcher.deliver(source, () -> "p", () -> log.add("next"), 1);
        assertEquals("next", log.take());
    }

    @Test
    void anActionMayCloseIt() throws Exception {
        dispatcher.start();
        dispatcher.deliver(source, () -> "p", dispatcher::close, 1);
        dispatcher.deliver(source, () -> "p", () -> log.add("never"), 1);
        dispatcher.close();
        assertEquals(List.of(), new ArrayList<>(log));
    }
}
