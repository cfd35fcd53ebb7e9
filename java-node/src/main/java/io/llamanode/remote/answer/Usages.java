package io.llamanode.remote.answer;

import com.fasterxml.jackson.databind.JsonNode;
import io.llamanode.service.contract.task.GenerationResult.Usage;
import org.jspecify.annotations.Nullable;

/** Reads the counts of tokens in each of the forms that servers have. For any thread. */
final class Usages {
    private Usages() {}

    /**
     * @param value a part of an answer, or all of it
     * @param before what an earlier part told
     * @return what is known by now, or {@code null} if that is nothing
     */
    static @Nullable Usage of(JsonNode value, @Nullable Usage before) {
        JsonNode usage = value.get("usage");
        if (usage != null && usage.isObject()) {
            Integer prompt = Trees.count(usage, "prompt_tokens");
            Integer completion = Trees.count(usage, "completion_tokens");
            Integer total = Trees.count(usage, "total_tokens");
            if (prompt == null && total != null) {
                // Rerankers tell the sum alone, and generate nothing.
                prompt = total - (completion == null ? 0 : completion);
            }
            if (prompt != null) {
                return new Usage(prompt, completion == null ? 0 : completion, cached(value, usage, prompt));
            }
        }
        Integer evaluated = Trees.count(value, "tokens_evaluated");
        Integer predicted = Trees.count(value, "tokens_predicted");
        if (evaluated != null && predicted != null && !Boolean.FALSE.equals(stopped(value))) {
            return new Usage(evaluated, predicted, ofTimings(value, evaluated));
        }
        return before;
    }

    private static @Nullable Boolean stopped(JsonNode value) {
        return value.path("stop").isBoolean() ? (Boolean) value.path("stop").booleanValue() : null;
    }

    private static @Nullable Integer cached(JsonNode value, JsonNode usage, int prompt) {
        Integer told = Trees.count(usage.path("prompt_tokens_details"), "cached_tokens");
        return told != null ? told : ofTimings(value, prompt);
    }

    /** A llama-server tells how many tokens of the prompt it evaluated, newer ones those that it did not. */
    private static @Nullable Integer ofTimings(JsonNode value, int prompt) {
        JsonNode timings = value.path("timings");
        Integer cached = Trees.count(timings, "cache_n");
        if (cached != null) {
            return cached;
        }
        Integer evaluated = Trees.count(timings, "prompt_n");
        return evaluated == null || evaluated > prompt ? null : (Integer) (prompt - evaluated);
    }
}
