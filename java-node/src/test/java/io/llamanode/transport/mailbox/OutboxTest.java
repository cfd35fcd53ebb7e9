package io.llamanode.transport.mailbox;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Capital names are large messages. Each begins with the process that it is for. */
final class OutboxTest {
    private final Outbox<String> outbox = new Outbox<>();

    private void add(String... messages) {
        for (String message : messages) {
            outbox.add(message, message.toLowerCase().charAt(0), Character.isUpperCase(message.charAt(0)));
        }
    }

    private List<String> rest() {
        List<String> all = new ArrayList<>();
        for (String next = outbox.poll(); next != null; next = outbox.poll()) {
            all.add(next);
        }
        return all;
    }

    @Test
    void smallMessagesGoInTheOrderTheyCame() {
        assertTrue(outbox.isEmpty());
        assertNull(outbox.poll());
        add("a1", "b1", "a2");
        assertFalse(outbox.isEmpty());
        assertEquals(List.of("a1", "b1", "a2"), rest());
        assertTrue(outbox.isEmpty());
    }

    @Test
    void largeOnesOfSeveralProcessesGoInTurn() {
        add("A1", "A2", "A3", "B1", "C1", "B2");
        assertEquals(List.of("A1", "B1", "C1", "A2", "B2", "A3"), rest());
    }

    @Test
    void betweenTwoLargeOnesGoesWhatIsSmallAndHasComeBefore() {
        add("A1", "B1", "c1");
        assertEquals("A1", outbox.poll());
        add("c2");
        assertEquals("c1", outbox.poll());
        add("c3");
        assertEquals("B1", outbox.poll(), "what comes later does not hold it up");
        assertEquals(List.of("c2", "c3"), rest());
    }

    @Test
    void aSmallOneDoesNotOvertakeALargeOneOfItsProcess() {
        add("A1", "a2", "b1", "A3", "a4");
        assertEquals(List.of("A1", "a2", "b1", "A3", "a4"), rest());
        add("a5", "A6", "a7");
        assertEquals("a5", outbox.poll());
        assertEquals("A6", outbox.poll());
        add("a8");
        assertEquals(List.of("a7", "a8"), rest());
    }

    @Test
    void whatIsForgottenDoesNotCome() {
        add("A1", "a2", "b1");
        outbox.clear();
        assertTrue(outbox.isEmpty());
        assertNull(outbox.poll());
    }

    /** Whatever comes and goes: everything once, and that of one process in order. */
    @Test
    void everyMessageGoesOnceAndInOrderForItsProcess() {
        Random random = new Random(7);
        for (int run = 0; run < 200; run++) {
            Map<Character, Integer> added = new HashMap<>();
            Map<Character, Integer> polled = new HashMap<>();
            for (int step = 0; step < 200; step++) {
                if (random.nextInt(3) > 0) {
                    char process = (char) ('a' + random.nextInt(4));
                    int number = added.merge(process, 1, Integer::sum);
                    String name = String.valueOf(process) + number;
                    outbox.add(name, process, random.nextInt(3) == 0);
                } else {
                    expectNext(polled);
                }
            }
            while (!outbox.isEmpty()) {
                expectNext(polled);
            }
            assertEquals(added, polled);
        }
    }

    private void expectNext(Map<Character, Integer> polled) {
        String next = outbox.poll();
        if (next != null) {
            int number = polled.merge(next.charAt(0), 1, Integer::sum);
            assertEquals(number, Integer.parseInt(next.substring(1)));
        }
    }
}
