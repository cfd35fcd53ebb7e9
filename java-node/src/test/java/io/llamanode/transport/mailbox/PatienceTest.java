package io.llamanode.transport.mailbox;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** All looks are made by one thread in the order of their time, so that one that is seen tells of those before it. */
class PatienceTest {
    private static final Duration SHORT = Duration.ofMillis(20);

    private final AtomicBoolean over = new AtomicBoolean();
    private final CountDownLatch told = new CountDownLatch(1);

    private Patience patience(Duration time) {
        return new Patience(time, () -> {
            over.set(true);
            told.countDown();
        });
    }

    /** Waits until what was to be looked at before now was looked at. */
    private static void afterwards() throws InterruptedException {
        CountDownLatch later = new CountDownLatch(1);
        new Patience(SHORT.multipliedBy(2), later::countDown).begin();
        assertTrue(later.await(1, TimeUnit.MINUTES));
    }

    private void awaitOver() throws InterruptedException {
        assertTrue(told.await(1, TimeUnit.MINUTES));
    }

    @Test
    void whatDoesNotEndExhaustsIt() throws Exception {
        patience(SHORT).begin();
        awaitOver();
    }

    @Test
    void whatEndsDoesNot() throws Exception {
        Patience patience = patience(SHORT);
        patience.begin();
        patience.end();
        afterwards();
        assertFalse(over.get());
    }

    @Test
    void whatIsBegunAfterwardsDoes() throws Exception {
        Patience patience = patience(SHORT);
        patience.begin();
        patience.end();
        afterwards();
        patience.begin();
        awaitOver();
    }

    @Test
    void timeThatIsExcusedDoesNotCount() throws Exception {
        Patience patience = patience(Duration.ofHours(1));
        patience.begin();
        patience.excuse(TimeUnit.HOURS.toNanos(1));
        patience.time(SHORT);
        afterwards();
        assertFalse(over.get());
    }

    @Test
    void aShorterTimeHoldsAtOnce() throws Exception {
        Patience patience = patience(Duration.ofHours(1));
        patience.begin();
        patience.time(SHORT);
        awaitOver();
    }

    @Test
    void nobodyLooksOnceItIsClosed() throws Exception {
        Patience patience = patience(SHORT);
        patience.begin();
        patience.close();
        patience.begin();
        patience.time(SHORT);
        afterwards();
        assertFalse(over.get());
    }
}
