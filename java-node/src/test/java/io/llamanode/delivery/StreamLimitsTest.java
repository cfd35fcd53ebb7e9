package io.llamanode.delivery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangRef;
import io.llamanode.account.MemoryAccount;
import io.llamanode.protocol.Delivery;
import io.llamanode.protocol.Demand;
import io.llamanode.protocol.JsonForm;
import io.llamanode.protocol.ProcessOwner;
import io.llamanode.protocol.ReplyEncoder;
import io.llamanode.protocol.Request;
import io.llamanode.service.FakeService;
import io.llamanode.service.LlamaService;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.OwnerMonitor;
import io.llamanode.service.contract.Reply;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.SessionConfig;
import io.llamanode.service.contract.task.TaskEvent;
import io.llamanode.service.contract.task.TaskInput;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Where the events of a stream go, and what of all streams may wait. */
@Timeout(value = 1, unit = TimeUnit.MINUTES)
final class StreamLimitsTest {
    private static final long TASK = 5;
    private static final OtpErlangPid PROCESS = new OtpErlangPid("a@b", 90, 1, 7);
    private static final OtpErlangPid WATCHER = new OtpErlangPid("a@b", 91, 1, 7);
    private static final OtpErlangRef ALIAS = new OtpErlangRef(90, "a@b", new int[] {1, 2, 3}, 7);
    private static final Failure FAILURE = new Failure(ErrorCode.CANCELLED, "x");
    private static final String PIECE = "x".repeat(Streams.MOST_WAITING);
    /** Bytes that a piece takes while it waits. */
    private static final long HELD = 4L * Streams.MOST_WAITING;

    /** Room for four pieces, and not for a fifth, of one owner who may have half. */
    private final MemoryAccount account = new MemoryAccount(9 * HELD, 0.5);

    private final Mailbox mailbox = new Mailbox();
    private final AtomicInteger watches = new AtomicInteger();
    private final OwnerMonitor monitor = (owner, down) -> {
        watches.incrementAndGet();
        return watches::decrementAndGet;
    };
    private final LlamaService service = FakeService.start(monitor, model -> {}, account);
    private final Streams streams = new Streams(service, mailbox, monitor);

    @AfterEach
    void stop() {
        service.close();
    }

    private StreamDelivery stream(Demand active, Request.StreamEnd end) {
        return new StreamDelivery(streams, new Request.Stream(1, null, PROCESS, end, new Delivery(active, null)));
    }

    /** {@return a stream of which so much waits} */
    private StreamDelivery waiting(String text) {
        StreamDelivery stream = stream(new Demand.None(), null);
        stream.accept(TASK, new TaskEvent.Chunk(text));
        return stream;
    }

