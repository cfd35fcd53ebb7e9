package io.llamanode.transport.bridge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class BridgeConfigTest {
    private static final BridgeConfig CONFIG = BridgeConfig.of(Path.of("b.sock"), "n@host");

    @Test
    void hasLimitsThatCanBeChanged() {
        assertEquals(
                new BridgeConfig(
                        Path.of("b.sock"),
                        "n@host",
                        32,
                        1 << 20,
                        1 << 20,
                        Duration.ofSeconds(15),
                        Duration.ofSeconds(15),
                        BridgeAccess.OWNER,
                        false),
                CONFIG);
        BridgeAccess other = new BridgeAccess("rw-rw----", "llm", Path.of("secret"), (user, group) -> true);
        Duration second = Duration.ofSeconds(1);
        Duration minute = Duration.ofMinutes(1);
        assertEquals(
                new BridgeConfig(Path.of("b.sock"), "n@host", 1, 64, 65, second, minute, other, true),
                CONFIG.withLimits(1, 64, 65).withTimeouts(second, minute).withAccess(other, true));
    }

    @Test
    void refusesTimesThatNobodyCouldKeep() {
        for (Duration time : new Duration[] {Duration.ZERO, Duration.ofMillis(-1)}) {
            assertThrows(IllegalArgumentException.class, () -> CONFIG.withTimeouts(time, Duration.ofSeconds(1)));
            assertThrows(IllegalArgumentException.class, () -> CONFIG.withTimeouts(Duration.ofSeconds(1), time));
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 64, 64", "1, 63, 64", "1, 64, 63"})
    void refusesLimitsThatNothingCouldWorkWith(int clients, int lineBytes, int queuedChars) {
        assertThrows(IllegalArgumentException.class, () -> CONFIG.withLimits(clients, lineBytes, queuedChars));
    }
}
