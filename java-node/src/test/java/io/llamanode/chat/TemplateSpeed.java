package io.llamanode.chat;

import io.llamanode.chat.SharedTemplates.Conversation;
import io.llamanode.chat.SharedTemplates.Expectations;
import java.util.Arrays;
import java.util.Locale;

/** Prints how long the renderings of the published templates take once they are warm: the median, and the slowest. */
final class TemplateSpeed {
    private static final int WARM_UPS = 500;
    private static final int RUNS = 101;

    private TemplateSpeed() {}

    public static void main(String[] args) {
        Expectations all = SharedTemplates.expectations();
        double[] medians = new double
                [(int) all.expected().values().stream().mapToLong(e -> e.size()).sum()];
        int count = 0;
        String slowest = "";
        double most = 0;
        for (String name : all.expected().keySet()) {
            ChatTemplate template = ChatTemplate.parse(SharedTemplates.source(name));
            for (String key : all.expected().get(name).keySet()) {
                double median = median(template, all, all.conversations().get(key));
                medians[count++] = median;
                if (median > most) {
                    most = median;
                    slowest = name + " " + key;
                }
            }
        }
        Arrays.sort(medians);
        System.out.printf(
                Locale.ROOT,
                "%d renderings: median %.1f us, slowest %.1f us (%s)%n",
                count,
                medians[count / 2],
                most,
                slowest);
    }

    private static double median(ChatTemplate template, Expectations all, Conversation conversation) {
        long[] times = new long[RUNS];
        for (int run = -WARM_UPS; run < RUNS; run++) {
            long start = System.nanoTime();
            template.render(ChatRequest.of(conversation.messages())
                    .tools(conversation.tools())
                    .bosToken(all.bos_token())
                    .eosToken(all.eos_token())
                    .build());
            if (run >= 0) {
                times[run] = System.nanoTime() - start;
            }
        }
        Arrays.sort(times);
        return times[RUNS / 2] / 1000.0;
    }
}
