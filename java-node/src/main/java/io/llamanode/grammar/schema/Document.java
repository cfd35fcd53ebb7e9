package io.llamanode.grammar.schema;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A schema with all that stand in it: where each is, and what a reference means.
 *
 * <p>For one thread.
 */
public final class Document {
    private static final Set<String> ONE = Set.of(
            "additionalProperties",
            "propertyNames",
            "not",
            "if",
            "then",
            "else",
            "contains",
            "additionalItems",
            "unevaluatedItems",
            "unevaluatedProperties",
            "contentSchema");
    private static final Set<String> LISTS = Set.of("allOf", "anyOf", "oneOf", "prefixItems");
    private static final Set<String> MAPS =
            Set.of("properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies");

    private final JsonNode root;
    private final Map<JsonNode, Location> locations = new IdentityHashMap<>();
    private final Map<String, Resource> resources = new HashMap<>();
    private final Map<String, Integer> dynamicAnchors = new HashMap<>();
    private boolean recursiveAnchor;

    /** A part of the document with a URI of its own. */
    private record Resource(Location root, Map<String, JsonNode> anchors) {}

    Document(JsonNode root) {
        this.root = root;
        walk(root, "", "", Dialect.DRAFT_2020_12, null);
    }

    /** {@return where the whole is} */
    public Location root() {
        return at(root);
    }

    /** {@return where a schema is that stands in one of the document's} */
    Location at(JsonNode schema) {
        Location known = locations.get(schema);
        if (known == null) {
            throw new IllegalStateException("a schema is not known");
        }
        return known;
    }

    /**
     * {@return where a schema is that stands below another one, at a place which need not be one of a schema by the standard}
     *
     * @param parent in which it stands
     * @param keyword at which it stands there
     * @param json what stands there
     */
    public Location child(Location parent, String keyword, JsonNode json) {
        Location known = locations.get(json);
        if (known != null) {
            return known;
        }
        Resource resource = resources.get(parent.base());
        walk(json, parent.pointer() + "/" + escape(keyword), parent.base(), parent.dialect(), resource);
        return at(json);
    }

    private void walk(
            JsonNode json, String pointer, String outerBase, Dialect outerDialect, @Nullable Resource outerResource) {
        if (!json.isObject()) {
            // All true and false of a document may be one node: they mean the same anywhere.
            locations.put(json, new Location(json, pointer, outerBase, outerDialect));
            return;
        }
        Dialect dialect = Dialect.of(json, pointer, outerDialect);
        String base = outerBase;
        Resource resource = outerResource;
        JsonNode id = json.get(dialect.idKeyword());
        boolean alone = dialect.referencesStandAlone() && json.has("$ref");
        String anchor = null;
        if (id != null && id.isTextual() && !alone) {
            String text = id.textValue();
            if (text.startsWith("#") && dialect.referencesStandAlone()) {
                anchor = text.substring(1);
            } else {
                base = withoutFragment(resolve(outerBase, text));
                resource = null;
            }
        }
        Location here = new Location(json, pointer, base, dialect);
        locations.put(json, here);
        if (resource == null) {
            resource = new Resource(here, new HashMap<>());
            resources.putIfAbsent(base, resource);
        }
        if (anchor != null) {
            resource.anchors.putIfAbsent(anchor, json);
        }
        for (String keyword : Set.of("$anchor", "$dynamicAnchor")) {
            JsonNode named = json.get(keyword);
            if (named != null && named.isTextual()) {
                resource.anchors.putIfAbsent(named.textValue(), json);
                if (keyword.equals("$dynamicAnchor")) {
                    dynamicAnchors.merge(named.textValue(), 1, Integer::sum);
                }
            }
        }
        JsonNode recursive = json.get("$recursiveAnchor");
        recursiveAnchor |= recursive != null && recursive.asBoolean();
        walkChildren(here, resource);
    }

    private void walkChildren(Location here, Resource resource) {
        for (Map.Entry<String, JsonNode> entry : here.json().properties()) {
            String keyword = entry.getKey();
            JsonNode value = entry.getValue();
            String pointer = here.pointer() + "/" + escape(keyword);
            if (ONE.contains(keyword) || keyword.equals("items") && !value.isArray()) {
                walk(value, pointer, here.base(), here.dialect(), resource);
            } else if ((LISTS.contains(keyword) || keyword.equals("items")) && value.isArray()) {
                for (int i = 0; i < value.size(); i++) {
                    walk(value.get(i), pointer + "/" + i, here.base(), here.dialect(), resource);
                }
            } else if (MAPS.contains(keyword) && value.isObject()) {
                value.properties()
                        .forEach(named -> walk(
                                named.getValue(),
                                pointer + "/" + escape(named.getKey()),
                                here.base(),
                                here.dialect(),
                                resource));
            }
        }
    }

