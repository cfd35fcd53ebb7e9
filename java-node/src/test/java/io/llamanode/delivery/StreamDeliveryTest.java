package io.llamanode.delivery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangRef;
import io.llamanode.protocol.Delivery;
import io.llamanode.protocol.Demand;
import io.llamanode.protocol.ReplyEncoder;
import io.llamanode.protocol.Request;
import io.llamanode.service.LlamaService;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.NodeStatus;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.OwnerMonitor;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.NodeConfig;
import io.llamanode.service.contract.task.GenerationResult;
import io.llamanode.service.contract.task.TaskEvent;
import io.llamanode.service.model.LoadedModel;
import io.llamanode.service.model.ModelLoader;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What of a stream is sent when, and what becomes of the rest. */
@Timeout(value = 1, unit = TimeUnit.MINUTES)
final class StreamDeliveryTest {
    private static final long TASK = 5;
    private static final OtpErlangPid PROCESS = new OtpErlangPid("a@b", 90, 1, 1_700_000_000);
    static final TaskEvent.Done DONE = new TaskEvent.Done(
            new GenerationResult(
                    TASK,
                    "m",
                    "",
                    GenerationResult.FinishReason.STOP,
                    GenerationResult.StoppedBy.EOS,
                    null,
                    0,
                    new GenerationResult.Usage(1, 1, 0),
                    new GenerationResult.Timings(0, 0, 0, 0, 0, 0, null)),
            500);

    /** A way to the process that can be filled. */
    private static final class Way implements Outbound {
        final List<OtpErlangObject> sent = new ArrayList<>();
        final Deque<Runnable> refused = new ArrayDeque<>();
        final CountDownLatch two = new CountDownLatch(2);
        boolean full;
        /** What is not made yet, where that is not done at once. */
        Queue<Supplier<OtpErlangObject>> later;

        @Override
        public void send(OtpErlangPid to, OtpErlangPid behind, OtpErlangObject message) {
            assertEquals(PROCESS, to);
            if (later == null) {
                sent.add(Mailbox.made(message));
            } else {
                later.add(() -> Mailbox.made(message));
            }
        }

        @Override
        public void send(OtpErlangRef to, OtpErlangPid behind, OtpErlangObject message) {
            throw new AssertionError("no stream of this test has an alias");
        }

        @Override
        public boolean offer(OtpErlangPid to, Supplier<OtpErlangObject> message, int weight, Runnable room) {
            if (full) {
                refused.add(room);
                return false;
            }
            if (later == null) {
                send(to, message.get());
            } else {
                later.add(message);
            }
            two.countDown();
            return true;
        }

        /** Makes what was sent so far, as the thread of a connection does. */
        void write() {
            for (Supplier<OtpErlangObject> next = later.poll(); next != null; next = later.poll()) {
                OtpErlangObject made = next.get();
                if (made != null) {
                    sent.add(made);
                }
            }
        }

        @Override
        public void flush() {}
    }

    private final Way way = new Way();
    private final Map<Owner, Runnable> watched = new HashMap<>();
    private final OwnerMonitor monitor = (owner, down) -> {
        watched.put(owner, down);
        return () -> watched.remove(owner);
    };
    private final LlamaService service =
            new LlamaService(new NodeConfig(List.of(), 1, 1, 1, 1, 100), new NoModels(), monitor);
    private final Streams streams = new Streams(service, way, monitor);

    private static final class NoModels implements ModelLoader {
        @Override
        public LoadedModel load(ModelConfig config, LoadProgress progress) {
            throw new AssertionError("nothing is loaded");
        }

        @Override
        public Preview preview(ModelConfig config) {
            throw new AssertionError("nothing is asked");
        }

        @Override
        public NodeStatus.Library library() {
            return new NodeStatus.Library("", "", "");
        }
    }

    @AfterEach
    void stop() {
        service.close();
    }

    private StreamDelivery stream(Demand active, Long coalesceMs) {
        return new StreamDelivery(
                streams, new Request.Stream(1, null, PROCESS, null, new Delivery(active, coalesceMs)));
    }

    /** {@return a stream whose parts cannot be made if they say so} */
    private StreamDelivery brittle(Demand active) {
        Request.Stream request = new Request.Stream(1, null, PROCESS, null, new Delivery(active, null));
        return new StreamDelivery(streams, request, (task, part, index) -> {
            if (part.equals(new TaskEvent.Chunk("broken"))) {
                throw new IllegalStateException("a defect of a test");
            }
            return ReplyEncoder.part(task, part, index);
        });
    }

