package io.llamanode.engine.schedule;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.engine.contract.CacheUse;
import io.llamanode.engine.contract.EngineConfig;
import io.llamanode.engine.contract.Forecast;
import io.llamanode.engine.contract.GenerationListener.Ending;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.model.Adapter;
import io.llamanode.engine.model.AdapterSet;
import io.llamanode.engine.model.AdapterSet.Use;
import io.llamanode.engine.model.BatchPlan;
import io.llamanode.engine.model.BatchPlan.Span;
import io.llamanode.engine.model.KvOperation;
import io.llamanode.engine.sampling.SamplingParams;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * The scheduler driven alone, by random requests, cancels, failures, ends, shifts, forks, adapters, turns, computations that
 * are given up, prompts that spoil what they are computed with, and customers who share what is cached, or do not. After every step no request is lost or told twice, every
 * position follows the one before, and a model of the KV cache that did what the plans say holds what the scheduler
 * believes, and what the requests need.
 */
class SchedulerPropertyTest {
    private static final int RUNS = Integer.getInteger("llamanode.runs", 1500);
    private static final int ACTIONS = 60;
    /** In a prompt, a token behind which a model computes no numbers. */
    private static final int POISON = 1_000_000_000;

    private static final List<AdapterSet> SETS = List.of(
            AdapterSet.NONE,
            AdapterSet.NONE,
            new AdapterSet(List.of(new Use(new NoAdapter("a"), 1))),
            new AdapterSet(List.of(new Use(new NoAdapter("b"), 0.5f))));

    private record NoAdapter(String name) implements Adapter {
        @Override
        public void close() {}
    }

    @Test
    void plansKeepTheirPromises() {
        int shifts = 0;
        int copies = 0;
        int failures = 0;
        int pauses = 0;
        int abandoned = 0;
        int faulty = 0;
        int retried = 0;
        int taken = 0;
        int awaited = 0;
        for (int seed = 0; seed < RUNS; seed++) {
            Run run = new Run(seed, null);
            try {
                run.run();
            } catch (RuntimeException | Error e) {
                throw new AssertionError("seed %d%n%s".formatted(seed, story(seed)), e);
            }
            shifts += run.cache.shifts;
            copies += run.copies;
            failures += run.failures;
            pauses += run.pauses;
            abandoned += run.abandoned;
            faulty += run.faulty;
            retried += run.retried;
            taken += run.taken;
            awaited += run.awaited;
        }
        // Or it would have tried nothing.
        String tried = ("%d shifts, %d copies, %d failures, %d pauses, %d given up, %d at fault, %d computed again, "
                        + "%d took what another one left, %d waited for what another one evaluated")
                .formatted(shifts, copies, failures, pauses, abandoned, faulty, retried, taken, awaited);
        assertTrue(shifts > RUNS && copies > RUNS / 5 && failures > RUNS / 2 && pauses > RUNS, tried);
        assertTrue(abandoned > RUNS && faulty > RUNS / 10 && retried > faulty, tried);
        assertTrue(taken > RUNS / 10 && awaited > RUNS / 20, tried);
    }

    /** {@return what was done until it went wrong} */
    private static String story(int seed) {
        List<String> log = new ArrayList<>();
        Run run = new Run(seed, log);
        log.add(run.config
                + " shift %s, truncate %s, shares %s".formatted(run.canShift, run.canTruncate, run.sharesCells));
        try {
            run.run();
        } catch (RuntimeException | Error e) {
            log.add(e.toString());
        }
        return String.join("\n", log);
    }

    /** A request that has not ended. */
    private static final class Live {
        final GenerationRequest request;
        /** Its prompt and what was sampled. */
        final List<Integer> history = new ArrayList<>();

        int sampled;
        boolean shifted;
        boolean admitted;
        boolean running;
        /** Sampled since it got its slot. */
        int turn;
        /** Plans in which it might have been and was not. */
        int passedOver;

