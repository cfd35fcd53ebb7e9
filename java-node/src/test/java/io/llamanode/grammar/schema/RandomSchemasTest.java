package io.llamanode.grammar.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.llamanode.grammar.Matching;
import io.llamanode.grammar.automaton.Automaton;
import io.llamanode.grammar.automaton.GrammarLimitException;
import io.llamanode.grammar.automaton.Limits;
import io.llamanode.grammar.automaton.Recognizer;
import io.llamanode.grammar.automaton.State;
import io.llamanode.grammar.mask.TokenBytes;
import io.llamanode.grammar.mask.TokenMasks;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Random schemas against a validator of others: what the grammar lets through is valid, and what is valid is let through.
 *
 * <p>{@code -Dllamanode.schemas=20000} looks at more of them, and its tally is printed.
 */
class RandomSchemasTest {
    private static final int SCHEMAS = Integer.getInteger("llamanode.schemas", 500);
    private static final int ANSWERS = 5;
    private static final int LONGEST = 300;
    private static final int SHOWN = 10;
    private static final int MOST_NODES = 500_000;

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();
    private static final JsonMapper STRICT = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();
    private static final SchemaRegistry VALIDATOR =
            SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);
    private static final TokenBytes VOCABULARY = vocabulary();

    private final Random random = new Random(20_000);
    private final List<String> wrong = new ArrayList<>();
    private final Map<String, Integer> refused = new TreeMap<>();
    private final Map<String, Integer> counts = new TreeMap<>();

    /** Every byte, and what a model has whole. */
    private static TokenBytes vocabulary() {
        List<byte[]> pieces = new ArrayList<>();
        for (int value = 0; value < 256; value++) {
            pieces.add(new byte[] {(byte) value});
        }
        for (String text :
                List.of("true", "null", "\":", "\",\"", "}]", "12", "{\"a\":", "id", "ab", "0.", "[1,", "é")) {
            pieces.add(text.getBytes(StandardCharsets.UTF_8));
        }
        return new TokenBytes(pieces.toArray(byte[][]::new));
    }

    @Test
    void whatIsLetThroughIsValidAndWhatIsValidIsLetThrough() {
        RandomSchemas schemas = new RandomSchemas(17);
        for (int i = 0; i < SCHEMAS; i++) {
            ObjectNode schema = schemas.next();
            try {
                one(schema);
            } catch (StackOverflowError e) {
                wrong.add("ENDLESS " + schema);
            } catch (tools.jackson.core.JacksonException | NumberFormatException e) {
                count("not taken by the validator");
                if (counts.get("not taken by the validator") < 4) {
                    System.out.println(e.getMessage() + " " + schema);
                }
            }
        }
        System.out.println("keywords in " + SCHEMAS + " schemas: " + schemas.tally());
        System.out.println("refused by keyword: " + refused + ", counts: " + counts);
        wrong.stream().limit(SHOWN).forEach(System.out::println);
        assertEquals(List.of(), wrong.stream().limit(SHOWN).toList());
        schemas.tally()
                .forEach((keyword, count) -> assertTrue(count >= SCHEMAS / 100, keyword + " stands in " + count));
        assertTrue(counts.getOrDefault("compiled", 0) > SCHEMAS / 2, counts::toString);
        assertTrue(counts.getOrDefault("ended", 0) > SCHEMAS, counts::toString);
    }

    private void count(String what) {
        counts.merge(what, 1, Integer::sum);
    }

    private void one(ObjectNode json) {
        String schema = json.toString();
        TokenMasks masks;
        Recognizer anyOrder;
        try {
            masks = new TokenMasks(VOCABULARY, automaton(schema, JsonSchema.Order.SCHEMA), Limits.DEFAULT, 64);
            anyOrder = new Recognizer(automaton(schema, JsonSchema.Order.ANY), Limits.DEFAULT);
        } catch (SchemaException e) {
            refused.merge(e.keyword(), 1, Integer::sum);
            return;
        } catch (GrammarLimitException e) {
            refused.merge("(automaton)", 1, Integer::sum);
            return;
        }
        count("compiled");
        Schema validator = VALIDATOR.getSchema(EXACT.readTree(schema));
        RandomSchemas values = new RandomSchemas(random.nextLong());
        for (int i = 0; i < ANSWERS; i++) {
            String answer = walk(masks, schema);
            if (answer == null) {
                count("cut off");
                continue;
            }
            count("ended");
            if (hasNameTwice(answer)) {
                // What that is worth, RFC 8259 leaves open; a grammar can not remember names that it does not know.
                count("a name came twice");
                continue;
            }
            if (!isValid(validator, answer)) {
                wrong.add("LET THROUGH " + answer + " BY " + schema);
            }
            if (!Matching.accepts(anyOrder, answer)) {
                wrong.add("REFUSED IN ANY ORDER " + answer + " BY " + schema);
            }
            changed(validator, masks, anyOrder, answer, values, schema);
        }
        for (int i = 0; i < ANSWERS; i++) {
            String value = values.value(2).toString();
            if (isValid(validator, value) != Matching.accepts(anyOrder, value)) {
                wrong.add((isValid(validator, value) ? "REFUSED " : "LET THROUGH ") + value + " BY " + schema);
            }
        }
    }

    private static boolean hasNameTwice(String answer) {
        try {
            STRICT.readTree(answer);
            return false;
        } catch (JsonProcessingException e) {
            return String.valueOf(e.getMessage()).contains("Duplicate");
        }
    }

    private static Automaton automaton(String schema, JsonSchema.Order order) {
        return Automaton.of(
                JsonSchema.compile(schema, JsonSchema.Options.DEFAULT.withOrder(order))
                        .grammar(),
                MOST_NODES);
    }

    /** Numbers are read as they are: those that are read as doubles by default are others. */
    private static final tools.jackson.databind.json.JsonMapper EXACT = tools.jackson.databind.json.JsonMapper.builder()
            .enable(tools.jackson.databind.DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();

    private static boolean isValid(Schema validator, String value) {
        return validator
                .validate(
                        EXACT.readTree(value),
                        context -> context.executionConfig(config -> config.formatAssertionsEnabled(true)))
                .isEmpty();
    }

    /** {@return an answer that ended by itself; {@code null} if it was cut off} */
    private @Nullable String walk(TokenMasks masks, String schema) {
        State state = masks.start();
        StringBuilder latin = new StringBuilder();
        for (int length = 0; length < LONGEST; length++) {
            BitSet mask = masks.mask(state);
            if (state.isComplete() && (mask.isEmpty() || random.nextInt(3) == 0)) {
                return new String(latin.toString().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
            }
            if (mask.isEmpty()) {
                wrong.add("NO WAY ON BEHIND " + latin + " BY " + schema);
                return null;
            }
            int token = choice(mask);
            for (byte value : VOCABULARY.piece(token)) {
                latin.append((char) Byte.toUnsignedInt(value));
            }
            State next = masks.next(state, token);
            if (next == null) {
                wrong.add("NOT TAKEN BEHIND " + latin + " BY " + schema);
                return null;
            }
            state = next;
        }
        return null;
    }

    /** Marks that close something are taken more often, so that an answer comes to its end. */
    private int choice(BitSet mask) {
        for (char close : "\"}],:".toCharArray()) {
            if (mask.get(close) && random.nextInt(3) == 0) {
                return close;
            }
        }
        int number = random.nextInt(mask.cardinality());
        int token = mask.nextSetBit(0);
        while (number-- > 0) {
            token = mask.nextSetBit(token + 1);
        }
        return token;
    }

    /** One value of an answer is another, or one property is gone: the order stays what it was. */
    private void changed(
            Schema validator,
            TokenMasks masks,
            Recognizer anyOrder,
            String answer,
            RandomSchemas values,
            String schema) {
        JsonNode json;
        try {
            json = JSON.readTree(answer);
        } catch (JsonProcessingException e) {
            wrong.add("NO JSON " + answer + " BY " + schema);
            return;
        }
        boolean plain = random.nextBoolean();
        String changed = change(json, values, plain ? 0 : 1).toString();
        boolean valid = isValid(validator, changed);
        boolean accepted = Matching.accepts(anyOrder, changed);
        count(valid ? "changed and valid" : "changed and not valid");
        if (valid != accepted) {
            wrong.add((valid ? "REFUSED " : "LET THROUGH ") + changed + " BY " + schema);
        }
        State end = masks.next(masks.start(), changed.getBytes(StandardCharsets.UTF_8));
        boolean inOrder = end != null && end.isComplete();
        if (inOrder && !valid || valid && plain && !inOrder) {
            wrong.add((valid ? "REFUSED IN ORDER " : "LET THROUGH IN ORDER ") + changed + " BY " + schema);
        }
    }

    private JsonNode change(JsonNode json, RandomSchemas values, int depth) {
        if (json.isEmpty() || random.nextInt(3) == 0) {
            return values.value(depth);
        }
        int place = random.nextInt(json.size());
        if (json instanceof ObjectNode object) {
            List<String> names = new ArrayList<>();
            object.fieldNames().forEachRemaining(names::add);
            if (random.nextBoolean()) {
                object.remove(names.get(place));
            } else {
                object.set(names.get(place), change(object.get(names.get(place)), values, depth));
            }
        } else if (json instanceof com.fasterxml.jackson.databind.node.ArrayNode array) {
            if (random.nextBoolean()) {
                array.remove(place);
            } else {
                array.set(place, change(array.get(place), values, depth));
            }
        }
        return json;
    }
}
