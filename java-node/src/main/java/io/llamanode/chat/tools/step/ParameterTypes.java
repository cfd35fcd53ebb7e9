package io.llamanode.chat.tools.step;

import io.llamanode.chat.tools.text.JsonText;
import io.llamanode.chat.tools.text.PythonLiterals;
import io.llamanode.grammar.schema.JsonSchema;
import io.llamanode.grammar.schema.SchemaException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the parameters of a tool can be, and so what a text means that may be a string or JSON. The grammar of calls asks it, too.
 *
 * <p>For one thread.
 */
public final class ParameterTypes {
    /** Types that are no strings, whatever else a schema says. */
    private static final Set<String> OTHERS = Set.of("null", "boolean", "integer", "number", "array", "object");

    private final Map<String, Object> schema;
    private final Map<String, Strings> known = new HashMap<>();
    private final Map<String, JsonSchema.@Nullable Properties> alone = new HashMap<>();
    private JsonSchema.@Nullable Properties properties;
    private boolean asked;

    /** Whether a parameter is a string. */
    public enum Strings {
        /** It is one. Its text stands for itself. */
        ONLY,
        /** It may be one: what is JSON of another value that it can have is that, and any other text stands for itself. */
        AMONG_OTHERS,
        /** It is none, but what a model wrote that is no JSON is kept as a text. */
        NEVER,
        /** Nothing is said: what is JSON is meant as JSON. */
        UNKNOWN
    }

    /**
     * Of one tool.
     *
     * @param schema of its parameters as an object
     */
    public ParameterTypes(Map<String, Object> schema) {
        this.schema = schema;
    }

    /**
     * {@return whether a parameter is a string}
     *
     * @param name of the parameter
     */
    public Strings strings(String name) {
        Strings found = known.get(name);
        if (found == null) {
            found = find(name);
            known.put(name, found);
        }
        return found;
    }

    private Strings find(String name) {
        Object one = schema.get("properties") instanceof Map<?, ?> all ? all.get(name) : null;
        Object type = one instanceof Map<?, ?> map ? map.get("type") : null;
        if ("string".equals(type) || List.of("string").equals(type)) {
            return Strings.ONLY;
        }
        if (type instanceof String word && OTHERS.contains(word)) {
            return Strings.NEVER;
        }
        Set<JsonSchema.Type> types = types(properties(), name);
        if (types.size() == JsonSchema.Type.values().length) {
            // Where the whole says nothing, a fault elsewhere in it may be why.
            JsonSchema.Properties only = read(alone(name, one));
            types = types(only, name);
            if (types.size() == JsonSchema.Type.values().length) {
                return Strings.UNKNOWN;
            }
            alone.put(name, only);
        }
        return !types.contains(JsonSchema.Type.STRING)
                ? Strings.NEVER
                : types.size() == 1 ? Strings.ONLY : Strings.AMONG_OTHERS;
    }

    private static Set<JsonSchema.Type> types(JsonSchema.@Nullable Properties told, String name) {
        return told == null ? Set.of(JsonSchema.Type.values()) : told.types(name);
    }

    private JsonSchema.@Nullable Properties properties() {
        if (!asked) {
            asked = true;
            properties = read(schema);
        }
        return properties;
    }

    private Map<String, Object> alone(String name, @Nullable Object one) {
        Map<String, Object> part = new LinkedHashMap<>();
        if (one instanceof Map) {
            part.put("properties", Map.of(name, one));
            for (String definitions : List.of("$schema", "$defs", "definitions")) {
                part.computeIfAbsent(definitions, schema::get);
            }
        }
        return part;
    }

    private static JsonSchema.@Nullable Properties read(Map<String, Object> schema) {
        try {
            return new JsonSchema.Properties(JsonText.write(schema));
        } catch (SchemaException | IllegalArgumentException e) {
            // No schema says nothing.
            return null;
        }
    }

    /**
     * {@return JSON of what a text means as the value of a parameter}
     *
     * @param name of the parameter
     * @param text as a model wrote it, without what frames it
     */
    public String json(String name, String text) {
        return switch (strings(name)) {
            case ONLY -> JsonText.write(text);
            case AMONG_OTHERS -> isOther(name, text) ? text : JsonText.write(text);
            case NEVER, UNKNOWN -> {
                if (JsonText.isValue(text)) {
                    yield text.strip();
                }
                String python = isPython(text, strings(name)) ? PythonLiterals.json(text) : null;
                yield python == null ? JsonText.write(text) : python;
            }
        };
    }

    /** {@return whether a text is JSON of no string and a value of the parameter; blanks make it another text} */
    private boolean isOther(String name, String text) {
        JsonSchema.Properties told = alone.containsKey(name) ? alone.get(name) : properties();
        return text.equals(text.strip())
                && JsonText.isValue(text)
                && !text.startsWith("\"")
                && told != null
                && told.admits(name, text);
    }

    /** Templates write lists, objects and words as Python prints them; a number or a text in quotes is none of those. */
    private static boolean isPython(String text, Strings strings) {
        String bare = text.strip();
        return strings == Strings.NEVER
                || bare.startsWith("[")
                || bare.startsWith("{")
                || Set.of("True", "False", "None").contains(bare);
    }
}