        Live(GenerationRequest request) {
            this.request = request;
            Arrays.stream(request.prompt()).forEach(history::add);
        }
    }

    private static final class Run {
        final Random random;
        final EngineConfig config;
        final boolean canShift;
        final boolean canTruncate;
        final boolean sharesCells;
        final Scheduler scheduler;
        final PrefillPacing pacing;
        final KvModel cache;
        final Map<Long, Live> live = new TreeMap<>();
        final List<List<Integer>> texts = new ArrayList<>();
        /** What was done, if it is wanted. */
        final List<String> log;

        long ids;
        long now;
        int copies;
        int failures;
        int pauses;
        int abandoned;
        int faulty;
        int retried;
        int taken;
        int awaited;
        /** No two sampled tokens are alike. */
        int sampled;

        boolean wasReset;
        /** In a part of the runs nothing fails, so that what is only careful after a failure can be told from waste. */
        final boolean mayFail;

        final boolean poisons;

        Run(int seed, List<String> log) {
            this.log = log;
            random = new Random(seed * 7_919L);
            int slots = 1 + random.nextInt(4);
            int nBatch = slots + random.nextInt(40);
            config = new EngineConfig(slots, 8 + random.nextInt(50), nBatch, 1 + random.nextInt(8))
                    .withTurns(random.nextInt(6), random.nextInt(20))
                    .withSimilarity(random.nextInt(3) == 0 ? 0 : random.nextDouble())
                    .withLeastCopied(1 + random.nextInt(16));
            canShift = random.nextInt(5) > 0;
            canTruncate = random.nextInt(5) > 0;
            sharesCells = random.nextBoolean();
            mayFail = random.nextInt(3) > 0;
            poisons = random.nextInt(3) == 0;
            scheduler = new Scheduler(config, canShift, canTruncate, sharesCells, true, token -> false);
            pacing = new PrefillPacing(config.prefillShare(), config.nBatch());
            cache = new KvModel(slots, canShift, canTruncate, sharesCells, config.nCtx(), Run::isPoison);
            // Beginnings that requests have in common.
            for (int i = 0; i < 3; i++) {
                texts.add(tokens(new ArrayList<>(), config.nCtx()));
            }
        }

        private void log(Supplier<String> line) {
            if (log != null) {
                log.add(line.get());
            }
        }

        /** Continues a list of tokens; few are alike, so that a wrong cell is seen. */
        List<Integer> tokens(List<Integer> before, int count) {
            for (int i = 0; i < count; i++) {
                before.add(random.nextInt(1000));
            }
            return before;
        }

        void run() {
            for (int i = 0; i < ACTIONS; i++) {
                switch (random.nextInt(20)) {
                    case 0, 1, 2, 3 -> submit(request());
                    case 4 -> cancel();
                    case 5 -> expire();
                    case 6 -> leave();
                    case 7 -> shorten();
                    case 8 -> forecastAndSubmit();
                    case 9 -> step(mayFail ? 1 : 0);
                    case 10 -> {
                        if (random.nextInt(mayFail ? 10 : 3) == 0) {
                            reset();
                        }
                    }
                    default -> step(mayFail ? 0.25 : 0);
                }
                check();
            }
            // Everything ends, whatever has happened.
            for (int steps = 0; !live.isEmpty(); steps++) {
                assertTrue(steps < 20_000, () -> "never end: " + live.keySet());
                step(0);
                check();
            }
            step(0);
            assertTrue(scheduler.plan(slot -> {}, pacing, now).isEmpty(), "nothing is left to do");
            if (!wasReset) {
                assertTrue(scheduler.contextShifts() >= cache.shifts);
                assertTrue(failures > 0 || scheduler.contextShifts() == cache.shifts);
            }
        }

        /** Nobody else has such a token. */
        static boolean isPoison(int token) {
            return token == POISON;
        }

