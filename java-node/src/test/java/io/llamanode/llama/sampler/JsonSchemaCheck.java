package io.llamanode.llama.sampler;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Refuses the schemas for which llama.cpp's converter throws, loops or overflows its stack, since no C++ exception may
 * pass through JNI. Follows the order of decisions of {@code SchemaConverter::visit} in json-schema-to-grammar.cpp.
 */
final class JsonSchemaCheck {

    private static final Set<String> TYPES =
            Set.of("boolean", "number", "integer", "string", "object", "array", "null");
    private static final Set<String> FORMATS =
            Set.of("date", "time", "date-time", "uuid", "uuid1", "uuid2", "uuid3", "uuid4", "uuid5");
    private static final int MAX_DEPTH = 48;
    private static final int MAX_VISITS = 20_000;
    private static final int MAX_PROPERTIES = 500;
    private static final int MAX_NAME = 500;
    private static final int MAX_BOUND = 1_000_000_000;

    private final JsonNode root;
    private final Set<String> resolved = new HashSet<>();
    private int visits;

    private JsonSchemaCheck(JsonNode root) {
        this.root = root;
    }

    /**
     * Checks a schema.
     *
     * @return the schema
     * @throws GrammarException when it cannot be converted
     */
    static JsonNode check(JsonNode schema) {
        JsonSchemaCheck check = new JsonSchemaCheck(schema);
        check.references(schema, 0);
        check.visit(schema, "the JSON schema", 0);
        return schema;
    }

    /** The converter resolves every {@code $ref} member it finds, even inside of constants. */
    private void references(JsonNode node, int depth) {
        require(depth <= MAX_DEPTH, "The JSON schema is nested more than " + MAX_DEPTH + " deep");
        if (node.isObject() && node.has("$ref")) {
            resolve(node);
        } else {
            node.forEach(child -> references(child, depth + 1));
        }
    }

    private JsonNode resolve(JsonNode node) {
        JsonNode ref = node.get("$ref");
        require(ref.isTextual() && ref.textValue().startsWith("#/"), "The $ref " + ref + " leads out of the schema");
        JsonNode target = root;
        for (String name : ref.textValue().substring(2).split("/", -1)) {
            require(target.isObject() && target.has(name), "The $ref " + ref + " refers to nothing");
            target = target.get(name);
        }
        return target;
    }

    private void visit(JsonNode schema, String where, int depth) {
        require(schema.isObject(), where + " is not an object");
        require(depth <= MAX_DEPTH, "The JSON schema is nested more than " + MAX_DEPTH + " deep");
        visits++;
        require(visits <= MAX_VISITS, "The JSON schema has too many alternatives");
        JsonNode format = schema.path("format");
        require(format.isMissingNode() || format.isTextual(), where + ".format is not a string");
        JsonNode type = schema.path("type");
        if (schema.has("$ref")) {
            if (resolved.add(schema.get("$ref").toString())) {
                visit(resolve(schema), "the $ref " + schema.get("$ref"), depth + 1);
            }
        } else if (schema.has("oneOf") || schema.has("anyOf")) {
            String key = schema.has("oneOf") ? "oneOf" : "anyOf";
            visitAll(schema.get(key), where + "." + key, depth);
        } else if (type.isArray()) {
            require(!type.isEmpty(), where + ".type is empty");
            for (JsonNode one : type) {
                require(one.isTextual(), where + ".type is not a list of strings");
                ObjectNode copy = schema.deepCopy();
                visit(copy.set("type", one), where, depth + 1);
            }
        } else if (!schema.has("const")) {
            if (schema.has("enum")) {
                require(schema.get("enum").isArray() && !schema.get("enum").isEmpty(), where + ".enum is not a list");
            } else {
                visitTyped(schema, type, where, depth);
            }
        }
    }

    private void visitAll(JsonNode schemas, String where, int depth) {
        require(schemas.isArray() && !schemas.isEmpty(), where + " is not a list of schemas");
        int i = 0;
        for (JsonNode schema : schemas) {
            visit(schema, where + "[" + i++ + "]", depth + 1);
        }
    }

