package io.llamanode.transport.bridge;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.llamanode.service.contract.OwnerMonitor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class BridgeClientTest {
    private final BridgeClient client = new BridgeClient(3);
    private final List<String> told = new ArrayList<>();

    @Test
    void whoWatchesHearsOfTheEndOnce() {
        client.watch(() -> told.add("gone"));
        assertEquals(List.of(), told);
        client.end();
        client.end();
        assertEquals(List.of("gone"), told);
    }

    @Test
    void whoComesTooLateHearsItAtOnce() {
        client.end();
        OwnerMonitor.Watch watch = client.watch(() -> told.add("gone"));
        assertEquals(List.of("gone"), told);
        watch.end();
    }

    @Test
    void aWatchThatWasEndedIsSilent() {
        client.watch(() -> told.add("gone")).end();
        client.end();
        assertEquals(List.of(), told);
    }

    /** An older watch does not end one that came after it. */
    @Test
    void onlyTheOwnWatchIsEnded() {
        OwnerMonitor.Watch first = client.watch(() -> told.add("first"));
        client.watch(() -> told.add("second"));
        first.end();
        client.end();
        assertEquals(List.of("second"), told);
    }

    @Test
    void theLogKnowsItByItsNumber() {
        assertEquals("bridge client 3", client.toString());
    }
}
