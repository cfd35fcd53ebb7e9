package io.llamanode.transport.stdio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangBinary;
import com.ericsson.otp.erlang.OtpErlangObject;
import io.llamanode.protocol.launch.ControlEncoder;
import io.llamanode.protocol.launch.LogLevel;
import io.llamanode.term.LateTerm;
import io.llamanode.transport.TestTerms;
import io.llamanode.transport.mailbox.Budget;
import io.llamanode.transport.mailbox.Dispatcher;
import io.llamanode.transport.mailbox.FrameReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 1, unit = TimeUnit.MINUTES)
final class FrameChannelTest {
    /** {@code stop} as a frame. */
    private static final byte[] STOP = {0, 0, 0, 7, (byte) 131, 119, 4, 's', 't', 'o', 'p'};

    private static final OtpErlangAtom STOP_TERM = new OtpErlangAtom("stop");

    private final BlockingQueue<Object> seen = new LinkedBlockingQueue<>();

    private class Recorder implements FrameChannel.Listener {
        @Override
        public void received(OtpErlangObject term) {
            seen.add(term);
        }

        @Override
        public void ended(FrameChannel.End end) {
            seen.add(end);
        }
    }

    @Test
    void receivesAFrameThenTheEnd() throws Exception {
        new FrameChannel(new ByteArrayInputStream(STOP), OutputStream.nullOutputStream()).start(new Recorder());
        assertEquals(new OtpErlangAtom("stop"), seen.take());
        assertEquals(new FrameChannel.End.Closed(), seen.take());
    }

    @Test
    void whatAListenerThrowsEndsTheChannel() throws Exception {
        new FrameChannel(new ByteArrayInputStream(STOP), OutputStream.nullOutputStream()).start(new Recorder() {
            @Override
            public void received(OtpErlangObject term) {
                throw new IllegalStateException("no");
            }
        });
        assertEquals(
                new FrameChannel.End.Broken("a frame could not be handled: java.lang.IllegalStateException: no"),
                seen.take());
    }

    @Test
    void endsOnceWhenBothDirectionsFail() throws Exception {
        BlockingQueue<String> orders = new LinkedBlockingQueue<>();
        BlockingQueue<Thread> readers = new LinkedBlockingQueue<>();
        FrameChannel channel = new FrameChannel(
                new InputStream() {
                    @Override
                    public int read() throws IOException {
                        readers.add(Thread.currentThread());
                        try {
                            throw new IOException(orders.take());
                        } catch (InterruptedException e) {
                            throw new AssertionError(e);
                        }
                    }
                },
                new OutputStream() {
                    @Override
                    public void write(int b) throws IOException {
                        throw new IOException("gone");
                    }
                });
        channel.send(new OtpErlangAtom("ready"));
        channel.start(new Recorder());
        assertEquals(new FrameChannel.End.Closed(), seen.take());
        assertFalse(channel.awaitSent(1, TimeUnit.MINUTES), "it was lost");
        orders.add("gone as well");
        readers.take().join();
        assertTrue(seen.isEmpty(), "told twice");
    }

    @Test
    void startsOnce() {
        FrameChannel channel = new FrameChannel(new ByteArrayInputStream(STOP), OutputStream.nullOutputStream());
        channel.start(new Recorder());
        assertThrows(IllegalStateException.class, () -> channel.start(new Recorder()));
    }

    /** Everything that came up to the end, which is the last of it. */
    private Object endAfter(byte... bytes) throws InterruptedException {
        new FrameChannel(new ByteArrayInputStream(bytes), OutputStream.nullOutputStream()).start(new Recorder());
        return seen.take();
    }

    private static FrameChannel.End broken(String message) {
        return new FrameChannel.End.Broken(message);
    }

    @Test
    void saysWhatIsWrongWithAFrame() throws Exception {
        FrameChannel.End cut = broken("the input ended inside the length of a frame");
        assertEquals(cut, endAfter((byte) 0));
        assertEquals(cut, endAfter((byte) 0, (byte) 0, (byte) 0));
        assertEquals(
                broken("the input ended after 2 of 5 bytes of a frame"),
                endAfter((byte) 0, (byte) 0, (byte) 0, (byte) 5, (byte) 131, (byte) 97));
        assertEquals(
                broken("the input ended after 0 of 16777216 bytes of a frame"),
                endAfter((byte) 1, (byte) 0, (byte) 0, (byte) 0));
        assertEquals(
                broken("a frame of 16777217 bytes is over the limit of 16777216"),
                endAfter((byte) 1, (byte) 0, (byte) 0, (byte) 1));
        assertEquals(
                broken("a frame of 4278321665 bytes is over the limit of 16777216"),
                endAfter((byte) 0xff, (byte) 2, (byte) 2, (byte) 1));
        assertEquals(
                broken("a frame does not hold an acceptable external term: the version byte is missing"),
                endAfter((byte) 0, (byte) 0, (byte) 0, (byte) 1, (byte) 97));
        assertEquals(
                broken("a frame does not hold a valid external term"),
                endAfter(ParentSide.join(new byte[] {0, 0, 0, 33, (byte) 131}, TestTerms.undecodable())));
    }

