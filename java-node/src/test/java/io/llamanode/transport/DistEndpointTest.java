package io.llamanode.transport;

import static io.llamanode.transport.TestTerms.atom;
import static io.llamanode.transport.TestTerms.cast;
import static io.llamanode.transport.TestTerms.external;
import static io.llamanode.transport.TestTerms.tuple;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.ericsson.otp.erlang.OtpErlangList;
import com.ericsson.otp.erlang.OtpErlangLong;
import com.ericsson.otp.erlang.OtpErlangMap;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangRef;
import com.ericsson.otp.erlang.OtpErlangTuple;
import io.llamanode.delivery.RequestHandler;
import io.llamanode.protocol.ProcessOwner;
import io.llamanode.service.FakeService;
import io.llamanode.service.LlamaService;
import io.llamanode.service.contract.OwnerMonitor;
import io.llamanode.transport.dist.DistConfig;
import io.llamanode.transport.dist.DistStartException;
import io.llamanode.transport.dist.RawPeer;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Requests over the distribution, of a peer that speaks its protocol. */
@Timeout(60)
final class DistEndpointTest {
    private final DistEndpoint endpoint = new DistEndpoint();
    private final BlockingQueue<String> seen = new LinkedBlockingQueue<>();
    private LlamaService service;
    private RawPeer peer;

    @BeforeEach
    void start() throws Exception {
        service = FakeService.start(endpoint, model -> {});
        endpoint.open(
                DistConfig.named("n@localhost", "secret").epmd(false).build(),
                new RequestHandler(service, endpoint, endpoint, "n@localhost", (path, fraction) -> {}));
        peer = RawPeer.connected(endpoint.port(), "b@localhost", "secret");
        assertEquals("pong", peer.ping());
    }

    @AfterEach
    void stop() throws Exception {
        peer.close();
        service.close();
        endpoint.close();
    }

    private static byte[] withoutVersion(OtpErlangObject term) {
        byte[] bytes = external(term);
        return Arrays.copyOfRange(bytes, 1, bytes.length);
    }

    @Test
    void aCallThatCannotBeReadIsToldWhy() throws Exception {
        peer.call(new byte[] {80, 0, 0, 0, 1, 0});
        assertEquals(
                "request: compressed terms are refused",
                new String(
                        ((com.ericsson.otp.erlang.OtpErlangBinary)
                                        ((OtpErlangTuple) ((OtpErlangTuple) peer.receive()).elementAt(1)).elementAt(1))
                                .binaryValue(),
                        java.nio.charset.StandardCharsets.UTF_8));
    }

    /** The runtimes that know that this node runs no processes do not ask it to; others are told. */
    @Test
    void requestsToSpawnAreRefused() throws Exception {
        OtpErlangRef id = new OtpErlangRef(
                90, "b@localhost", new int[] {1, 2, 3}, peer.pid().creation());
        OtpErlangObject function = tuple(atom("erlang"), atom("node"), new OtpErlangLong(0));
        peer.frame(
                tuple(new OtpErlangLong(29), id, peer.pid(), peer.pid(), function, new OtpErlangList()),
                external(new OtpErlangList()));
        assertEquals(
                tuple(new OtpErlangLong(31), id, peer.pid(), new OtpErlangLong(0), atom("notsup")), peer.receive());
    }

    @Test
    void castsAreHeardAndOtherMessagesHurtNobody() throws Exception {
        peer.call(withoutVersion(tuple(atom("create_session"), new OtpErlangMap())));
        assertEquals(new OtpErlangLong(19), ((OtpErlangTuple) peer.receive()).elementAt(0), "the owner is watched");
        OtpErlangObject id = ((OtpErlangTuple) peer.receive()).elementAt(1);
        peer.message(external(atom("stray")));
        peer.message(cast(withoutVersion(tuple(atom("close_session"), id))));
        peer.call(withoutVersion(tuple(atom("get_session_info"), id)));
        assertEquals(new OtpErlangLong(20), ((OtpErlangTuple) peer.receive()).elementAt(0), "it owns nothing any more");
        OtpErlangObject gone = peer.receive();
        assertTrue(gone.toString().startsWith("{error,{session_not_found,"), gone.toString());
    }

    @Test
    void messagesGoToProcessesAndAliases() throws Exception {
        endpoint.send(peer.pid(), tuple(atom("x"), atom("sent")));
        assertEquals(atom("sent"), peer.receive());
        OtpErlangRef alias = new OtpErlangRef(
                90, "b@localhost", new int[] {1, 2, 3}, peer.pid().creation());
        endpoint.send(alias, peer.pid(), tuple(atom("x"), atom("to the alias")));
        assertEquals(atom("to the alias"), peer.receive());
        assertTrue(endpoint.offer(peer.pid(), () -> tuple(atom("x"), atom("offered")), 10, () -> {}));
        endpoint.flush();
        assertEquals(atom("offered"), peer.receive());
    }

    @Test
    void ownersAreWatched() throws Exception {
        OwnerMonitor.Watch watch = endpoint.watch(new ProcessOwner(peer.pid()), () -> seen.add("down"));
        OtpErlangTuple monitor = (OtpErlangTuple) peer.receive();
        assertEquals(new OtpErlangLong(19), monitor.elementAt(0));
        watch.end();
        assertEquals(new OtpErlangLong(20), ((OtpErlangTuple) peer.receive()).elementAt(0));
        endpoint.watch(new ProcessOwner(peer.pid()), () -> seen.add("down"));
        peer.close();
        assertEquals("down", seen.take());
    }

    @Test
    void itEndsWithItsConnections() throws Exception {
        int port = endpoint.port();
        endpoint.close();
        assertThrows(IOException.class, () -> RawPeer.connected(port, "c@localhost", "secret"));
        endpoint.close();
    }

    @Test
    void oneThatWasNeverOpenedHasNothingToClose() {
        new DistEndpoint().close();
    }

    @Test
    void aPortThatIsTakenIsToldAndLeavesItClosed() throws Exception {
        DistEndpoint second = new DistEndpoint();
        DistConfig taken = DistConfig.named("m@localhost", "secret")
                .epmd(false)
                .port(endpoint.port())
                .build();
        DistStartException refused = assertThrows(
                DistStartException.class,
                () -> second.open(taken, new RequestHandler(service, second, second, "m@localhost", (p, f) -> {})));
        assertEquals(DistStartException.Reason.BIND_FAILED, refused.reason());
        assertFalse(refused.getMessage().isEmpty());
        second.close();
    }
}