    /**
     * {@return the schema that a reference means}
     *
     * @param from in which the reference stands
     * @param keyword of the reference
     * @throws SchemaException if it leads nowhere, or means another thing at each place
     */
    public Location resolve(Location from, String keyword) {
        JsonNode named = from.json().get(keyword);
        if (named == null || !named.isTextual()) {
            throw from.refuse(keyword, "it must be a text");
        }
        String reference = named.textValue();
        if (keyword.equals("$recursiveRef") && recursiveAnchor) {
            throw from.refuse(
                    keyword, "a $recursiveAnchor in the schema gives it another meaning at each place; use $ref");
        }
        String full = resolve(from.base(), reference);
        Resource resource = resources.get(withoutFragment(full));
        if (resource == null) {
            throw from.refuse(
                    keyword,
                    "'%s' is not in the schema; put what it means under $defs and refer to it there"
                            .formatted(reference));
        }
        String fragment = decode(full.contains("#") ? full.substring(full.indexOf('#') + 1) : "");
        if (fragment.isEmpty()) {
            return resource.root;
        }
        if (fragment.startsWith("/")) {
            return follow(from, keyword, resource, fragment);
        }
        JsonNode anchored = resource.anchors.get(fragment);
        if (anchored == null) {
            throw from.refuse(keyword, "there is no anchor '%s'".formatted(fragment));
        }
        if (keyword.equals("$dynamicRef")
                && anchored.path("$dynamicAnchor").asText().equals(fragment)
                && dynamicAnchors.getOrDefault(fragment, 0) > 1) {
            throw from.refuse(
                    keyword,
                    "several $dynamicAnchor '%s' give it another meaning at each place; use $ref".formatted(fragment));
        }
        return at(anchored);
    }

    private Location follow(Location from, String keyword, Resource resource, String path) {
        Location owner = resource.root;
        Resource owning = resource;
        JsonNode at = owner.json();
        String pointer = owner.pointer();
        for (String part : path.substring(1).split("/", -1)) {
            at = child(at, unescape(part));
            if (at == null) {
                throw from.refuse(keyword, "nothing is at '%s'".formatted(path));
            }
            pointer += "/" + part;
            Location known = at.isObject() ? locations.get(at) : null;
            if (known != null) {
                owner = known;
                owning = resources.getOrDefault(known.base(), owning);
            }
        }
        if (!at.isObject() && !at.isBoolean()) {
            throw from.refuse(keyword, "at '%s' is no schema".formatted(path));
        }
        if (!locations.containsKey(at)) {
            walk(at, pointer, owner.base(), owner.dialect(), owning);
        }
        return at(at);
    }

    private static String resolve(String base, String reference) {
        if (reference.startsWith("#")) {
            return base + reference;
        }
        try {
            URI resolved = URI.create(base.isEmpty() ? "" : base).resolve(URI.create(reference));
            return resolved.toString();
        } catch (IllegalArgumentException e) {
            return reference;
        }
    }

    private static String withoutFragment(String uri) {
        int at = uri.indexOf('#');
        return at < 0 ? uri : uri.substring(0, at);
    }

    /** {@return a name as a part of a pointer} */
    static String escape(String name) {
        return name.replace("~", "~0").replace("/", "~1");
    }

    /** {@return a part of a pointer as a name} */
    static String unescape(String part) {
        return part.replace("~1", "/").replace("~0", "~");
    }

    /** {@return a fragment without its percent escapes; as it is if they are none} */
    static String decode(String fragment) {
        if (fragment.indexOf('%') < 0) {
            return fragment;
        }
        try {
            return URLDecoder.decode(fragment.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return fragment;
        }
    }

    /** {@return what one part of a pointer leads to, {@code null} if there is nothing} */
    static @Nullable JsonNode child(JsonNode parent, String name) {
        if (parent.isObject()) {
            return parent.get(name);
        }
        if (parent.isArray() && name.matches("0|[1-9][0-9]{0,8}")) {
            return parent.get(Integer.parseInt(name));
        }
        return null;
    }
}
