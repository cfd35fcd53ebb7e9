package io.llamanode.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.protocol.launch.LaunchConfig;
import io.llamanode.protocol.launch.LogLevel;
import io.llamanode.protocol.launch.TlsFiles;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.model.NodeConfig;
import io.llamanode.transport.dist.ChannelWrapper;
import io.llamanode.transport.dist.DistConfig;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the options of a start become. */
final class DistSetupTest {
    private static LaunchConfig launch(
            String nodeName, String bind, Integer port, Boolean epmd, List<String> allow, TlsFiles tls) {
        return new LaunchConfig(
                nodeName,
                "secret",
                "mailbox",
                bind,
                8,
                6,
                7,
                9,
                LogLevel.INFO,
                new NodeConfig(List.of(), 60_000, 10, 10, 1000, 100),
                port,
                epmd,
                allow,
                tls,
                null,
                null,
                null);
    }

    @Test
    void whatIsNotGivenHasItsDefault() {
        DistConfig dist = DistSetup.of(launch("n@host", null, null, null, null, null));
        assertEquals("n@host", dist.nodeName());
        assertEquals("secret", dist.cookie());
        assertEquals("mailbox", dist.mailbox());
        assertEquals(InetAddress.getLoopbackAddress(), dist.bind());
        assertEquals(0, dist.port());
        assertTrue(dist.epmd());
        assertEquals(Duration.ofSeconds(2), dist.tickInterval(), "a quarter of net_ticktime");
        assertEquals(Duration.ofSeconds(6), dist.readDeadline());
        assertEquals(Duration.ofSeconds(7), dist.stallDeadline());
        assertEquals(9, dist.maxConnections());
        assertTrue(dist.allowed().test("anybody@anywhere"));
        assertSame(ChannelWrapper.PLAIN, dist.wrapper());
    }

    @Test
    void whatIsGivenCounts() throws Exception {
        DistConfig dist = DistSetup.of(launch("n@host", "0.0.0.0", 4711, false, null, null));
        assertEquals(InetAddress.getByName("0.0.0.0"), dist.bind());
        assertEquals(4711, dist.port());
        assertFalse(dist.epmd());
    }

    @ParameterizedTest
    @CsvSource({
        "a@host, true",
        "b1@host, true",
        "b@host, true",
        "b@host2, false",
        "c@host, false",
        "x.y@z, true",
        "xay@z, false",
        "xx.y@z, false",
    })
    void whoMayConnect(String peer, boolean may) {
        List<String> allow = List.of("a@host", "b*@host", "x.y@*");
        DistConfig dist = DistSetup.of(launch("n@host", null, null, null, allow, null));
        assertEquals(may, dist.allowed().test(peer));
    }

    @Test
    void nobodyIsNamedByAnEmptyList() {
        DistConfig dist = DistSetup.of(launch("n@host", null, null, null, List.of(), null));
        assertFalse(dist.allowed().test("a@host"));
    }

    private static void assertRefused(String message, LaunchConfig launch) {
        Failure failure =
                assertThrows(FailureException.class, () -> DistSetup.of(launch)).failure();
        assertEquals(new Failure(ErrorCode.INVALID_ARGUMENT, message), failure);
    }

    @Test
    void theOffendingKeyIsNamed() {
        assertRefused(
                "node_name: not a node name of the form alive@host: nameless",
                launch("nameless", null, null, null, null, null));
        assertRefused(
                "bind: ::nowhere is no address of this machine", launch("n@host", "::nowhere", null, null, null, null));
        Path nowhere = Path.of("/nowhere");
        assertRefused(
                "tls.certfile: there is no file /nowhere",
                launch("n@host", null, null, null, null, new TlsFiles(nowhere, nowhere, nowhere)));
    }
}
