package io.llamanode.chat.tools;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.regex.Pattern;

/** Schemas of tools, values that are valid by them, and an account of their own of what is. */
final class RandomSchemas {
    private static final String TEXT = "ab 12_-.,:'\"\\\n{}[]()<>|/=&é漢😀";
    private static final List<Object> ODD = List.of(
            "1", "2", "true", "null", "", " x", "[1]", "line\nbreak", "a\\b", "\"q\"", "None", "{}", "say 'no'", "<b>");
    private static final Map<String, String> PATTERNS =
            Map.of("^[a-c]{2,4}$", "abc", "^\\d{3}-\\d$", "123-4", "x", "axb", "^(yes|no)$", "no", "^\"", "\"q");

    private final Random random;
    private final Map<String, Object> definitions = new LinkedHashMap<>();

    RandomSchemas(Random random) {
        this.random = random;
    }

    static Map<String, Object> map(Object... entries) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < entries.length; i += 2) {
            map.put((String) entries[i], entries[i + 1]);
        }
        return map;
    }

    Map<String, Object> tool(String name) {
        definitions.clear();
        Map<String, Object> parameters = object(2);
        if (!definitions.isEmpty()) {
            parameters.put("$defs", new LinkedHashMap<>(definitions));
        }
        return map("type", "function", "function", map("name", name, "parameters", parameters));
    }

    private Map<String, Object> object(int depth) {
        Map<String, Object> properties = new LinkedHashMap<>();
        List<String> required = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            String name = "k" + random.nextInt(20);
            properties.put(name, schema(depth - 1));
            if (random.nextBoolean() && !required.contains(name)) {
                required.add(name);
            }
        }
        return map("type", "object", "properties", properties, "required", required, "additionalProperties", false);
    }

    private Map<String, Object> schema(int depth) {
        return switch (random.nextInt(depth > 0 ? 16 : 13)) {
            case 0 -> map("type", "string");
            case 1 -> map("type", "string", "minLength", random.nextInt(3), "maxLength", random.nextInt(3, 9));
            case 2 -> map("type", "string", "pattern", pick(List.copyOf(PATTERNS.keySet())));
            case 3 ->
                map(
                        "enum",
                        List.of(pick(ODD), pick(ODD), pick(ODD)).stream()
                                .distinct()
                                .toList());
            case 4 -> map("const", pick(ODD));
            case 5 -> map("type", "integer", "minimum", -3, "maximum", 1000);
            case 6 -> map("type", "number");
            case 7 -> map("type", "boolean");
            case 8 -> map("anyOf", List.of(map("type", "string"), map("type", "null")));
            case 9 -> map("type", List.of("string", "integer"));
            case 10 -> map("enum", java.util.Arrays.asList("1", 1, true, null, "x"));
            case 11 -> {
                String name = "d" + definitions.size();
                definitions.put(name, map());
                definitions.put(name, schema(0));
                yield map("$ref", "#/$defs/" + name);
            }
            case 12 -> map("type", "string", "format", "date");
            case 13 -> map("type", "array", "items", schema(depth - 1), "maxItems", 3);
            case 14 -> object(depth - 1);
            default -> map("description", "anything");
        };
    }

    private <T> T pick(List<T> all) {
        return all.get(random.nextInt(all.size()));
    }

    private String text(int min, int max) {
        int[] characters = TEXT.codePoints().toArray();
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(min, max + 1); i > 0; i--) {
            text.appendCodePoint(characters[random.nextInt(characters.length)]);
        }
        return text.toString();
    }

    /** {@return a value that is valid} */
    Object value(Map<?, ?> schema, Map<?, ?> root) {
        if (schema.get("$ref") instanceof String reference) {
            return value(
                    (Map<?, ?>) ((Map<?, ?>) root.get("$defs")).get(reference.substring("#/$defs/".length())), root);
        }
        if (schema.containsKey("const")) {
            return schema.get("const");
        }
        if (schema.get("enum") instanceof List<?> values) {
            return pick(values);
        }
        if (schema.get("anyOf") instanceof List<?> ways) {
            return value((Map<?, ?>) pick(ways), root);
        }
        String type = (String) (schema.get("type") instanceof List<?> types ? pick(types) : schema.get("type"));
        return switch (type) {
            case "string" -> string(schema);
            case "integer" -> random.nextInt(-3, 1001);
            case "number" -> random.nextBoolean() ? random.nextInt() : random.nextInt(-1000, 1000) / 8.0;
            case "boolean" -> random.nextBoolean();
            case "null" -> null;
            case "array" -> {
                List<Object> items = new ArrayList<>();
                for (int i = random.nextInt(4); i > 0; i--) {
                    items.add(value((Map<?, ?>) schema.get("items"), root));
                }
                yield items;
            }
            case "object" -> objectValue(schema, root);
            case null, default -> pick(java.util.Arrays.asList("some", 5, true, null, List.of(1, "x"), map("a", "b")));
        };
    }

    private Map<String, Object> objectValue(Map<?, ?> schema, Map<?, ?> root) {
        Map<String, Object> object = new LinkedHashMap<>();
        ((Map<?, ?>) schema.get("properties")).forEach((name, one) -> {
            if (((List<?>) schema.get("required")).contains(name) || random.nextBoolean()) {
                object.put((String) name, value((Map<?, ?>) one, root));
            }
        });
        return object;
    }

    private String string(Map<?, ?> schema) {
        if (schema.get("pattern") instanceof String pattern) {
            return Objects.requireNonNull(PATTERNS.get(pattern));
        }
        if (schema.containsKey("format")) {
            return "2024-02-29";
        }
        return text((Integer) value(schema, "minLength", 0), (Integer) value(schema, "maxLength", 12));
    }

    private static Object value(Map<?, ?> schema, String key, Object otherwise) {
        Object value = schema.get(key);
        return value == null ? otherwise : value;
    }

    /** {@return whether a value is valid, by what the schemas here are made of} */
    static boolean isValid(Object value, Map<?, ?> schema, Map<?, ?> root) {
        if (schema.get("$ref") instanceof String reference) {
            return isValid(
                    value,
                    (Map<?, ?>) ((Map<?, ?>) root.get("$defs")).get(reference.substring("#/$defs/".length())),
                    root);
        }
        if (schema.get("anyOf") instanceof List<?> ways
                && ways.stream().noneMatch(way -> isValid(value, (Map<?, ?>) way, root))) {
            return false;
        }
        if (schema.containsKey("const") && !same(schema.get("const"), value)
                || schema.get("enum") instanceof List<?> values
                        && values.stream().noneMatch(each -> same(each, value))) {
            return false;
        }
        Object type = schema.get("type");
        List<?> types = type instanceof List<?> several ? several : type == null ? List.of() : List.of(type);
        if (!types.isEmpty() && types.stream().noneMatch(each -> isOf(value, (String) each))) {
            return false;
        }
        return switch (value) {
            case String text -> {
                int length = text.codePointCount(0, text.length());
                yield length >= (Integer) value(schema, "minLength", 0)
                        && length <= (Integer) value(schema, "maxLength", Integer.MAX_VALUE)
                        && (!(schema.get("pattern") instanceof String pattern)
                                || Pattern.compile(pattern).matcher(text).find())
                        && (!schema.containsKey("format") || text.matches("\\d{4}-\\d\\d-\\d\\d"));
            }
            case Number number ->
                number.doubleValue() >= ((Number) value(schema, "minimum", -Double.MAX_VALUE)).doubleValue()
                        && number.doubleValue() <= ((Number) value(schema, "maximum", Double.MAX_VALUE)).doubleValue();
            case List<?> items ->
                items.size() <= (Integer) value(schema, "maxItems", Integer.MAX_VALUE)
                        && (!(schema.get("items") instanceof Map<?, ?> one)
                                || items.stream().allMatch(item -> isValid(item, one, root)));
            case Map<?, ?> object ->
                !(schema.get("properties") instanceof Map<?, ?> properties)
                        || object.keySet().containsAll((List<?>) schema.get("required"))
                                && object.entrySet().stream()
                                        .allMatch(entry -> properties.get(entry.getKey()) instanceof Map<?, ?> one
                                                && isValid(entry.getValue(), one, root));
            case null, default -> true;
        };
    }

    private static boolean isOf(Object value, String type) {
        return switch (type) {
            case "string" -> value instanceof String;
            case "integer" -> value instanceof Number number && number.doubleValue() % 1 == 0;
            case "number" -> value instanceof Number;
            case "boolean" -> value instanceof Boolean;
            case "array" -> value instanceof List;
            case "object" -> value instanceof Map;
            default -> value == null;
        };
    }

    /** {@return whether two are one value of JSON} */
    static boolean same(Object one, Object two) {
        if (one instanceof Number a && two instanceof Number b) {
            return new BigDecimal(a.toString()).compareTo(new BigDecimal(b.toString())) == 0;
        }
        if (one instanceof List<?> a && two instanceof List<?> b) {
            return a.size() == b.size()
                    && java.util.stream.IntStream.range(0, a.size()).allMatch(i -> same(a.get(i), b.get(i)));
        }
        if (one instanceof Map<?, ?> a && two instanceof Map<?, ?> b) {
            return a.keySet().equals(b.keySet()) && a.keySet().stream().allMatch(key -> same(a.get(key), b.get(key)));
        }
        return Objects.equals(one, two);
    }
}
