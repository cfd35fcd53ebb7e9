package io.llamanode.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.engine.contract.CacheUse;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.model.AdapterSet;
import io.llamanode.engine.sampling.SamplingParams;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The queues against what they promise, by random arrivals and departures. */
class QueuesPropertyTest {
    /** The slow and plain form of a queue that serves its customers in turn. */
    private static final class InTurn {
        final List<String> turns = new ArrayList<>();
        final Map<String, List<Integer>> items = new HashMap<>();

        InTurn() {}

        InTurn(InTurn other) {
            turns.addAll(other.turns);
            other.items.forEach((customer, all) -> items.put(customer, new ArrayList<>(all)));
        }

        void add(String customer, int item) {
            if (!turns.contains(customer)) {
                turns.add(customer);
            }
            items.computeIfAbsent(customer, c -> new ArrayList<>()).add(item);
        }

        Integer poll() {
            if (turns.isEmpty()) {
                return null;
            }
            String customer = turns.removeFirst();
            Integer item = items.get(customer).removeFirst();
            if (!items.get(customer).isEmpty()) {
                turns.add(customer);
            }
            return item;
        }

        boolean remove(int item) {
            for (String customer : List.copyOf(turns)) {
                if (items.get(customer).remove((Integer) item)) {
                    if (items.get(customer).isEmpty()) {
                        turns.remove(customer);
                    }
                    return true;
                }
            }
            return false;
        }

        /** {@return items that are served before one more} */
        int ahead(String customer) {
            InTurn future = new InTurn(this);
            future.add(customer, -1);
            int ahead = 0;
            while (future.poll() != -1) {
                ahead++;
            }
            return ahead;
        }

        List<Integer> all() {
            List<Integer> all = new ArrayList<>();
            turns.forEach(customer -> all.addAll(items.get(customer)));
            return all;
        }
    }

    @Test
    void aFairQueueServesItsCustomersInTurn() {
        Random random = new Random(5);
        for (int run = 0; run < 500; run++) {
            FairQueue<Integer> queue = new FairQueue<>();
            Map<Integer, FairQueue.Place> places = new HashMap<>();
            InTurn expected = new InTurn();
            for (int i = 0; i < 80; i++) {
                String customer = "customer " + random.nextInt(4);
                assertEquals(expected.ahead(customer), queue.ahead(customer));
                switch (random.nextInt(6)) {
                    case 0, 1, 2 -> {
                        places.put(i, queue.add(customer, i));
                        expected.add(customer, i);
                    }
                    case 3 -> {
                        int item = random.nextInt(i + 2);
                        FairQueue.Place place = places.getOrDefault(item, new FairQueue.Place(customer, -1));
                        assertEquals(expected.remove(item) ? item : null, queue.remove(place));
                        assertNull(queue.remove(place), "taken out twice");
                    }
                    default -> {
                        Integer next = queue.peek();
                        assertEquals(next, queue.poll());
                        assertEquals(expected.poll(), next);
                    }
                }
                assertEquals(expected.all().size(), queue.size());
            }
        }
    }

    private static GenerationRequest request(long id, String customer, int priority) {
        return new GenerationRequest(
                id,
                0,
                customer,
                new int[] {1},
                1,
                SamplingParams.GREEDY,
                List.of(),
                0,
                true,
                CacheUse.ALL,
                GenerationRequest.NO_DEADLINE,
                priority,
                AdapterSet.NONE,
                GenerationRequest.NO_PROBABILITIES,
                null);
    }

    /** A priority that was passed over four times goes next; of several the one passed over most, the higher of equals. */
    @Test
    void aWaitingLineServesHigherPrioritiesFirstAndForgetsNone() {
        Random random = new Random(6);
        int overdue = 0;
        for (int run = 0; run < 500; run++) {
            WaitingLine<GenerationRequest> line = new WaitingLine<>();
            Map<Integer, InTurn> levels = new HashMap<>();
            Map<Integer, Integer> passedOver = new HashMap<>();
            Map<Long, GenerationRequest> waiting = new LinkedHashMap<>();
            for (int i = 1; i < 120; i++) {
                if (random.nextInt(5) < 3) {
                    GenerationRequest request = request(i, "customer " + random.nextInt(3), random.nextInt(4));
                    line.add(request);
                    waiting.put(request.id(), request);
                    levels.computeIfAbsent(request.priority(), p -> new InTurn())
                            .add((String) request.customer(), i);
                } else if (random.nextInt(5) == 0) {
                    long id = random.nextInt(i + 1);
                    GenerationRequest known = waiting.remove(id);
                    assertSame(known, line.remove(id));
                    if (known != null) {
                        levels.get(known.priority()).remove((int) id);
                    }
                } else {
                    GenerationRequest next = line.peek();
                    assertSame(next, line.poll());
                    if (waiting.isEmpty()) {
                        assertNull(next);
                        continue;
                    }
                    int highest = levels.keySet().stream().max(Integer::compare).orElseThrow();
                    int served = highest;
                    for (int priority = highest - 1; priority >= 0; priority--) {
                        int passed = passedOver.getOrDefault(priority, 0);
                        if (passed >= 4 && passed > passedOver.getOrDefault(served, 0)) {
                            served = priority;
                            overdue++;
                        }
                    }
                    assertEquals(served, next.priority());
                    assertEquals((long) levels.get(served).poll(), next.id());
                    waiting.remove(next.id());
                    passedOver.put(served, 0);
                    for (int priority : levels.keySet()) {
                        if (priority < served) {
                            passedOver.merge(priority, 1, Integer::sum);
                        }
                    }
                }
                levels.values().removeIf(level -> level.turns.isEmpty());
                passedOver.keySet().retainAll(levels.keySet());
                checkAll(line, levels, waiting);
            }
        }
        assertTrue(overdue > 100, overdue + " were overdue");
    }

    private static void checkAll(
            WaitingLine<GenerationRequest> line, Map<Integer, InTurn> levels, Map<Long, GenerationRequest> waiting) {
        assertEquals(waiting.size(), line.size());
        for (int priority = 0; priority < 4; priority++) {
            int before = priority;
            int higher = levels.entrySet().stream()
                    .filter(level -> level.getKey() > before)
                    .mapToInt(level -> level.getValue().all().size())
                    .sum();
            InTurn own = levels.getOrDefault(priority, new InTurn());
            assertEquals(higher + own.ahead("customer 1"), line.ahead(priority, "customer 1"));
        }
    }
}
