package io.llamanode.grammar.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/** Draws schemas of draft 2020-12 that have every keyword now and then, and most often some valid value. */
final class RandomSchemas {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final String[] NAMES = {"a", "b", "id", "na/me", "t~x", "\u00e9", "", "x1"};
    private static final String[] TEXTS = {"a", "ab", "x1", "", "a\"b", "tab\t", "\u00e9", "no\\yes"};
    private static final String[] PATTERNS = {
        "^a", "b$", "^[a-c]{1,3}$", "^x\\d*$", "o|é", "^(?:ab)*$", "^[^ ]+$", "[^a]"
    };
    /** Not "uri": "a:" is one by RFC 3986, with an empty path, and none by the validator, which goes by java.net.URI. */
    private static final String[] FORMATS = {"date", "time", "date-time", "uuid", "ipv4", "email", "json-pointer"};

    private static final String[] TYPES = {"null", "boolean", "integer", "number", "string", "array", "object"};
    private static final int DEPTH = 3;

    private final Random random;
    private final Map<String, Integer> tally = new TreeMap<>();
    private int definitions;

    RandomSchemas(long seed) {
        this.random = new Random(seed);
    }

    /** {@return in how many of the schemas each keyword stood} */
    Map<String, Integer> tally() {
        return tally;
    }

    ObjectNode next() {
        int count = random.nextInt(3);
        definitions = count;
        ObjectNode root = schema(DEPTH);
        // None of these is but a reference: it could be one to itself.
        if (count > 0) {
            ObjectNode all = root.putObject("$defs");
            for (int i = 0; i < count; i++) {
                definitions = 0;
                ObjectNode one = schema(1);
                definitions = count;
                if (chance(4)) {
                    one.remove(List.of("enum", "const"));
                    one.putObject("items").put("$ref", "#/$defs/one");
                }
                if (i == 0) {
                    one.put("$anchor", "first");
                }
                all.set(name(i), one);
            }
            definitions = 0;
            if (!root.has("prefixItems")) {
                root.putArray("prefixItems").add(schema(0));
            }
        }
        keywords(root).forEach(keyword -> tally.merge(keyword, 1, Integer::sum));
        return root;
    }

    private static String name(int definition) {
        return definition == 0 ? "one" : "a/b~c %";
    }

    private static List<String> keywords(JsonNode node) {
        List<String> all = new ArrayList<>();
        collect(node, all);
        return all.stream().distinct().toList();
    }

    private static void collect(JsonNode node, List<String> all) {
        if (node.isObject()) {
            node.properties().forEach(each -> {
                all.add(each.getKey());
                switch (each.getKey()) {
                    case "properties", "patternProperties", "$defs", "dependentSchemas" ->
                        each.getValue().forEach(schema -> collect(schema, all));
                    case "enum", "const", "dependentRequired" -> {}
                    default -> collect(each.getValue(), all);
                }
            });
        } else if (node.isArray()) {
            node.forEach(each -> collect(each, all));
        }
    }

    private boolean chance(int oneIn) {
        return random.nextInt(oneIn) == 0;
    }

    private String one(String[] all) {
        return all[random.nextInt(all.length)];
    }

    private ObjectNode schema(int depth) {
        ObjectNode schema = JSON.objectNode();
        if (definitions > 0 && chance(6)) {
            reference(schema);
            return schema;
        }
        if (chance(10)) {
            ArrayNode all = schema.putArray("enum");
            for (int i = random.nextInt(4); i >= 0; i--) {
                all.add(value(1));
            }
            return schema;
        }
        if (chance(14)) {
            schema.set("const", value(2));
            return schema;
        }
        String type = one(TYPES);
        if (depth == DEPTH && random.nextBoolean()) {
            type = chance(3) ? "array" : "object";
        }
        if (chance(6)) {
            schema.putArray("type").add(type).add(type.equals("null") ? "boolean" : "null");
        } else if (!chance(8)) {
            schema.put("type", type);
        }
        switch (type) {
            case "integer", "number" -> numbers(schema);
            case "string" -> strings(schema);
            case "array" -> arrays(schema, depth);
            case "object" -> objects(schema, depth);
            default -> {}
        }
        if (depth > 0) {
            combine(schema, depth - 1, type);
        }
        return schema;
    }

    private void reference(ObjectNode schema) {
        schema.put(
                "$ref",
                switch (random.nextInt(definitions > 1 ? 5 : 4)) {
                    case 0 -> "#/$defs/one";
                    case 1 -> "#first";
                    case 2 -> "#/prefixItems/0";
                    case 3 -> "#/$defs/one";
                    default -> "#/$defs/a~1b~0c%20%25";
                });
    }

    private void combine(ObjectNode schema, int depth, String type) {
        if (chance(9)) {
            list(schema, "allOf", depth, type);
        }
        if (chance(9)) {
            list(schema, "anyOf", depth, type);
        }
        if (chance(10)) {
            list(schema, "oneOf", depth, type);
        }
        if (chance(10)) {
            schema.set("not", like(depth, type));
        }
        if (chance(12)) {
            schema.set("if", like(depth, type));
            if (!chance(4)) {
                schema.set("then", like(depth, type));
            }
            if (!chance(3)) {
                schema.set("else", like(depth, type));
            }
        }
    }

    private void list(ObjectNode schema, String keyword, int depth, String type) {
        ArrayNode all = schema.putArray(keyword);
        for (int i = random.nextInt(3); i >= 0; i--) {
            all.add(like(depth, type));
        }
    }

