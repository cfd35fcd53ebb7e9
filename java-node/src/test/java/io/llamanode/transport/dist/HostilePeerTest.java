package io.llamanode.transport.dist;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangBinary;
import com.ericsson.otp.erlang.OtpErlangInt;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangRef;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What nobody should send, while a peer that behaves gets its answers. Needs no BEAM. */
@Timeout(60)
final class HostilePeerTest {
    private Echo echo;
    private DistNode node;
    private RawPeer good;
    private SteadyPeer steady;

    /** Asks again and again while the node is under attack. */
    private static final class SteadyPeer {
        private final RawPeer peer;
        private final Thread thread;
        private volatile boolean enough;
        private volatile Exception failure;
        private volatile int answers;

        SteadyPeer(int port) throws Exception {
            peer = RawPeer.connected(port, "steady@host", "secret");
            assertEquals("pong", peer.ping());
            thread = Thread.ofVirtual().start(this::ask);
        }

        private void ask() {
            try {
                while (!enough) {
                    assertEquals("pong", peer.ping());
                    answers++;
                }
            } catch (Exception e) {
                failure = e;
            }
        }

        void stop() throws Exception {
            // One more after the attack, so that it was answered in the midst of it and behind it.
            int before = answers;
            while (answers == before && thread.isAlive()) {
                Thread.onSpinWait();
            }
            enough = true;
            thread.join();
            peer.close();
            if (failure != null) {
                throw failure;
            }
        }
    }

    @BeforeEach
    void start() throws Exception {
        echo = new Echo();
        node = Echo.start(setup("j@localhost").build(), echo);
        // The acknowledgement leaves just before the connection counts as a peer, which an answer shows.
        good = RawPeer.connected(node.port(), "good@host", "secret");
        assertEquals("pong", good.ping());
        steady = new SteadyPeer(node.port());
    }

    private static DistConfig.Builder setup(String name) {
        return DistConfig.named(name, "secret").epmd(false);
    }

    @AfterEach
    void stillAnswers() throws Exception {
        try {
            assertEquals("pong", good.ping());
            assertEquals("pong", ping("late@host"));
            steady.stop();
        } finally {
            good.close();
            node.close();
        }
    }

    private String ping(String name) throws Exception {
        try (RawPeer peer = RawPeer.connected(node.port(), name, "secret")) {
            return peer.ping();
        }
    }

    @Test
    void silentConnections() throws Exception {
        List<RawPeer> silent = new ArrayList<>();
        try {
            for (int i = 0; i < 400; i++) {
                silent.add(new RawPeer(node.port()));
            }
            assertEquals("pong", good.ping());
            assertEquals("pong", ping("other@host"));
            // Those that came first had to yield.
            assertTrue(silent.getFirst().isClosedByNode());
            assertTrue(node.health().handshaking() <= 256);
        } finally {
            for (RawPeer peer : silent) {
                peer.close();
            }
        }
    }

    @Test
    void theHandshakeHasADeadline() throws Exception {
        DistConfig hasty = setup("k@localhost")
                .deadlines(Duration.ofMillis(50), Duration.ofSeconds(5), Duration.ofSeconds(60))
                .build();
        try (DistNode other = Echo.start(hasty, new Echo());
                RawPeer silent = new RawPeer(other.port())) {
            assertTrue(silent.isClosedByNode());
        }
    }

    @Test
    void namesThatAreNone() throws Exception {
        for (String name :
                List.of("", "noat", "@", "a@", "@b", "a@b@c", "a b@c", "j@localhost", "x".repeat(300) + "@h")) {
            try (RawPeer peer = new RawPeer(node.port())) {
                IOException refused = assertThrows(IOException.class, () -> peer.handshake(name, "secret", false));
                assertEquals("snot_allowed", refused.getMessage());
                assertTrue(peer.isClosedByNode());
            }
        }
    }

    @Test
    void randomBytes() throws Exception {
        Random random = new Random(3);
        for (int i = 0; i < 100; i++) {
            byte[] noise = new byte[1 + random.nextInt(300)];
            random.nextBytes(noise);
            try (RawPeer peer = new RawPeer(node.port())) {
                peer.out.write(noise);
                peer.socket.shutdownOutput();
                assertTrue(peer.isClosedByNode());
            }
        }
    }

    @Test
    void aWrongCookie() throws Exception {
        try (RawPeer peer = new RawPeer(node.port())) {
            assertThrows(IOException.class, () -> peer.handshake("good@host", "guess", false));
            assertTrue(peer.isClosedByNode());
        }
        assertEquals(List.of("good@host", "steady@host"), node.peers());
    }

