package io.llamanode.engine.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CommandLoopTest {
    private final FakeWork work = new FakeWork();
    private final CommandLoop loop = new CommandLoop("test", work);

    /** Does nothing but what a test wants. */
    private final class FakeWork implements CommandLoop.Work {
        final AtomicInteger steps = new AtomicInteger();
        final AtomicInteger ends = new AtomicInteger();
        final AtomicInteger questions = new AtomicInteger();
        volatile boolean goesOn = true;
        final BlockingQueue<Throwable> causes = new LinkedBlockingQueue<>();
        volatile boolean pending;
        volatile Throwable whenAsked;
        volatile Throwable whenStepping;
        volatile Throwable whenFailing;

        @Override
        public boolean pending() {
            questions.incrementAndGet();
            if (whenAsked != null) {
                Throwable e = whenAsked;
                whenAsked = null;
                sneak(e);
            }
            return pending;
        }

        @Override
        public void step() {
            goesOn = loop.runCommands();
            if (!goesOn) {
                return;
            }
            steps.incrementAndGet();
            Throwable e = whenStepping;
            whenStepping = whenFailing == null ? null : e;
            sneak(e);
        }

        @Override
        public void failed(Throwable cause) {
            causes.add(cause);
            pending = whenFailing != null;
            sneak(whenFailing);
        }

        @Override
        public void ended() {
            ends.incrementAndGet();
            sneak(whenFailing);
        }
    }

    /** Throws whatever it is, if it is anything, declared or not. */
    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void sneak(Throwable e) throws T {
        if (e != null) {
            throw (T) e;
        }
    }

    @AfterEach
    void close() {
        loop.close();
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(30, TimeUnit.SECONDS), "it never came");
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Returns when a command has run, and so whatever came before it. */
    private void passed() {
        CountDownLatch done = new CountDownLatch(1);
        loop.call(() -> {}, done::countDown);
        await(done);
    }

    @Test
    void commandsRunInTheirOrderOnTheThread() throws Exception {
        loop.start();
        loop.start();
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            int number = i;
            assertTrue(loop.post(() -> order.add(number)));
        }
        CompletableFuture<String> thread = new CompletableFuture<>();
        loop.post(() -> thread.complete(Thread.currentThread().getName()));
        assertEquals("test", thread.get(30, TimeUnit.SECONDS));
        assertEquals(100, order.size());
        assertEquals(99, order.getLast());
    }

    @Test
    void whatACommandThrowsFailsTheWorkAndTheLoopGoesOn() throws Exception {
        loop.start();
        for (Throwable thrown : List.of(
                new IllegalStateException("a bug"), new StackOverflowError("deadly"), new Exception("undeclared"))) {
            loop.post(() -> sneak(thrown));
            assertSame(thrown, work.causes.poll(30, TimeUnit.SECONDS));
        }
        passed();
    }

    @Test
    void whatAStepOrTheQuestionForItThrowsFailsTheWorkAndTheLoopGoesOn() throws Exception {
        loop.start();
        Error stepping = new OutOfMemoryError("deadly");
        loop.post(() -> work.whenStepping = stepping);
        assertSame(stepping, work.causes.poll(30, TimeUnit.SECONDS));
        Error asked = new StackOverflowError("deadly");
        loop.post(() -> work.whenAsked = asked);
        assertSame(asked, work.causes.poll(30, TimeUnit.SECONDS));
        passed();
        assertTrue(work.causes.isEmpty());
    }

    @Test
    void aWorkThatCannotEvenFailIsTriedOnceForEachCommand() {
        work.pending = true;
        work.whenStepping = new StackOverflowError("deadly");
        work.whenFailing = new StackOverflowError("deadly");
        loop.start();
        for (int i = 0; i < 20; i++) {
            passed();
        }
        int steps = work.steps.get();
        assertTrue(steps <= 21, () -> steps + " steps for 20 commands");
        assertEquals(1, work.questions.get(), "whether there is more to do is no question then");
        work.whenFailing = null;
        work.whenStepping = null;
        passed();
    }

    @Test
    void afterAFailureWhatIsStillPendingIsGoneOnWith() throws Exception {
        CountDownLatch more = new CountDownLatch(3);
        CommandLoop[] busy = new CommandLoop[1];
        busy[0] = new CommandLoop("busy", new CommandLoop.Work() {
            @Override
            public boolean pending() {
                return more.getCount() > 0;
            }

            @Override
            public void step() {
                busy[0].runCommands();
                more.countDown();
                throw new IllegalStateException("expected by the test");
            }

            @Override
            public void failed(Throwable cause) {}

            @Override
            public void ended() {}
        });
        busy[0].start();
        await(more);
        busy[0].close();
    }

    @Test
    void whoWaitsIsToldHoweverTheCommandEnded() {
        loop.start();
        CountDownLatch done = new CountDownLatch(2);
        loop.call(() -> sneak(new StackOverflowError("deadly")), done::countDown);
        loop.call(() -> {}, () -> {
            done.countDown();
            throw new StackOverflowError("deadly");
        });
        await(done);
        passed();
        assertEquals(1, work.causes.size(), "what a caller throws is no failure of the work");
    }

    /** {@return what is logged while something runs} */
    private static List<LogRecord> logged(Runnable action) {
        List<LogRecord> records = new CopyOnWriteArrayList<>();
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord logged) {
                records.add(logged);
                throw new IllegalStateException("not even this ends the loop");
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        Logger logger = Logger.getLogger(CommandLoop.class.getName());
        logger.addHandler(handler);
        try {
            action.run();
        } finally {
            logger.removeHandler(handler);
        }
        return records;
    }

    @Test
    void whateverIsThrownIsLogged() {
        Error listener = new StackOverflowError("of a listener");
        Error command = new StackOverflowError("of a command");
        Error failing = new StackOverflowError("while failing");
        List<LogRecord> records = logged(() -> {
            loop.start();
            loop.call(() -> {}, () -> sneak(listener));
            passed();
            work.whenFailing = failing;
            loop.post(() -> sneak(command));
            passed();
            work.whenFailing = null;
        });
        SimpleFormatter text = new SimpleFormatter();
        assertEquals(
                List.of("test: a listener failed", "test: a step failed", "test: what ran could not be failed"),
                records.stream().map(text::formatMessage).toList());
        assertEquals(
                List.of(listener, command, failing),
                records.stream().map(LogRecord::getThrown).toList());
    }

    @Test
    void aCloseRunsWhatIsQueuedAndTakesNoMore() {
        AtomicInteger ran = new AtomicInteger();
        loop.post(ran::incrementAndGet);
        loop.post(() -> sneak(new StackOverflowError("deadly")));
        loop.post(ran::incrementAndGet);
        assertTrue(loop.close());
        assertEquals(2, ran.get());
        assertEquals(1, work.ends.get());
        assertFalse(work.goesOn, "the last step is told that it is");
        assertFalse(loop.post(ran::incrementAndGet));
        assertFalse(loop.submit(ran::incrementAndGet, ran::incrementAndGet));
        CountDownLatch done = new CountDownLatch(1);
        loop.call(ran::incrementAndGet, done::countDown);
        assertEquals(0, done.getCount(), "at once");
        assertEquals(2, ran.get());
        assertFalse(loop.close());
    }

    @Test
    void theEndIsToldEvenIfItFails() {
        work.whenFailing = new StackOverflowError("deadly");
        assertTrue(loop.close());
        assertEquals(1, work.ends.get());
    }

    @Test
    void aCommandThatIsNotAcceptedIsNotQueued() {
        assertThrows(
                IllegalStateException.class,
                () -> loop.submit(
                        () -> {
                            throw new IllegalStateException("no");
                        },
                        () -> work.pending = true));
        loop.start();
        passed();
        assertFalse(work.pending);
    }

    @Test
    void theLoopsOwnThreadCannotCloseIt() throws Exception {
        loop.start();
        CompletableFuture<Boolean> refused = new CompletableFuture<>();
        loop.post(() -> {
            try {
                loop.close();
            } catch (IllegalStateException e) {
                refused.complete(true);
            }
        });
        assertTrue(refused.get(30, TimeUnit.SECONDS));
        passed();
    }

    @Test
    void anInterruptEndsNeitherTheLoopNorTheWaitForItsEnd() throws Exception {
        loop.start();
        CompletableFuture<Thread> thread = new CompletableFuture<>();
        loop.post(() -> thread.complete(Thread.currentThread()));
        thread.get(30, TimeUnit.SECONDS).interrupt();
        passed();
        Thread.currentThread().interrupt();
        assertTrue(loop.close());
        assertTrue(Thread.interrupted(), "the interrupt is still to be seen");
        assertEquals(1, work.ends.get());
    }

    @Test
    void whoeverClosesWaitsForTheEnd() throws Exception {
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        loop.start();
        loop.post(() -> {
            entered.countDown();
            CommandLoopTest.await(release);
        });
        await(entered);
        AtomicInteger firsts = new AtomicInteger();
        List<Thread> closers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            closers.add(Thread.ofPlatform().start(() -> {
                if (loop.close()) {
                    firsts.incrementAndGet();
                }
                assertEquals(1, work.ends.get());
            }));
        }
        release.countDown();
        for (Thread closer : closers) {
            closer.join();
        }
        assertEquals(1, firsts.get());
    }

    /** Whatever a close overtakes, what was accepted runs once, what was refused never, and every waiter is told. */
    @Test
    void acceptedCommandsRunOnceHoweverACloseComesBetween() throws Exception {
        for (int round = 0; round < 200; round++) {
            FakeWork quiet = new FakeWork();
            CommandLoop[] raced = new CommandLoop[1];
            raced[0] = new CommandLoop("raced", new CommandLoop.Work() {
                @Override
                public boolean pending() {
                    return false;
                }

                @Override
                public void step() {
                    raced[0].runCommands();
                }

                @Override
                public void failed(Throwable cause) {}

                @Override
                public void ended() {
                    quiet.ends.incrementAndGet();
                }
            });
            AtomicInteger accepted = new AtomicInteger();
            AtomicInteger ran = new AtomicInteger();
            AtomicInteger told = new AtomicInteger();
            CountDownLatch together = new CountDownLatch(1);
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                threads.add(Thread.ofPlatform().start(() -> {
                    CommandLoopTest.await(together);
                    for (int each = 0; each < 20; each++) {
                        raced[0].submit(accepted::incrementAndGet, ran::incrementAndGet);
                        raced[0].call(() -> {}, told::incrementAndGet);
                    }
                }));
            }
            threads.add(Thread.ofPlatform().start(() -> {
                CommandLoopTest.await(together);
                raced[0].start();
                raced[0].close();
            }));
            together.countDown();
            for (Thread thread : threads) {
                thread.join();
            }
            assertEquals(accepted.get(), ran.get());
            assertEquals(60, told.get());
            assertEquals(1, quiet.ends.get());
        }
    }

    /** Whoever has a thousand of them waits; the step does not. */
    @Test
    void aStepRunsSoManyCommandsAndTheNextStepTheOthers() {
        List<Integer> ran = new ArrayList<>();
        int all = 2 * CommandLoop.COMMANDS_A_STEP + 1;
        for (int i = 0; i < all; i++) {
            int number = i;
            loop.post(() -> ran.add(number));
        }
        for (int ends : new int[] {CommandLoop.COMMANDS_A_STEP, 2 * CommandLoop.COMMANDS_A_STEP, all, all}) {
            assertTrue(loop.runCommands());
            assertEquals(ends, ran.size());
        }
        assertEquals(IntStream.range(0, all).boxed().toList(), ran);
    }
}
