package io.llamanode.engine.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.model.Adapter;
import io.llamanode.engine.model.AdapterSet;
import io.llamanode.engine.sampling.SamplingParams;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What a placement promises, of random slots and requests. */
class PlacementPropertyTest {
    private static final int WORTH_IT = 16;
    private static final List<AdapterSet> SETS =
            List.of(AdapterSet.NONE, new AdapterSet(List.of(new AdapterSet.Use(new NoAdapter(), 1))));

    private record NoAdapter() implements Adapter {
        @Override
        public void close() {}
    }

    private final Random random = new Random(11);

    private GenerationRequest request(int[] prompt, boolean reuse) {
        return new GenerationRequest(
                1,
                random.nextInt(4),
                "somebody",
                prompt,
                1,
                SamplingParams.GREEDY,
                List.of(),
                0,
                true,
                reuse,
                GenerationRequest.NO_DEADLINE,
                0,
                SETS.get(random.nextInt(4) / 3),
                GenerationRequest.NO_PROBABILITIES,
                null);
    }

    /** Few beginnings that differ soon or late. */
    private int[] tokens() {
        int[] tokens = new int[1 + random.nextInt(40)];
        int differs = random.nextInt(60);
        for (int i = 0; i < tokens.length; i++) {
            tokens[i] = i < differs ? 7 : random.nextInt(3);
        }
        return tokens;
    }

    private List<Slot> slots() {
        List<Slot> slots = new ArrayList<>();
        for (int i = 0; i < 1 + random.nextInt(4); i++) {
            Slot slot = new Slot(i);
            slot.assign(new Progress(request(new int[] {1}, true)), 0, random.nextInt(5));
            if (random.nextInt(4) > 0) {
                int[] cached = tokens();
                slot.cached.addAll(cached, 0, cached.length);
            }
            if (random.nextInt(3) > 0) {
                slot.release();
            }
            slots.add(slot);
        }
        return slots;
    }

    private static int common(GenerationRequest request, Slot slot) {
        int count = 0;
        while (count < request.prompt().length - 1
                && count < slot.cached.size()
                && slot.cached.get(count) == request.prompt()[count]) {
            count++;
        }
        return slot.adapters.equals(request.adapters()) ? count : 0;
    }

    @Test
    void aPlacementIsTheBestThereIs() {
        int donors = 0;
        int own = 0;
        for (int i = 0; i < 50_000; i++) {
            List<Slot> slots = slots();
            GenerationRequest request = request(tokens(), random.nextInt(5) > 0);
            boolean canTruncate = random.nextInt(4) > 0;
            Placement placement = Placement.of(request, slots, canTruncate);
            List<Slot> idle = slots.stream().filter(Slot::idle).toList();
            if (idle.isEmpty()) {
                assertNull(placement);
                continue;
            }
            Slot slot = placement.slot();
            checkSlot(request, idle, slot);
            boolean owned = request.cacheKey() != 0 && slot.cacheKey == request.cacheKey();
            int useful = useful(request, slot, owned, canTruncate);
            int most = slots.stream()
                    .filter(other -> other != slot)
                    .mapToInt(other -> common(request, other))
                    .max()
                    .orElse(0);
            if (request.reuseCache() && canTruncate && most >= useful + WORTH_IT) {
                donors++;
                assertTrue(placement.donor() != null && placement.donor() != slot);
                assertEquals(most, placement.reused());
                assertEquals(most, common(request, placement.donor()));
            } else {
                own += useful > 0 ? 1 : 0;
                assertNull(placement.donor());
                assertEquals(useful, placement.reused());
            }
            int afterwards = slots.stream()
                    .mapToInt(each -> useful(
                            request, each, request.cacheKey() != 0 && each.cacheKey == request.cacheKey(), canTruncate))
                    .max()
                    .orElse(0);
            assertEquals(afterwards, Placement.afterwards(request, slots, canTruncate));
        }
        assertTrue(donors > 1000 && own > 1000, donors + " donors, " + own + " of its own");
    }

    /** Tokens of a slot's own cache that a request can go on from. */
    private static int useful(GenerationRequest request, Slot slot, boolean owned, boolean canTruncate) {
        int common = common(request, slot);
        boolean worthIt = owned || common >= WORTH_IT;
        boolean possible = canTruncate || owned && common == slot.cached.size();
        return request.reuseCache() && worthIt && possible ? common : 0;
    }

    /** Its own cache first, then an empty one, then the one that nobody used for longest; the first of equals. */
    private static void checkSlot(GenerationRequest request, List<Slot> idle, Slot slot) {
        Slot expected = idle.stream()
                .filter(each -> request.cacheKey() != 0 && each.cacheKey == request.cacheKey())
                .findFirst()
                .or(() -> idle.stream().filter(each -> each.cached.size() == 0).findFirst())
                .orElseGet(() -> idle.stream()
                        .min(Comparator.comparingLong(each -> each.lastUse))
                        .orElseThrow());
        assertSame(expected, slot);
    }
}