    /** Of the same type, so that something is left when they meet. */
    private ObjectNode like(int depth, String type) {
        ObjectNode schema = JSON.objectNode();
        switch (type) {
            case "integer", "number" -> numbers(schema);
            case "string" -> strings(schema);
            case "array" -> arrays(schema, depth);
            case "object" -> objects(schema, depth);
            default -> schema.put("type", type);
        }
        if (schema.isEmpty()) {
            return schema(Math.max(0, depth - 1));
        }
        return schema;
    }

    private void numbers(ObjectNode schema) {
        int low = random.nextInt(20) - 10;
        if (chance(3)) {
            schema.put(random.nextBoolean() ? "minimum" : "exclusiveMinimum", decimal(low));
        }
        if (chance(3)) {
            schema.put(random.nextBoolean() ? "maximum" : "exclusiveMaximum", decimal(low + random.nextInt(12)));
        }
        if (chance(5)) {
            schema.put("multipleOf", new BigDecimal(one(new String[] {"2", "3", "0.5", "1", "0.1"})));
        }
    }

    private BigDecimal decimal(int whole) {
        return random.nextBoolean()
                ? BigDecimal.valueOf(whole)
                : BigDecimal.valueOf(whole * 10L + random.nextInt(10), 1);
    }

    private void strings(ObjectNode schema) {
        int low = random.nextInt(4);
        if (chance(4)) {
            schema.put("minLength", low);
        }
        if (chance(4)) {
            schema.put("maxLength", low + random.nextInt(6));
        }
        if (chance(4)) {
            schema.put("pattern", one(PATTERNS));
        } else if (chance(6)) {
            schema.put("format", one(FORMATS));
        }
    }

    private void arrays(ObjectNode schema, int depth) {
        int low = random.nextInt(3);
        if (!chance(3)) {
            schema.set("items", chance(8) ? JSON.booleanNode(false) : schema(Math.max(0, depth - 1)));
        }
        if (chance(4)) {
            ArrayNode prefix = schema.putArray("prefixItems");
            for (int i = random.nextInt(3); i >= 0; i--) {
                prefix.add(schema(0));
            }
        }
        if (chance(4)) {
            schema.put("minItems", low);
        }
        if (chance(4)) {
            schema.put("maxItems", low + random.nextInt(3));
        }
        if (chance(6)) {
            schema.put("uniqueItems", true);
            if (!chance(3)) {
                schema.putObject("items")
                        .putArray("enum")
                        .add(1)
                        .add("a")
                        .addNull()
                        .add(true);
            }
        }
        if (chance(5)) {
            schema.set("contains", schema(0));
            if (chance(3)) {
                schema.put("minContains", random.nextInt(3));
            }
            if (chance(3)) {
                schema.put("maxContains", 1 + random.nextInt(2));
            }
        }
        if (chance(10)) {
            schema.set("unevaluatedItems", chance(2) ? JSON.booleanNode(false) : schema(0));
        }
    }

    private void objects(ObjectNode schema, int depth) {
        List<String> names = new ArrayList<>();
        if (!chance(5)) {
            ObjectNode properties = schema.putObject("properties");
            for (int i = random.nextInt(4); i >= 0; i--) {
                String name = one(NAMES);
                names.add(name);
                properties.set(name, schema(Math.max(0, depth - 1)));
            }
        }
        names.add(one(NAMES));
        if (chance(3)) {
            ArrayNode required = schema.putArray("required");
            names.stream().distinct().filter(_ -> chance(3)).forEach(required::add);
        }
        if (chance(4)) {
            schema.set("additionalProperties", chance(2) ? JSON.booleanNode(false) : schema(0));
        }
        if (chance(6)) {
            schema.putObject("patternProperties").set(one(PATTERNS), schema(0));
        }
        if (chance(8)) {
            ObjectNode name = JSON.objectNode();
            strings(name);
            schema.set("propertyNames", name);
        }
        if (chance(6)) {
            schema.put("minProperties", random.nextInt(3));
        }
        if (chance(6)) {
            schema.put("maxProperties", 1 + random.nextInt(3));
        }
        if (chance(9)) {
            schema.putObject("dependentRequired").putArray(one(NAMES)).add(one(NAMES));
        }
        if (chance(10)) {
            schema.putObject("dependentSchemas").set(one(NAMES), like(0, "object"));
        }
        if (chance(10)) {
            schema.set("unevaluatedProperties", chance(2) ? JSON.booleanNode(false) : schema(0));
        }
    }

    JsonNode value(int depth) {
        return switch (random.nextInt(depth > 0 ? 7 : 5)) {
            case 0 -> JSON.nullNode();
            case 1 -> JSON.booleanNode(random.nextBoolean());
            case 2 -> JSON.numberNode(random.nextInt(20) - 10);
            case 3 -> JSON.numberNode(decimal(random.nextInt(20) - 10));
            case 4 -> JSON.textNode(one(TEXTS));
            case 5 -> {
                ArrayNode all = JSON.arrayNode();
                for (int i = random.nextInt(3); i > 0; i--) {
                    all.add(value(depth - 1));
                }
                yield all;
            }
            default -> {
                ObjectNode all = JSON.objectNode();
                for (int i = random.nextInt(3); i > 0; i--) {
                    all.set(one(NAMES), value(depth - 1));
                }
                yield all;
            }
        };
    }
}
