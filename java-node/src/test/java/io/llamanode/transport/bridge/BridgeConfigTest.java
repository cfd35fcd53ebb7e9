package io.llamanode.transport.bridge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class BridgeConfigTest {
    private static final BridgeConfig CONFIG = BridgeConfig.of(Path.of("b.sock"), "n@host");

    @Test
    void hasLimitsThatCanBeChanged() {
        assertEquals(new BridgeConfig(Path.of("b.sock"), "n@host", 32, 1 << 20, 1 << 20), CONFIG);
        assertEquals(new BridgeConfig(Path.of("b.sock"), "n@host", 1, 64, 64), CONFIG.withLimits(1, 64, 64));
    }

    @ParameterizedTest
    @CsvSource({"0, 64, 64", "1, 63, 64", "1, 64, 63"})
    void refusesLimitsThatNothingCouldWorkWith(int clients, int lineBytes, int queuedChars) {
        assertThrows(IllegalArgumentException.class, () -> CONFIG.withLimits(clients, lineBytes, queuedChars));
    }
}