        GenerationRequest request() {
            List<Integer> text = texts.get(random.nextInt(texts.size()));
            int most = Math.min(text.size(), config.nCtx() - 2);
            int common = random.nextBoolean() ? most : random.nextInt(most + 1);
            List<Integer> prompt = new ArrayList<>(text.subList(0, common));
            if (prompt.isEmpty() || random.nextInt(4) > 0) {
                tokens(prompt, 1 + random.nextInt(Math.max(1, (config.nCtx() - common - 1) / 3)));
            }
            if (poisons && random.nextInt(12) == 0) {
                prompt.set(random.nextInt(prompt.size()), POISON);
            }
            int maxTokens = switch (random.nextInt(6)) {
                case 0 -> GenerationRequest.TO_END_OF_CONTEXT;
                case 1 -> 0;
                case 2 -> 1;
                default -> random.nextInt(config.nCtx() + 16);
            };
            int[] keeps = {-1, 0, 0, 1, random.nextInt(config.nCtx()), 1000};
            return new GenerationRequest(
                    ++ids,
                    random.nextInt(5),
                    "customer " + random.nextInt(3),
                    prompt.stream().mapToInt(token -> token).toArray(),
                    maxTokens,
                    SamplingParams.GREEDY,
                    List.of(),
                    keeps[random.nextInt(keeps.length)],
                    random.nextInt(4) > 0,
                    random.nextInt(3) > 0 ? CacheUse.ALL : CacheUse.values()[random.nextInt(3)],
                    random.nextInt(5) == 0 ? now + random.nextInt(40) : GenerationRequest.NO_DEADLINE,
                    random.nextInt(3),
                    SETS.get(random.nextInt(SETS.size())),
                    GenerationRequest.NO_PROBABILITIES,
                    null);
        }

        void submit(GenerationRequest request) {
            log(() -> "submit %d: key %d, %d tokens, max %d, keep %d, adapters %d, %s of %s"
                    .formatted(
                            request.id(),
                            request.cacheKey(),
                            request.prompt().length,
                            request.maxTokens(),
                            request.nKeep(),
                            SETS.indexOf(request.adapters()),
                            request.cacheUse(),
                            request.customer()));
            scheduler.submit(request);
            live.put(request.id(), new Live(request));
        }

        void cancel() {
            long id = random.nextLong(ids + 2);
            log(() -> "cancel " + id);
            Optional<GenerationRequest> removed = scheduler.cancel(id);
            Live known = live.get(id);
            assertEquals(known == null ? null : known.request, removed.orElse(null));
            if (known != null) {
                ended(known);
            }
        }

        void expire() {
            now += random.nextInt(10);
            log(() -> "expire at " + now);
            Set<Long> due = new HashSet<>();
            live.values().forEach(one -> {
                if (one.request.deadline() <= now) {
                    due.add(one.request.id());
                }
            });
            List<Long> expired = scheduler.expired(now);
            assertEquals(due, new HashSet<>(expired));
            assertEquals(due.size(), expired.size(), "told twice");
            for (long id : expired) {
                assertTrue(scheduler.cancel(id).isPresent());
                ended(live.get(id));
            }
        }

        void leave() {
            if (random.nextInt(4) == 0) {
                forgetAdapter();
                return;
            }
            long key = random.nextInt(6);
            log(() -> "leave " + key);
            scheduler.leave(key);
            if (key != 0) {
                scheduler.slots().forEach(slot -> assertTrue(slot.cacheKey() != key, "key is known still"));
            }
        }

        void forgetAdapter() {
            AdapterSet set = SETS.get(random.nextInt(SETS.size()));
            if (set == AdapterSet.NONE
                    || live.values().stream()
                            .anyMatch(one -> one.request.adapters().equals(set))) {
                return;
            }
            log(() -> "forget adapter " + SETS.indexOf(set));
            scheduler.forget(set.uses().getFirst().adapter());
            scheduler.slots().forEach(slot -> assertTrue(!slot.adapters.equals(set), "adapter is known still"));
        }

