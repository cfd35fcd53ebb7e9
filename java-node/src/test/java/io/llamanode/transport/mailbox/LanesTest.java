package io.llamanode.transport.mailbox;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class LanesTest {
    private final Lanes<String, String> lanes = new Lanes<>();

    private List<String> poll(int count) {
        List<String> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(lanes.poll());
        }
        return all;
    }

    @Test
    void oneLaneKeepsItsOrder() {
        assertTrue(lanes.isEmpty());
        assertNull(lanes.poll());
        lanes.add("a", "1", 5);
        lanes.add("a", "2", 1);
        lanes.add("a", "3", 9);
        assertEquals(List.of("1", "2", "3"), poll(3));
        assertTrue(lanes.isEmpty());
    }

    @Test
    void lanesTakeTurnsByCostRatherThanByCount() {
        for (int i = 1; i <= 2; i++) {
            lanes.add("large", "L" + i, 30);
        }
        for (int i = 1; i <= 5; i++) {
            lanes.add("small", "s" + i, 10);
        }
        assertEquals(List.of("L1", "s1", "s2", "s3", "L2", "s4", "s5"), poll(7));
    }

    @Test
    void aNewcomerIsNotOwedWhatItDidNotUse() {
        for (int i = 1; i <= 10; i++) {
            lanes.add("old", "o" + i, 10);
        }
        poll(5);
        for (int i = 1; i <= 5; i++) {
            lanes.add("new", "n" + i, 10);
        }
        assertEquals(List.of("n1", "o6", "n2", "o7", "n3", "o8", "n4", "o9", "n5", "o10"), poll(10));
    }

    /** One that always has a single item, which costs as much as a hundred of the other's, gets no more than that. */
    @Test
    void oneThatComesBackAgainAndAgainWaitsForWhatItHad() {
        for (int i = 0; i < 1000; i++) {
            lanes.add("steady", "s", 1);
        }
        lanes.add("again", "A", 100);
        int again = 0;
        for (int i = 0; i < 505; i++) {
            if (lanes.poll().equals("A")) {
                again++;
                lanes.add("again", "A", 100);
            }
        }
        assertEquals(5, again);
    }

    @Test
    void whatCostsNothingComesFirst() {
        lanes.add("a", "a1", 10);
        lanes.add("a", "a2", 10);
        assertEquals("a1", lanes.poll());
        lanes.add("free", "f1", 0);
        lanes.add("free", "f2", 0);
        assertEquals(List.of("f1", "f2", "a2"), poll(3));
    }

    @Test
    void nothingIsRememberedOfLanesThatWereServed() {
        for (int round = 0; round < 1000; round++) {
            lanes.add("flood", "f", 10);
            lanes.add("flood", "f", 10);
            lanes.add("lane " + round, "x", 1);
            poll(2);
        }
        assertTrue(lanes.size() < 20, lanes.size() + " lanes are remembered");
        while (!lanes.isEmpty()) {
            lanes.poll();
        }
        assertEquals(0, lanes.size());
    }

    /** As long as both wait, neither is ahead of the other by more than one item of each. */
    @Test
    void lanesThatWaitGetAsMuch() {
        Random random = new Random(11);
        for (int run = 0; run < 200; run++) {
            Lanes<String, Integer> two = new Lanes<>();
            Map<String, Long> had = new HashMap<>(Map.of("a", 0L, "b", 0L));
            int[] left = {100, 100};
            List<String> names = List.of("a", "b");
            Map<Integer, String> lane = new HashMap<>();
            int number = 0;
            for (int i = 0; i < 200; i++) {
                String name = names.get(i % 2);
                int cost = 1 + random.nextInt(50);
                lane.put(number * 64 + cost, name);
                two.add(name, number++ * 64 + cost, cost);
            }
            while (left[0] > 0 && left[1] > 0) {
                int item = two.poll();
                String name = lane.get(item);
                left[names.indexOf(name)]--;
                had.merge(name, (long) item % 64, Long::sum);
                assertTrue(Math.abs(had.get("a") - had.get("b")) <= 100, had.toString());
            }
        }
    }
}
