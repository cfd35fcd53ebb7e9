package io.llamanode.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 1, unit = TimeUnit.MINUTES)
final class ExitTest {
    @Test
    void runsTheOrderlyEndOnceAndHaltsBehindIt() throws Exception {
        BlockingQueue<Object> seen = new LinkedBlockingQueue<>();
        Exit exit = new Exit(seen::add);
        exit.begin(3, Duration.ofMinutes(1), () -> seen.add("orderly"));
        exit.begin(4, Duration.ofMinutes(1), () -> seen.add("again"));
        assertEquals(List.of("orderly", 3), List.of(seen.take(), seen.take()));
        assertTrue(seen.isEmpty());
    }

    @Test
    void haltsWhenTheOrderlyEndHangsOrThrows() throws Exception {
        BlockingQueue<Object> seen = new LinkedBlockingQueue<>();
        CountDownLatch never = new CountDownLatch(1);
        new Exit(seen::add).begin(5, Duration.ofMillis(1), () -> {
            try {
                never.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        assertEquals(5, seen.take());
        never.countDown();
        new Exit(seen::add).begin(6, Duration.ofMinutes(1), () -> {
            throw new IllegalStateException("expected by the test");
        });
        assertEquals(6, seen.take());
    }
}