    @Test
    void theOldHandshake() throws Exception {
        try (RawPeer peer = new RawPeer(node.port())) {
            peer.handshake("old@host", "secret", true);
            assertEquals("pong", peer.ping());
        }
    }

    @Test
    void aNewerConnectionReplacesAnOlderOne() throws Exception {
        try (RawPeer first = RawPeer.connected(node.port(), "twice@host", "secret")) {
            assertEquals("pong", first.ping());
            node.monitor(first.pid(), () -> echo.events.add("fired"));
            try (RawPeer second = RawPeer.connected(node.port(), "twice@host", "secret")) {
                assertEquals("pong", second.ping());
                first.isClosedByNode();
                echo.await("up twice@host");
                echo.await("fired");
                echo.await("down twice@host");
                echo.await("up twice@host");
                assertEquals(List.of("good@host", "steady@host", "twice@host"), node.peers());
                assertEquals("pong", second.ping());
            }
        }
    }

    @Test
    void lengthsThatLie() throws Exception {
        for (int length : new int[] {Integer.MAX_VALUE, -1, (256 << 20) + 1}) {
            try (RawPeer peer = RawPeer.connected(node.port(), "big@host", "secret")) {
                peer.out.writeInt(length);
                assertTrue(peer.isClosedByNode());
            }
        }
        // Allowed, but never delivered: costs what arrives.
        try (RawPeer peer = RawPeer.connected(node.port(), "big@host", "secret")) {
            peer.out.writeInt(16 << 20);
            peer.out.write(new byte[1000]);
            assertEquals("pong", good.ping());
        }
    }

    @Test
    void framesThatAreNone() throws Exception {
        OtpErlangObject pid = good.pid();
        List<byte[]> frames = new ArrayList<>(List.of(
                new byte[] {1},
                new byte[] {112},
                new byte[] {112, (byte) 131},
                new byte[] {112, (byte) 131, 104, 3, 97},
                new byte[] {112, (byte) 131, 104, 3, 97, 2},
                new byte[] {112, (byte) 131, 106},
                new byte[] {112, (byte) 131, 80, 64, 0, 0, 0, 1}));
        for (OtpErlangObject control : List.of(
                RawPeer.tuple(new OtpErlangInt(99), pid),
                RawPeer.tuple(new OtpErlangInt(29), pid),
                RawPeer.tuple(new OtpErlangInt(2), pid),
                RawPeer.tuple(new OtpErlangInt(2), pid, new OtpErlangAtom("x")),
                RawPeer.tuple(new OtpErlangInt(21), pid),
                RawPeer.tuple(new OtpErlangInt(19), pid, pid),
                RawPeer.tuple(new OtpErlangInt(1), pid, new OtpErlangInt(1)),
                RawPeer.tuple(new OtpErlangInt(21), pid, pid, pid, pid),
                RawPeer.tuple(new OtpErlangAtom("x")))) {
            byte[] term = RawPeer.term(control);
            frames.add(ByteBuffer.allocate(1 + term.length)
                    .put((byte) 112)
                    .put(term)
                    .array());
        }
        for (byte[] frame : frames) {
            try (RawPeer peer = RawPeer.connected(node.port(), "odd@host", "secret")) {
                peer.out.writeInt(frame.length);
                peer.out.write(frame);
                assertTrue(peer.isClosedByNode());
            }
        }
    }

    @Test
    void frameNoise() throws Exception {
        Random random = new Random(4);
        for (int i = 0; i < 300; i++) {
            try (RawPeer peer = RawPeer.connected(node.port(), "noise@host", "secret")) {
                byte[] noise = RawPeer.term(RawPeer.tuple(
                        new OtpErlangInt(random.nextInt(40)),
                        peer.pid(),
                        peer.pid(),
                        new OtpErlangRef(90, "noise@host", new int[] {1, 2, 3}, 1)));
                noise[random.nextInt(noise.length)] = (byte) random.nextInt(256);
                peer.out.writeInt(noise.length + 1);
                peer.out.write(112);
                peer.out.write(noise);
                peer.socket.shutdownOutput();
                assertTrue(peer.isClosedByNode());
            }
        }
    }

