package io.llamanode.transport.dist;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.time.Duration;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the configuration takes, and what it makes of the BEAM's settings. */
final class DistConfigTest {
    private static DistConfig.Builder setup() {
        return DistConfig.named("a@localhost", "secret");
    }

    /** A peer with the default of 60 seconds must be served as well as one with its own setting. */
    @ParameterizedTest
    @CsvSource({
        "60, 75000, 15000",
        "300, 375000, 15000",
        "8, 75000, 2000",
        "1, 75000, 250",
        "2147483647, 2147483647, 15000",
    })
    void ticksFitTheNetTicktimeAndTheDefault(int netTicktime, long tickTime, long tickInterval) {
        DistConfig config = setup().netTicktime(netTicktime).build();
        assertEquals(Duration.ofMillis(tickTime), config.tickTime());
        assertEquals(Duration.ofMillis(tickInterval), config.tickInterval());
    }

    @Test
    void listensOnTheLoopbackInterfaceUnlessToldOtherwise() throws Exception {
        DistConfig config = setup().build();
        assertEquals(InetAddress.getLoopbackAddress(), config.bind());
        assertEquals(0, config.port());
        assertEquals("llama_node", config.mailbox());
        assertTrue(config.epmd());
        assertTrue(config.allowed().test("anybody@anywhere"));
        DistConfig open = setup().bind(null).port(4711).epmd(false).mailbox("m").build();
        assertNull(open.bind());
        assertEquals(4711, open.port());
        assertEquals("m", open.mailbox());
        assertFalse(open.epmd());
    }

    @Test
    void keepsEachThingThatWasChanged() {
        ChannelWrapper wrapper = socket -> {
            throw new AssertionError();
        };
        DistConfig config = setup().limits(1024, 1, 1025)
                .deadlines(Duration.ofMillis(1), Duration.ofMillis(2), Duration.ofMillis(8))
                .allowed("b@localhost"::equals)
                .wrapper(wrapper)
                .epmdPort(65_535)
                .build();
        assertEquals(1024, config.maxFrameBytes());
        assertEquals(1, config.maxUnauthenticated());
        assertEquals(1025, config.maxConnections());
        assertEquals(Duration.ofMillis(1), config.handshakeDeadline());
        assertEquals(Duration.ofMillis(2), config.stallDeadline());
        assertEquals(Duration.ofMillis(8), config.tickTime());
        assertEquals(Duration.ofMillis(2), config.tickInterval());
        assertTrue(config.allowed().test("b@localhost"));
        assertFalse(config.allowed().test("c@localhost"));
        assertSame(wrapper, config.wrapper());
        assertEquals(65_535, config.epmdPort());
    }

    private static String refused(UnaryOperator<DistConfig.Builder> change) {
        DistConfig.Builder changed = change.apply(setup());
        return assertThrows(IllegalArgumentException.class, changed::build).getMessage();
    }

    @Test
    void refusesWhatIsOutOfRange() {
        assertEquals("port out of range", refused(setup -> setup.port(-1)));
        assertEquals("port out of range", refused(setup -> setup.port(65_536)));
        assertEquals("port out of range", refused(setup -> setup.epmdPort(0)));
        assertEquals("port out of range", refused(setup -> setup.epmdPort(65_536)));
        assertEquals("limit too small", refused(setup -> setup.limits(1023, 1, 1024)));
        assertEquals("limit too small", refused(setup -> setup.limits(1024, 0, 1024)));
        assertEquals("limit too small", refused(setup -> setup.limits(1024, 1, 0)));
        Duration some = Duration.ofMillis(4);
        assertEquals("deadline too short", refused(setup -> setup.deadlines(Duration.ZERO, some, some)));
        assertEquals("deadline too short", refused(setup -> setup.deadlines(some, Duration.ZERO, some)));
        assertEquals("deadline too short", refused(setup -> setup.deadlines(some, some, Duration.ZERO)));
        assertEquals("deadline too short", refused(setup -> setup.deadlines(some, some, Duration.ofMillis(3))));
        setup().port(65_535)
                .epmdPort(1)
                .limits(1024, 1, 1024)
                .deadlines(Duration.ofMillis(1), Duration.ofMillis(1), some)
                .build();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "a",
                "@",
                "a@",
                "@h",
                "a@b@c",
                "a b@h",
                "a@h\n",
                "a@\u007f",
                "a@\ufffd",
                "a@\ud800",
            })
    void refusesNamesThatAreNone(String name) {
        IllegalArgumentException refused = assertThrows(
                IllegalArgumentException.class,
                () -> DistConfig.named(name, "secret").build());
        assertEquals("not a node name of the form alive@host: " + name, refused.getMessage());
    }

    /** Characters count, not bytes. */
    @Test
    void aNameIsAsLongAsAnAtomAtMost() {
        assertTrue(DistConfig.isNodeName("ä".repeat(253) + "@h"));
        assertTrue(DistConfig.isNodeName("😀".repeat(253) + "@h"));
        assertFalse(DistConfig.isNodeName("a".repeat(254) + "@h"));
        assertTrue(DistConfig.isNodeName("a@h"));
        assertFalse(DistConfig.isNodeName(null));
    }

    @Test
    void theLogSeesWhereItListensAndNoCookie() {
        assertEquals(
                "DistConfig[a@localhost, 127.0.0.1:7, epmd 4370]",
                setup().port(7).epmdPort(4370).build().toString());
        assertEquals(
                "DistConfig[a@localhost, *:0, no epmd]",
                setup().bind(null).epmd(false).build().toString());
    }
}