    @Test
    void whatIsTakenUndecodedIsNotReceived() throws Exception {
        ParentSide parent = new ParentSide();
        parent.channel().start(new Recorder() {
            @Override
            public boolean taken(byte[] frame) {
                return frame.length == 4 && frame[3] == 7;
            }
        });
        parent.frame(new byte[] {(byte) 131, 98, 0, 7});
        parent.frame(STOP_TERM);
        parent.frame(new byte[] {1, 2, 3, 7});
        parent.end();
        assertEquals(STOP_TERM, seen.take());
        assertEquals(new FrameChannel.End.Closed(), seen.take());
    }

    @Test
    void whatWasSentBeforeTheStartGoesOutAtTheStart() throws Exception {
        ParentSide parent = new ParentSide();
        FrameChannel channel = parent.channel();
        channel.progress("/m.gguf", 0.25);
        channel.progress("/n.gguf", 0.5);
        channel.progress("/m.gguf", 0.75);
        assertTrue(channel.log(LogLevel.INFO, "a.b", "text"));
        channel.send(STOP_TERM);
        assertFalse(channel.awaitSent(0, TimeUnit.SECONDS));
        channel.start(new Recorder());
        assertEquals(ControlEncoder.progress("/n.gguf", 0.5), parent.take());
        assertEquals(ControlEncoder.progress("/m.gguf", 0.75), parent.take());
        assertEquals(ControlEncoder.log(LogLevel.INFO, "a.b", "text"), parent.take());
        assertEquals(STOP_TERM, parent.take());
        assertTrue(channel.awaitSent(1, TimeUnit.MINUTES));
        assertEquals(0, channel.droppedLogs());
    }

    @Test
    void recordsThatTheParentIsTooSlowForAreCountedAndTold() throws Exception {
        ParentSide parent = new ParentSide();
        FrameChannel channel = parent.channel();
        for (int i = 0; i < 1024; i++) {
            assertTrue(channel.log(LogLevel.DEBUG, "a", "text"));
        }
        assertFalse(channel.log(LogLevel.DEBUG, "a", "lost"));
        assertFalse(channel.log(LogLevel.DEBUG, "a", "lost"));
        assertEquals(2, channel.droppedLogs());
        channel.start(new Recorder());
        for (int i = 0; i < 1024; i++) {
            assertEquals(ControlEncoder.log(LogLevel.DEBUG, "a", "text"), parent.take());
        }
        assertEquals(
                ControlEncoder.log(
                        LogLevel.WARNING,
                        "io.llamanode.transport.stdio",
                        "2 log records in all were dropped because they were not read fast enough"),
                parent.take());
        channel.send(STOP_TERM);
        assertEquals(STOP_TERM, parent.take());
        assertTrue(channel.awaitSent(1, TimeUnit.MINUTES));
        assertTrue(parent.isEmpty(), "told once");
    }

    @Test
    void longRecordsAreFewer() {
        FrameChannel channel = new ParentSide().channel();
        String text = "x".repeat(1 << 20);
        for (int i = 0; i < 3; i++) {
            assertTrue(channel.log(LogLevel.DEBUG, "a", text));
        }
        assertFalse(channel.log(LogLevel.DEBUG, "a", text));
    }

    @Test
    void whatIsOfferedIsMadeByTheWriterOnceItIsFlushed() throws Exception {
        ParentSide parent = new ParentSide();
        FrameChannel channel = parent.channel();
        channel.start(new Recorder());
        channel.send(STOP_TERM);
        parent.take();
        BlockingQueue<Thread> makers = new LinkedBlockingQueue<>();
        assertTrue(channel.offer(
                "one",
                () -> {
                    makers.add(Thread.currentThread());
                    return STOP_TERM;
                },
                100,
                () -> seen.add("never")));
        channel.flush();
        assertEquals(STOP_TERM, parent.take());
        assertEquals("stdio-writer", makers.take().getName());
    }

    @Test
    void whoIsRefusedHearsOfRoomOnceTheParentReadsOn() throws Exception {
        ParentSide parent = new ParentSide();
        parent.pause();
        FrameChannel channel = parent.channel();
        channel.start(new Recorder());
        OtpErlangObject large = new OtpErlangBinary(new byte[60_000]);
        int taken = 0;
        while (channel.offer("one", () -> large, 60_000, () -> seen.add("room"))) {
            taken++;
            channel.flush();
            assertTrue(taken < 100, "taken without end");
        }
        parent.goOn();
        channel.flush();
        for (int i = 0; i < taken; i++) {
            assertEquals(large, parent.take());
        }
        assertEquals("room", seen.take());
    }