    @Test
    void poisonedMessages() throws Exception {
        byte[] deep = new byte[200_001];
        for (int i = 0; i < 200_000; i += 2) {
            deep[i] = 104;
            deep[i + 1] = 1;
        }
        deep[200_000] = 106;
        byte[] map = new byte[5 + 4_000_000];
        ByteBuffer.wrap(map).put((byte) 116).putInt(1_000_000);
        for (int i = 5; i < map.length; i += 2) {
            map[i] = 97;
        }
        byte[] bomb = {80, 64, 0, 0, 0, 120, (byte) 0x9c, 1};
        byte[] list = {108, 127, -1, -1, -1, 106};
        try (RawPeer peer = RawPeer.connected(node.port(), "poison@host", "secret")) {
            for (byte[] request : List.of(deep, map, bomb, list, new byte[0], new byte[] {97, 1, 97, 1})) {
                peer.call(request);
                assertTrue(peer.receive().toString().startsWith("{bad,"));
            }
            // Not calls, so nobody waits: dropped, and the connection goes on.
            for (byte[] message : List.of(deep, map, bomb, list, new byte[0])) {
                peer.message(ByteBuffer.allocate(1 + message.length)
                        .put((byte) 131)
                        .put(message)
                        .array());
            }
            peer.message("garbage".getBytes(StandardCharsets.US_ASCII));
            peer.message(RawPeer.term(
                    RawPeer.tuple(new OtpErlangAtom("$gen_call"), new OtpErlangAtom("x"), new OtpErlangAtom("ping"))));
            assertEquals("pong", peer.ping());
            assertEquals(7, node.health().dropped());
        }
    }

    @Test
    void whatDoesNotExistIsNoprocAndUnlinkingIsAcknowledged() throws Exception {
        OtpErlangObject unknown = new com.ericsson.otp.erlang.OtpErlangPid("j@localhost", 77, 0, 1);
        OtpErlangObject ref = new OtpErlangRef(90, "good@host", new int[] {1, 2, 3}, RawPeer.CREATION);
        OtpErlangAtom noproc = new OtpErlangAtom("noproc");
        byte[] nothing = new byte[0];
        for (OtpErlangObject target : List.of(unknown, new OtpErlangAtom("nobody"))) {
            good.frame(RawPeer.tuple(new OtpErlangInt(19), good.pid(), target, ref), nothing);
            assertEquals(RawPeer.tuple(new OtpErlangInt(21), target, good.pid(), ref, noproc), good.receive());
        }
        good.frame(RawPeer.tuple(new OtpErlangInt(1), good.pid(), unknown), nothing);
        assertEquals(RawPeer.tuple(new OtpErlangInt(3), unknown, good.pid(), noproc), good.receive());
        good.frame(RawPeer.tuple(new OtpErlangInt(35), new OtpErlangInt(5), good.pid(), unknown), nothing);
        assertEquals(RawPeer.tuple(new OtpErlangInt(36), new OtpErlangInt(5), unknown, good.pid()), good.receive());
        // What exists is monitored and linked in silence; the next answer is the one to the ping.
        for (OtpErlangObject target : List.of(node.self(), new OtpErlangAtom("llama_node"))) {
            good.frame(RawPeer.tuple(new OtpErlangInt(19), good.pid(), target, ref), nothing);
            good.frame(RawPeer.tuple(new OtpErlangInt(20), good.pid(), target, ref), nothing);
        }
        good.frame(RawPeer.tuple(new OtpErlangInt(1), good.pid(), node.self()), nothing);
        assertEquals("pong", good.ping());
    }

    @Test
    void pidsOfAnEarlierIncarnationAreDead() throws Exception {
        com.ericsson.otp.erlang.OtpErlangPid stale =
                new com.ericsson.otp.erlang.OtpErlangPid("good@host", 9, 0, RawPeer.CREATION + 1);
        assertTrue(node.send(good.pid(), new OtpErlangAtom("x")) && !node.send(stale, new OtpErlangAtom("x")));
        node.monitor(stale, () -> echo.events.add("stale"));
        echo.await("stale");
        good.in.skipNBytes(good.in.readInt());
    }

    @Test
    void theWrapperDecidesTheFraming() throws Exception {
        ChannelWrapper wide = socket ->
                new ChannelWrapper.Channel(socket, socket.getInputStream(), socket.getOutputStream(), 4, false);
        DistConfig config = setup("k@localhost").wrapper(wide).build();
        try (DistNode other = Echo.start(config, new Echo());
                RawPeer peer = new RawPeer(other.port());
                RawPeer liar = new RawPeer(other.port())) {
            peer.prefix = 4;
            peer.handshake("wide@host", "secret", false);
            assertEquals("pong", peer.ping());
            liar.out.writeInt(-1);
            assertTrue(liar.isClosedByNode());
        }
    }