        void shorten() {
            long key = random.nextInt(6);
            int tokens = random.nextInt(config.nCtx());
            log(() -> "shorten %d to %d".formatted(key, tokens));
            scheduler.shorten(key, tokens);
            for (Slot slot : scheduler.slots()) {
                if (key != 0 && slot.cacheKey() == key && slot.idle()) {
                    assertTrue(slot.cachedTokens() <= tokens, "is longer still");
                }
            }
        }

        /** What is foretold comes true if nothing else comes first. */
        void forecastAndSubmit() {
            GenerationRequest request = request();
            Forecast forecast = scheduler.forecast(request);
            check();
            boolean free = scheduler.slots().stream().filter(Slot::idle).count() > scheduler.waitingCount();
            if (free) {
                assertEquals(0, forecast.ahead(), "a slot is free for it");
            } else {
                assertTrue(forecast.ahead() >= 0 && forecast.ahead() <= scheduler.waitingCount() + 1);
            }
            submit(request);
            boolean alone = scheduler.waitingCount() == 1 && free;
            step(0);
            Live known = live.get(request.id());
            if (alone && known != null) {
                int reused = slotOf(request).reused();
                if (reused != forecast.cached()) {
                    assertTrue(
                            slotOf(request).waits() && reused < forecast.cached(), "what was foretold is not to come");
                }
            }
        }

        Slot slotOf(GenerationRequest request) {
            return scheduler.slots().stream()
                    .filter(slot -> slot.request() == request)
                    .findFirst()
                    .orElseThrow();
        }

        void reset() {
            log(() -> "reset");
            wasReset = true;
            scheduler.reset();
            List.copyOf(live.values()).forEach(this::ended);
        }

        /** Fails as likely as {@code failing} if the plan changes the cache, and at 1 whatever it does. */
        void step(double failing) {
            BatchPlan plan = scheduler.plan(new Told(), pacing, now);
            copies += (int) plan.kv().stream()
                    .filter(KvOperation.Copy.class::isInstance)
                    .count();
            boolean changes = plan.kv().stream().anyMatch(op -> !(op instanceof KvOperation.Truncate));
            boolean fails = !plan.isEmpty() && (failing == 1 || changes && random.nextDouble() < failing);
            log(() -> (fails ? "fails: " : "executes: ")
                    + plan.kv()
                    + plan.spans().stream()
                            .map(span -> " %d+%d@%d".formatted(span.slot(), span.count(), span.position()))
                            .toList());
            if (fails) {
                fail(plan);
                return;
            }
            for (KvOperation operation : plan.kv()) {
                cache.apply(operation);
                // What is copied may be copied on at once.
                if (operation instanceof KvOperation.Copy copy
                        && !scheduler.slot(copy.sequence()).idle()) {
                    checkSharing(
                            scheduler.slot(copy.sequence()),
                            scheduler.slot(copy.sequence()).work());
                }
            }
            checkSpans(plan);
            if (failing > 0 && !plan.spans().isEmpty() && random.nextInt(12) == 0) {
                giveUp(plan);
                return;
            }
            plan.spans().forEach(span -> cache.decode(span, plan.adapters(), span.count()));
            pacing.executed(plan.decodes(), plan.tokenCount() - plan.decodes(), random.nextInt(1000));
            now += random.nextInt(3);
            BitSet unusable = new BitSet();
            for (int i = 0; i < plan.spans().size(); i++) {
                unusable.set(
                        i,
                        plan.spans().get(i).output()
                                && cache.unusable(plan.spans().get(i).slot()));
            }
            List<Slot> atFault = scheduler.executed(plan, unusable);
            faulty += atFault.size();
            retried += unusable.cardinality() - atFault.size();
            for (Slot slot : atFault) {
                Live known = live.get(slot.request().id());
                assertTrue(known.history.contains(POISON), "an innocent one is to blame");
                scheduler.drop(slot);
                ended(known);
            }
            if (unusable.isEmpty()) {
                checkCache();
            }
            assertTrue(failures > 0 || abandoned > 0 || cache.wasted == 0, "a shift dropped more than it had to");
            for (int i = 0; i < plan.spans().size(); i++) {
                Span span = plan.spans().get(i);
                if (span.output() && !unusable.get(i)) {
                    sample(scheduler.slot(span.slot()));
                }
            }
        }