    /** {@return streams that together leave no room for one more of their size} */
    private List<StreamDelivery> full() {
        List<StreamDelivery> all = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            all.add(waiting(PIECE));
        }
        return all;
    }

    private static OtpErlangObject busy() {
        return ReplyEncoder.failed(
                TASK,
                new Failure(
                        ErrorCode.SERVER_BUSY,
                        ("%d characters of the stream wait for a process that does not ask for them: its process holds %d"
                                        + " bytes of the node's memory, and may not hold %d more (%d of %d are held)")
                                .formatted(PIECE.length(), 4 * HELD, HELD, 4 * HELD, 9 * HELD)));
    }

    /** {@return how the stream ends when its task is cancelled} */
    private OtpErlangObject end(StreamDelivery stream) throws Exception {
        stream.accept(TASK, new TaskEvent.Failed(FAILURE));
        return mailbox.next().message();
    }

    /** {@return the id of an endless stream that a call begins} */
    private CompletableFuture<Long> started(@Nullable CallAlias call) {
        ProcessOwner owner = new ProcessOwner(WATCHER);
        long session = service.sessions().create(owner, new SessionConfig(null, null, GenerationOptions.NONE));
        TaskInput endless = JsonForm.task("{\"prompt\": \"a\", \"n_predict\": 1000000000}", false);
        CompletableFuture<Long> started = new CompletableFuture<>();
        streams.start(
                owner,
                call,
                new ProcessOwner(PROCESS),
                new Request.Stream(session, endless, PROCESS, null, new Delivery(new Demand.None(), null)),
                new Reply<>() {
                    @Override
                    public void ok(Long id) {
                        started.complete(id);
                    }

                    @Override
                    public void failed(Failure failure) {
                        started.completeExceptionally(new AssertionError(failure));
                    }
                });
        return started;
    }

    /** What was given up by a call that cannot have been told the id of its stream. */
    @Test
    void aStreamEndsWhoseCallerDidNotWaitForItsId() throws Exception {
        CallAlias call = CallAlias.of(ALIAS);
        long task = started(call).get();
        streams.cancel(new CallAlias("another@b", 7, call.ids()));
        streams.cancel(call);
        String end = mailbox.next().message().toString();
        assertTrue(end.startsWith("{llama_node," + task + ",{error,{cancelled,"), end);
        streams.cancel(call);
        assertTrue(mailbox.isEmpty());
    }

    @Test
    void theEndGoesToTheAliasAndItsWatcherIsToldBehindIt() throws Exception {
        StreamDelivery stream = stream(null, new Request.StreamEnd(ALIAS, WATCHER));
        stream.accept(TASK, new TaskEvent.Chunk("a"));
        stream.accept(TASK, new TaskEvent.Failed(FAILURE));
        assertEquals(PROCESS, mailbox.next().to());
        assertEquals(new Mailbox.Sent(ALIAS, ReplyEncoder.failed(TASK, FAILURE)), mailbox.next());
        assertEquals(new Mailbox.Sent(WATCHER, ReplyEncoder.ended(ALIAS)), mailbox.next());
        assertTrue(mailbox.isEmpty());
    }

    @Test
    void chunksAndReasoningAreCountedApartAndCallsNotAtAll() throws Exception {
        StreamDelivery stream = stream(null, null);
        TaskEvent reasoning = new TaskEvent.Reasoning("r");
        TaskEvent call = new TaskEvent.ToolCall(3, "id", "f", "{}");
        TaskEvent chunk = new TaskEvent.Chunk("c");
        for (TaskEvent event : List.of(reasoning, chunk, call, reasoning, chunk)) {
            stream.accept(TASK, event);
        }
        assertEquals(ReplyEncoder.part(TASK, reasoning, 0), mailbox.next().message());
        assertEquals(ReplyEncoder.part(TASK, chunk, 0), mailbox.next().message());
        assertEquals(ReplyEncoder.part(TASK, call, 0), mailbox.next().message());
        assertEquals(ReplyEncoder.part(TASK, reasoning, 1), mailbox.next().message());
        assertEquals(ReplyEncoder.part(TASK, chunk, 1), mailbox.next().message());
    }

    @Test
    void whatIsOfferedIsWeighedByItsText() throws Exception {
        StreamDelivery stream = stream(null, null);
        for (int length : new int[] {0, 1000, 100_000}) {
            String text = "é".repeat(length);
            stream.accept(TASK, new TaskEvent.Chunk(text));
            mailbox.next();
            int bytes = text.getBytes(StandardCharsets.UTF_8).length;
            assertTrue(mailbox.weight > bytes && mailbox.weight <= bytes + 200, "weight " + mailbox.weight);
        }
        assertEquals(3, mailbox.flushes.get(), "where nothing is handed out together, each is sent at once");
    }

    @Test
    void aStreamForWhichThereIsNoRoomIsGivenUp() throws Exception {
        full();
        assertEquals(busy(), end(waiting(PIECE)));
        assertEquals(busy(), end(waiting(PIECE)), "what was given up leaves the room it found");
    }

    @Test
    void whatIsSentMakesRoom() throws Exception {
        full().getFirst().ask(new Demand.Once());
        mailbox.next();
        assertEquals(ReplyEncoder.failed(TASK, FAILURE), end(waiting(PIECE)));
    }

    @Test
    void whatFailsMakesRoom() throws Exception {
        end(full().getFirst());
        assertEquals(ReplyEncoder.failed(TASK, FAILURE), end(waiting(PIECE)));
    }

    @Test
    void whatIsAbandonedMakesRoom() throws Exception {
        full().getFirst().abandon();
        assertEquals(ReplyEncoder.failed(TASK, FAILURE), end(waiting(PIECE)));
    }

    @Test
    void theTaskOfAStreamThatIsGivenUpIsCancelled() throws Exception {
        // The sink has no room left; another process owns the task.
        full();
        account.open(MemoryAccount.Kind.STREAM, new ProcessOwner(PROCESS), "a@b")
                .set(HELD);
        CompletableFuture<Long> started = started(null);
        long task = started.get();
        String end = mailbox.next().message().toString();
        assertTrue(end.startsWith("{llama_node," + task + ",{error,{server_busy,"), end);
    }

    @Test
    void aProcessThatIsGoneWhenItsStreamBeginsToLingerIsWatchedNoLonger() {
        AtomicInteger ended = new AtomicInteger();
        Streams gone = new Streams(service, mailbox, (owner, down) -> {
            down.run();
            return ended::incrementAndGet;
        });
        StreamDelivery stream = new StreamDelivery(
                gone, new Request.Stream(1, null, PROCESS, null, new Delivery(new Demand.None(), null)));
        stream.accept(TASK, new TaskEvent.Chunk("a"));
        stream.accept(TASK, StreamDeliveryTest.DONE);
        assertEquals(1, ended.get());
        stream.ask(new Demand.All());
        assertTrue(mailbox.isEmpty());
    }
}
