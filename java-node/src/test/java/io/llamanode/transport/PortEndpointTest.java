package io.llamanode.transport;

import static io.llamanode.transport.TestTerms.CALLER;
import static io.llamanode.transport.TestTerms.TAG;
import static io.llamanode.transport.TestTerms.atom;
import static io.llamanode.transport.TestTerms.call;
import static io.llamanode.transport.TestTerms.tuple;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.ericsson.otp.erlang.OtpErlangBinary;
import com.ericsson.otp.erlang.OtpErlangList;
import com.ericsson.otp.erlang.OtpErlangLong;
import com.ericsson.otp.erlang.OtpErlangMap;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangTuple;
import io.llamanode.delivery.RequestHandler;
import io.llamanode.protocol.ProcessOwner;
import io.llamanode.service.FakeService;
import io.llamanode.service.LlamaService;
import io.llamanode.service.contract.OwnerMonitor;
import io.llamanode.term.LateTerm;
import io.llamanode.transport.mailbox.FrameReader;
import io.llamanode.transport.stdio.FrameChannel;
import io.llamanode.transport.stdio.ParentSide;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Requests over the port; docs/protocol.md, section 8. */
@Timeout(60)
final class PortEndpointTest {
    private final ParentSide parent = new ParentSide();
    private final BlockingQueue<String> seen = new LinkedBlockingQueue<>();
    private FrameChannel channel;
    private PortEndpoint endpoint;
    private LlamaService service;

    @BeforeEach
    void start() {
        channel = parent.channel();
        endpoint = new PortEndpoint(channel, 1000);
        service = FakeService.start(endpoint, model -> model.answer("Hi", "Hello"));
        channel.start(new FrameChannel.Listener() {
            @Override
            public boolean taken(byte[] frame) {
                return endpoint.taken(frame);
            }

            @Override
            public void refused(byte[] beginning, FrameReader.Refusal why) {
                endpoint.refused(beginning, why);
            }

            @Override
            public void received(OtpErlangObject term) {
                seen.add("received " + term);
            }

            @Override
            public void ended(FrameChannel.End end) {
                seen.add("ended");
            }
        });
    }

    @AfterEach
    void stop() {
        service.close();
        endpoint.close();
        parent.end();
    }

    private void open() {
        endpoint.open(new RequestHandler(service, endpoint, endpoint, "n@host", (path, fraction) -> {}));
    }

    private static OtpErlangObject sent(OtpErlangObject to, OtpErlangObject message) {
        return tuple(atom("send"), to, message);
    }

    @Test
    void callsAreAnsweredOnceItIsOpen() throws Exception {
        parent.frame(call(atom("ping")));
        parent.frame(tuple(atom("something"), atom("else")));
        assertEquals("received {something,else}", seen.take());
        open();
        assertEquals(sent(CALLER, tuple(TAG, atom("pong"))), parent.take());
    }

    @Test
    void anAliasIsAnsweredByItself() throws Exception {
        open();
        OtpErlangObject tag = new OtpErlangList(new OtpErlangObject[] {atom("alias")}, TAG);
        parent.frame(tuple(atom("$gen_call"), tuple(CALLER, tag), atom("ping")));
        assertEquals(sent(TAG, tuple(tag, atom("pong"))), parent.take());
    }

    @Test
    void aCallThatCannotBeReadIsToldWhy() throws Exception {
        open();
        parent.frame(call(new byte[] {80, 0, 0, 0, 1, 0}));
        OtpErlangObject why =
                new OtpErlangBinary("request: compressed terms are refused".getBytes(StandardCharsets.UTF_8));
        assertEquals(
                sent(CALLER, tuple(TAG, tuple(atom("error"), tuple(atom("invalid_argument"), why)))), parent.take());
    }

    @Test
    void aCallThatIsTooLongIsToldSoAndTheNextOneIsAnswered() throws Exception {
        open();
        byte[] call = call(new OtpErlangBinary(new byte[16 << 20]));
        parent.frame(call);
        OtpErlangObject why = new OtpErlangBinary("request: a message of %d bytes is too long"
                .formatted(call.length)
                .getBytes(StandardCharsets.UTF_8));
        assertEquals(
                sent(CALLER, tuple(TAG, tuple(atom("error"), tuple(atom("invalid_argument"), why)))), parent.take());
        parent.frame(call(atom("ping")));
        assertEquals(sent(CALLER, tuple(TAG, atom("pong"))), parent.take());
    }

