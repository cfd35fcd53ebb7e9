package io.llamanode.transport.dist;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the configuration makes of the BEAM's settings. */
final class DistConfigTest {
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
        DistConfig config = DistConfig.of("a@localhost", "secret").withNetTicktime(netTicktime);
        assertEquals(Duration.ofMillis(tickTime), config.tickTime());
        assertEquals(Duration.ofMillis(tickInterval), config.tickInterval());
    }

    /** The other changes keep it. */
    @ParameterizedTest
    @CsvSource({"300", "8"})
    void ticksOutliveOtherChanges(int netTicktime) {
        DistConfig config = DistConfig.of("a@localhost", "secret").withNetTicktime(netTicktime);
        DistConfig changed = config.withMailbox("m")
                .withListener(null, 0)
                .withEpmd(false, 1)
                .withLimits(1024, 1, 1024, config.terms())
                .withAllowed(name -> true)
                .withWrapper(ChannelWrapper.PLAIN);
        assertEquals(config.tickTime(), changed.tickTime());
        assertEquals(config.tickInterval(), changed.tickInterval());
    }
}
