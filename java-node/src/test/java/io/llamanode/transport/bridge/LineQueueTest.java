package io.llamanode.transport.bridge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.transport.Interleavings;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class LineQueueTest {
    private static final Command A = new Command.Ping();
    private static final Command B = new Command.Status();

    private final LineQueue queue = new LineQueue();
    private final BlockingQueue<Object> outcomes = new LinkedBlockingQueue<>();

    private Thread putting(Command command) {
        Thread thread = Thread.ofPlatform().daemon().start(() -> {
            try {
                outcomes.add(queue.put(command, 0));
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        Interleavings.settle(thread);
        return thread;
    }

    @Test
    void givesLinesInOrderAndThenTheEnd() throws Exception {
        assertTrue(queue.put(A, 0));
        assertTrue(queue.put(B, 0));
        queue.end();
        assertFalse(queue.put(A, 0), "behind the end");
        assertEquals(A, queue.take());
        assertEquals(B, queue.take());
        assertNull(queue.take());
    }

    @Test
    void whoIsAheadTooFarWaits() throws Exception {
        queue.put(A, (64 << 10) - 128);
        queue.put(B, 0);
        queue.put(A, 0);
        assertFalse(queue.isFull());
        putting(B);
        assertTrue(queue.isFull());
        assertTrue(outcomes.isEmpty());
        queue.take();
        assertEquals(true, outcomes.take());
        assertFalse(queue.isFull());
        assertEquals(B, queue.take());
        assertEquals(A, queue.take());
        assertEquals(B, queue.take());
    }

    @Test
    void theEndReachesWhoWaitsOnEitherSide() throws Exception {
        queue.put(B, 1 << 20);
        putting(A);
        queue.end();
        assertEquals(false, outcomes.take());
        assertEquals(B, queue.take());
        assertNull(queue.take());

        LineQueue other = new LineQueue();
        Thread taker = Thread.ofPlatform().daemon().start(() -> {
            try {
                outcomes.add(String.valueOf(other.take()));
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        Interleavings.settle(taker);
        other.end();
        assertEquals("null", outcomes.take());
    }

    @Test
    void aLineReachesWhoWaitsForOne() throws Exception {
        Thread taker = Thread.ofPlatform().daemon().start(() -> {
            try {
                outcomes.add(queue.take());
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        Interleavings.settle(taker);
        queue.put(A, 0);
        assertEquals(A, outcomes.take());
    }

    @Test
    void itIsIdleOnceTheLastCommandIsDone() throws Exception {
        assertTrue(queue.isIdle());
        queue.put(A, 0);
        assertFalse(queue.isIdle());
        queue.take();
        assertFalse(queue.isIdle(), "it is being done");
        assertTrue(queue.isBusy());
        queue.end();
        assertNull(queue.take());
        assertFalse(queue.isBusy());
        assertFalse(queue.isIdle(), "there is nobody any more who does commands");
    }

    @Test
    void whatIsClearedIsForgotten() throws Exception {
        queue.put(A, 0);
        queue.clear();
        assertNull(queue.take());
        assertFalse(queue.put(A, 0));
    }
}
