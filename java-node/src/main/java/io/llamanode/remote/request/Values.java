package io.llamanode.remote.request;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llamanode.grammar.automaton.GrammarLimitException;
import io.llamanode.grammar.gbnf.GbnfWriter;
import io.llamanode.grammar.language.Language;
import io.llamanode.grammar.language.LanguageException;
import io.llamanode.remote.answer.Trees;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.task.OutputFormat;
import java.util.List;
import java.util.Map;

/** Writes values that have forms of their own in requests. */
final class Values {
    /** The largest seed of a llama-server but one, which stands for a random one there. */
    static final long LARGEST_LLAMA_SEED = 0xFFFF_FFFEL;

    private static final int BANNED = -100;

    private Values() {}

    static void plain(ObjectNode body, String field, Object value) {
        body.set(field, Trees.of(value));
    }

    /** Numbers as they were written: a float that becomes a double gets digits that nobody gave. */
    static void number(ObjectNode body, String field, Object value) {
        if (value instanceof Float number) {
            body.put(field, Double.parseDouble(number.toString()));
        } else {
            plain(body, field, value);
        }
    }

    /** Pairs of a token and its bias, or {@code false} for never. */
    static void biasPairs(ObjectNode body, Object value) {
        ArrayNode pairs = body.putArray("logit_bias");
        ((Map<?, ?>) value).forEach((token, bias) -> {
            ArrayNode pair = pairs.addArray().add((Integer) token);
            float number = (Float) bias;
            if (number == Float.NEGATIVE_INFINITY) {
                pair.add(false);
            } else {
                pair.add(Double.parseDouble(Float.toString(number)));
            }
        });
    }

    /** An object of biases by token, in which the least one means never. */
    static void biasMap(ObjectNode body, Object value) {
        ObjectNode map = body.putObject("logit_bias");
        ((Map<?, ?>) value).forEach((token, bias) -> {
            float number = (Float) bias;
            if (number == Float.NEGATIVE_INFINITY) {
                map.put(token.toString(), BANNED);
            } else {
                map.put(token.toString(), Double.parseDouble(Float.toString(number)));
            }
        });
    }

    static void llamaSeed(ObjectNode body, Object value) {
        long seed = (Long) value;
        if (Long.compareUnsigned(seed, LARGEST_LLAMA_SEED) > 0) {
            throw RequestWriter.unsupported("seed: a llama-server takes 0 to %d".formatted(LARGEST_LLAMA_SEED));
        }
        body.put("seed", seed);
    }

    static void openaiSeed(ObjectNode body, Object value) {
        long seed = (Long) value;
        if (seed < 0) {
            throw RequestWriter.unsupported("seed: an OpenAI-compatible server takes 0 to 2^63-1");
        }
        body.put("seed", seed);
    }

    /** An answer of no limit has none in the request. */
    static void limit(ObjectNode body, String field, Object value) {
        if ((Integer) value >= 0) {
            body.put(field, (Integer) value);
        }
    }

    /** @param fewest alternatives that the server can be asked for where it tells anything */
    static void chatLogprobs(ObjectNode body, Object value, int fewest) {
        if ((Integer) value >= 0) {
            body.put("logprobs", true);
            body.put("top_logprobs", Math.max(fewest, (Integer) value));
        }
    }

    static void logprobs(ObjectNode body, String field, Object value, int fewest) {
        if ((Integer) value >= 0) {
            body.put(field, Math.max(fewest, (Integer) value));
        }
    }

    /** A grammar or a schema, for a llama-server's endpoints. What these have no field for becomes a grammar. */
    static void llamaFormat(ObjectNode body, Object value) {
        OutputFormat format = (OutputFormat) value;
        switch (format) {
            case OutputFormat.Free _ -> {
                // As it answers without a field.
            }
            case OutputFormat.Gbnf(String grammar) -> body.put("grammar", grammar);
            case OutputFormat.Regex(String pattern) -> body.put("grammar", written(format, Language.regex(pattern)));
            case OutputFormat.Choice(List<String> texts) ->
                body.put("grammar", written(format, Language.choice(texts)));
            case OutputFormat.Json json -> body.set("json_schema", schema(json));
        }
    }

    /** A schema, as OpenAI's chats take it. */
    static void openaiFormat(ObjectNode body, Object value) {
        OutputFormat asked = (OutputFormat) value;
        switch (asked) {
            case OutputFormat.Free _ -> {
                // As it answers without a field.
            }
            case OutputFormat.Gbnf _, OutputFormat.Regex _, OutputFormat.Choice _ ->
                throw RequestWriter.refused(asked.key(), ServerKind.OPENAI);
            case OutputFormat.Json json -> {
                ObjectNode format = body.putObject("response_format");
                JsonNode schema = schema(json);
                if (isAnyObject(schema)) {
                    format.put("type", "json_object");
                } else {
                    format.put("type", "json_schema");
                    ObjectNode named = format.putObject("json_schema");
                    named.put("name", "answer");
                    named.put("strict", true);
                    named.set("schema", schema);
                }
            }
        }
    }

    /** What keeps to nothing needs no field. */
    static void noFormat(Object value, ServerKind kind) {
        OutputFormat format = (OutputFormat) value;
        if (!(format instanceof OutputFormat.Free)) {
            throw RequestWriter.refused(format.key(), kind);
        }
    }

    private static String written(OutputFormat format, Language language) {
        try {
            return GbnfWriter.write(language.rules());
        } catch (LanguageException | GrammarLimitException e) {
            throw FailureException.invalid(format.key() + ": " + e.getMessage());
        }
    }

    private static boolean isAnyObject(JsonNode schema) {
        return schema.size() == 1 && "object".equals(Trees.text(schema, "type"));
    }

    private static JsonNode schema(OutputFormat.Json json) {
        JsonNode tree = Trees.parse(json.schema());
        if (tree == null) {
            throw FailureException.invalid(json.key() + ": is no JSON");
        }
        return tree;
    }
}
