package io.llamanode.transport.dist;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.ericsson.otp.erlang.OtpErlangAtom;
import io.llamanode.account.MemoryAccount;
import io.llamanode.term.LateTerm;
import io.llamanode.transport.mailbox.Budget;
import io.llamanode.transport.mailbox.Load;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
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

    /** What the frames are for, where that does not matter. */
    private static final Object ONE = "one";

    private final Budget budget = new Budget(10 << 20);
    private final WriteQueue queue = new WriteQueue(budget.share("peer"));

    private static Load large(long bytes, Object source) {
        return new Load(bytes, 0, bytes, source, true);
    }

    private static byte[] filled(int length, int value) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    private static WriteQueue.Offer offer(WriteQueue queue, int length, int value) throws IOException {
        return queue.offer(ONE, filled(length + 1, value), length, FULL);
    }

    private static byte[] taken(WriteQueue queue) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        Frame frame = new Frame();
        for (WriteQueue.Waiting next = queue.next(); next != null; next = queue.next()) {
            next.encoder().accept(frame);
            all.write(frame.bytes(), 0, frame.size());
        }
        return all.toByteArray();
    }

    @Test
    void givesAllInOrderWhoeverEncodesIt() throws Exception {
        offer(queue, 2, 1);
        queue.offer(ONE, frame -> frame.verbatim(new byte[] {2}), 1, ROOM);
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
        queue.offer(ONE, frame -> frame.verbatim(filled(1, 1)), 1001, ROOM);
        assertTrue(queue.take(Long.MAX_VALUE));
        assertEquals(WriteQueue.Offer.TAKEN, offer(queue, 1, 2));
        assertEquals(1002, queue.queuedBytes());
        assertEquals(1, taken(queue).length);
        queue.written();
        assertEquals(1, queue.queuedBytes());
        assertEquals(1, budget.held());
    }

    /** A peer that takes what is written to it is waited for, whatever waits. */
    @Test
    void whatMustArriveIsTakenWhateverWaits() throws Exception {
        for (int i = 0; i < 100; i++) {
            assertEquals(
                    WriteQueue.Offer.TAKEN,
                    queue.offerLate(ONE, frame -> frame.verbatim(filled(1, 1)), large(14 << 20, new Object())));
            assertEquals(WriteQueue.Offer.TAKEN, offer(queue, 5_000_000, 1));
        }
        assertEquals(100L * (14 << 20) + 500_000_000L, queue.queuedBytes());
        queue.close();
        assertEquals(0, budget.held());
        queue.written();
        assertEquals(0, budget.held(), "given back once");
    }

    @Test
    void oneLargeFrameIsTakenAtATimeAndMadeThen() throws Exception {
        List<String> made = new ArrayList<>();
        for (String process : List.of("a", "b")) {
            for (int i = 1; i <= 2; i++) {
                String name = process + i;
                queue.offerLate(process, frame -> made.add(name), large(1 << 20, name));
            }
        }
        offer(queue, 1, 7);
        for (String expected : List.of("a1", "b1", "a2", "b2")) {
            assertTrue(queue.take(Long.MAX_VALUE));
            assertEquals(List.of(), made, "made when it is written");
            taken(queue);
            queue.written();
            assertEquals(List.of(expected), made);
            made.clear();
        }
        assertEquals(0, queue.queuedBytes());
    }

    /** As for a result that a thousand calls wait for. */
    @Test
    void largeFramesOfOneSourceHoldItTogether() throws Exception {
        for (int i = 0; i < 3; i++) {
            queue.offerLate("process " + i, frame -> {}, large(1 << 20, "result"));
        }
        queue.offerLate("another", frame -> {}, large(1 << 20, "another result"));
        assertEquals(2 << 20, queue.queuedBytes());
        for (long left : new long[] {2 << 20, 2 << 20, 1 << 20, 0}) {
            assertTrue(queue.take(Long.MAX_VALUE));
            taken(queue);
            queue.written();
            assertEquals(left, queue.queuedBytes());
        }
    }

    /** As for a result of some kilobytes that a thousand calls wait for: each answer is little more than its address. */
    @Test
    void smallAnswersOfOneResultHoldItTogether() throws Exception {
        String result = "result";
        for (int i = 0; i < 1000; i++) {
            LateTerm late = LateTerm.late(result, OtpErlangAtom::new, 12_000, null);
            queue.offerLate("a", frame -> {}, Objects.requireNonNull(Load.late(80, late)));
        }
        assertTrue(queue.queuedBytes() > 12_000 + 1000 * 500, "held: " + queue.queuedBytes());
        assertTrue(queue.queuedBytes() < 12_000 + 1000 * 1024, "held: " + queue.queuedBytes());
        assertTrue(queue.take(Long.MAX_VALUE));
        taken(queue);
        assertTrue(queue.queuedBytes() > 12_000, "until they are written");
        queue.written();
        assertEquals(0, queue.queuedBytes());
    }

    /** What is counted when it is there already does not take what is left for others. */
    @Test
    void aReaderWaitsWhileItsPeerHoldsMuchOfTheAccountBeside() throws Exception {
        MemoryAccount account = new MemoryAccount(1 << 20, 0.5);
        budget.showIn(account);
        account.open(MemoryAccount.Kind.CALL, "process", "peer").set(3 << 18);
        offer(queue, 200_000, 1);
        Thread reader = Thread.ofPlatform().daemon().start(() -> {
            try {
                queue.awaitRoom();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        while (reader.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
        assertTrue(queue.take(Long.MAX_VALUE));
        taken(queue);
        queue.written();
        reader.join();
    }

    @Test
    void largeFramesDoNotFillTheWayOfSmallOnes() throws Exception {
        queue.offerLate("a", frame -> {}, large(100 << 20, "source"));
        assertEquals(WriteQueue.Offer.TAKEN, queue.offer("b", frame -> frame.verbatim(filled(1, 1)), 1, ROOM));
        assertEquals(WriteQueue.Offer.TAKEN, queue.offer("a", frame -> frame.verbatim(filled(1, 2)), 1, ROOM));
    }

    @Test
    void aReaderWaitsWhileItsPeerHasMoreThanItsShareUntilSomeOfItIsWritten() throws Exception {
        queue.awaitRoom();
        for (int i = 0; i < 3; i++) {
            queue.offerLate(ONE, frame -> {}, large(4 << 20, new Object()));
        }
        Thread reader = Thread.ofPlatform().daemon().start(() -> {
            try {
                queue.awaitRoom();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        while (reader.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
        assertTrue(queue.take(Long.MAX_VALUE));
        taken(queue);
        queue.written();
        reader.join();
        assertEquals(8 << 20, queue.queuedBytes(), "more than it should have, but it moves");
    }

    @Test
    void whatCanWaitElsewhereIsToldOfRoom() throws Exception {
        Runnable first = () -> {};
        Runnable second = () -> {};
        assertEquals(
                WriteQueue.Offer.TAKEN, queue.offer(ONE, frame -> frame.verbatim(filled(1, 1)), WriteQueue.FULL, ROOM));
        assertEquals(WriteQueue.Offer.FULL, queue.offer(ONE, frame -> {}, 1, first));
        assertEquals(WriteQueue.Offer.FULL, queue.offer(ONE, frame -> {}, 1, second));
        assertNull(queue.roomFor());
        assertTrue(queue.take(Long.MAX_VALUE));
        assertEquals(1, taken(queue).length);
        assertNull(queue.roomFor(), "it is being written");
        queue.written();
        assertSame(first, queue.roomFor());
        assertEquals(WriteQueue.Offer.TAKEN, queue.offer(ONE, frame -> {}, WriteQueue.FULL, ROOM));
        assertNull(queue.roomFor(), "full again");
        queue.close();
        assertEquals(WriteQueue.Offer.CLOSED, queue.offer(ONE, frame -> {}, 1, ROOM));
        assertNull(queue.roomFor(), "nobody is there to be told");
    }

    @Test
    void finishWritesTheRestAndCloseDropsIt() throws Exception {
        offer(queue, 3, 1);
        queue.finish();
        assertEquals(WriteQueue.Offer.CLOSED, offer(queue, 1, 1));
        assertTrue(queue.take(Long.MAX_VALUE));
        assertEquals(3, taken(queue).length);
        assertFalse(queue.take(Long.MAX_VALUE));
        WriteQueue other = new WriteQueue(budget.share("peer"));
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
        queue.offer(ONE, new byte[] {1}, 1, NEVER);
        assertTrue(queue.take(Long.MAX_VALUE), "there was no writer yet");
        assertArrayEquals(new byte[] {1}, taken(queue));
        queue.written();
        Writer writer = new Writer();
        queue.offer(ONE, new byte[] {3, 4}, 1, free);
        assertArrayEquals(new byte[] {3}, socket.toByteArray());
        assertEquals(0, queue.queuedBytes());
        queue.offer(ONE, new byte[] {5, 6, 7}, 3, (bytes, length) -> 1);
        assertArrayEquals(new byte[] {6, 7}, writer.bytes(), "what the socket did not take");
        queue.written();
        queue.offer(ONE, new byte[] {8}, 1, NEVER);
    }

    /** Writes so many bytes, while another thread appends a frame, which does not wait for that. */
    private WriteQueue.Direct meanwhile(int written) {
        return (bytes, length) -> {
            Thread other = Thread.ofPlatform()
                    .daemon()
                    .start(() -> queue.offerLate(ONE, frame -> frame.verbatim(new byte[] {4}), Load.made(1)));
            try {
                assertTrue(other.join(java.time.Duration.ofSeconds(20)), "it waits for the socket");
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            return written;
        };
    }

    @Test
    void othersAppendWhileAFrameIsWrittenPastTheWriter() throws Exception {
        Writer writer = new Writer();
        queue.offer(ONE, new byte[] {1, 2, 3}, 3, meanwhile(3));
        assertArrayEquals(new byte[] {4}, writer.bytes());
    }

    @Test
    void theEndOfAFrameComesBeforeWhatWasAppendedMeanwhile() throws Exception {
        Writer writer = new Writer();
        queue.offer(ONE, new byte[] {1, 2, 3}, 3, meanwhile(1));
        assertArrayEquals(new byte[] {2, 3, 4}, writer.bytes());
        queue.written();
        assertEquals(0, queue.queuedBytes());
    }

    @Test
    void aFrameBehindOthersIsNot() throws Exception {
        Writer writer = new Writer();
        CountDownLatch encoding = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        queue.offer(
                ONE,
                frame -> {
                    encoding.countDown();
                    await(go);
                    frame.verbatim(new byte[] {1});
                },
                1,
                ROOM);
        queue.wake();
        encoding.await();
        queue.offer(ONE, new byte[] {2}, 1, NEVER);
        go.countDown();
        assertArrayEquals(new byte[] {1}, writer.bytes());
        assertTrue(queue.take(Long.MAX_VALUE));
        assertArrayEquals(new byte[] {2}, taken(queue));
    }

    @Test
    void whatIsOfferedTogetherIsTakenTogether() throws Exception {
        Writer writer = new Writer();
        queue.offer(ONE, frame -> frame.verbatim(new byte[] {1}), 1, ROOM);
        queue.offer(ONE, frame -> frame.verbatim(new byte[] {2}), 1, ROOM);
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
                () -> queue.offer(ONE, new byte[] {1}, 1, (bytes, length) -> {
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