    @Test
    void aPeerThatDoesNotRead() throws Exception {
        DistConfig strict = setup("k@localhost")
                .limits(1 << 20, 64, 10)
                .deadlines(Duration.ofSeconds(5), Duration.ofMillis(200), Duration.ofSeconds(60))
                .build();
        Echo other = new Echo();
        try (DistNode second = Echo.start(strict, other);
                RawPeer deaf = RawPeer.connected(second.port(), "deaf@host", "secret")) {
            // 32 MB fit into the queue, but not into the sockets: only the stall can end this.
            deaf.call(RawPeer.bytesOf(RawPeer.tuple(
                    new OtpErlangAtom("flood"), deaf.pid(), new OtpErlangInt(32), new OtpErlangInt(1 << 20))));
            other.await("down deaf@host");
            assertEquals(1, second.health().stalled());
            // A peer may come back under the same name.
            try (RawPeer again = RawPeer.connected(second.port(), "deaf@host", "secret")) {
                assertEquals("pong", again.ping());
            }
        }
    }

    /** Others that send whole messages are none the wiser, however long they are connected. */
    @Test
    void aPeerThatDoesNotFinishWhatItBegan() throws Exception {
        DistConfig strict =
                setup("k@localhost").timeoutRead(Duration.ofMillis(200)).build();
        Echo other = new Echo();
        try (DistNode second = Echo.start(strict, other);
                RawPeer whole = RawPeer.connected(second.port(), "whole@host", "secret");
                RawPeer half = RawPeer.connected(second.port(), "half@host", "secret")) {
            assertEquals("pong", whole.ping());
            assertEquals("pong", half.ping());
            half.out.writeInt(1000);
            half.out.write(new byte[10]);
            half.out.flush();
            other.await("down half@host");
            assertEquals("pong", whole.ping());
        }
    }

    @Test
    void aPeerThatReadsGetsAllItAskedForHoweverMuchWaits() throws Exception {
        try (RawPeer busy = RawPeer.connected(node.port(), "busy@host", "secret")) {
            busy.call(RawPeer.bytesOf(RawPeer.tuple(
                    new OtpErlangAtom("flood"), busy.pid(), new OtpErlangInt(40), new OtpErlangInt(3_500_000))));
            assertEquals("pong", good.ping());
            for (int i = 0; i < 40; i++) {
                assertEquals(3_500_000, ((OtpErlangBinary) busy.receive()).binaryValue().length);
            }
            busy.receive();
            assertEquals("pong", busy.ping());
            assertEquals(0, node.health().stalled());
        }
    }

    /** It takes less in its time than a full socket must be rid of before it counts as writable. */
    @Test
    void aPeerThatReadsSlowlyIsKept() throws Exception {
        DistConfig strict = setup("k@localhost")
                .deadlines(Duration.ofSeconds(5), Duration.ofSeconds(2), Duration.ofSeconds(60))
                .build();
        try (DistNode second = Echo.start(strict, new Echo());
                RawPeer slow = RawPeer.connected(second.port(), "slow@host", "secret")) {
            slow.call(RawPeer.bytesOf(RawPeer.tuple(
                    new OtpErlangAtom("flood"), slow.pid(), new OtpErlangInt(12), new OtpErlangInt(1 << 20))));
            for (int i = 0; i < 30; i++) {
                slow.in.skipNBytes(64 << 10);
                Thread.sleep(200);
            }
            assertEquals(List.of("slow@host"), second.peers());
            assertEquals(0, second.health().stalled());
        }
    }

    @Test
    void moreNodesThanAreAllowedAreRefusedUntilOneLeaves() throws Exception {
        Echo other = new Echo();
        DistConfig small = setup("k@localhost").limits(1 << 20, 64, 2).build();
        try (DistNode second = Echo.start(small, other);
                RawPeer first = RawPeer.connected(second.port(), "first@host", "secret")) {
            assertEquals("pong", first.ping());
            try (RawPeer leaves = RawPeer.connected(second.port(), "leaves@host", "secret")) {
                assertEquals("pong", leaves.ping());
                try (RawPeer third = RawPeer.connected(second.port(), "third@host", "secret")) {
                    assertTrue(third.isClosedByNode());
                }
                assertEquals(1, second.health().refused());
                try (RawPeer again = RawPeer.connected(second.port(), "first@host", "secret")) {
                    assertEquals("pong", again.ping(), "its place is its own");
                }
            }
            other.await("down leaves@host");
            try (RawPeer third = RawPeer.connected(second.port(), "third@host", "secret")) {
                assertEquals("pong", third.ping());
            }
        }
    }

