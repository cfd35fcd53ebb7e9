package io.llamanode.transport.mailbox;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class RoomTest {
    private final Room room = new Room(100);
    private final BlockingQueue<String> events = new LinkedBlockingQueue<>();

    private Thread taker(String name, long bytes) {
        Thread taker = Thread.ofPlatform().daemon().start(() -> {
            try {
                room.take(bytes);
                events.add(name);
            } catch (InterruptedException e) {
                events.add(name + " interrupted");
            }
        });
        while (taker.getState() != Thread.State.WAITING && taker.isAlive()) {
            Thread.onSpinWait();
        }
        return taker;
    }

    @Test
    void whoAsksForMoreThanThereIsGetsAllOfIt() throws Exception {
        assertEquals(100, room.take(1000));
        taker("next", 1);
        room.give(100);
        assertEquals("next", events.take());
    }

    @Test
    void nobodyOvertakesOneThatWaits() throws Exception {
        room.take(60);
        taker("large", 50);
        taker("small", 10);
        assertTrue(events.isEmpty(), "there is room for the small one, but it came later");
        room.give(10);
        assertEquals("large", events.take());
        room.give(10);
        assertEquals("small", events.take());
    }

    @Test
    void oneThatIsInterruptedHoldsUpNobody() throws Exception {
        room.take(60);
        Thread first = taker("first", 50);
        taker("second", 40);
        first.interrupt();
        assertEquals(Set.of("first interrupted", "second"), Set.of(events.take(), events.take()));
        room.give(100);
        assertEquals(100, room.take(100), "nothing is lost");
    }
}
