package io.llamanode.grammar.schema;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Objects of one kind.
 *
 * @param properties what each of these is if it is there, in their order
 * @param rest what properties with other names are: names of each part, none in two parts; others are not allowed
 * @param required names that must be there, of {@code properties} or not
 * @param min properties
 * @param max properties, {@link ArrayShape#NO_BOUND} for any number
 * @param some properties that must be there, by what their names are
 * @param said whether the schema says anything of other names than those of {@code properties}
 */
record ObjectShape(
        Map<String, Term> properties,
        List<Part> rest,
        Set<String> required,
        int min,
        int max,
        List<Part> some,
        boolean said) {
    /**
     * Properties by their names.
     *
     * @param names all that are meant
     * @param term what their values are
     */
    record Part(Texts names, Term term) {}

    /** Of which the schema says nothing of other names. */
    ObjectShape(
            Map<String, Term> properties, List<Part> rest, Set<String> required, int min, int max, List<Part> some) {
        this(properties, rest, required, min, max, some, false);
    }

    /** Keeps copies, in their order. */
    ObjectShape {
        properties = Collections.unmodifiableMap(new LinkedHashMap<>(properties));
        rest = List.copyOf(rest);
        required = Collections.unmodifiableSet(new LinkedHashSet<>(required));
        some = List.copyOf(some);
    }

    static ObjectShape any(Terms terms) {
        return new ObjectShape(Map.of(), anything(terms), Set.of(), 0, ArrayShape.NO_BOUND, List.of());
    }

    /** {@return any, of which the schema says that they may have any properties} */
    static ObjectShape open(Terms terms) {
        return new ObjectShape(Map.of(), anything(terms), Set.of(), 0, ArrayShape.NO_BOUND, List.of(), true);
    }

    private static List<Part> anything(Terms terms) {
        return List.of(new Part(Texts.ALL, terms.all));
    }

    private ObjectShape with(Map<String, Term> some, Set<String> names, Terms terms) {
        return new ObjectShape(some, anything(terms), names, 0, ArrayShape.NO_BOUND, List.of());
    }

    boolean restIsAnything() {
        return rest.size() == 1
                && rest.getFirst().term instanceof Term.True
                && rest.getFirst().names.equals(Texts.ALL);
    }

    boolean isAny() {
        return restIsAnything()
                && properties.values().stream().allMatch(Term.True.class::isInstance)
                && required.isEmpty()
                && min == 0
                && max == ArrayShape.NO_BOUND
                && some.isEmpty()
                && !said;
    }

    /** {@return what the value of a property is} */
    Term term(String name, Terms terms) {
        Term declared = properties.get(name);
        if (declared != null) {
            return declared;
        }
        for (Part part : rest) {
            if (part.names.contains(name)) {
                return part.term;
            }
        }
        return terms.nothing;
    }

    ObjectShape and(ObjectShape other, Terms terms) {
        Map<String, Term> both = new LinkedHashMap<>();
        properties.forEach((name, term) -> both.put(name, terms.and(term, other.term(name, terms))));
        other.properties.forEach((name, term) -> {
            if (!both.containsKey(name)) {
                both.put(name, terms.and(term, term(name, terms)));
            }
        });
        Set<String> names = new LinkedHashSet<>(required);
        names.addAll(other.required);
        List<Part> parts = new ArrayList<>(some);
        other.some.stream().filter(part -> !parts.contains(part)).forEach(parts::add);
        return new ObjectShape(
                both,
                and(rest, other.rest, terms),
                names,
                Math.max(min, other.min),
                Math.min(max, other.max),
                parts,
                said || other.said);
    }

    /** {@return what is allowed by both, names of which there are none left out} */
    static List<Part> and(List<Part> one, List<Part> two, Terms terms) {
        List<Part> both = new ArrayList<>();
        for (Part left : one) {
            for (Part right : two) {
                Term term = terms.and(left.term, right.term);
                if (term instanceof Term.False) {
                    continue;
                }
                boolean simple = left.names.equals(Texts.ALL) || right.names.equals(Texts.ALL);
                Texts names = left.names.and(right.names);
                if (simple || !names.isEmpty()) {
                    both.add(new Part(names, term));
                }
            }
        }
        return both;
    }

    /** {@return all other objects} */
    List<ObjectShape> not(Terms terms) {
        List<ObjectShape> others = new ArrayList<>();
        for (String name : required) {
            others.add(with(Map.of(name, terms.nothing), Set.of(), terms));
        }
        properties.forEach((name, term) -> {
            if (!(term instanceof Term.True)) {
                others.add(with(Map.of(name, terms.not(term)), Set.of(name), terms));
            }
        });
        List<Part> exceptions = new ArrayList<>();
        Texts allowed = Texts.of(properties.keySet());
        for (Part part : rest) {
            if (!(part.term instanceof Term.True)) {
                exceptions.add(
                        new Part(part.names.and(Texts.of(properties.keySet()).not()), terms.not(part.term)));
            }
            allowed = allowed.or(part.names);
        }
        if (!allowed.equals(Texts.ALL)) {
            exceptions.add(new Part(allowed.not(), terms.all));
        }
        for (Part exception : exceptions) {
            if (!exception.names.isEmpty()) {
                others.add(new ObjectShape(
                        Map.of(), anything(terms), Set.of(), 0, ArrayShape.NO_BOUND, List.of(exception)));
            }
        }
        if (min > 0) {
            others.add(new ObjectShape(Map.of(), anything(terms), Set.of(), 0, min - 1, List.of()));
        }
        if (max < ArrayShape.NO_BOUND) {
            others.add(new ObjectShape(Map.of(), anything(terms), Set.of(), max + 1, ArrayShape.NO_BOUND, List.of()));
        }
        for (Part part : some) {
            // None such: what has such a name is something else.
            List<Part> none = new ArrayList<>();
            none.add(new Part(part.names, terms.not(part.term)));
            none.add(new Part(part.names.not(), terms.all));
            none.removeIf(each -> each.term instanceof Term.False);
            others.add(new ObjectShape(Map.of(), none, Set.of(), 0, ArrayShape.NO_BOUND, List.of()));
        }
        return others;
    }

    static ObjectShape counted(Terms terms, int min, int max) {
        return of(terms, Map.of(), Set.of(), min, max);
    }

    static ObjectShape requiring(Terms terms, Collection<String> names) {
        return of(terms, Map.of(), new LinkedHashSet<>(names), 0, ArrayShape.NO_BOUND);
    }

    static ObjectShape without(Terms terms, String name) {
        return of(terms, Map.of(name, terms.nothing), Set.of(), 0, ArrayShape.NO_BOUND);
    }

    private static ObjectShape of(Terms terms, Map<String, Term> properties, Set<String> required, int min, int max) {
        return new ObjectShape(properties, ObjectShape.any(terms).rest(), required, min, max, List.of());
    }
}