        /** Nobody ends by that, and any part of the batch may have been computed. */
        void giveUp(BatchPlan plan) {
            log(() -> "is given up");
            abandoned++;
            for (Span span : plan.spans()) {
                cache.decode(span, plan.adapters(), random.nextInt(span.count() + 1));
            }
            scheduler.abandoned(plan);
        }

        final class Told implements Admissions {
            @Override
            public void admitted(Slot slot) {
                Run.this.admitted(slot);
            }

            @Override
            public void found(Slot slot, int tokens) {
                log(() ->
                        "found %d more for %d".formatted(tokens, slot.request().id()));
                awaited++;
                assertTrue(tokens >= config.leastCopied(), "is not worth a copy");
                Live known = live.get(slot.request().id());
                assertEquals(slot.cachedTokens(), slot.reused());
                assertSame(known.history, 0, slot.reused(), slot.cached.toArray(), 0);
            }

            @Override
            public void paused(GenerationRequest request) {
                log(() -> "paused " + request.id());
                pauses++;
                Live known = live.get(request.id());
                assertTrue(known.running && known.turn > 0, "its turn had not begun");
                assertTrue(
                        live.values().stream()
                                .anyMatch(other -> !other.running
                                        && !other.request.customer().equals(request.customer())),
                        "nobody else wants a slot");
                known.running = false;
            }

            @Override
            public void resumed(Slot slot) {
                log(() -> "resumed " + slot.request().id());
                Live known = live.get(slot.request().id());
                assertTrue(known.admitted && !known.running, "was not paused");
                known.running = true;
                known.turn = 0;
            }
        }

        void admitted(Slot slot) {
            Live known = live.get(slot.request().id());
            assertTrue(!known.admitted, "admitted twice");
            known.admitted = true;
            known.running = true;
            known.turn = 0;
            int reused = slot.reused();
            taken += reused > 0 && slot.cacheKey() == 0 ? 1 : 0;
            assertTrue(reused < known.request.prompt().length, "the last token is always evaluated");
            assertTrue(known.request.cacheUse() != CacheUse.NOTHING || reused == 0);
            assertSame(known.history, 0, reused, slot.cached.toArray(), 0);
            assertEquals(reused, slot.cachedTokens());
        }

        /** A failure may come after any part of what the plan wants. */
        void fail(BatchPlan plan) {
            failures++;
            int done = random.nextInt(plan.kv().size() + 1);
            plan.kv().subList(0, done).forEach(cache::apply);
            if (done == plan.kv().size()) {
                for (Span span : plan.spans()) {
                    if (random.nextBoolean()) {
                        cache.decode(span, plan.adapters(), random.nextInt(span.count() + 1));
                    }
                }
            }
            Set<Long> planned = new HashSet<>();
            Set<Long> touched = new HashSet<>();
            for (Slot slot : scheduler.slots()) {
                if (!slot.idle()) {
                    boolean spanned = plan.spans().stream().anyMatch(span -> span.slot() == slot.id());
                    boolean shifted = plan.kv().stream()
                            .anyMatch(
                                    op -> op instanceof KvOperation.Discard discard && discard.sequence() == slot.id());
                    if (spanned) {
                        planned.add(slot.request().id());
                    }
                    if (spanned || shifted) {
                        touched.add(slot.request().id());
                    }
                }
            }
            List<GenerationRequest> lost = scheduler.failed(plan);
            log(() -> "lost " + lost.stream().map(GenerationRequest::id).toList());
            Set<Long> told = new HashSet<>();
            lost.forEach(request -> assertTrue(told.add(request.id()), "told twice"));
            assertTrue(told.containsAll(planned), "a request of the plan goes on");
            assertTrue(touched.containsAll(told), "a request is lost that the plan did not touch");
            told.forEach(id -> ended(live.get(id)));
        }

