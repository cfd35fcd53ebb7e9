package io.llamanode.bench;

import io.llamanode.engine.contract.CacheUse;
import io.llamanode.engine.contract.EngineConfig;
import io.llamanode.engine.contract.GenerationListener.Ending;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.model.BatchPlan;
import io.llamanode.engine.sampling.SamplingParams;
import io.llamanode.engine.schedule.PrefillPacing;
import io.llamanode.engine.schedule.Scheduler;
import io.llamanode.engine.schedule.Slot;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * Counts the tokens that four slots evaluate for series of prompts, by the share of a prompt from which on the slot that holds
 * it is chosen: {@code java -cp ... io.llamanode.bench.SlotChoice}. No model is needed.
 */
final class SlotChoice {
    private static final int SLOTS = 4;
    private static final int REQUESTS = 400;
    private static final double[] SHARES = {0, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 1};

    private SlotChoice() {}

    /** Makes the prompt of each request, of which it hears the answer. */
    private abstract static class Series {
        final Random random = new Random(5);
        private int last;

        /** @param base behind which its tokens are */
        Series(int base) {
            last = base;
        }

        abstract int[] next(int number);

        void answered(int[] prompt, int[] answer) {}

        /** {@return tokens that nobody else has} */
        final int[] fresh(int count) {
            return IntStream.range(0, count).map(i -> ++last).toArray();
        }

        static int[] joined(int[]... parts) {
            return IntStream.range(0, parts.length)
                    .flatMap(i -> IntStream.of(parts[i]))
                    .toArray();
        }
    }

    /** Chats of one call, of applications that have a system prompt each, behind what the template puts first. */
    private static final class OneCalls extends Series {
        private final List<int[]> systems = new ArrayList<>();
        private final int question;

        OneCalls(int applications, int question) {
            super(0);
            this.question = question;
            int[] template = fresh(20);
            for (int i = 0; i < applications; i++) {
                systems.add(joined(template, fresh(500)));
            }
        }

        @Override
        int[] next(int number) {
            return joined(systems.get(random.nextInt(systems.size())), fresh(question));
        }
    }

    /** Conversations that are sent whole each time, all with one system prompt; each begins anew after twelve turns. */
    private static final class Conversations extends Series {
        private final int[] system;
        private final List<int[]> texts = new ArrayList<>();
        private int turn;

        Conversations(int base, int count) {
            super(base);
            system = fresh(520);
            for (int i = 0; i < count; i++) {
                texts.add(system);
            }
        }

        @Override
        int[] next(int number) {
            turn = random.nextInt(texts.size());
            return joined(texts.get(turn), fresh(24));
        }

        @Override
        void answered(int[] prompt, int[] answer) {
            texts.set(turn, prompt.length > 1200 ? system : joined(prompt, answer));
        }
    }

    /** Two of the above in turn, and prompts that have nothing in common but what the template puts first. */
    private static final class Mixed extends Series {
        private final int[] template;
        private final int[] system;
        private final Conversations conversations = new Conversations(1_000_000, 2);
        private int kind;

        Mixed() {
            super(0);
            template = fresh(20);
            system = joined(template, fresh(500));
        }

        @Override
        int[] next(int number) {
            kind = random.nextInt(3);
            return switch (kind) {
                case 0 -> conversations.next(number);
                case 1 -> joined(system, fresh(24));
                default -> joined(template, fresh(200));
            };
        }

        @Override
        void answered(int[] prompt, int[] answer) {
            if (kind == 0) {
                conversations.answered(prompt, answer);
            }
        }
    }

    /**
     * Prints a table.
     *
     * @param arguments none
     */
    public static void main(String[] arguments) {
        System.out.print("| prompts |");
        for (double share : SHARES) {
            System.out.printf(" %.2f |", share);
        }
        System.out.println();
        System.out.println("|---|" + "---:|".repeat(SHARES.length));
        row("one application", () -> new OneCalls(1, 24));
        row("3 applications", () -> new OneCalls(3, 24));
        row("6 applications", () -> new OneCalls(6, 24));
        row("3 applications, questions of 300", () -> new OneCalls(3, 300));
        row("3 applications, questions of 1500", () -> new OneCalls(3, 1500));
        row("6 applications, questions of 1500", () -> new OneCalls(6, 1500));
        row("2 conversations", () -> new Conversations(0, 2));
        row("4 conversations", () -> new Conversations(0, 4));
        row("6 conversations", () -> new Conversations(0, 6));
        row("mixed", Mixed::new);
    }

    private static void row(String name, Supplier<Series> series) {
        System.out.printf("| %s |", name);
        for (double share : SHARES) {
            System.out.printf(" %.1f |", run(series.get(), share) / 1000.0);
        }
        System.out.println();
    }

    private static long run(Series series, double share) {
        EngineConfig config = new EngineConfig(SLOTS, 4096, 512, 32).withSimilarity(share);
        Scheduler scheduler = new Scheduler(config, true, true, false, true, token -> false);
        PrefillPacing pacing = new PrefillPacing(32, 512);
        long evaluated = 0;
        for (int number = 1; number <= REQUESTS; number++) {
            int[] prompt = series.next(number);
            int[] answer = series.fresh(30);
            scheduler.submit(new GenerationRequest(
                    number,
                    0,
                    "somebody",
                    prompt,
                    answer.length,
                    SamplingParams.GREEDY,
                    List.of(),
                    0,
                    false,
                    CacheUse.ALL,
                    GenerationRequest.NO_DEADLINE));
            int sampled = 0;
            while (scheduler.hasWork()) {
                BatchPlan plan = scheduler.plan(slot -> {}, pacing, 0);
                scheduler.executed(plan);
                for (BatchPlan.Span span : plan.spans()) {
                    Slot slot = scheduler.slot(span.slot());
                    evaluated += sampled == 0 ? span.count() : 0;
                    if (span.output() && scheduler.sampled(slot, answer[sampled++], false) == Ending.LIMIT) {
                        scheduler.free(slot);
                    }
                }
            }
            series.answered(prompt, answer);
        }
        return evaluated;
    }
}