    /** All but the last megabyte of large frames, and not that: they take a part of the heap, and the others go on. */
    @Test
    void manyLargeFramesThatNeverEnd() throws Exception {
        List<RawPeer> liars = new ArrayList<>();
        try {
            byte[] most = new byte[15 << 20];
            for (int i = 0; i < 29; i++) {
                RawPeer liar = RawPeer.connected(node.port(), "liar" + i + "@host", "secret");
                liars.add(liar);
                liar.out.writeInt(16 << 20);
                liar.out.write(most);
            }
            assertEquals("pong", good.ping());
            assertTrue(node.health().queuedInBytes() <= Runtime.getRuntime().maxMemory() / 8 + (4 << 20));
        } finally {
            for (RawPeer liar : liars) {
                liar.close();
            }
        }
    }

    /** A peer that has sent a hundred thousand messages is served in turn with one that sends its first. */
    @Test
    void aFloodOfMessagesHoldsUpNobody() throws Exception {
        try (RawPeer flood = RawPeer.connected(node.port(), "flood@host", "secret");
                RawPeer slow = RawPeer.connected(node.port(), "slow@host", "secret")) {
            CountDownLatch go = new CountDownLatch(1);
            echo.gate = go;
            // Of a peer of its own, whose reader may be the one that handles it.
            slow.call(RawPeer.bytesOf(new OtpErlangAtom("wait")));
            echo.await("waiting");
            byte[] cast = RawPeer.term(RawPeer.tuple(new OtpErlangAtom("$gen_cast"), new OtpErlangAtom("flood")));
            for (int i = 0; i < 1000; i++) {
                flood.message(cast);
            }
            flood.frame(
                    RawPeer.tuple(
                            new OtpErlangInt(6),
                            new com.ericsson.otp.erlang.OtpErlangPid("flood@host", 10, 0, RawPeer.CREATION),
                            new OtpErlangAtom(""),
                            new OtpErlangAtom("llama_node")),
                    RawPeer.term(RawPeer.tuple(new OtpErlangAtom("$gen_cast"), new OtpErlangAtom("another"))));
            while (node.health().queuedInBytes() < 1001 * 256L) {
                Thread.sleep(1);
            }
            good.call(RawPeer.bytesOf(RawPeer.tuple(new OtpErlangAtom("tell"), new OtpErlangAtom("good"))));
            go.countDown();
            assertEquals("{tell,good}", good.receive().toString());
            int before = 0;
            for (String event = echo.events.take(); !event.equals("cast another"); event = echo.events.take()) {
                before += event.equals("cast flood") ? 1 : 0;
            }
            assertTrue(before < 100, before + " casts of another process came first");
        }
    }

    @Test
    void whatCanWaitElsewhereWaitsForAPeerThatDoesNotRead() throws Exception {
        try (RawPeer slow = RawPeer.connected(node.port(), "slow@host", "secret")) {
            echo.await("up slow@host");
            byte[] text = new byte[64 << 10];
            CountDownLatch room = new CountDownLatch(1);
            int sent = 0;
            while (node.offer(slow.pid(), () -> new OtpErlangBinary(text), text.length, room::countDown)) {
                sent++;
                assertTrue(sent < 10_000, "taken without end");
                node.flush();
            }
            assertEquals("pong", good.ping());
            for (int i = 0; i < sent; i++) {
                slow.in.skipNBytes(slow.in.readInt());
            }
            room.await();
            assertTrue(node.offer(slow.pid(), () -> new OtpErlangAtom("more"), 10, () -> {}));
        }
        echo.await("down slow@host");
    }

    @Test
    void closingWithAPeerThatDoesNotRead() throws Exception {
        Echo other = new Echo();
        DistNode second = Echo.start(setup("k@localhost").build(), other);
        try (RawPeer deaf = RawPeer.connected(second.port(), "deaf@host", "secret")) {
            deaf.call(RawPeer.bytesOf(RawPeer.tuple(
                    new OtpErlangAtom("flood"), deaf.pid(), new OtpErlangInt(8), new OtpErlangInt(1 << 20))));
            other.await("up deaf@host");
            second.close();
            other.await("down deaf@host");
            assertEquals(0, second.health().peers());
            assertTrue(!second.health().listening());
        }
    }
}