    @Test
    void noMoreIsOnItsWayThanTheWindowHasRoomFor() throws Exception {
        ParentSide parent = new ParentSide();
        FrameChannel channel = parent.channel();
        channel.limit(ParentSide.size(STOP_TERM));
        channel.start(new Recorder());
        channel.send(STOP_TERM);
        channel.send(new OtpErlangAtom("second"));
        assertEquals(STOP_TERM, parent.take());
        assertFalse(channel.awaitSent(1, TimeUnit.MILLISECONDS), "the parent has not handled the first one");
        channel.acknowledged(ParentSide.size(STOP_TERM));
        assertEquals(new OtpErlangAtom("second"), parent.take());
    }

    @Test
    void aParentThatTakesNothingIsGivenUp() throws Exception {
        ParentSide parent = new ParentSide();
        parent.pause();
        FrameChannel channel = parent.channel();
        channel.limit(1 << 20);
        channel.timeoutWrite(Duration.ofMillis(200));
        channel.send(new OtpErlangBinary(new byte[2000]));
        channel.start(new Recorder());
        assertEquals(broken("the parent has taken nothing for 200 ms, and 0 bytes wait for it"), seen.take());
        parent.goOn();
        parent.end();
        // What it was taking when it stopped may have gone out yet.
        channel.awaitSent(1, TimeUnit.MINUTES);
        assertTrue(seen.isEmpty(), "told twice");
    }

    @Test
    void soIsOneThatDoesNotFinishWhatItBegan() throws Exception {
        ParentSide parent = new ParentSide();
        FrameChannel channel = parent.channel();
        channel.start(new Recorder());
        parent.give((byte) 0, (byte) 0, (byte) 1, (byte) 0, (byte) 7);
        channel.timeoutRead(Duration.ofMillis(200));
        assertEquals(broken("the parent has not written the rest of a frame for too long (timeout_read)"), seen.take());
    }

    @Test
    void soIsOneThatAcknowledgesNothing() throws Exception {
        ParentSide parent = new ParentSide();
        FrameChannel channel = parent.channel();
        channel.limit(1);
        channel.timeoutWrite(Duration.ofMillis(200));
        channel.send(new OtpErlangBinary(new byte[2000]));
        channel.send("process", new OtpErlangBinary(new byte[100_000]));
        channel.start(new Recorder());
        assertEquals(broken("the parent has taken nothing for 200 ms, and 100005 bytes wait for it"), seen.take());
    }

    /** Each of the 20 steps of a tenth of the time shows that it lives, though the whole takes twice the time. */
    @Test
    void aParentThatIsSlowIsWaitedFor() throws Exception {
        ParentSide parent = new ParentSide();
        FrameChannel channel = parent.channel();
        OtpErlangBinary message = new OtpErlangBinary(new byte[100_000]);
        channel.limit(1);
        channel.timeoutWrite(Duration.ofSeconds(2));
        channel.start(new Recorder());
        for (int i = 0; i < 20; i++) {
            channel.send("process " + i, message);
        }
        for (int i = 0; i < 20; i++) {
            assertEquals(message, parent.take());
            Thread.sleep(200);
            channel.acknowledged(ParentSide.size(message));
        }
        assertTrue(channel.awaitSent(1, TimeUnit.MINUTES));
        assertTrue(seen.isEmpty(), "given up");
    }

    @Test
    void whatIsLargeIsMadeWhenThereIsRoomForIt() throws Exception {
        ParentSide parent = new ParentSide();
        FrameChannel channel = parent.channel();
        channel.limit(1);
        channel.start(new Recorder());
        AtomicInteger made = new AtomicInteger();
        for (int i = 0; i < 40; i++) {
            channel.send(
                    "process " + i,
                    LateTerm.of(
                            "source",
                            source -> {
                                made.incrementAndGet();
                                return STOP_TERM;
                            },
                            3_500_000));
        }
        assertEquals(STOP_TERM, parent.take());
        assertEquals(1, made.get());
        for (int i = 2; i <= 40; i++) {
            channel.acknowledged(ParentSide.size(STOP_TERM));
            assertEquals(STOP_TERM, parent.take());
            assertEquals(i, made.get());
        }
    }

    @Test
    void aFrameThatIsTooLongIsReadPastAndToldByItsBeginning() throws Exception {
        byte[] head = {1, 0, 0, 1};
        byte[] body = new byte[(16 << 20) + 1];
        body[0] = 42;
        FrameChannel channel = new FrameChannel(
                new ByteArrayInputStream(ParentSide.join(head, body, STOP)), OutputStream.nullOutputStream());
        channel.source(new Dispatcher("dispatch", new Budget(128 << 20)).source("the port"));
        channel.start(new Recorder() {
            @Override
            public void refused(byte[] beginning, FrameReader.Refusal why) {
                seen.add("%d bytes, first %d: %s".formatted(beginning.length, beginning[0], why.reason()));
            }
        });
        assertEquals("65536 bytes, first 42: a message of 16777217 bytes is too long", seen.take());
        assertEquals(STOP_TERM, seen.take());
        assertEquals(new FrameChannel.End.Closed(), seen.take());
    }
}
