package io.llamanode.protocol;

import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.PrefixSharing;
import io.llamanode.service.contract.task.AdapterScale;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.term.Shown;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The generation options of docs/protocol.md, section 2. */
final class OptionsDecoder {
    private static final int MAX_PRIORITY = 100;
    private static final int MAX_ADAPTERS = 16;
    private static final double MAX_SCALE = 100;
    private static final int MAX_ALTERNATIVES = 100;
    private static final int MAX_STOPS = 64;
    private static final int MAX_STOP_LENGTH = 1024;
    private static final double MAX_BIAS = 1e6;
    private static final int MAX = Integer.MAX_VALUE;
    private static final BigInteger RANDOM = BigInteger.ONE.negate();
    private static final BigInteger MAX_SEED = BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE);

    private OptionsDecoder() {}

    static GenerationOptions decode(Fields in) {
        return decode(in, ModelDecoder.sharing(in));
    }

    /** {@return the options that a model has as well, besides its bound of sharing, which is a setting of its own} */
    static GenerationOptions withoutSharing(Fields in) {
        return decode(in, null);
    }

    private static GenerationOptions decode(Fields in, @Nullable PrefixSharing sharing) {
        InputValue maxTokens = in.either("n_predict", "max_tokens");
        InputValue repeatPenalty = in.get("repeat_penalty");
        InputValue seed = in.get("seed");
        InputValue timeout = in.either("timeout", "deadline_ms");
        BigInteger number = seed == null ? null : seed.bigInteger(RANDOM, MAX_SEED);
        boolean random = RANDOM.equals(number);
        return new GenerationOptions(
                maxTokens == null ? null : (Integer) (int) maxTokens.integer(-1, MAX),
                in.real("temperature", 0, 100),
                in.integer("top_k", 0, MAX),
                in.real("top_p", 0, 1),
                in.real("min_p", 0, 1),
                repeatPenalty == null ? null : (Float) repeatPenalty.real(0, 100, true),
                in.integer("repeat_last_n", -1, MAX),
                in.real("frequency_penalty", -100, 100),
                in.real("presence_penalty", -100, 100),
                number == null || random ? null : (Long) number.longValue(),
                random ? Boolean.TRUE : null,
                logitBias(in.get("logit_bias")),
                stop(in.get("stop")),
                in.flag("ignore_eos"),
                in.integer("n_keep", -1, MAX),
                in.flag("context_shift"),
                in.flag("cache_prompt"),
                Fields.deadline(timeout),
                FormatDecoder.decode(in),
                FormatDecoder.structure(in),
                SamplerDecoder.decode(in),
                in.integer("priority", -MAX_PRIORITY, MAX_PRIORITY),
                adapters(in.get("lora")),
                alternatives(in),
                sharing,
                fields(in.get("extra")));
    }

    private static @Nullable Map<String, Object> fields(@Nullable InputValue extra) {
        return extra == null ? null : Plain.map(extra);
    }

    /** Maps of {@code id} and {@code scale} as llama.cpp's server takes them, or pairs. */
    private static @Nullable List<AdapterScale> adapters(@Nullable InputValue value) {
        if (value == null) {
            return null;
        }
        List<AdapterScale> adapters = new ArrayList<>();
        for (InputValue item : value.list()) {
            List<InputValue> pair = item.pair();
            AdapterScale adapter;
            if (pair != null && pair.get(0).isText()) {
                adapter =
                        new AdapterScale(pair.get(0).nonEmptyText(), pair.get(1).real(-MAX_SCALE, MAX_SCALE, false));
            } else {
                Fields in = new Fields(item);
                InputValue id = in.require("id", "scale");
                Float scale = in.real("scale", -MAX_SCALE, MAX_SCALE);
                in.end();
                adapter = new AdapterScale(id.nonEmptyText(), scale == null ? 1 : scale);
            }
            if (adapters.stream().anyMatch(other -> other.id().equals(adapter.id()))) {
                throw FailureException.invalid(
                        item.path() + ": adapter '" + Shown.line(adapter.id(), 40) + "' is given twice");
            }
            adapters.add(adapter);
        }
        if (adapters.size() > MAX_ADAPTERS) {
            throw FailureException.invalid(
                    value.path() + " must have at most " + MAX_ADAPTERS + " adapters, not " + adapters.size());
        }
        return List.copyOf(adapters);
    }

    /**
     * {@code n_probs} as llama.cpp's server names it, or {@code logprobs} with {@code top_logprobs} as OpenAI does.
     *
     * @return likeliest tokens to tell; -1: not even the sampled one's probability; {@code null}: not given
     */
    private static @Nullable Integer alternatives(Fields in) {
        Integer number = in.integer("n_probs", 0, MAX_ALTERNATIVES);
        Boolean asked = in.flag("logprobs");
        Integer top = in.integer("top_logprobs", 0, MAX_ALTERNATIVES);
        if (number != null && (asked != null || top != null)) {
            throw FailureException.invalid("n_probs and logprobs are the same; give only one");
        }
        if (top != null && !Boolean.TRUE.equals(asked)) {
            throw FailureException.invalid("top_logprobs: needs logprobs to be true");
        }
        if (number != null) {
            return number == 0 ? -1 : number;
        }
        return asked == null ? null : (Integer) (asked ? top == null ? 0 : top : -1);
    }

    /** A list of integers is one text here; the empty list is no text. */
    private static @Nullable List<String> stop(@Nullable InputValue value) {
        if (value == null) {
            return null;
        }
        if (!value.isList()) {
            return List.of(stopText(value));
        }
        List<InputValue> items = value.list();
        if (!items.isEmpty() && value.isIntegers()) {
            return List.of(stopText(value));
        }
        if (items.size() > MAX_STOPS) {
            throw FailureException.invalid(
                    value.path() + " must have at most " + MAX_STOPS + " texts, not " + items.size());
        }
        return items.stream().map(OptionsDecoder::stopText).toList();
    }

    /** Each is looked for after every token, on the thread that decodes. */
    private static String stopText(InputValue value) {
        String text = value.nonEmptyText();
        if (text.length() > MAX_STOP_LENGTH) {
            throw FailureException.invalid(
                    value.path() + " must have at most " + MAX_STOP_LENGTH + " characters, not " + text.length());
        }
        return text;
    }

    private static @Nullable Map<Integer, Float> logitBias(@Nullable InputValue value) {
        if (value == null) {
            return null;
        }
        Map<Integer, Float> biases = new LinkedHashMap<>();
        if (value.isList()) {
            for (InputValue item : value.list()) {
                List<InputValue> pair = item.pair();
                if (pair == null) {
                    throw item.mustBe("a pair of a token id and a bias");
                }
                bias(
                        biases,
                        (int) pair.get(0).integer(0, MAX),
                        item.unwrapped(pair.get(1).raw()));
            }
        } else {
            value.entries().forEach((key, bias) -> bias(biases, tokenOf(key, value), bias));
        }
        return biases;
    }

    /** JSON has no other keys than text, so decimal text counts as an id. */
    private static int tokenOf(String key, InputValue value) {
        try {
            int token = Integer.parseInt(key);
            if (token >= 0 && key.equals(Integer.toString(token))) {
                return token;
            }
        } catch (NumberFormatException e) {
            // Told below, like a negative one.
        }
        throw FailureException.invalid("a key of " + value.path() + " must be a token id, an integer from 0 to " + MAX
                + ", not " + Shown.quoted(key));
    }

    private static void bias(Map<Integer, Float> biases, int token, InputValue value) {
        float bias;
        if (value.isFalse()) {
            bias = Float.NEGATIVE_INFINITY;
        } else if (value.isNumber()) {
            bias = value.real(-MAX_BIAS, MAX_BIAS, false);
        } else {
            throw value.mustBe("a number or false");
        }
        if (biases.putIfAbsent(token, bias) != null) {
            throw FailureException.invalid(value.path() + ": token " + token + " is given twice");
        }
    }
}
