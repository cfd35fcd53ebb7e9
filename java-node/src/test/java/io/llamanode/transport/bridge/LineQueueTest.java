package io.llamanode.transport.bridge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.transport.Interleavings;
import io.llamanode.transport.bridge.LineReader.Line;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class LineQueueTest {
    private static final Line A = new Line.Text("a");
    private static final Line BAD = new Line.Bad("bad");

    private final LineQueue queue = new LineQueue();
    private final BlockingQueue<Object> outcomes = new LinkedBlockingQueue<>();

    /** A line that takes up so many bytes of the 64 KiB that are read ahead. */
    private static Line costing(int bytes) {
        return new Line.Text("x".repeat(bytes - 64));
    }

    private Thread putting(Line line) {
        Thread thread = Thread.ofPlatform().daemon().start(() -> {
            try {
                outcomes.add(queue.put(line));
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        Interleavings.settle(thread);
        return thread;
    }

    @Test
    void givesLinesInOrderAndThenTheEnd() throws Exception {
        assertTrue(queue.put(A));
        assertTrue(queue.put(BAD));
        queue.end();
        assertFalse(queue.put(A), "behind the end");
        assertEquals(A, queue.take());
        assertEquals(BAD, queue.take());
        assertNull(queue.take());
    }

    @Test
    void whoIsAheadTooFarWaits() throws Exception {
        queue.put(costing((64 << 10) - 64));
        queue.put(BAD);
        queue.put(A);
        assertFalse(queue.isFull());
        putting(BAD);
        assertTrue(queue.isFull());
        assertTrue(outcomes.isEmpty());
        queue.take();
        assertEquals(true, outcomes.take());
        assertFalse(queue.isFull());
        assertEquals(BAD, queue.take());
        assertEquals(A, queue.take());
        assertEquals(BAD, queue.take());
    }

    @Test
    void theEndReachesWhoWaitsOnEitherSide() throws Exception {
        queue.put(costing(1 << 20));
        putting(A);
        queue.end();
        assertEquals(false, outcomes.take());
        assertEquals(costing(1 << 20), queue.take());
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
        queue.put(A);
        assertEquals(A, outcomes.take());
    }

    @Test
    void whatIsClearedIsForgotten() throws Exception {
        queue.put(A);
        queue.clear();
        assertNull(queue.take());
        assertFalse(queue.put(A));
    }
}
