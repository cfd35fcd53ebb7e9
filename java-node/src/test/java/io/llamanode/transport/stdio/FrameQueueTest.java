package io.llamanode.transport.stdio;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.ericsson.otp.erlang.OtpErlangAtom;
import io.llamanode.account.MemoryAccount;
import io.llamanode.term.LateTerm;
import io.llamanode.transport.Interleavings;
import io.llamanode.transport.mailbox.Budget;
import io.llamanode.transport.mailbox.Load;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 1, unit = TimeUnit.MINUTES)
final class FrameQueueTest {
    private static final int LIMIT = 1 << 20;

    private final MemoryAccount account = new MemoryAccount(100 * LIMIT, 0.5);
    private final Budget budget = new Budget(LIMIT);
    private final FrameQueue queue = new FrameQueue(2, 10, budget);

    @Test
    void dropsLogsBeyondTheirNumberButNoOtherFrames() throws Exception {
        assertTrue(queue.offerLog(new byte[] {1}));
        assertTrue(queue.offerLog(new byte[] {2}));
        assertFalse(queue.offerLog(new byte[] {3}));
        queue.put(new byte[] {4}, null);
        queue.put(new byte[] {5}, null);
        assertEquals(1, queue.dropped());
        for (int expected : new int[] {1, 2, 4, 5}) {
            assertArrayEquals(new byte[] {(byte) expected}, queue.take().get());
        }
        assertTrue(queue.offerLog(new byte[] {6}), "room again");
    }

    @Test
    void dropsLogsBeyondTheirBytes() {
        assertTrue(queue.offerLog(new byte[8]));
        assertFalse(queue.offerLog(new byte[3]));
        assertTrue(queue.offerLog(new byte[2]));
    }

    @Test
    void aNewerFrameReplacesOneOfTheSameSubject() throws Exception {
        queue.put(new byte[] {1}, "a");
        queue.put(new byte[] {2}, "b");
        queue.put(new byte[] {3}, "a");
        assertArrayEquals(new byte[] {2}, queue.take().get());
        assertArrayEquals(new byte[] {3}, queue.take().get());
    }

