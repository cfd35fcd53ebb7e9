package io.llamanode.transport.mailbox;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

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
    private static final int BUDGET = 10;

    private final Dispatcher dispatcher = new Dispatcher("test-dispatch", BUDGET);
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
        dispatcher.deliver(() -> ran.set(Thread.currentThread()), 1);
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
        dispatcher.deliver(() -> log.add("first"), 1);
        dispatcher.deliver(() -> log.add("second"), 1);
        assertEquals(List.of(), new ArrayList<>(log));
        go.countDown();
        assertEquals(
                List.of("slow", "first", "second", "caused"), List.of(log.take(), log.take(), log.take(), log.take()));
        slow.join();
    }

    private void deliver(Runnable action) {
        try {
            dispatcher.deliver(action, 1);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void nothingRunsBeforeTheStart() throws Exception {
        dispatcher.deliver(() -> log.add("message"), 1);
        dispatcher.submit(() -> log.add("event"));
        assertEquals(List.of(), new ArrayList<>(log));
        dispatcher.start();
        assertEquals(List.of("message", "event"), List.of(log.take(), log.take()));
    }

    @Test
    void aReaderBeyondTheBudgetWaits() throws Exception {
        dispatcher.deliver(() -> {}, BUDGET + 1);
        Thread reader = Thread.ofPlatform().start(() -> deliver(() -> log.add("late")));
        while (reader.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
        dispatcher.start();
        assertEquals("late", log.take());
        reader.join();
    }

    @Test
    void oneThatThrowsDoesNotKeepTheNextFromRunning() throws Exception {
        dispatcher.start();
        dispatcher.deliver(
                () -> {
                    throw new AssertionError("meant to be logged");
                },
                1);
        dispatcher.deliver(() -> log.add("next"), 1);
        assertEquals("next", log.take());
    }

    @Test
    void anActionMayCloseIt() throws Exception {
        dispatcher.start();
        dispatcher.deliver(dispatcher::close, 1);
        dispatcher.deliver(() -> log.add("never"), 1);
        dispatcher.close();
        assertEquals(List.of(), new ArrayList<>(log));
    }
}