    private static void text(StreamDelivery stream, String... pieces) {
        for (String piece : pieces) {
            stream.accept(TASK, new TaskEvent.Chunk(piece));
        }
    }

    private static OtpErlangObject chunk(String text, int index) {
        return ReplyEncoder.part(TASK, new TaskEvent.Chunk(text), index);
    }

    private static OtpErlangObject done() {
        return ReplyEncoder.done(TASK, DONE.result());
    }

    private static OtpErlangObject error(ErrorCode code, String message) {
        return ReplyEncoder.failed(TASK, new Failure(code, message));
    }

    @Test
    void sendsEverythingAtOnceUnlessAskedOtherwise() {
        StreamDelivery stream = stream(null, null);
        text(stream, "a", "b");
        stream.accept(TASK, DONE);
        assertEquals(List.of(chunk("a", 0), chunk("b", 1), done()), way.sent);
        assertTrue(watched.isEmpty());
    }

    @Test
    void joinsWhatNobodyAsksFor() {
        StreamDelivery stream = stream(new Demand.Once(), null);
        text(stream, "a", "b", "c");
        assertEquals(List.of(chunk("a", 0)), way.sent);
        stream.ask(new Demand.Once());
        text(stream, "d");
        assertEquals(List.of(chunk("a", 0), chunk("bc", 1)), way.sent);
        stream.ask(new Demand.All());
        text(stream, "e");
        assertEquals(List.of(chunk("a", 0), chunk("bc", 1), chunk("d", 2), chunk("e", 3)), way.sent);
    }

    @Test
    void countsAndTellsWhenItIsPassive() {
        StreamDelivery stream = stream(new Demand.More(1), null);
        stream.ask(new Demand.More(1));
        text(stream, "a", "b", "c");
        assertEquals(List.of(chunk("a", 0), chunk("b", 1), ReplyEncoder.passive(TASK)), way.sent);
        stream.ask(new Demand.More(1));
        assertEquals(List.of(chunk("c", 2), ReplyEncoder.passive(TASK)), way.sent.subList(3, 5));
        stream.ask(new Demand.More(Integer.MAX_VALUE));
        stream.ask(new Demand.More(Integer.MAX_VALUE));
        text(stream, "d");
        assertEquals(chunk("d", 3), way.sent.getLast());
    }

    @Test
    void theResultWaitsBehindTheText() {
        StreamDelivery stream = stream(new Demand.None(), null);
        text(stream, "a");
        stream.accept(TASK, DONE);
        assertEquals(List.of(), way.sent);
        assertEquals(1, watched.size(), "the service watches its process no longer");
        stream.ask(new Demand.Once());
        assertEquals(List.of(chunk("a", 0), done()), way.sent);
        assertTrue(watched.isEmpty());
    }

    @Test
    void anErrorDoesNotWait() {
        StreamDelivery stream = stream(new Demand.None(), null);
        text(stream, "a");
        Failure failure = new Failure(ErrorCode.CANCELLED, "x");
        stream.accept(TASK, new TaskEvent.Failed(failure));
        stream.ask(new Demand.All());
        assertEquals(List.of(error(ErrorCode.CANCELLED, "x")), way.sent);
    }

    @Test
    void whatIsDoneCanStillBeCancelled() {
        StreamDelivery stream = stream(new Demand.None(), null);
        assertFalse(stream.cancelIfLingering(), "the task is the service's to cancel");
        text(stream, "a");
        stream.accept(TASK, DONE);
        assertTrue(stream.cancelIfLingering());
        assertFalse(stream.cancelIfLingering());
        assertEquals(List.of(error(ErrorCode.CANCELLED, "the task was cancelled")), way.sent);
        assertTrue(watched.isEmpty());
    }

    @Test
    void forgetsAProcessThatIsGone() {
        StreamDelivery stream = stream(new Demand.None(), null);
        text(stream, "a");
        stream.accept(TASK, DONE);
        watched.values().iterator().next().run();
        stream.ask(new Demand.All());
        assertEquals(List.of(), way.sent);
    }