        void checkSpans(BatchPlan plan) {
            assertTrue(plan.tokenCount() <= config.nBatch(), "too many tokens");
            assertTrue(live.isEmpty() || !plan.spans().isEmpty(), "somebody waits and nothing is done");
            Set<Integer> seen = new HashSet<>();
            int generating = 0;
            for (Span span : plan.spans()) {
                assertTrue(seen.add(span.slot()), "two spans of a slot");
                assertTrue(span.count() > 0);
                Slot slot = scheduler.slot(span.slot());
                Live known = live.get(slot.request().id());
                assertEquals(known.request.adapters(), plan.adapters());
                List<Integer> tokens = IntStream.range(0, span.count())
                        .mapToObj(i -> span.tokens()[span.offset() + i])
                        .toList();
                int end = span.position() + span.count();
                int[] text = slot.progress().evaluated();
                assertEquals(Arrays.stream(text, span.position(), end).boxed().toList(), tokens);
                assertEquals(end == text.length, span.output());
                if (slot.decoding()) {
                    generating++;
                    assertEquals(List.of(known.history.getLast()), tokens);
                }
            }
            for (Slot slot : scheduler.slots()) {
                if (!slot.idle()) {
                    Live known = live.get(slot.request().id());
                    boolean in = seen.contains(slot.id());
                    known.passedOver = in ? 0 : known.passedOver + 1;
                    boolean turn = known.request.adapters().equals(plan.adapters());
                    assertTrue(
                            in || !turn || poisons || !slot.decoding(),
                            "a generating request of the plan's adapters is left out");
                    // Each other slot has one turn of eight steps; the prompts before its own are bounded.
                    int most = 8 * config.slots() * (slot.decoding() && !poisons ? 1 : 4 * config.nCtx());
                    assertTrue(known.passedOver <= most, "starves");
                }
            }
            int prompt = plan.tokenCount() - generating;
            boolean paced = generating > 0 && prompt > 0;
            assertTrue(!paced || prompt <= config.nBatch() - generating);
        }

        void sample(Slot slot) {
            Live known = live.get(slot.request().id());
            GenerationRequest request = known.request;
            if (request.maxTokens() == 0) {
                scheduler.free(slot);
                ended(known);
                return;
            }
            int token = 1000 + ++sampled;
            boolean end = random.nextInt(30) == 0;
            boolean full = slot.cachedTokens() >= config.nCtx();
            long shiftsBefore = scheduler.contextShifts();
            Ending ending = scheduler.sampled(slot, token, end);
            if (!end) {
                known.history.add(token);
                known.sampled++;
                known.turn++;
            }
            assertEquals(known.sampled, slot.completion().length);
            boolean mayShift =
                    canShift && request.contextShift() && request.maxTokens() != GenerationRequest.TO_END_OF_CONTEXT;
            if (end) {
                assertEquals(Ending.EOS, ending);
            } else if (known.sampled == request.maxTokens()) {
                assertEquals(Ending.LIMIT, ending);
            } else if (!full) {
                assertNull(ending);
            } else if (!mayShift) {
                assertEquals(Ending.CONTEXT, ending);
            } else {
                assertNull(ending);
            }
            boolean shifted = scheduler.contextShifts() > shiftsBefore;
            assertEquals(ending == null && full, shifted);
            known.shifted |= shifted;
            if (ending != null || random.nextInt(40) == 0) {
                assertEquals(request, scheduler.free(slot));
                texts.set(
                        random.nextInt(texts.size()),
                        known.history.size() < config.nCtx() - 2 ? List.copyOf(known.history) : texts.getFirst());
                ended(known);
            }
        }

        void ended(Live known) {
            assertEquals(known, live.remove(known.request.id()), "ended twice");
        }

