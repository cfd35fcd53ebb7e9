package io.llamanode.transport.dist;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class WriteQueueTest {
    private static final Runnable ROOM = () -> {
        throw new AssertionError("told of room without having been refused");
    };
    private static final WriteQueue.Direct FULL = (bytes, length) -> 0;
    private static final WriteQueue.Direct NEVER = (bytes, length) -> {
        throw new AssertionError("written past frames that wait");
    };

    private final WriteQueue queue = new WriteQueue(1000);

    private static byte[] filled(int length, int value) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    private static WriteQueue.Offer offer(WriteQueue queue, int length, int value) throws IOException {
        return queue.offer(filled(length + 1, value), length, FULL);
    }

    private static byte[] taken(WriteQueue queue) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        Frame frame = new Frame();
        while (queue.next(frame)) {
            all.write(frame.bytes(), 0, frame.size());
        }
        return all.toByteArray();
    }

    @Test
    void givesAllInOrderWhoeverEncodesIt() throws Exception {
        offer(queue, 2, 1);
        queue.offer(frame -> frame.verbatim(new byte[] {2}), 1, ROOM);
        offer(queue, 1, 3);
        assertTrue(queue.take(Long.MAX_VALUE));
        assertArrayEquals(new byte[] {1, 1, 2, 3}, taken(queue));
        offer(queue, 1, 4);
        assertTrue(queue.take(Long.MAX_VALUE));
        assertArrayEquals(new byte[] {4}, taken(queue));
        assertTrue(queue.take(1));
        assertEquals(0, taken(queue).length, "nothing came for so long");
    }

    @Test
    void whatIsBeingWrittenCounts() throws Exception {
        queue.offer(frame -> frame.verbatim(filled(1, 1)), 1001, ROOM);
        assertTrue(queue.take(Long.MAX_VALUE));
        assertEquals(WriteQueue.Offer.OVERFLOW, offer(queue, 1, 2));
        assertEquals(1001, queue.queuedBytes());
        assertEquals(1, taken(queue).length);
        queue.written();
        assertEquals(WriteQueue.Offer.TAKEN, offer(queue, 1, 2));
    }

    @Test
    void whatCanWaitElsewhereIsToldOfRoom() throws Exception {
        Runnable first = () -> {};
        Runnable second = () -> {};
        assertEquals(WriteQueue.Offer.TAKEN, queue.offer(frame -> frame.verbatim(filled(1, 1)), WriteQueue.FULL, ROOM));
        assertEquals(WriteQueue.Offer.FULL, queue.offer(frame -> {}, 1, first));
        assertEquals(WriteQueue.Offer.FULL, queue.offer(frame -> {}, 1, second));
        assertNull(queue.roomFor());
        assertTrue(queue.take(Long.MAX_VALUE));
        assertEquals(1, taken(queue).length);
        assertNull(queue.roomFor(), "it is being written");
        queue.written();
        assertSame(first, queue.roomFor());
        assertEquals(WriteQueue.Offer.TAKEN, queue.offer(frame -> {}, WriteQueue.FULL, ROOM));
        assertNull(queue.roomFor(), "full again");
        queue.close();
        assertEquals(WriteQueue.Offer.CLOSED, queue.offer(frame -> {}, 1, ROOM));
        assertNull(queue.roomFor(), "nobody is there to be told");
    }

    @Test
    void oneFrameMayExceedTheLimit() throws Exception {
        assertEquals(WriteQueue.Offer.TAKEN, offer(queue, 5_000_000, 1));
        assertEquals(WriteQueue.Offer.OVERFLOW, offer(queue, 1, 1));
        assertTrue(queue.take(Long.MAX_VALUE));
        assertEquals(5_000_000, taken(queue).length);
    }

    @Test
    void finishWritesTheRestAndCloseDropsIt() throws Exception {
        offer(queue, 3, 1);
        queue.finish();
        assertEquals(WriteQueue.Offer.CLOSED, offer(queue, 1, 1));
        assertTrue(queue.take(Long.MAX_VALUE));
        assertEquals(3, taken(queue).length);
        assertFalse(queue.take(Long.MAX_VALUE));
        WriteQueue other = new WriteQueue(1000);
        offer(other, 3, 1);
        other.close();
        assertFalse(other.take(Long.MAX_VALUE));
    }

    /** A writer that waits for frames, and gives what it took when it got some. */
    private final class Writer {
        final CountDownLatch got = new CountDownLatch(1);
        private volatile byte[] bytes;
        private final Thread thread = Thread.ofPlatform().daemon().start(() -> {
            try {
                queue.take(Long.MAX_VALUE);
                bytes = taken(queue);
                got.countDown();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });

        Writer() throws InterruptedException {
            while (thread.getState() != Thread.State.TIMED_WAITING) {
                Thread.onSpinWait();
            }
        }

        byte[] bytes() throws InterruptedException {
            got.await();
            return bytes;
        }
    }

    @Test
    void aFrameThatFindsTheWriterWaitingIsWrittenByItsSender() throws Exception {
        ByteArrayOutputStream socket = new ByteArrayOutputStream();
        WriteQueue.Direct free = (bytes, length) -> {
            socket.write(bytes, 0, length);
            return length;
        };
        queue.offer(new byte[] {1}, 1, NEVER);
        assertTrue(queue.take(Long.MAX_VALUE), "there was no writer yet");
        assertArrayEquals(new byte[] {1}, taken(queue));
        queue.written();
        Writer writer = new Writer();
        queue.offer(new byte[] {3, 4}, 1, free);
        assertArrayEquals(new byte[] {3}, socket.toByteArray());
        assertEquals(0, queue.queuedBytes());
        queue.offer(new byte[] {5, 6, 7}, 3, (bytes, length) -> 1);
        assertArrayEquals(new byte[] {6, 7}, writer.bytes(), "what the socket did not take");
        queue.written();
        queue.offer(new byte[] {8}, 1, NEVER);
    }

    @Test
    void aFrameBehindOthersIsNot() throws Exception {
        Writer writer = new Writer();
        CountDownLatch encoding = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        queue.offer(
                frame -> {
                    encoding.countDown();
                    await(go);
                    frame.verbatim(new byte[] {1});
                },
                1,
                ROOM);
        queue.wake();
        encoding.await();
        queue.offer(new byte[] {2}, 1, NEVER);
        go.countDown();
        assertArrayEquals(new byte[] {1}, writer.bytes());
        assertTrue(queue.take(Long.MAX_VALUE));
        assertArrayEquals(new byte[] {2}, taken(queue));
    }

    @Test
    void whatIsOfferedTogetherIsTakenTogether() throws Exception {
        Writer writer = new Writer();
        queue.offer(frame -> frame.verbatim(new byte[] {1}), 1, ROOM);
        queue.offer(frame -> frame.verbatim(new byte[] {2}), 1, ROOM);
        assertEquals(2, queue.queuedBytes());
        queue.wake();
        assertArrayEquals(new byte[] {1, 2}, writer.bytes());
        queue.wake();
    }

    @Test
    void aBrokenSocketShows() throws Exception {
        Writer writer = new Writer();
        assertThrows(
                IOException.class,
                () -> queue.offer(new byte[] {1}, 1, (bytes, length) -> {
                    throw new IOException("broken");
                }));
        queue.finish();
        assertEquals(0, writer.bytes().length);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
