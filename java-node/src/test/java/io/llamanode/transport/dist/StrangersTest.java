package io.llamanode.transport.dist;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Nodes that connect while strangers want all places, from the same address. */
@Timeout(120)
final class StrangersTest {
    private DistNode node;

    @BeforeEach
    void start() throws Exception {
        node = Echo.start(DistConfig.named("j@localhost", "secret").epmd(false).build(), new Echo());
    }

    @AfterEach
    void close() {
        node.close();
    }

    /** How many of a hundred nodes get an answer, each at its first try. */
    private int connect() {
        int answered = 0;
        for (int i = 0; i < 100; i++) {
            try (RawPeer peer = RawPeer.connected(node.port(), "rightful@host", "secret")) {
                answered += peer.ping().equals("pong") ? 1 : 0;
            } catch (Exception refused) {
                System.err.println("a handshake failed: " + refused);
            }
        }
        return answered;
    }

    private int under(Function<Integer, Strangers> attack, int connections) throws Exception {
        try (Strangers strangers = attack.apply(node.port())) {
            while (strangers.connections() < connections) {
                Thread.onSpinWait();
            }
            int answered = connect();
            assertTrue(node.health().refused() > 0, "no stranger had to go");
            return answered;
        }
    }

    @Test
    void manyThatConnectAndSayNothing() throws Exception {
        assertTrue(under(port -> Strangers.connecting(port, 3000), 2000) >= 99);
    }

    @Test
    void manyThatSayAByteASecond() throws Exception {
        assertTrue(under(port -> Strangers.dripping(port, 500), 500) >= 99);
    }

    @Test
    void withoutThemAllSucceed() {
        assertEquals(100, connect());
    }
}
