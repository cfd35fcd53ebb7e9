package io.llamanode.engine.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.engine.contract.CacheUse;
import io.llamanode.engine.contract.EngineConfig;
import io.llamanode.engine.contract.GenerationListener.Ending;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.model.Adapter;
import io.llamanode.engine.model.AdapterSet;
import io.llamanode.engine.model.AdapterSet.Use;
import io.llamanode.engine.model.BatchPlan;
import io.llamanode.engine.model.BatchPlan.Span;
import io.llamanode.engine.model.KvOperation;
import io.llamanode.engine.sampling.SamplingParams;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Plans for situations that random ones seldom meet. */
class SchedulerTest {
    private record NoAdapter() implements Adapter {
        @Override
        public void close() {}
    }

    private static final AdapterSet ADAPTED = new AdapterSet(List.of(new Use(new NoAdapter(), 1)));
    private static final int N_BATCH = 8;

    private final PrefillPacing pacing = new PrefillPacing(N_BATCH, N_BATCH);

    private static Scheduler scheduler(int slots, boolean canTruncate) {
        return new Scheduler(
                new EngineConfig(slots, 64, N_BATCH, N_BATCH), true, canTruncate, false, true, token -> false);
    }

    /** A prompt of 1, 2, 3 and so on. */
    private static GenerationRequest request(long id, int promptTokens, int maxTokens, AdapterSet adapters) {
        return new GenerationRequest(
                id,
                id,
                "somebody",
                IntStream.rangeClosed(1, promptTokens).toArray(),
                maxTokens,
                SamplingParams.GREEDY,
                List.of(),
                0,
                true,
                CacheUse.ALL,
                GenerationRequest.NO_DEADLINE,
                0,
                adapters,
                GenerationRequest.NO_PROBABILITIES,
                null);
    }

    private BatchPlan plan(Scheduler scheduler) {
        return scheduler.plan(slot -> {}, pacing, 0);
    }

    /** Steps until a request has sampled all of its tokens, and frees its slot. */
    private void run(Scheduler scheduler, GenerationRequest request) {
        scheduler.submit(request);
        while (scheduler.hasWork()) {
            BatchPlan plan = plan(scheduler);
            scheduler.executed(plan);
            for (Span span : plan.spans()) {
                Slot slot = scheduler.slot(span.slot());
                if (span.output() && scheduler.sampled(slot, 100, false) == Ending.LIMIT) {
                    scheduler.free(slot);
                }
            }
        }
    }

    @Test
    void thePromptThatGotItsSlotFirstGoesFirst() {
        Scheduler scheduler = scheduler(2, true);
        scheduler.submit(request(1, 1, 1, AdapterSet.NONE));
        scheduler.submit(request(2, 20, 1, AdapterSet.NONE));
        BatchPlan first = plan(scheduler);
        scheduler.executed(first);
        assertEquals(Ending.LIMIT, scheduler.sampled(scheduler.slot(0), 100, false));
        scheduler.free(scheduler.slot(0));
        scheduler.submit(request(3, 10, 1, AdapterSet.NONE));
        List<Span> spans = plan(scheduler).spans();
        assertEquals(3, scheduler.slot(0).work().id());
        assertEquals(List.of(1), spans.stream().map(Span::slot).toList());
        assertEquals(N_BATCH, spans.getFirst().count());
    }

    /** The copy of another slot's cells is in a plan of others, as it is not its adapters' turn. */
    @Test
    void aCopyThatMayNotHaveBeenMadeIsNotReliedOn() {
        Scheduler scheduler = scheduler(3, true);
        run(scheduler, request(1, 30, 1, AdapterSet.NONE));
        scheduler.submit(request(2, 1, 9, ADAPTED));
        scheduler.executed(plan(scheduler));
        scheduler.sampled(scheduler.slot(1), 100, false);
        scheduler.submit(request(3, 40, 1, AdapterSet.NONE));
        BatchPlan failing = plan(scheduler);
        assertEquals(List.of(new KvOperation.Copy(0, 2, 30)), failing.kv());
        assertEquals(List.of(1), failing.spans().stream().map(Span::slot).toList());
        assertEquals(
                List.of(2L),
                scheduler.failed(failing).stream().map(GenerationRequest::id).toList());
        assertEquals(0, scheduler.slot(2).reused());
        BatchPlan next = plan(scheduler);
        assertTrue(next.kv().contains(new KvOperation.Truncate(2, 0)), next.kv().toString());
        assertEquals(2, next.spans().getFirst().slot());
        assertEquals(0, next.spans().getFirst().position());
    }

    @Test
    void oneHasASlotAtATimeWhereThatIsAskedFor() {
        Scheduler scheduler = new Scheduler(
                new EngineConfig(3, 64, N_BATCH, N_BATCH).withContinuousBatching(false),
                true,
                true,
                false,
                true,
                token -> false);
        for (int id = 1; id <= 3; id++) {
            assertEquals(
                    id - 1,
                    scheduler.forecast(request(9, 2, 1, AdapterSet.NONE)).ahead());
            scheduler.submit(request(id, 2, 1, AdapterSet.NONE));
            plan(scheduler);
        }
        for (int id = 1; id <= 3; id++) {
            BatchPlan plan = plan(scheduler);
            assertEquals(1, plan.spans().size());
            Slot slot = scheduler.slot(plan.spans().getFirst().slot());
            assertEquals(id, slot.work().id());
            assertEquals(3 - id, scheduler.waitingCount());
            scheduler.executed(plan);
            assertEquals(Ending.LIMIT, scheduler.sampled(slot, 100, false));
            scheduler.free(slot);
        }
    }

    @Test
    void aResetDropsWhatThePlanToComeWouldHaveChanged() {
        Scheduler scheduler = scheduler(2, true);
        run(scheduler, request(1, 5, 2, AdapterSet.NONE));
        scheduler.shorten(1, 3);
        scheduler.reset();
        assertEquals(
                List.of(new KvOperation.Truncate(0, 0), new KvOperation.Truncate(1, 0)),
                plan(scheduler).kv());
    }

    @Test
    void whatIsShortEnoughIsNotShortened() {
        for (boolean canTruncate : new boolean[] {true, false}) {
            Scheduler scheduler = scheduler(1, canTruncate);
            run(scheduler, request(1, 5, 2, AdapterSet.NONE));
            assertEquals(6, scheduler.slot(0).cachedTokens());
            scheduler.shorten(1, 6);
            scheduler.shorten(1, 7);
            assertEquals(6, scheduler.slot(0).cachedTokens());
            assertTrue(plan(scheduler).isEmpty(), "there is nothing to do");
            scheduler.shorten(1, 5);
            assertEquals(canTruncate ? 5 : 0, scheduler.slot(0).cachedTokens());
        }
    }
}