    @Test
    void givesUpAStreamWithTooMuchText() {
        StreamDelivery stream = stream(new Demand.None(), null);
        text(stream, "x".repeat(Streams.MOST_WAITING));
        assertEquals(List.of(), way.sent);
        text(stream, "y", "z");
        stream.accept(TASK, new TaskEvent.Failed(new Failure(ErrorCode.CANCELLED, "x")));
        String busy = "1048577 characters of the stream wait for a process that does not ask for them: "
                + "that is more than one stream may have (1048576)";
        assertEquals(List.of(error(ErrorCode.SERVER_BUSY, busy)), way.sent);
        assertEquals(0, service.account().held(), "what was dropped does not wait");
    }

    @Test
    void aTaskThatEndsBeforeItIsGivenUpHasAGap() {
        StreamDelivery stream = stream(new Demand.None(), null);
        text(stream, "x".repeat(Streams.MOST_WAITING + 1));
        stream.accept(TASK, DONE);
        assertEquals(1, way.sent.size());
        assertTrue(way.sent.getFirst().toString().contains("server_busy"));
    }

    @Test
    void triesAgainWhenThereIsRoom() {
        StreamDelivery stream = stream(null, null);
        way.full = true;
        text(stream, "a", "b", "c");
        assertEquals(1, way.refused.size(), "it waits for room once");
        way.full = false;
        text(stream, "d");
        assertEquals(List.of(), way.sent);
        way.refused.remove().run();
        assertEquals(List.of(chunk("a", 0), chunk("bcd", 1)), way.sent, "what was offered stays as it was");
        stream.accept(TASK, DONE);
        assertEquals(done(), way.sent.getLast());
    }

    @Test
    void joinsByTime() throws Exception {
        StreamDelivery stream = stream(null, 300L);
        text(stream, "a");
        text(stream, "b", "c");
        way.two.await();
        stream.accept(TASK, DONE);
        assertEquals(chunk("a", 0), way.sent.getFirst());
        assertEquals(done(), way.sent.getLast());
    }

    /** {@return whether it says that a defect of the node ended the stream} */
    private static boolean isDefect(OtpErlangObject event) {
        return event.toString().matches("\\{llama_node,5,\\{error,\\{unknown,.*");
    }

    @Test
    void aPartThatCannotBeMadeEndsItsStreamThoughTheResultWasSent() {
        way.later = new ConcurrentLinkedQueue<>();
        StreamDelivery stream = brittle(new Demand.All());
        text(stream, "a", "broken", "c");
        stream.accept(TASK, DONE);
        way.write();
        assertEquals(chunk("a", 0), way.sent.getFirst());
        assertEquals(2, way.sent.size(), way.sent::toString);
        assertTrue(isDefect(way.sent.get(1)), way.sent::toString);
    }

    @Test
    void aPartThatCannotBeMadeEndsAStreamWhoseTaskRuns() throws Exception {
        way.later = new ConcurrentLinkedQueue<>();
        StreamDelivery stream = brittle(new Demand.All());
        text(stream, "broken", "b");
        way.write();
        assertEquals(List.of(), way.sent);
        CountDownLatch cancelled = new CountDownLatch(1);
        // Behind what the defect has begun.
        streams.after(0, cancelled::countDown);
        cancelled.await();
        text(stream, "c");
        stream.accept(TASK, DONE);
        way.write();
        assertEquals(1, way.sent.size(), way.sent::toString);
        assertTrue(isDefect(way.sent.getFirst()), way.sent::toString);
    }

    @Test
    void aPartThatCannotBeMadeEndsAStreamWhoseTextStillWaits() throws Exception {
        way.later = new ConcurrentLinkedQueue<>();
        StreamDelivery stream = brittle(new Demand.Once());
        text(stream, "broken", "b");
        stream.accept(TASK, DONE);
        way.write();
        CountDownLatch ended = new CountDownLatch(1);
        streams.after(0, ended::countDown);
        ended.await();
        way.write();
        assertEquals(1, way.sent.size(), way.sent::toString);
        assertTrue(isDefect(way.sent.getFirst()), way.sent::toString);
        assertTrue(watched.isEmpty());
        assertEquals(0, service.account().held());
    }

    @Test
    void theEndDoesNotWaitForTheTime() {
        StreamDelivery stream = stream(null, 60_000L);
        text(stream, "a", "b", "c");
        assertEquals(List.of(chunk("a", 0)), way.sent);
        stream.accept(TASK, DONE);
        assertEquals(List.of(chunk("a", 0), chunk("bc", 1), done()), way.sent);
    }
}
