package io.llamanode.remote.answer;

import com.fasterxml.jackson.databind.JsonNode;
import io.llamanode.service.contract.task.GenerationResult.Logprob;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads probabilities of tokens in each of the forms that servers have. For any thread. */
final class Logprobs {
    /** Of a token without one, or whose probability is 0, as llama.cpp tells it. Erlang has no infinity. */
    private static final float LEAST = -Float.MAX_VALUE;

    private Logprobs() {}

    /** {@return those of a choice of OpenAI's API, or {@code null} if it has none} */
    static @Nullable List<Logprob> ofChoice(JsonNode choice) {
        JsonNode logprobs = choice.get("logprobs");
        if (logprobs == null || !logprobs.isObject()) {
            return null;
        }
        JsonNode content = logprobs.get("content");
        if (content != null && content.isArray()) {
            return entries(content);
        }
        JsonNode tokens = logprobs.get("tokens");
        return tokens != null && tokens.isArray() ? lists(logprobs, tokens) : null;
    }

    /** {@return those of a llama-server's own answer, or {@code null} if it has none} */
    static @Nullable List<Logprob> ofNative(JsonNode answer) {
        JsonNode probabilities = answer.get("completion_probabilities");
        return probabilities != null && probabilities.isArray() ? entries(probabilities) : null;
    }

    private static List<Logprob> entries(JsonNode entries) {
        List<Logprob> all = new ArrayList<>();
        for (JsonNode entry : entries) {
            JsonNode old = entry.get("probs");
            if (old != null && old.isArray()) {
                all.add(older(entry, old));
            } else if (Trees.number(entry, "logprob") != null) {
                all.add(entry(entry, true));
            }
        }
        return all;
    }

    private static Logprob entry(JsonNode entry, boolean withTop) {
        List<Logprob> top = new ArrayList<>();
        if (withTop) {
            for (JsonNode other : entry.path("top_logprobs")) {
                if (Trees.number(other, "logprob") != null) {
                    top.add(entry(other, false));
                }
            }
        }
        return new Logprob(Trees.count(entry, "id"), bytes(entry), logprob(entry, "logprob"), List.copyOf(top));
    }

    private static float logprob(JsonNode entry, String field) {
        Double number = Trees.number(entry, field);
        return number == null ? LEAST : (float) (double) number;
    }

    /** Probabilities of older llama-servers, which are no logarithms; the sampled token is among them, or it has none. */
    private static Logprob older(JsonNode entry, JsonNode probs) {
        String token = Trees.text(entry, "content");
        List<Logprob> top = new ArrayList<>();
        float own = LEAST;
        for (JsonNode other : probs) {
            String text = Trees.text(other, "tok_str");
            Double probability = Trees.number(other, "prob");
            if (text != null && probability != null) {
                float logprob = (float) Math.max(LEAST, Math.log(probability));
                top.add(new Logprob(null, text.getBytes(StandardCharsets.UTF_8), logprob, List.of()));
                own = text.equals(token) ? logprob : own;
            }
        }
        return new Logprob(null, (token == null ? "" : token).getBytes(StandardCharsets.UTF_8), own, List.copyOf(top));
    }

    private static byte[] bytes(JsonNode entry) {
        JsonNode given = entry.get("bytes");
        if (given != null && given.isArray()) {
            byte[] bytes = new byte[given.size()];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) given.get(i).intValue();
            }
            return bytes;
        }
        String token = Trees.text(entry, "token");
        return (token == null ? "" : token).getBytes(StandardCharsets.UTF_8);
    }

    /** The form of OpenAI's first API: lists side by side. */
    private static List<Logprob> lists(JsonNode logprobs, JsonNode tokens) {
        List<Logprob> all = new ArrayList<>();
        for (int i = 0; i < tokens.size(); i++) {
            List<Logprob> top = new ArrayList<>();
            JsonNode others = logprobs.path("top_logprobs").path(i);
            others.properties().forEach(other -> {
                if (Trees.isFinite(other.getValue())) {
                    top.add(new Logprob(
                            null,
                            other.getKey().getBytes(StandardCharsets.UTF_8),
                            other.getValue().floatValue(),
                            List.of()));
                }
            });
            top.sort(Comparator.comparingDouble(other -> -other.logprob()));
            JsonNode own = logprobs.path("token_logprobs").path(i);
            all.add(new Logprob(
                    null,
                    tokens.get(i).asText().getBytes(StandardCharsets.UTF_8),
                    Trees.isFinite(own) ? own.floatValue() : LEAST,
                    List.copyOf(top)));
        }
        return all;
    }
}
