package io.llamanode.transport.dist;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class WriteQueueTest {
    private final WriteQueue queue = new WriteQueue(1000);

    private static byte[] filled(int length, int value) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    private static byte[] content(WriteQueue.Batch batch) {
        return Arrays.copyOf(batch.bytes(), batch.length());
    }

    @Test
    void coalescesInOrder() throws Exception {
        queue.offer(filled(2, 1), 2);
        queue.offer(filled(9, 2), 1);
        assertArrayEquals(new byte[] {1, 1, 2}, content(queue.take(Long.MAX_VALUE)));
        queue.offer(filled(1, 3), 1);
        assertArrayEquals(new byte[] {3}, content(queue.take(Long.MAX_VALUE)));
        assertEquals(0, queue.take(1).length());
    }

    @Test
    void whatIsBeingWrittenCountsAndStaysUntouched() throws Exception {
        queue.offer(filled(1001, 1), 1001);
        WriteQueue.Batch inFlight = queue.take(Long.MAX_VALUE);
        assertEquals(WriteQueue.Offer.OVERFLOW, queue.offer(filled(1, 2), 1));
        assertEquals(1001, queue.queuedBytes());
        assertArrayEquals(filled(1001, 1), content(inFlight));
        queue.take(1);
        assertEquals(WriteQueue.Offer.QUEUED, queue.offer(filled(1, 2), 1));
    }

    @Test
    void oneFrameMayExceedTheLimit() throws Exception {
        assertEquals(WriteQueue.Offer.QUEUED, queue.offer(filled(5_000_000, 1), 5_000_000));
        assertEquals(WriteQueue.Offer.OVERFLOW, queue.offer(filled(1, 1), 1));
        assertEquals(5_000_000, queue.take(Long.MAX_VALUE).length());
    }

    @Test
    void finishWritesTheRestAndCloseDropsIt() throws Exception {
        queue.offer(filled(3, 1), 3);
        queue.finish();
        assertEquals(WriteQueue.Offer.CLOSED, queue.offer(filled(1, 1), 1));
        assertEquals(3, queue.take(Long.MAX_VALUE).length());
        assertNull(queue.take(Long.MAX_VALUE));
        WriteQueue other = new WriteQueue(1000);
        other.offer(filled(3, 1), 3);
        other.close();
        assertNull(other.take(Long.MAX_VALUE));
    }

    @Test
    void aWaitingWriterIsWoken() throws Exception {
        Thread sender = Thread.ofVirtual().start(() -> queue.offer(filled(1, 5), 1));
        assertArrayEquals(new byte[] {5}, content(queue.take(Long.MAX_VALUE)));
        sender.join();
    }
}
