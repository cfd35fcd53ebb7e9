package io.llamanode.grammar.schema;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The keywords of a schema that speak of each other, on properties and on items, as shapes. */
final class Shapes {
    /** Patterns beside each other: more could cut the names into too many parts. */
    private static final int MOST_PATTERNS = 64;

    private static final int MOST_PARTS = 256;

    private final Document document;
    private final Terms terms;

    Shapes(Document document, Terms terms) {
        this.document = document;
        this.terms = terms;
    }

    /** Names, what their properties are, and whether a pattern speaks of them. */
    private record Cut(Texts names, Term term, boolean matched) {}

    Term term(Location at, String keyword, JsonNode schema) {
        return terms.of(document.child(at, keyword, Facts.schema(at, keyword, schema)));
    }

    ObjectShape properties(Location at) {
        JsonNode declared = Facts.object(at, "properties");
        JsonNode patterns = Facts.object(at, "patternProperties");
        JsonNode additional = at.json().get("additionalProperties");
        Term otherwise = additional == null ? terms.all : term(at, "additionalProperties", additional);
        ObjectShape shape = properties(at, declared, patterns, otherwise);
        return new ObjectShape(
                shape.properties(),
                shape.rest(),
                shape.required(),
                shape.min(),
                shape.max(),
                shape.some(),
                additional != null || !patterns.isEmpty());
    }

    private ObjectShape properties(Location at, JsonNode declared, JsonNode patterns, Term otherwise) {
        if (patterns.size() > MOST_PATTERNS) {
            throw at.refuse("patternProperties", "there are more than %d patterns".formatted(MOST_PATTERNS));
        }
        Map<String, Texts> matching = new LinkedHashMap<>();
        Map<String, Term> meant = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> pattern : patterns.properties()) {
            matching.put(pattern.getKey(), Facts.pattern(at, "patternProperties", pattern.getKey()));
            meant.put(pattern.getKey(), term(at, "patternProperties", pattern.getValue()));
        }
        Map<String, Term> properties = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> property : declared.properties()) {
            List<Term> all = new ArrayList<>(List.of(term(at, "properties", property.getValue())));
            matching.forEach((pattern, names) -> {
                if (names.contains(property.getKey())) {
                    all.add(meant.getOrDefault(pattern, terms.all));
                }
            });
            properties.put(property.getKey(), terms.and(all));
        }
        List<Cut> cuts = List.of(new Cut(Texts.ALL, terms.all, false));
        for (Map.Entry<String, Texts> pattern : matching.entrySet()) {
            cuts = cut(at, cuts, pattern.getValue(), meant.getOrDefault(pattern.getKey(), terms.all));
        }
        List<ObjectShape.Part> rest = new ArrayList<>();
        for (Cut cut : cuts) {
            Term term = cut.matched ? cut.term : otherwise;
            if (!(term instanceof Term.False)) {
                rest.add(new ObjectShape.Part(cut.names, term));
            }
        }
        return new ObjectShape(properties, rest, Set.of(), 0, ArrayShape.NO_BOUND, List.of());
    }

    private List<Cut> cut(Location at, List<Cut> cuts, Texts names, Term term) {
        List<Cut> next = new ArrayList<>();
        for (Cut cut : cuts) {
            Texts matched = cut.names.and(names);
            Texts others = cut.names.minus(names);
            if (!matched.isEmpty()) {
                next.add(new Cut(matched, terms.and(cut.term, term), true));
            }
            if (!others.isEmpty()) {
                next.add(new Cut(others, cut.term, cut.matched));
            }
        }
        if (next.size() > MOST_PARTS) {
            throw at.refuse("patternProperties", "names match its patterns in more than %d ways".formatted(MOST_PARTS));
        }
        return next;
    }

    /** {@return objects the properties of which that nothing has spoken of are of a kind} */
    ObjectShape unevaluated(Evaluation.Evaluated evaluated, Term otherwise) {
        Map<String, Term> properties = new LinkedHashMap<>();
        evaluated.names().forEach(name -> properties.put(name, terms.all));
        Texts known = evaluated.patterns();
        List<ObjectShape.Part> rest = new ArrayList<>();
        if (!known.isEmpty()) {
            rest.add(new ObjectShape.Part(known, terms.all));
        }
        if (!(otherwise instanceof Term.False)) {
            rest.add(new ObjectShape.Part(known.not(), otherwise));
        }
        return new ObjectShape(properties, rest, Set.of(), 0, ArrayShape.NO_BOUND, List.of(), true);
    }

    /** {@return the first of the keywords on items that stands there} */
    @Nullable
    String firstOfItems(Location at) {
        for (Map.Entry<String, JsonNode> entry : at.json().properties()) {
            if (entry.getKey().equals("items") || entry.getKey().equals("prefixItems")) {
                return entry.getKey();
            }
        }
        return null;
    }

    ArrayShape items(Location at) {
        JsonNode items = at.json().get("items");
        JsonNode prefix = at.json().get("prefixItems");
        if (prefix == null && items != null && items.isArray()) {
            JsonNode additional = at.json().get("additionalItems");
            return items(at, "items", items, additional == null ? terms.all : term(at, "additionalItems", additional));
        }
        Term rest = items == null ? terms.all : term(at, "items", items);
        return items(at, "prefixItems", prefix, rest);
    }

    private ArrayShape items(Location at, String keyword, @Nullable JsonNode prefix, Term rest) {
        List<Term> first = new ArrayList<>();
        if (prefix != null) {
            if (!prefix.isArray()) {
                throw at.refuse(keyword, "it must be a list of schemas");
            }
            prefix.forEach(each -> first.add(term(at, keyword, each)));
        }
        return new ArrayShape(first, rest, 0, ArrayShape.NO_BOUND, List.of(), false);
    }

    ArrayShape contains(Location at) {
        Term term = term(at, "contains", at.json().get("contains"));
        boolean counted = at.dialect().compareTo(Dialect.DRAFT_2019_09) >= 0;
        int min = counted ? Facts.count(at, "minContains", 1) : 1;
        int max = counted ? Facts.count(at, "maxContains", ArrayShape.NO_BOUND) : ArrayShape.NO_BOUND;
        List<ArrayShape.Contains> contains = min == 0 && max == ArrayShape.NO_BOUND
                ? List.of()
                : List.of(new ArrayShape.Contains(0, term, min, max));
        return new ArrayShape(List.of(), terms.all, 0, ArrayShape.NO_BOUND, contains, false);
    }
}
