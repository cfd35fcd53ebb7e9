package io.llamanode.service.threads;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.service.contract.Owner;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PrepareThreadsTest {
    private record Process(String name) implements Owner {}

    private static final Process A = new Process("a");
    private static final Process B = new Process("b");

    private final PrepareThreads threads = new PrepareThreads();
    private final List<String> done = Collections.synchronizedList(new ArrayList<>());

    @AfterEach
    void close() {
        threads.close();
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(30, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static Runnable held(CountDownLatch entered, CountDownLatch release) {
        return () -> {
            entered.countDown();
            await(release);
        };
    }

    /** One very long text holds up nobody else. */
    @Test
    void oneThreadIsFreeWhileTheOtherIsHeld() {
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        CountDownLatch other = new CountDownLatch(1);
        assertTrue(threads.submit(A, 1, held(entered, release)));
        await(entered);
        assertTrue(threads.submit(B, 1, other::countDown));
        await(other);
        release.countDown();
    }

    @Test
    void ownersAreServedInTurnAndEachInOrder() {
        CountDownLatch entered = new CountDownLatch(2);
        CountDownLatch first = new CountDownLatch(1);
        CountDownLatch last = new CountDownLatch(1);
        threads.submit(A, 1, held(entered, first));
        threads.submit(A, 1, held(entered, last));
        await(entered);
        CountDownLatch all = new CountDownLatch(4);
        for (String name : List.of("a1", "a2", "a3")) {
            threads.submit(A, 1, () -> told(name, all));
        }
        threads.submit(B, 1, () -> told("b1", all));
        first.countDown();
        await(all);
        last.countDown();
        assertTrue(done.indexOf("b1") <= 1, () -> "b waits for all of a: " + done);
        done.remove("b1");
        assertEquals(List.of("a1", "a2", "a3"), done);
    }

    /** However many large texts wait, what is small has a thread, and the large ones have theirs. */
    @Test
    void whatIsLargeRunsOnOneThreadAndInTurn() {
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        assertTrue(threads.submit(A, PrepareThreads.LARGE + 1, held(entered, release)));
        await(entered);
        assertTrue(threads.isBusy(PrepareThreads.LARGE + 1));
        CountDownLatch all = new CountDownLatch(2);
        threads.submit(A, PrepareThreads.LARGE + 1, () -> told("large a", all));
        threads.submit(B, PrepareThreads.LARGE + 1, () -> told("large b", all));
        for (int i = 0; i < 3; i++) {
            CountDownLatch small = new CountDownLatch(1);
            threads.submit(A, PrepareThreads.LARGE, small::countDown);
            await(small);
        }
        assertEquals(List.of(), done);
        release.countDown();
        await(all);
        assertEquals(2, done.size());
    }

    /** A stream of small work does not keep large work waiting. */
    @Test
    void whatIsLargeHasItsTurnAmongManySmall() {
        CountDownLatch entered = new CountDownLatch(2);
        CountDownLatch first = new CountDownLatch(1);
        CountDownLatch last = new CountDownLatch(1);
        threads.submit(A, PrepareThreads.LARGE + 1, held(entered, first));
        threads.submit(A, 1, held(entered, last));
        await(entered);
        CountDownLatch all = new CountDownLatch(101);
        for (int i = 0; i < 100; i++) {
            threads.submit(A, 1, () -> told("small", all));
        }
        threads.submit(B, PrepareThreads.LARGE + 1, () -> told("large", all));
        first.countDown();
        await(all);
        assertEquals("large", done.getFirst());
        last.countDown();
    }

    private void told(String name, CountDownLatch all) {
        done.add(name);
        all.countDown();
    }

    @Test
    void whatWasTakenStillRunsAtTheEndAndNothingMoreIsTaken() {
        CountDownLatch entered = new CountDownLatch(2);
        CountDownLatch release = new CountDownLatch(1);
        threads.submit(A, 1, held(entered, release));
        threads.submit(A, 1, held(entered, release));
        await(entered);
        CountDownLatch ran = new CountDownLatch(1);
        assertTrue(threads.submit(A, 1, ran::countDown));
        threads.close();
        assertFalse(threads.submit(A, 1, () -> done.add("late")));
        release.countDown();
        await(ran);
        assertEquals(List.of(), done);
    }

    @Test
    void theThreadsEndWhenTheyAreClosed() throws InterruptedException {
        List<Thread> mine = Collections.synchronizedList(new ArrayList<>());
        CountDownLatch entered = new CountDownLatch(2);
        CountDownLatch release = new CountDownLatch(1);
        for (int i = 0; i < 2; i++) {
            threads.submit(A, 1, () -> {
                mine.add(Thread.currentThread());
                held(entered, release).run();
            });
        }
        await(entered);
        release.countDown();
        threads.close();
        for (Thread thread : mine) {
            assertTrue(thread.isDaemon());
            thread.join(30_000);
            assertFalse(thread.isAlive());
        }
    }
}
