package io.llamanode.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.llamanode.engine.contract.CacheUse;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.model.AdapterSet;
import io.llamanode.engine.sampling.SamplingParams;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class WaitingLineTest {
    private final WaitingLine<GenerationRequest> line = new WaitingLine<>();

    private static GenerationRequest request(long id, Object customer, int priority) {
        return new GenerationRequest(
                id,
                id,
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

    private void add(long id, Object customer, int priority) {
        line.add(request(id, customer, priority));
    }

    private List<Long> all() {
        List<Long> ids = new ArrayList<>();
        for (GenerationRequest next = line.peek(); next != null; next = line.peek()) {
            assertEquals(next, line.poll());
            ids.add(next.id());
        }
        assertNull(line.poll());
        assertEquals(0, line.size());
        return ids;
    }

    @Test
    void higherPrioritiesGoFirst() {
        add(1, "a", 0);
        add(2, "a", -5);
        add(3, "a", 7);
        add(4, "b", 7);
        assertEquals(List.of(3L, 4L, 1L, 2L), all());
    }

    @Test
    void customersOfOnePriorityAreServedInTurn() {
        for (int i = 0; i < 100; i++) {
            add(i, "many", 0);
        }
        add(1000, "one", 0);
        assertEquals(1000, all().get(1));
    }

    @Test
    void aThousandUrgentRequestsStopNobody() {
        for (int i = 0; i < 100; i++) {
            add(i, "many", 9);
        }
        add(1000, "one", 0);
        add(1001, "another", -9);
        List<Long> order = all();
        assertEquals(List.of(4, 5), List.of(order.indexOf(1000L), order.indexOf(1001L)));
    }

    @Test
    void whatIsTakenOutOfTurnIsGone() {
        add(1, "a", 1);
        add(2, "a", 0);
        assertEquals(1, line.remove(1).id());
        assertNull(line.remove(1));
        assertEquals(List.of(2L), all());
    }

    @Test
    void tellsHowManyGoBefore() {
        assertEquals(0, line.ahead(0, "a"));
        add(1, "a", 5);
        add(2, "b", 0);
        add(3, "b", 0);
        add(4, "b", 0);
        add(5, "c", 0);
        add(6, "d", -1);
        assertEquals(0, line.ahead(6, "a"));
        assertEquals(1 + 1 + 1, line.ahead(0, "a"));
        assertEquals(1 + 3 + 1, line.ahead(0, "b"));
        assertEquals(6, line.ahead(-2, "e"));
    }
}