    @Test
    void isDrainedOnceTheLastFrameWasWritten() throws Exception {
        assertTrue(queue.awaitDrained(0, TimeUnit.SECONDS));
        queue.put(new byte[] {1}, null);
        assertFalse(queue.awaitDrained(0, TimeUnit.SECONDS), "waiting");
        queue.take();
        assertFalse(queue.awaitDrained(0, TimeUnit.SECONDS), "being written");
        Thread writer = Thread.ofPlatform().daemon().start(() -> {
            try {
                queue.take();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        assertTrue(queue.awaitDrained(1, TimeUnit.MINUTES));
        queue.close();
        writer.join();
    }

    @Test
    void refusesWhatCanWaitWhileMuchWaits() throws Exception {
        StringBuilder rooms = new StringBuilder();
        assertTrue(queue.offer("one", () -> new byte[64 << 10], 64 << 10, () -> rooms.append("never")));
        assertFalse(queue.offer("one", () -> new byte[] {1}, 1, () -> rooms.append("a")));
        assertFalse(queue.offer("one", () -> new byte[] {1}, 1, () -> rooms.append("b")));
        assertNull(queue.roomFor());
        queue.put(new byte[] {2}, null);
        queue.take();
        queue.roomFor().run();
        assertTrue(queue.offer("one", () -> new byte[64 << 10], 64 << 10, () -> rooms.append("never")));
        assertNull(queue.roomFor(), "full again");
        assertEquals("a", rooms.toString());
    }

    @Test
    void whatMustArriveIsTakenWhateverWaitsAndMadeInTurn() throws Exception {
        List<String> made = new ArrayList<>();
        for (String process : List.of("a", "b")) {
            for (int i = 1; i <= 20; i++) {
                String name = process + i;
                queue.put(
                        process,
                        () -> {
                            made.add(name);
                            return new byte[10];
                        },
                        large(14 << 20, name));
            }
        }
        assertEquals(40L * (14 << 20), queue.queuedBytes());
        assertTrue(queue.offer("c", () -> new byte[1], 1, () -> {}), "large frames wait apart");
        queue.take().get();
        assertEquals(List.of("a1"), made);
        assertEquals(1, queue.take().get().length, "what is small goes between two large ones");
        queue.take().get();
        queue.take().get();
        assertEquals(List.of("a1", "b1", "a2"), made);
    }

    @Test
    void aReaderThatMovesIsSeenToMove() throws Exception {
        assertEquals(-1, queue.progress(), "nothing waits");
        queue.put(new byte[10], null);
        assertEquals(-1, queue.progress(), "it does not acknowledge");
        queue.limit(5);
        queue.put(new byte[10], null);
        long before = queue.progress();
        assertTrue(before >= 0);
        assertEquals(before, queue.progress());
        queue.take().get();
        long taken = queue.progress();
        assertTrue(taken > before);
        queue.progressed();
        queue.acknowledged(1);
        assertEquals(taken + 2, queue.progress());
        queue.close();
        assertEquals(-1, queue.progress());
    }

    @Test
    void goesNoFurtherThanTheWindow() throws Exception {
        queue.limit(10);
        queue.put(new byte[4 + 9], null);
        queue.put(new byte[4 + 100], null);
        queue.put(new byte[4], null);
        assertEquals(13, queue.take().get().length);
        assertEquals(104, queue.poll().get().length, "the window is open until it is full");
        assertNull(queue.poll());
        queue.acknowledged(99);
        assertNull(queue.poll(), "10 are on their way");
        Thread reader = Thread.ofPlatform().daemon().start(() -> queue.acknowledged(1));
        assertEquals(4, queue.take().get().length);
        reader.join();
    }

    @Test
    void givesAndTakesNothingOnceClosed() throws Exception {
        queue.put(new byte[] {1}, null);
        queue.close();
        assertNull(queue.take());
        assertFalse(queue.offerLog(new byte[] {2}));
        assertFalse(queue.awaitDrained(1, TimeUnit.MINUTES), "what waited was lost");
    }

    @Test
    void takesOffersUntilSixtyFourKibibytesWait() {
        Runnable never = () -> {
            throw new AssertionError("told of room without having been refused");
        };
        assertTrue(queue.offer("one", () -> new byte[1], (64 << 10) - 1, never));
        assertTrue(queue.offer("one", () -> new byte[1], 1, never));
        assertFalse(queue.offer("one", () -> new byte[1], 1, () -> {}));
        assertNull(queue.roomFor());
    }

    @Test
    void tellsOfRoomAsSoonAsTheNextOfferWouldBeTaken() throws Exception {
        Runnable room = () -> {};
        assertTrue(queue.offer("one", () -> new byte[1], 1, room));
        assertTrue(queue.offer("one", () -> new byte[1], (64 << 10) - 1, room));
        assertFalse(queue.offer("one", () -> new byte[1], 1, room));
        queue.take();
        assertSame(room, queue.roomFor());
        assertNull(queue.roomFor(), "nobody else was refused");
    }

    @Test
    void aFrameThatIsReplacedCountsNoMore() throws Exception {
        queue.put(new byte[150_000], "a");
        queue.put(new byte[50_000], "a");
        queue.put(new byte[150_000], "b");
        assertEquals(200_000, queue.queuedBytes());
        assertEquals(50_000, queue.take().get().length);
        queue.put(new byte[7], "a");
        assertEquals(150_000, queue.take().get().length);
        assertEquals(7, queue.take().get().length);
        assertEquals(0, queue.queuedBytes());
    }

    private void put(String process, int bytes) {
        queue.put(process, () -> new byte[bytes], Load.made(bytes));
    }

    private static Load large(long bytes, Object source) {
        return new Load(bytes, 0, bytes, source, true);
    }

    /** A result of some kilobytes that many calls wait for is there once, and each answer is little more than its address. */
    @Test
    void smallAnswersOfOneResultHoldItTogether() throws Exception {
        String result = "result";
        for (int i = 0; i < 1000; i++) {
            LateTerm late = LateTerm.late(result, OtpErlangAtom::new, 12_000, null);
            queue.put("a", () -> new byte[10], Objects.requireNonNull(Load.late(80, late)));
        }
        assertEquals(1000 * 12_080, queue.queuedBytes());
        assertTrue(budget.held() < 2 * 12_080 + 1000 * 1024, "held: " + budget.held());
        for (int i = 0; i < 1000; i++) {
            assertNotNull(queue.poll());
        }
        assertNull(queue.poll());
        assertEquals(0, budget.held());
    }

    /** What is counted when it is there already does not take what is left for others. */
    @Test
    void aReaderWaitsWhileTheAccountIsTight() throws Exception {
        MemoryAccount small = new MemoryAccount(LIMIT, 0.5);
        budget.showIn(small);
        queue.peers(process -> "a@b");
        small.open(MemoryAccount.Kind.CALL, "process", "a@b").set(LIMIT * 3L / 4);
        queue.limit(2 * LIMIT);
        put("a", 60_000);
        put("a", 60_000);
        assertFalse(budget.isFull(), "this much may always wait");
        for (int i = 0; i < 3; i++) {
            put("a", 60_000);
        }
        assertTrue(budget.isFull());
        assertTrue(queue.tooMuchFor("a") > 0, "it counts with what else its peer holds");
        Thread reader = reading();
        assertTrue(reader.isAlive());
        for (int i = 0; i < 4; i++) {
            queue.take();
        }
        reader.join();
    }

    /** Each may have as much as all leave; what finds little waiting counts for nobody. */
    @Test
    void tellsForWhomTooMuchWaits() throws Exception {
        put("few", 1000);
        for (int i = 0; i < 6; i++) {
            assertEquals(0, queue.tooMuchFor("many"));
            put("many", 100_000);
        }
        put("few", 1000);
        assertTrue(queue.tooMuchFor("many") >= 500_000);
        assertEquals(0, queue.tooMuchFor("few"));
        assertEquals(0, queue.tooMuchFor("none"));
        for (int i = 0; i < 6; i++) {
            queue.take();
        }
        assertEquals(0, queue.tooMuchFor("many"));
    }

    @Test
    void whatWaitsIsHeldUntilItIsWritten() throws Exception {
        budget.showIn(account);
        put("a", 200_000);
        put("a", 400_000);
        put("b", 300_000);
        assertEquals(
                List.of("a", "b", "the node itself"),
                account.balance().largest().stream()
                        .map(MemoryAccount.Held::owner)
                        .toList());
        assertTrue(account.held() >= 900_000);
        queue.take();
        assertTrue(account.held() >= 900_000, "it is not written yet");
        queue.take();
        assertTrue(account.held() >= 700_000 && account.held() < 800_000);
        assertTrue(queue.poll() != null);
        assertTrue(account.held() >= 300_000 && account.held() < 400_000);
        assertNull(queue.poll());
        assertEquals(0, account.held());
        assertEquals(0, budget.held());
    }

    /** As for a result that a process waits for in several calls. */
    @Test
    void framesOfOneSourceHoldItTogether() throws Exception {
        List<String> result = List.of("result");
        for (int i = 0; i < 20; i++) {
            queue.put("a", () -> new byte[10], large(100_000, result));
        }
        assertEquals(20 * 100_000, queue.queuedBytes());
        assertTrue(budget.held() < 110_000);
        queue.put("a", () -> new byte[10], large(100_000, List.of("result")));
        assertTrue(budget.held() > 200_000, "what is equal is there twice all the same");
        for (int i = 0; i < 20; i++) {
            queue.take();
        }
        assertTrue(budget.held() > 200_000, "until the last of them is written");
        queue.take();
        assertTrue(budget.held() < 110_000);
        assertNull(queue.poll());
        assertEquals(0, budget.held());
    }

    /** A result for several callers goes with a tag of each. */
    @Test
    void whatASourceIsChargedForIsGivenBackWhateverItsFramesWeigh() throws Exception {
        queue.put("a", () -> new byte[10], large(100_000, "result"));
        queue.put("a", () -> new byte[10], large(70_000, "result"));
        queue.take();
        queue.take();
        assertNull(queue.poll());
        assertEquals(0, budget.held());
        queue.put("a", () -> new byte[10], large(70_000, "result"));
        queue.put("a", () -> new byte[10], large(100_000, "result"));
        queue.take();
        queue.take();
        assertNull(queue.poll());
        assertEquals(0, budget.held());
    }

    @Test
    void holdsNothingOnceClosed() {
        budget.showIn(account);
        put("a", 300_000);
        put("a", 300_000);
        queue.close();
        assertEquals(0, budget.held());
        assertEquals(0, account.held());
    }

    private Thread reading() {
        Thread reader = Thread.ofPlatform().daemon().start(() -> {
            try {
                queue.awaitRoom();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        Interleavings.settle(reader);
        return reader;
    }

    @Test
    void nothingMoreIsReadWhileTooMuchWaits() throws Exception {
        queue.limit(LIMIT);
        put("a", LIMIT - 1000);
        queue.awaitRoom();
        put("b", 1000);
        Thread reader = reading();
        assertTrue(reader.isAlive());
        queue.take().get();
        assertTrue(reader.isAlive(), "it is not written yet");
        assertTrue(queue.poll() != null);
        reader.join();
    }

    /** What it has handled is told in the same way as its requests. */
    @Test
    void aReaderThatMustAcknowledgeIsHeardWhateverWaits() throws Exception {
        queue.limit(100);
        put("a", 200);
        put("b", LIMIT);
        Thread reader = reading();
        assertTrue(reader.isAlive());
        queue.take().get();
        assertNull(queue.poll());
        reader.join();
        queue.acknowledged(196);
        Thread next = reading();
        assertTrue(next.isAlive(), "the writer can go on");
        queue.close();
        next.join();
    }

    @Test
    void aFrameWithoutSubjectReplacesNone() throws Exception {
        queue.put(new byte[] {1}, null);
        queue.put(new byte[] {2}, null);
        queue.put(new byte[] {3}, "a");
        for (int expected : new int[] {1, 2, 3}) {
            assertArrayEquals(new byte[] {(byte) expected}, queue.take().get());
        }
    }

    @Test
    void recordsMakeRoomForOthersWhenTheyAreTaken() throws Exception {
        assertTrue(queue.offerLog(new byte[10]));
        assertFalse(queue.offerLog(new byte[1]));
        queue.take();
        assertTrue(queue.offerLog(new byte[10]));
        assertEquals(1, queue.dropped());
    }

    /** Otherwise a parent that says too much would have more sent to it than it wanted. */
    @Test
    void acknowledgesNoMoreThanIsOnItsWay() throws Exception {
        queue.limit(10);
        queue.put(new byte[4 + 5], null);
        queue.take().get();
        queue.acknowledged(100);
        queue.put(new byte[4 + 10], null);
        queue.put(new byte[4 + 1], null);
        assertEquals(14, queue.poll().get().length);
        assertNull(queue.poll());
    }

    /** A thread that waits for a frame. */
    private Thread writer(List<Integer> lengths) {
        Thread writer = Thread.ofPlatform().daemon().start(() -> {
            try {
                lengths.add(queue.take().get().length);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        Interleavings.settle(writer);
        return writer;
    }

    @Test
    void aWriterThatWaitsIsWokenForAnOfferWhenItIsTold() throws Exception {
        List<Integer> lengths = Collections.synchronizedList(new ArrayList<>());
        Thread writer = writer(lengths);
        queue.offer("one", () -> new byte[7], 7, () -> {});
        Interleavings.settle(writer);
        assertEquals(List.of(), lengths);
        queue.wake();
        writer.join();
        assertEquals(List.of(7), lengths);
    }

    @Test
    void anyOtherFrameWakesIt() throws Exception {
        List<Integer> lengths = Collections.synchronizedList(new ArrayList<>());
        Thread writer = writer(lengths);
        queue.put(new byte[3], null);
        writer.join();
        assertEquals(List.of(3), lengths);
    }

    @Test
    void whoWaitsForTheEndOfAllFramesGivesUpInTime() throws Exception {
        queue.put(new byte[] {1}, null);
        assertFalse(queue.awaitDrained(1, TimeUnit.MILLISECONDS));
        queue.take();
        assertNull(queue.poll());
        assertFalse(queue.awaitDrained(1, TimeUnit.MILLISECONDS), "being written");
    }

    @Test
    void aClosedQueueIsSilent() throws Exception {
        queue.close();
        queue.put(new byte[1], null);
        assertTrue(queue.offer("one", () -> new byte[1], 1, () -> {}), "dropped");
        assertNull(queue.poll());
        assertNull(queue.roomFor());
        assertEquals(0, queue.dropped());
        assertFalse(queue.offerLog(new byte[1]));
        assertEquals(1, queue.dropped());
        assertTrue(queue.awaitDrained(1, TimeUnit.MINUTES), "nothing waits");
    }

    @Test
    void theEndWakesEverybody() throws Exception {
        queue.limit(1);
        queue.put(new byte[5], null);
        queue.take().get();
        queue.put(new byte[5], null);
        assertFalse(queue.offer("one", () -> new byte[1], 1 << 20, () -> {})
                && queue.offer("one", () -> new byte[1], 1, () -> {}));
        List<Object> ends = Collections.synchronizedList(new ArrayList<>());
        Thread writer = Thread.ofPlatform().daemon().start(() -> {
            try {
                ends.add(String.valueOf(queue.take()));
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        Interleavings.settle(writer);
        queue.close();
        writer.join();
        assertEquals(List.of("null"), ends);
        assertNull(queue.roomFor(), "nobody is told any more");
    }

    @Test
    void aReplacedFrameIsHeldNoLongerThanThoseBeforeIt() throws Exception {
        queue.put(new byte[1000], "a");
        queue.put(new byte[1], "b");
        queue.put(new byte[2], "a");
        assertEquals(1, queue.take().get().length);
        assertEquals(2, queue.take().get().length);
        assertNull(queue.poll());
        assertEquals(0, budget.held());
    }

    @Test
    void largeFramesWaitNoLongerOnceTheWriterHasThem() throws Exception {
        queue.put("a", () -> new byte[10], large(100_000, "result"));
        queue.put("a", () -> new byte[10], large(200_000, "another"));
        queue.take();
        assertEquals(200_000, queue.queuedBytes());
        queue.take();
        assertEquals(0, queue.queuedBytes());
    }

    /** Not only once it has none left. */
    @Test
    void aProcessIsTooMuchUntilEnoughIsWritten() throws Exception {
        for (int i = 0; i < 9; i++) {
            put("many", 100_000);
        }
        queue.take();
        queue.take();
        assertTrue(queue.tooMuchFor("many") >= 700_000);
    }

    @Test
    void aReaderGoesOnOnceTheLastOfTooMuchIsWritten() throws Exception {
        queue.limit(2 * LIMIT);
        put("a", LIMIT);
        Thread reader = reading();
        queue.take();
        assertTrue(reader.isAlive());
        assertNull(queue.poll());
        reader.join();
    }

    @Test
    void aReaderIsHeardAsSoonAsItMustAcknowledge() throws Exception {
        queue.limit(96);
        put("a", 100);
        put("b", LIMIT);
        queue.take().get();
        queue.awaitRoom();
    }

    @Test
    void whoWaitsForTheEndIsToldWhenTheWriterComesBack() throws Exception {
        queue.put(new byte[] {1}, null);
        queue.take();
        assertNull(queue.poll());
        List<Boolean> ends = Collections.synchronizedList(new ArrayList<>());
        Thread waiting = Thread.ofPlatform().daemon().start(() -> {
            try {
                ends.add(queue.awaitDrained(1, TimeUnit.HOURS));
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        Interleavings.settle(waiting);
        writer(Collections.synchronizedList(new ArrayList<>()));
        waiting.join();
        assertEquals(List.of(true), ends);
    }

    @Test
    void whoWasRefusedIsNotToldOfRoomInAClosedQueue() throws Exception {
        assertTrue(queue.offer("one", () -> new byte[1], 64 << 10, () -> {}));
        assertFalse(queue.offer("one", () -> new byte[1], 1, () -> {}));
        queue.take();
        queue.close();
        assertNull(queue.roomFor());
    }

    /** Whatever was asked first. */
    @Test
    void nobodyKeepsOthersOut() throws Exception {
        List<Runnable> questions = List.of(
                () -> queue.roomFor(),
                () -> queue.tooMuchFor("a"),
                () -> queue.queuedBytes(),
                () -> queue.progress(),
                () -> queue.progressed(),
                () -> queue.acknowledged(1),
                () -> queue.limit(1000),
                () -> queue.dropped(),
                () -> queue.offerLog(new byte[1]),
                () -> queue.offer("a", () -> new byte[1], 1, () -> {}),
                () -> queue.put(new byte[1], "a"),
                () -> queue.wake(),
                () -> queue.poll(),
                () -> queue.close(),
                () -> queue.poll());
        for (Runnable question : questions) {
            Thread.ofPlatform().daemon().start(question).join();
        }
    }
}
