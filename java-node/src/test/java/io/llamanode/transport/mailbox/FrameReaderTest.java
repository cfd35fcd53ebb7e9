package io.llamanode.transport.mailbox;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
final class FrameReaderTest {
    private final Budget budget = new Budget(16 << 20);
    private final Dispatcher dispatcher = new Dispatcher("test-dispatch", budget);
    private final Dispatcher.Source source = dispatcher.source("one");

    @AfterEach
    void close() {
        dispatcher.close();
    }

    private static byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    private FrameReader reader(byte[] input, int most) {
        return new FrameReader(new ByteArrayInputStream(input), source, most, Patience.endless());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 1000, 64 << 10, (64 << 10) + 1, 256 << 10, 1_000_000, 4 << 20})
    void aFrameIsReadWholeAndHeldUntilItIsDone(int length) throws Exception {
        byte[] input = bytes(length + 3);
        FrameReader reader = reader(input, 4 << 20);
        FrameReader.Frame frame = reader.read(length);
        assertNull(frame.refused());
        assertArrayEquals(java.util.Arrays.copyOf(input, length), frame.bytes());
        assertEquals(length, budget.held());
        reader.done();
        assertEquals(0, budget.held());
        assertEquals(3, reader.read(3).bytes().length);
    }

    /** A frame of 16 MiB was announced, of which little came: memory is taken for what came, and a step more. */
    @Test
    void whatWasOnlyAnnouncedTakesNoMemory() throws Exception {
        Budget large = new Budget(128 << 20);
        FrameReader.Frame frame = new FrameReader(
                        new ByteArrayInputStream(bytes(100_000)),
                        new Dispatcher("d", large).source("one"),
                        16 << 20,
                        Patience.endless())
                .read(16 << 20);
        assertEquals(100_000, frame.bytes().length);
        assertTrue(large.held() <= 400_000, "held: " + large.held());
    }

    @Test
    void oneThatIsTooLongIsReadPast() throws Exception {
        byte[] input = bytes(300_000);
        FrameReader reader = reader(input, 100_000);
        FrameReader.Frame frame = reader.read(200_000);
        assertEquals(new FrameReader.Refusal(false, "a message of 200000 bytes is too long"), frame.refused());
        assertArrayEquals(java.util.Arrays.copyOf(input, FrameReader.BEGINNING), frame.bytes());
        assertEquals(FrameReader.BEGINNING, budget.held());
        reader.done();
        assertNull(reader.read(100_000).refused());
        assertThrows(EOFException.class, () -> reader.read(100_001));
    }

    /** An eighth of what all frames may take: the rest could never be there at the same time. */
    @Test
    void oneThatCouldNeverFindMemoryIsTooLong() throws Exception {
        FrameReader.Refusal refused =
                reader(bytes(5 << 20), 16 << 20).read(5 << 20).refused();
        assertEquals(new FrameReader.Refusal(false, "a message of 5242880 bytes is too long"), refused);
    }

    /** Gives part of a frame, then keeps everybody waiting. */
    private static final class Stuck extends InputStream {
        private final CountDownLatch stuck;
        private int left = 3 << 20;

        Stuck(CountDownLatch stuck) {
            this.stuck = stuck;
        }

        @Override
        public int read() {
            throw new UnsupportedOperationException();
        }

        @Override
        public int read(byte[] into, int at, int length) {
            if (left == 0) {
                stuck.countDown();
                try {
                    Thread.sleep(Long.MAX_VALUE);
                } catch (InterruptedException e) {
                    return -1;
                }
            }
            int count = Math.min(left, length);
            left -= count;
            return count;
        }
    }

    @Test
    void manyThatBeginAndDoNotGoOnTakeNoMoreThanThereIsAndLeaveSomeForOthers() throws Exception {
        List<Thread> threads = new ArrayList<>();
        int most = 30;
        CountDownLatch settled = new CountDownLatch(most);
        try {
            for (int i = 0; i < most; i++) {
                Dispatcher.Source one = dispatcher.source("one");
                threads.add(Thread.ofPlatform().daemon().start(() -> {
                    try {
                        FrameReader reader = new FrameReader(new Stuck(settled), one, 4 << 20, Patience.endless());
                        reader.read(4 << 20);
                    } catch (Exception e) {
                        settled.countDown();
                    }
                }));
            }
            settled.await();
            assertTrue(budget.held() <= (16 << 20) + most * Budget.FLOOR, "held: " + budget.held());
            FrameReader small = reader(bytes(100_000), 4 << 20);
            assertNull(small.read(64 << 10).refused());
        } finally {
            threads.forEach(Thread::interrupt);
        }
    }

    @Test
    void oneForWhichThereIsNoMemoryIsReadPast() throws Exception {
        budget.share("peer").charge(14 << 20);
        byte[] input = bytes((3 << 20) + 10);
        FrameReader reader = reader(input, 4 << 20);
        FrameReader.Frame frame = reader.read(3 << 20);
        assertTrue(frame.refused() != null && frame.refused().busy(), String.valueOf(frame.refused()));
        assertArrayEquals(java.util.Arrays.copyOf(input, FrameReader.BEGINNING), frame.bytes());
        reader.done();
        assertEquals(14 << 20, budget.held());
        assertArrayEquals(
                java.util.Arrays.copyOfRange(input, 3 << 20, (3 << 20) + 10),
                reader.read(10).bytes());
    }

    /** What its source has sent before is handled first, which makes room. */
    @Test
    void aFrameWaitsForTheMessagesOfItsOwnSource() throws Exception {
        dispatcher.deliver(source, () -> "p", () -> {}, 7 << 20);
        CountDownLatch began = new CountDownLatch(1);
        Thread thread = Thread.ofPlatform().start(() -> {
            try {
                FrameReader reader = reader(bytes(3 << 20), 4 << 20);
                began.countDown();
                assertNull(reader.read(3 << 20).refused());
                reader.done();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
        began.await();
        while (thread.getState() != Thread.State.TIMED_WAITING && thread.isAlive()) {
            Thread.onSpinWait();
        }
        assertTrue(thread.isAlive(), "it waits");
        dispatcher.start();
        thread.join();
        assertEquals(0, budget.held());
    }
}