    private void visitTyped(JsonNode schema, JsonNode type, String where, int depth) {
        require(
                type.isMissingNode() || type.isTextual() && TYPES.contains(type.textValue()),
                where + ".type is " + type + ", which is none of "
                        + TYPES.stream().sorted().toList());
        String name = type.asText("");
        JsonNode additional = schema.path("additionalProperties");
        boolean restricted = !additional.isMissingNode() && !(additional.isBoolean() && additional.booleanValue());
        if (fits(name, "object") && (schema.has("properties") || restricted)) {
            require(
                    additional.isMissingNode() || additional.isBoolean() || additional.isObject(),
                    where + ".additionalProperties is neither a boolean nor a schema");
            properties(schema.path("properties"), where, depth);
            if (additional.isObject()) {
                visit(additional, where + ".additionalProperties", depth + 1);
            }
        } else if (fits(name, "object") && schema.has("allOf")) {
            allOf(schema.get("allOf"), where + ".allOf", depth);
        } else if (fits(name, "array") && (schema.has("items") || schema.has("prefixItems"))) {
            JsonNode items = schema.has("items") ? schema.get("items") : schema.get("prefixItems");
            if (items.isArray()) {
                visitAll(items, where + ".items", depth);
            } else {
                visit(items, where + ".items", depth + 1);
                counts(schema, "minItems", "maxItems", where);
            }
        } else if (fits(name, "string") && schema.has("pattern")) {
            require(schema.get("pattern").isTextual(), where + ".pattern is not a string");
            JsonPatternCheck.check(schema.get("pattern").textValue(), where + ".pattern");
        } else if (!(fits(name, "string")
                && FORMATS.contains(schema.path("format").asText()))) {
            plain(schema, name, where);
        }
    }

    private static boolean fits(String type, String expected) {
        return type.isEmpty() || type.equals(expected);
    }

    private void plain(JsonNode schema, String type, String where) {
        switch (type) {
            case "" -> require(schema.isEmpty(), where + " has no type and none of the members that replace it");
            case "string" -> counts(schema, "minLength", "maxLength", where);
            case "integer" -> bounds(schema, where);
            default -> {}
        }
    }

    private void properties(JsonNode properties, String where, int depth) {
        if (properties.isMissingNode()) {
            return;
        }
        require(properties.isObject(), where + ".properties is not an object");
        require(properties.size() <= MAX_PROPERTIES, where + " has more than " + MAX_PROPERTIES + " properties");
        for (Map.Entry<String, JsonNode> property : properties.properties()) {
            require(property.getKey().length() <= MAX_NAME, where + " has a property name that is too long");
            visit(property.getValue(), where + "." + property.getKey(), depth + 1);
        }
    }

    private void allOf(JsonNode components, String where, int depth) {
        require(components.isArray(), where + " is not a list of schemas");
        for (JsonNode component : components) {
            require(component.isObject(), where + " is not a list of schemas");
            if (component.has("anyOf")) {
                require(component.get("anyOf").isArray(), where + ".anyOf is not a list of schemas");
                component.get("anyOf").forEach(alternative -> component(alternative, where, depth));
            } else {
                component(component, where, depth);
            }
        }
    }

    private void component(JsonNode component, String where, int depth) {
        Set<String> seen = new HashSet<>();
        JsonNode target = component;
        while (target.isObject() && target.has("$ref")) {
            require(seen.add(target.get("$ref").toString()), where + " refers to itself");
            target = resolve(target);
        }
        require(target.isObject(), where + " is not a list of schemas");
        properties(target.path("properties"), where, depth + 1);
    }

    private static void counts(JsonNode schema, String least, String most, String where) {
        long from = count(schema, least, 0, where);
        long to = count(schema, most, MAX_BOUND, where);
        require(from <= to, where + "." + least + " is greater than " + most);
    }

    private static long count(JsonNode schema, String key, long otherwise, String where) {
        JsonNode value = schema.path(key);
        if (value.isMissingNode()) {
            return otherwise;
        }
        require(
                value.isIntegralNumber()
                        && value.canConvertToInt()
                        && value.intValue() >= 0
                        && value.intValue() <= MAX_BOUND,
                where + "." + key + " is not a count");
        return value.intValue();
    }

    private static void bounds(JsonNode schema, String where) {
        for (String key : List.of("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")) {
            JsonNode value = schema.path(key);
            require(
                    value.isMissingNode() || value.isNumber() && Math.abs(value.doubleValue()) <= MAX_BOUND,
                    where + "." + key + " is not a number of at most " + MAX_BOUND);
        }
        long from = schema.has("minimum")
                ? schema.get("minimum").longValue()
                : schema.has("exclusiveMinimum")
                        ? schema.get("exclusiveMinimum").longValue() + 1
                        : Long.MIN_VALUE;
        long to = schema.has("maximum")
                ? schema.get("maximum").longValue()
                : schema.has("exclusiveMaximum")
                        ? schema.get("exclusiveMaximum").longValue() - 1
                        : Long.MAX_VALUE;
        require(from <= to, where + " allows no integer");
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new GrammarException(message);
        }
    }
}
