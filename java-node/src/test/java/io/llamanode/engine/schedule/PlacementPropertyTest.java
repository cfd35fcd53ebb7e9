package io.llamanode.engine.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.engine.contract.CacheUse;
import io.llamanode.engine.contract.EngineConfig;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.model.Adapter;
import io.llamanode.engine.model.AdapterSet;
import io.llamanode.engine.model.IntList;
import io.llamanode.engine.sampling.SamplingParams;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.ToIntFunction;
import org.junit.jupiter.api.Test;

/** What a placement promises, of random slots and requests. */
class PlacementPropertyTest {
    private static final List<AdapterSet> SETS =
            List.of(AdapterSet.NONE, new AdapterSet(List.of(new AdapterSet.Use(new NoAdapter(), 1))));

    private record NoAdapter() implements Adapter {
        @Override
        public void close() {}
    }

    private final Random random = new Random(11);

    private EngineConfig config() {
        return new EngineConfig(1, 100, 8, 8)
                .withLeastCopied(1 + random.nextInt(20))
                .withSimilarity(random.nextInt(3) == 0 ? 0 : random.nextDouble());
    }

    private GenerationRequest request(int[] prompt, CacheUse use) {
        return new GenerationRequest(
                1,
                random.nextInt(4),
                "customer " + random.nextInt(2),
                prompt,
                1,
                SamplingParams.GREEDY,
                List.of(),
                0,
                true,
                use,
                GenerationRequest.NO_DEADLINE,
                0,
                SETS.get(random.nextInt(4) / 3),
                GenerationRequest.NO_PROBABILITIES,
                null);
    }

    private CacheUse use() {
        return random.nextBoolean() ? CacheUse.ALL : CacheUse.values()[random.nextInt(4)];
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
            int[] prompt = tokens();
            slot.assign(new Progress(request(prompt, use())), random.nextInt(5));
            if (random.nextInt(4) > 0) {
                slot.cached.addAll(prompt, 0, 1 + random.nextInt(prompt.length));
            }
            if (random.nextInt(5) == 0) {
                slot.genuine = random.nextInt(slot.cached.size() + 1);
            }
            if (random.nextInt(3) > 0) {
                slot.release();
            }
            slots.add(slot);
        }
        return slots;
    }

    private static boolean owns(GenerationRequest request, Slot slot) {
        return request.cacheKey() != 0 && request.cacheUse() != CacheUse.NOTHING && request.cacheKey() == slot.cacheKey;
    }

    /** {@return tokens in common with what somebody holds, of those that the request may have} */
    private static int common(GenerationRequest request, Slot slot, IntList held, int most) {
        boolean lent = request.cacheUse() == CacheUse.ALL && slot.lends == CacheUse.ALL
                || Math.min(request.cacheUse().ordinal(), slot.lends.ordinal()) == CacheUse.CUSTOMER.ordinal()
                        && request.customer().equals(slot.customer);
        if (!slot.adapters.equals(request.adapters()) || !lent && !owns(request, slot)) {
            return 0;
        }
        int count = 0;
        while (count < Math.min(most, request.prompt().length - 1)
                && count < held.size()
                && held.get(count) == request.prompt()[count]) {
            count++;
        }
        return count;
    }

    private static int common(GenerationRequest request, Slot slot) {
        return common(request, slot, slot.cached, slot.genuine);
    }

    /** {@return tokens that the slot will hold when it is done with its prompt} */
    private static int promised(GenerationRequest request, Slot slot) {
        return slot.prefilling() ? common(request, slot, slot.progress().text, Integer.MAX_VALUE) : 0;
    }

    @Test
    void aPlacementIsTheBestThereIs() {
        int donors = 0;
        int own = 0;
        int awaited = 0;
        for (int i = 0; i < 100_000; i++) {
            List<Slot> slots = slots();
            GenerationRequest request = request(tokens(), use());
            boolean canTruncate = random.nextInt(4) > 0;
            EngineConfig config = config();
            Placements placements = new Placements(config, canTruncate);
            int afterwards = slots.stream()
                    .mapToInt(each -> useful(request, each, canTruncate))
                    .max()
                    .orElse(0);
            assertEquals(afterwards, placements.afterwards(request, slots));
            Placement placement = placements.place(request, request.prompt(), slots);
            List<Slot> idle = slots.stream().filter(Slot::idle).toList();
            if (idle.isEmpty()) {
                assertNull(placement);
                continue;
            }
            Slot slot = placement.slot();
            checkSlot(request, idle, slot, config, canTruncate);
            int useful = useful(request, slot, canTruncate);
            List<Slot> others =
                    canTruncate ? slots.stream().filter(one -> one != slot).toList() : List.of();
            int copied = others.stream()
                    .mapToInt(other -> common(request, other))
                    .max()
                    .orElse(0);
            int worth = copied >= useful + config.leastCopied() ? copied : useful;
            int soon = others.stream()
                    .mapToInt(other -> promised(request, other))
                    .max()
                    .orElse(0);
            if (soon >= worth + config.leastCopied()) {
                awaited++;
                assertEquals(soon, placement.promised());
                assertEquals(soon, promised(request, placement.awaited()));
                assertEquals(useful, placement.reused());
                assertNull(placement.donor());
                continue;
            }
            assertNull(placement.awaited());
            assertEquals(worth, placement.reused());
            if (worth > useful) {
                donors++;
                assertEquals(worth, common(request, placement.donor()));
            } else {
                own += useful > 0 ? 1 : 0;
                assertNull(placement.donor());
            }
        }
        assertTrue(
                donors > 1000 && own > 1000 && awaited > 1000,
                donors + " donors, " + own + " of its own, " + awaited + " awaited");
    }

    /** Tokens of a slot's own cells that a request can go on from. */
    private static int useful(GenerationRequest request, Slot slot, boolean canTruncate) {
        int common = common(request, slot);
        boolean counts = owns(request, slot) || common >= 16 || common == request.prompt().length - 1;
        return counts && (canTruncate || common == slot.cached.size()) ? common : 0;
    }

    /**
     * Its own cells first, the most of them. Then the slot that is nobody's with the most of the prompt, if that is enough and
     * not much is lost that could be copied; of equals the one used longest ago. Then an empty one, then the one used longest
     * ago that is nobody's, then that of a session.
     */
    private static void checkSlot(
            GenerationRequest request, List<Slot> idle, Slot slot, EngineConfig config, boolean canTruncate) {
        ToIntFunction<Slot> useful = each -> useful(request, each, canTruncate);
        Comparator<Slot> most = Comparator.comparingInt(useful).reversed();
        Optional<Slot> kept = idle.stream().filter(each -> owns(request, each)).min(most);
        Optional<Slot> alike = idle.stream()
                .filter(each -> each.cacheKey == 0 && useful.applyAsInt(each) > 0)
                .min(most.thenComparingLong(each -> each.lastUse))
                .filter(each -> {
                    int common = useful.applyAsInt(each);
                    int lost = each.cached.size() - common;
                    boolean copyable = canTruncate && common >= config.leastCopied();
                    return config.similarity() > 0
                            && (double) common / (request.prompt().length - 1) >= config.similarity()
                            && !(copyable && lost > common && lost >= config.leastCopied());
                });
        Slot expected = kept.or(() -> alike)
                .orElseGet(() -> idle.stream()
                        .min(Comparator.<Slot>comparingInt(
                                        each -> each.cached.size() == 0 ? 0 : each.cacheKey == 0 ? 1 : 2)
                                .thenComparingLong(each -> each.cached.size() == 0 ? 0 : each.lastUse))
                        .orElseThrow());
        assertSame(expected, slot);
    }
}