        /** {@code from} to {@code to} of a history are what is held from {@code at} on. */
        static void assertSame(List<Integer> history, int from, int to, int[] held, int at) {
            for (int i = from; i < to; i++) {
                assertEquals(history.get(i), held[at + i - from]);
            }
        }

        /** Requests are where they should be. */
        void check() {
            assertEquals(!live.isEmpty(), scheduler.hasWork());
            Set<Long> running = new HashSet<>();
            for (Slot slot : scheduler.slots()) {
                if (!slot.idle()) {
                    assertTrue(live.containsKey(slot.request().id()), "an ended request has a slot");
                    assertTrue(running.add(slot.request().id()), "two slots for a request");
                    assertTrue(
                            !slot.prefilling() || slot.completion().length > 0 || slot.reused() <= slot.cachedTokens(),
                            "reused, and gone");
                }
            }
            live.values().forEach(one -> assertEquals(one.running, running.contains(one.request.id())));
            assertEquals(live.size() - running.size(), scheduler.waitingCount());
        }

        /** The cache holds what the scheduler believes in, and what each request needs. */
        void checkCache() {
            for (Slot slot : scheduler.slots()) {
                int[] held = cache.tokens(slot.id());
                assertArrayEquals(held, slot.cached.toArray());
                if (slot.idle()) {
                    boolean lent = slot.lends.compareTo(CacheUse.KEY) > 0;
                    assertTrue(slot.cacheKey() != 0 || lent || held.length == 0, "nobody may have it");
                    assertTrue(cache.computedWith(slot.id(), slot.adapters), "would be of use to the wrong adapters");
                    continue;
                }
                Live known = live.get(slot.request().id());
                checkSharing(slot, known.request);
                assertTrue(
                        known.shifted || cache.genuine(slot.id()) == held.length,
                        "computed behind tokens that are gone");
                assertTrue(cache.computedWith(slot.id(), known.request.adapters()), "computed with other adapters");
                int[] text = slot.progress().evaluated();
                int keep = known.shifted ? kept(known.request) : 0;
                int end = known.history.size();
                assertTrue(known.shifted || text.length == end, "tokens are missing");
                assertSame(known.history, 0, keep, text, 0);
                assertSame(known.history, end - (text.length - keep), end, text, keep);
                assertArrayEquals(Arrays.copyOf(text, held.length), held);
            }
        }

        /** Every cell is its own, or its key's, or of one who lends it and none who would not. */
        void checkSharing(Slot slot, GenerationRequest request) {
            for (Set<GenerationRequest> users : cache.usedBy(slot.id(), request)) {
                boolean kept = users.stream().anyMatch(user -> sameKey(user, request));
                boolean lent = users.stream().anyMatch(user -> lends(user, request))
                        && users.stream().allMatch(user -> user.cacheUse() == CacheUse.ALL || lends(user, request));
                assertTrue(
                        users.isEmpty() || kept || lent,
                        () -> "request %d has cells of others".formatted(request.id()));
            }
        }

        static boolean sameKey(GenerationRequest one, GenerationRequest other) {
            return one.cacheKey() == other.cacheKey()
                    && one.cacheKey() != 0
                    && one.cacheUse() != CacheUse.NOTHING
                    && other.cacheUse() != CacheUse.NOTHING;
        }

        static boolean lends(GenerationRequest maker, GenerationRequest request) {
            return switch (maker.cacheUse().atMost(request.cacheUse())) {
                case NOTHING, KEY -> false;
                case CUSTOMER -> maker.customer().equals(request.customer());
                case ALL -> true;
            };
        }

        /** {@return how many tokens at the front stay when a context is shifted} */
        int kept(GenerationRequest request) {
            int wanted = request.nKeep() < 0 ? request.prompt().length : request.nKeep();
            return Math.min(wanted, config.nCtx() - Math.max(2, config.nCtx() / 4));
        }
    }
}