    /**
     * A quarter of the heap in answers that it does not read; what it asks for meanwhile is refused, not kept as well. Other
     * processes notice nothing.
     */
    @Test
    void aProcessThatDoesNotReadGetsNoFurtherAnswers() throws Exception {
        open();
        endpoint.send(CALLER, new OtpErlangBinary(new byte[1000]));
        parent.take();
        endpoint.send(
                CALLER,
                LateTerm.of(
                        "source", source -> atom("large"), Runtime.getRuntime().maxMemory()));
        parent.frame(call(atom("ping")));
        OtpErlangPid other = new OtpErlangPid("peer@host", 99, 0, 7);
        parent.frame(tuple(atom("$gen_call"), tuple(other, TAG), atom("ping")));
        parent.frame(tuple(atom("received"), atom("behind it")));
        assertEquals("received {received,'behind it'}", seen.take());
        channel.acknowledged(2000);
        assertEquals(sent(CALLER, atom("large")), parent.take());
        channel.acknowledged(2000);
        String refusal = parent.take().toString();
        assertTrue(refusal.contains("server_busy"), refusal);
        assertEquals(sent(other, tuple(TAG, atom("pong"))), parent.take());
        parent.frame(call(atom("ping")));
        assertEquals(sent(CALLER, tuple(TAG, atom("pong"))), parent.take());
    }

    @Test
    void castsAreHeard() throws Exception {
        open();
        parent.frame(call(tuple(atom("create_session"), new OtpErlangMap())));
        assertEquals(tuple(atom("monitor"), new OtpErlangLong(1), CALLER), parent.take());
        OtpErlangObject id = ((OtpErlangTuple) answer()).elementAt(1);
        parent.frame(tuple(atom("$gen_cast"), tuple(atom("close_session"), id)));
        parent.frame(call(tuple(atom("get_session_info"), id)));
        assertEquals(tuple(atom("demonitor"), new OtpErlangLong(1)), parent.take(), "it owns nothing any more");
        assertTrue(answer().toString().startsWith("{error,{session_not_found,"));
    }

    /** What the next answer carries. */
    private OtpErlangObject answer() throws InterruptedException {
        OtpErlangTuple sent = (OtpErlangTuple) parent.take();
        return ((OtpErlangTuple) sent.elementAt(2)).elementAt(1);
    }

    @Test
    void messagesGoToProcessesAndAliases() throws Exception {
        endpoint.send(CALLER, atom("hello"));
        endpoint.send(TAG, CALLER, atom("hello"));
        assertEquals(sent(CALLER, atom("hello")), parent.take());
        assertEquals(sent(TAG, atom("hello")), parent.take());
        assertTrue(endpoint.offer(CALLER, () -> atom("offered"), 10, () -> seen.add("room")));
        endpoint.flush();
        assertEquals(sent(CALLER, atom("offered")), parent.take());
    }

    @Test
    void theParentGetsNoMoreThanItHasRoomFor() throws Exception {
        endpoint.send(CALLER, new OtpErlangBinary(new byte[1000]));
        assertTrue(endpoint.offer(CALLER, () -> new OtpErlangBinary(new byte[64 << 10]), 64 << 10, () -> {}));
        assertFalse(endpoint.offer(CALLER, () -> atom("x"), 10, () -> seen.add("room")));
        parent.take();
    }

    @Test
    void ownersAreWatchedByTheParent() throws Exception {
        open();
        OwnerMonitor.Watch first = endpoint.watch(new ProcessOwner(CALLER), () -> seen.add("first"));
        assertEquals(tuple(atom("monitor"), new OtpErlangLong(1), CALLER), parent.take());
        endpoint.watch(new ProcessOwner(CALLER), () -> seen.add("second"));
        assertEquals(tuple(atom("monitor"), new OtpErlangLong(2), CALLER), parent.take());
        endpoint.down(2);
        assertEquals("second", seen.take());
        endpoint.down(2);
        first.end();
        assertEquals(tuple(atom("demonitor"), new OtpErlangLong(1)), parent.take());
        first.end();
        endpoint.down(1);
        endpoint.send(CALLER, atom("last"));
        assertEquals(sent(CALLER, atom("last")), parent.take(), "ended once");
        endpoint.close();
        assertTrue(seen.isEmpty(), seen.toString());
    }

    @Test
    void nothingIsHeardAfterTheEnd() throws Exception {
        open();
        endpoint.close();
        assertTrue(endpoint.taken(call(atom("ping"))));
        endpoint.send(CALLER, atom("last"));
        assertEquals(sent(CALLER, atom("last")), parent.take());
    }
}
